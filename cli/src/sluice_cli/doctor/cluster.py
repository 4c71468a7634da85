"""Is the API server there, new enough, and may we look?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import NO_ANSWER, Answer, Plain, Unknown
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.doctor.site import Site

OLDEST = (1, 30)
"""As `kubeVersion` of the charts; a test compares."""
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
SAY = Speaker(Group.CLUSTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing that the doctor itself must be allowed to do."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    everywhere: bool = False

    @property
    def words(self) -> str:
        """As kubectl takes it."""
        whole = ".".join(filter(None, (self.resource, self.group)))
        return f"{self.verb} {'/'.join(filter(None, (whole, self.subresource)))}"


LOOKS = (
    Look(verb="list", resource="pods"),
    Look(verb="get", resource="pods", subresource="log"),
    Look(verb="get", resource="services"),
    Look(verb="get", resource="services", subresource="proxy"),
    Look(verb="get", resource="secrets"),
    Look(verb="list", resource="persistentvolumeclaims"),
    Look(verb="list", resource="deployments", group="apps"),
    Look(verb="list", resource="statefulsets", group="apps"),
    Look(verb="list", resource="jobs", group="batch"),
    Look(verb="get", resource="leases", group="coordination.k8s.io"),
    Look(
        verb="get",
        resource="customresourcedefinitions",
        group="apiextensions.k8s.io",
        everywhere=True,
    ),
    Look(verb="list", resource="storageclasses", group="storage.k8s.io", everywhere=True),
    Look(
        verb="create",
        resource="subjectaccessreviews",
        group="authorization.k8s.io",
        everywhere=True,
    ),
)
"""What the checks ask for; without one of them, some cannot be made."""


def examine(site: Site) -> Iterator[Finding]:
    """The API server, the namespace, and ourselves."""
    yield judge_greeting(site.greeting, site.reader.host, site.remedy)
    name = site.namespace
    yield judge_namespace(site.reader.one(f"/api/v1/namespaces/{name}"), name, site.remedy)
    yield judge_rights({look: _may(site, look) for look in LOOKS}, site.remedy)


def judge_greeting(greeting: Answer, host: str, remedy: Remedy) -> Finding:
    """Whether somebody answered who is new enough."""
    if greeting.code == NO_ANSWER:
        return SAY.failure(
            host, f"the API server cannot be reached: {greeting.said}", remedy.contexts()
        )
    if greeting.code == HTTPStatus.UNAUTHORIZED:
        said = "the API server does not know who we are: the login has expired or is wrong"
        return SAY.failure(host, said, remedy.whoami())
    version = str(greeting.plain.get("gitVersion", ""))
    number = re.match(r"v(\d+)\.(\d+)", version)
    if number is None:
        said = f"this is no Kubernetes: HTTP {greeting.code}, {greeting.said[:80]}"
        return SAY.failure(host, said, remedy.contexts())
    if (int(number[1]), int(number[2])) < OLDEST:
        said = f"Kubernetes {version}; Sluice needs {OLDEST[0]}.{OLDEST[1]} or later"
        return SAY.failure(host, said, remedy.version())
    return SAY.ok(host, f"Kubernetes {version}")


def judge_namespace(found: Plain | Unknown | None, name: str, remedy: Remedy) -> Finding:
    """Whether the namespace is there, to stay."""
    what = f"namespace {name}"
    if isinstance(found, Unknown):
        return SAY.unknown(what, found, remedy)
    if found is None:
        said = "not there; give --namespace if Sluice is in another"
        return SAY.failure(what, said, remedy.install())
    if found["metadata"].get("deletionTimestamp"):
        return SAY.failure(what, "it is being deleted", remedy.describe_wide("namespace", name))
    return SAY.ok(what, "there")


def judge_rights(may: dict[Look, bool | Unknown], remedy: Remedy) -> Finding:
    """Whether we may make all checks."""
    what = "your rights"
    unknown = next((answer for answer in may.values() if isinstance(answer, Unknown)), None)
    if unknown is not None:
        return SAY.unknown(what, unknown, remedy)
    refused = [look for look, allowed in may.items() if not allowed]
    words = ", ".join(look.words for look in refused)
    said = f"you may not {words}: checks that need it are not made"
    if any(not look.everywhere for look in refused):
        return SAY.failure(what, said, remedy.my_rights())
    if refused:
        return SAY.warning(what, said, remedy.my_rights())
    return SAY.ok(what, "enough for all checks")


def _may(site: Site, look: Look) -> bool | Unknown:
    attributes = {
        "verb": look.verb,
        "group": look.group,
        "resource": look.resource,
        "subresource": look.subresource,
        "namespace": "" if look.everywhere else site.namespace,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = site.reader.ask(REVIEW, body=body)
    return bool(answer.plain["status"]["allowed"]) if answer.fine else answer.unknown()
