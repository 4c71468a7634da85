"""May the operator and the pipelines do what their code does?

The API server is asked, right by right. The rights are those of the tables that roles are made
from; there is no second list.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sluice_components import permission
from sluice_components.permission import ROLE_NAME, SERVICE_ACCOUNT
from sluice_operator.cluster.permission import PERMISSIONS

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import THREADS, Unknown
from sluice_cli.doctor.site import OperatorSeen, Site

SAY = Speaker(Group.RIGHTS)
SHOWN = 4
"""Resources of which a finding tells missing rights."""
REVIEW = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One verb on one resource, in one namespace or in all."""

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str

    @property
    def where(self) -> str:
        """As kubectl and roles name the resource, with the namespace."""
        whole = ".".join(filter(None, (self.resource, self.group)))
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{'/'.join(filter(None, (whole, self.subresource)))}{place}"


Asked = dict[Right, bool | Unknown]


def examine(site: Site) -> Iterator[Finding]:
    """The operator's account, then that of a pipeline's Pods."""
    operator = site.operator
    if isinstance(operator, Unknown):
        yield SAY.unknown("the operator's rights", operator, site.remedy)
    elif operator is None:
        yield SAY.not_installed("the operator's rights", f"release {site.release} has no operator")
    else:
        rights = operator_rights(operator)
        yield judge(operator.account, _asked(site, operator.account, rights), site)
    yield _runner(site)


def operator_rights(operator: OperatorSeen) -> tuple[Right, ...]:
    """The operator's table, for the namespaces of its settings."""
    return tuple(
        Right(
            verb=verb,
            group=entry.kind.group,
            resource=entry.kind.plural,
            subresource=entry.subresource,
            namespace=place,
        )
        for entry in PERMISSIONS
        for place in _places(entry.lease_only, entry.kind.namespaced, operator)
        for verb in entry.verbs
    )


def _places(lease_only: bool, namespaced: bool, operator: OperatorSeen) -> tuple[str, ...]:
    if lease_only:
        return (operator.setting("lease_namespace"),)
    return operator.places if namespaced and operator.places else ("",)


def runner_rights(namespace: str) -> tuple[Right, ...]:
    """What a step that deploys, or tells how a run ended, does in its namespace."""
    return tuple(
        Right(
            verb=verb,
            group=group.partition("/")[0],
            resource=plural,
            subresource="",
            namespace=namespace,
        )
        for group, plural, verbs in permission.PERMISSIONS
        for verb in verbs
    )


def judge(account: str, asked: Asked, site: Site) -> Finding:
    """Whether an account has all of its rights."""
    what = f"serviceaccount {account}"
    unknown = next((answer for answer in asked.values() if isinstance(answer, Unknown)), None)
    if unknown is not None:
        return SAY.unknown(what, unknown, site.remedy)
    missing = [right for right, allowed in asked.items() if not allowed]
    if missing:
        return SAY.failure(what, words_of(missing), site.remedy.upgrade(site.chart))
    return SAY.ok(what, f"has all of its {len(asked)} rights")


def words_of(missing: Iterable[Right]) -> str:
    """Missing rights, the verbs of one resource together."""
    verbs: dict[str, list[str]] = {}
    for right in missing:
        verbs.setdefault(right.where, []).append(right.verb)
    told = [f"{', '.join(names)} {where}" for where, names in verbs.items()]
    more = f"; and more on {len(told) - SHOWN} other resources" if len(told) > SHOWN else ""
    return f"may not {'; '.join(told[:SHOWN])}{more}"


def _runner(site: Site) -> Finding:
    """A pipeline need not be allowed to deploy; if it is, then to all that deploying takes."""
    what = f"serviceaccount {SERVICE_ACCOUNT}"
    role = site.one("rbac.authorization.k8s.io/v1", "roles", ROLE_NAME)
    if isinstance(role, Unknown):
        return SAY.unknown(what, role, site.remedy)
    account = site.one("v1", "serviceaccounts", SERVICE_ACCOUNT)
    if role is None or not account or isinstance(account, Unknown):
        return SAY.not_installed(what, f"no pipeline may deploy into {site.namespace}")
    return judge(
        SERVICE_ACCOUNT, _asked(site, SERVICE_ACCOUNT, runner_rights(site.namespace)), site
    )


def _asked(site: Site, account: str, rights: Iterable[Right]) -> Asked:
    """One question for each right; they are many, so several at once."""
    given = tuple(rights)
    user = f"system:serviceaccount:{site.namespace}:{account}"
    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(given, pool.map(lambda r: _allowed(site, user, r), given), strict=True))


def _allowed(site: Site, user: str, right: Right) -> bool | Unknown:
    attributes = {
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource,
        "subresource": right.subresource,
        "namespace": right.namespace,
    }
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{site.namespace}"]
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "groups": [*groups, "system:authenticated"],
            "resourceAttributes": attributes,
        },
    }
    answer = site.reader.ask(REVIEW, body=body)
    return bool(answer.plain["status"]["allowed"]) if answer.fine else answer.unknown()
