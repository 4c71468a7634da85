"""Does Seldon Core run, does its Envoy tell its routes, and does any Model or Experiment hang?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sluice_operator.cluster.kind import (
    MANAGED_BY,
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    Kind,
)
from sluice_operator.seldon.v2 import FAILED_STATE

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import Plain, Unknown
from sluice_cli.doctor.service import Absence, Server, absent, address_of
from sluice_cli.doctor.site import Looked, OperatorSeen, Site

SAY = Speaker(Group.SELDON)
RUNTIME = Kind(
    group="mlops.seldon.io", version="v1alpha1", kind="SeldonRuntime", plural="seldonruntimes"
)
READY = {SELDON_MODEL: "ModelReady", SELDON_SERVER: "Ready", RUNTIME: "Ready"}
"""The condition that sums up an object; those of an Experiment are not to be believed."""
SLOW = timedelta(minutes=5)
"""How long Seldon may take to load a Model, or to remove its finalizers."""
DUMP = "/config_dump"
ROUTES = {"resource": "dynamic_route_configs", "mask": "version_info,last_updated"}


def examine(site: Site) -> Iterator[Finding]:
    """Of Seldon Core 2 its servers and its Envoy; of either what was made for us."""
    runtimes = site.listed(RUNTIME.api_version, RUNTIME.plural)
    if isinstance(runtimes, Unknown) and runtimes.no_kind:
        yield SAY.not_installed("Seldon Core 2", "its kinds are not there")
    else:
        servers = site.listed(SELDON_SERVER.api_version, SELDON_SERVER.plural)
        yield from judge_presence(RUNTIME, runtimes, site)
        yield from judge_presence(SELDON_SERVER, servers, site)
        yield from judge_router(site)
    labels = ",".join(f"{key}={value}" for key, value in MANAGED_BY.items())
    for kind in (SELDON_MODEL, SELDON_EXPERIMENT, SELDON_DEPLOYMENT):
        yield from judge_ours(kind, site.watched(kind, labels), site)


def judge_presence(kind: Kind, found: Looked, site: Site) -> Iterator[Finding]:
    """At least one, and each of them ready."""
    if isinstance(found, Unknown):
        yield SAY.unknown(kind.plural, found, site.remedy)
        return
    if not found:
        said = f"none in namespace {site.namespace}: nothing there can serve a model"
        yield SAY.failure(
            kind.plural, said, site.remedy.upgrade("sluice", "--set", "seldon.enabled=true")
        )
    for one in found:
        name = one["metadata"]["name"]
        what, state = f"{kind.kind.lower()} {name}", _readiness(kind, one)
        step = site.remedy.describe(_whole(kind), name)
        if state is None:
            yield SAY.not_asked(what, "Seldon has not said whether it is ready; does it run?", step)
        elif state["status"] == "True":
            yield SAY.ok(what, "ready")
        else:
            yield SAY.failure(what, _words(state), step)


def judge_ours(kind: Kind, found: Looked, site: Site) -> Iterator[Finding]:
    """What the operator made, and hangs; one finding if nothing does."""
    if isinstance(found, Unknown):
        if not found.no_kind:
            yield SAY.unknown(kind.plural, found, site.remedy)
        return
    now, stuck = site.greeting.at, 0
    for one in found:
        trouble = hangs(one, now) or unready(kind, one, now)
        if trouble:
            stuck += 1
            metadata = one["metadata"]
            step = site.remedy.describe(_whole(kind), metadata["name"], metadata["namespace"])
            yield SAY.failure(f"{kind.kind.lower()} {site.where(one)}", trouble, step)
    if not stuck:
        yield SAY.ok(kind.plural, f"{len(found)} of ours, none of them stuck")


def unready(kind: Kind, body: Plain, now: datetime) -> str:
    """Why an object will not come to be ready; empty while it may, or is."""
    state = _readiness(kind, body)
    if state is None or state["status"] != "False":
        return ""
    since = state.get("lastTransitionTime") or body["metadata"]["creationTimestamp"]
    # Seldon swaps the two fields
    given_up = FAILED_STATE in {state.get("reason"), state.get("message")}
    late = now - datetime.fromisoformat(since) >= SLOW
    return _words(state) if late or given_up else ""


def hangs(body: Plain, now: datetime) -> str:
    """Whether it should be gone, and its finalizers keep it; empty if not."""
    asked = body["metadata"].get("deletionTimestamp")
    if not asked or now - datetime.fromisoformat(asked) < SLOW:
        return ""
    names = ", ".join(body["metadata"].get("finalizers") or ())
    return f"is being deleted since {asked}; who removes {names} does not"


def judge_router(site: Site) -> Iterator[Finding]:
    """Each Envoy by which the operator verifies traffic."""
    if not isinstance(site.operator, OperatorSeen):
        yield SAY.not_asked("envoy", "no operator tells where it is")
        return
    for url in site.operator.setting("envoy_admin_urls").split(","):
        there = url.strip().replace("{namespace}", (*site.operator.places, site.namespace)[0])
        address = address_of(there, site.namespace)
        if isinstance(address, Absence):
            yield absent(SAY, "envoy", address)
            continue
        server = Server(say=SAY, site=site, address=address)
        answer = server.ask(DUMP, ROUTES)
        fine = answer.fine and "configs" in answer.plain
        said = "its admin port tells the versions of its routes"
        yield SAY.ok(server.what, said) if fine else server.refusal(DUMP, answer)


def _readiness(kind: Kind, body: Plain) -> Plain | None:
    """The condition that sums an object up; None while Seldon has said nothing."""
    conditions = (body.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] == READY.get(kind)), None)


def _words(state: Plain) -> str:
    said = " ".join(filter(None, (state.get("reason"), state.get("message"))))
    return f"{state['type']} is {state['status']}: {said or 'no reason given'}"


def _whole(kind: Kind) -> str:
    return f"{kind.plural}.{kind.group}"
