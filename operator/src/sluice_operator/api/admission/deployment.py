"""Rules about the name, the backend, the model and the deadlines."""

from collections.abc import Iterator

from sluice_operator.api.admission.rule import Rule
from sluice_operator.api.fields import URI
from sluice_operator.api.v1alpha1 import BackendType, Ingress, Isolation, Spec


def _isolation_needs_v2(spec: Spec) -> Iterator[str]:
    if spec.backend.isolation is Isolation.SERVER and spec.backend.type is BackendType.SELDON_V1:
        yield "spec.backend.isolation: SeldonV1 has no Servers; say Shared, or type: SeldonV2"


def _server_needs_v2(spec: Spec) -> Iterator[str]:
    if spec.backend.server is not None and spec.backend.type is BackendType.SELDON_V1:
        yield "spec.backend.server: SeldonV1 has no Servers; remove it, or say type: SeldonV2"


def _server_or_isolation(spec: Spec) -> Iterator[str]:
    if spec.backend.server is not None and spec.backend.isolation is Isolation.SERVER:
        yield (
            "spec.backend.server: a candidate cannot be on that Server and on its own; remove "
            "server, or say isolation: Shared"
        )


def _ambassador_needs_v1(spec: Spec) -> Iterator[str]:
    backend = spec.backend
    if backend.ingress is Ingress.AMBASSADOR and backend.type is BackendType.SELDON_V2:
        yield "spec.backend.ingress: SeldonV2 has a router of its own; remove it"


NAME = (
    Rule(
        name="name-is-short",
        at="",
        cel="self.metadata.name.size() <= 45",
        message="metadata.name: names of resources are made from it; write at most 45 characters",
    ),
    Rule(
        name="name-is-plain",
        at="",
        cel="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        message="metadata.name: it becomes part of a path and of other names; write only lower-case"
        " letters, digits and hyphens, for example churn-eu in place of churn.eu",
    ),
)
BACKEND = (
    Rule(
        name="backend-never-changes",
        at="spec.backend.type",
        cel="self == oldSelf",
        message="the type of the backend cannot change under traffic; create another"
        " ModelDeployment and move your users to it",
    ),
    Rule(
        name="isolation-needs-v2",
        at="spec.backend",
        cel="self.isolation != 'Server' || self.type == 'SeldonV2'",
        message="isolation: SeldonV1 has no Servers; say Shared, or type: SeldonV2",
        check=_isolation_needs_v2,
    ),
    Rule(
        name="server-needs-v2",
        at="spec.backend",
        cel="!has(self.server) || self.type == 'SeldonV2'",
        message="server: SeldonV1 has no Servers; remove it, or say type: SeldonV2",
        check=_server_needs_v2,
    ),
    Rule(
        name="server-or-isolation",
        at="spec.backend",
        cel="!has(self.server) || self.isolation != 'Server'",
        message="server: a candidate cannot be on that Server and on its own; remove server, or say"
        " isolation: Shared",
        check=_server_or_isolation,
    ),
    Rule(
        name="ambassador-needs-v1",
        at="spec.backend",
        cel="self.ingress != 'Ambassador' || self.type == 'SeldonV1'",
        message="ingress: SeldonV2 has a router of its own; remove it, or say type: SeldonV1",
        check=_ambassador_needs_v1,
    ),
)
MODEL = (
    Rule(
        name="uri-has-a-scheme",
        at="spec.model.uri",
        cel=f"self.matches('{URI}')",
        message="a URI says by what means the package is fetched; write for example models:/churn/3"
        " or s3://bucket/path",
    ),
)
DEADLINES = (
    Rule(
        name="progress-deadline-is-long-enough",
        at="spec.progressDeadline",
        cel="duration(self) >= duration('30s')",
        message="no model server starts in less; write at least 30s",
    ),
    Rule(
        name="no-data-limit-is-long-enough",
        at="spec.noDataLimit",
        cel="duration(self) >= duration('10s')",
        message="counts arrive every few seconds; write at least 10s",
    ),
)
