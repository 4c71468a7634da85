"""Does an operator lead, and which ModelDeployments does it have trouble with?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sluice_operator.cluster.kind import LEASE, MODEL_DEPLOYMENT

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import Plain, Unknown
from sluice_cli.doctor.site import Looked, OperatorSeen, Site

SAY = Speaker(Group.OPERATOR)
EXPIRED = timedelta(seconds=60)
"""Four times as long as a Lease holds: clocks of nodes differ."""
BAD = {"Stalled": "True", "MetricsAvailable": "False", "TrafficVerified": "False"}
"""The conditions that need somebody, and how they stand then."""


def examine(site: Site) -> Iterator[Finding]:
    """Leadership, then what is led."""
    operator = site.operator
    if isinstance(operator, Unknown):
        yield SAY.unknown("operator", operator, site.remedy)
    elif operator is None:
        yield SAY.not_installed("operator", f"release {site.release} has none")
    else:
        space, name = operator.setting("lease_namespace"), operator.setting("lease_name")
        lease = site.one(LEASE.api_version, LEASE.plural, name, space)
        yield judge_lease(lease, operator, site)
    yield from judge_deployments(site.watched(MODEL_DEPLOYMENT), site)


def judge_lease(lease: Plain | Unknown | None, operator: OperatorSeen, site: Site) -> Finding:
    """Whether somebody holds the Lease, and has said so lately."""
    what, logs = (
        f"lease {operator.setting('lease_name')}",
        site.remedy.logs(f"deployment/{operator.name}"),
    )
    if isinstance(lease, Unknown):
        return SAY.unknown(what, lease, site.remedy)
    if lease is None:
        return SAY.failure(what, "no operator has ever led", logs)
    holder, renewed = lease["spec"].get("holderIdentity"), lease["spec"].get("renewTime")
    if not holder or not renewed:
        return SAY.failure(what, "no operator leads: the last one let go of it", logs)
    age = site.greeting.at - datetime.fromisoformat(renewed)
    if age > EXPIRED:
        said = f"{holder} has not renewed it for {age.total_seconds():.0f} s: nobody leads"
        return SAY.failure(what, said, logs)
    return SAY.ok(what, f"held by {holder}")


def judge_deployments(found: Looked, site: Site) -> Iterator[Finding]:
    """Each ModelDeployment that needs somebody; one finding if none does."""
    if isinstance(found, Unknown):
        if found.no_kind:
            yield SAY.not_asked(
                "modeldeployments", "the kind is not installed", site.remedy.apply_kinds()
            )
        else:
            yield SAY.unknown("modeldeployments", found, site.remedy)
        return
    sick = {site.where(one): (one, troubles_of(one)) for one in found}
    for name, (one, troubles) in sick.items():
        if troubles:
            metadata = one["metadata"]
            kind = f"{MODEL_DEPLOYMENT.plural}.{MODEL_DEPLOYMENT.group}"
            step = site.remedy.describe(kind, metadata["name"], metadata["namespace"])
            yield SAY.failure(f"modeldeployment {name}", "; ".join(troubles), step)
    if not any(troubles for _, troubles in sick.values()):
        yield SAY.ok("modeldeployments", f"{len(found)} of them, none in need of help")


def troubles_of(body: Plain) -> tuple[str, ...]:
    """The conditions that need somebody, in words."""
    return tuple(
        " ".join(
            filter(
                None, (f"{one['type']} is {one['status']}:", one.get("reason"), one.get("message"))
            )
        )
        for one in (body.get("status") or {}).get("conditions") or ()
        if BAD.get(one["type"]) == one["status"]
    )
