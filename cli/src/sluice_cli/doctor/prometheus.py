"""Does Prometheus answer, does it reach what it scrapes, and are there numbers for gates?"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sluice_operator.evidence.family import AGENT_REQUESTS, EXECUTOR_REQUESTS, RUNTIME_REQUESTS

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import Plain
from sluice_cli.doctor.service import Absence, Server, absent, found_by
from sluice_cli.doctor.site import Site

SAY = Speaker(Group.PROMETHEUS)
TARGETS, QUERY = "/api/v1/targets", "/api/v1/query"
OUR_JOBS = ("sluice", "seldon")
"""How the names of the jobs begin that our chart configures."""
FAMILIES = (AGENT_REQUESTS, RUNTIME_REQUESTS, EXECUTOR_REQUESTS)
COUNT = f'count by (__name__) ({{__name__=~"{"|".join(one.metric for one in FAMILIES)}"}})'


def examine(site: Site) -> Iterator[Finding]:
    """Where the operator has its evidence from."""
    address = found_by(site, "prometheus_url", "prometheus")
    if isinstance(address, Absence):
        yield absent(SAY, "prometheus", address)
        return
    server = Server(say=SAY, site=site, address=address)
    targets = server.ask(TARGETS, {"state": "active"})
    if not targets.fine:
        yield server.refusal(TARGETS, targets)
        return
    yield SAY.ok(server.what, f"{TARGETS} answers")
    yield from judge_targets((targets.plain.get("data") or {}).get("activeTargets") or [], server)
    counts = server.ask(QUERY, {"query": COUNT})
    yield judge_series(counts.plain, server) if counts.fine else server.refusal(QUERY, counts)


def judge_targets(targets: list[Plain], server: Server) -> Iterator[Finding]:
    """Whether each Pod of ours is read; one finding for each job that is well."""
    ours = [one for one in targets if _is_ours(one, server.site.namespace)]
    well: dict[str, int] = defaultdict(int)
    for one in ours:
        labels = one["labels"]
        if one["health"] == "up":
            well[labels["job"]] += 1
        else:
            yield _sick(one, server)
    for job, count in sorted(well.items()):
        yield SAY.ok(f"targets {job}", f"{count} up")
    if not ours:
        place = server.site.namespace
        said = f"it reads no Pod in {place}: gates on errors and latency get no data"
        yield SAY.warning(server.what, said, _forward(server))


def judge_series(answer: Plain, server: Server) -> Finding:
    """Whether requests to models are counted; nothing is before the first of them."""
    result: list[Any] = (answer.get("data") or {}).get("result") or []
    names = sorted(one["metric"]["__name__"] for one in result)
    if names:
        return SAY.ok("series", ", ".join(names))
    said = f"none of {', '.join(one.metric for one in FAMILIES)}: no model was asked yet"
    return SAY.not_installed("series", said)


def _is_ours(target: Plain, namespace: str) -> bool:
    labels = target["labels"]
    return labels.get("namespace") == namespace or str(labels["job"]).startswith(OUR_JOBS)


def _sick(target: Plain, server: Server) -> Finding:
    labels, pod = target["labels"], target["labels"].get("pod", "")
    said = (
        f"{target['scrapeUrl']} is {target['health']}: {target.get('lastError') or 'not read yet'}"
    )
    what = f"target {labels['job']} {pod or labels.get('instance', '')}".strip()
    step = _forward(server)
    if pod:
        step = server.site.remedy.describe("pod", pod, labels.get("namespace", ""))
    if target["health"] == "unknown":
        return SAY.warning(what, said, step)
    return SAY.failure(what, said, step)


def _forward(server: Server) -> str:
    address = server.address
    return server.site.remedy.forward(address.service, address.port, address.namespace)
