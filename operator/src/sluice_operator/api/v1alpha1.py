"""The spec of a ModelDeployment, version `sluice.dev/v1alpha1`.

Rules that one field can state stand on the field; rules across fields are in `rule.py`.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from sluice_operator.api.fields import Duration, Name, Percent, Quantity, SecretName, Uri
from sluice_operator.api.gate import (
    MOST_GATES,
    AnswerPart,
    CounterPair,
    Gate,
    KeyFigure,
    Labels,
    OnNoData,
    TemplateSpec,
)
from sluice_operator.api.metric import Comparison, GateRole, Metric
from sluice_operator.api.wire import Wire

__all__ = [
    "API_VERSION",
    "KIND",
    "AnalysisStep",
    "AnswerPart",
    "ApprovalStep",
    "Backend",
    "BackendType",
    "ClusterGateTemplate",
    "Comparison",
    "CounterPair",
    "Experiment",
    "Gate",
    "GateRole",
    "GateTemplate",
    "Ingress",
    "Isolation",
    "KeyFigure",
    "Labels",
    "Metadata",
    "Metric",
    "MirrorStep",
    "Model",
    "ModelDeployment",
    "OnInconclusive",
    "OnNoData",
    "OnTimeout",
    "PauseStep",
    "Rollback",
    "Spec",
    "Step",
    "Strategy",
    "StrategyType",
    "TemplateKind",
    "TemplateMetadata",
    "TemplateRef",
    "TemplateSpec",
]
API_VERSION = "sluice.dev/v1alpha1"
KIND = "ModelDeployment"


class BackendType(StrEnum):
    """Which generation of Seldon Core carries the traffic in a cluster."""

    SELDON_V2 = "SeldonV2"
    SELDON_V1 = "SeldonV1"


class Isolation(StrEnum):
    """What a candidate shares with the stable revision."""

    SHARED = "Shared"
    """Both are loaded by the same model servers."""
    SERVER = "Server"
    """A candidate gets model servers of its own, so that it cannot take stable down with it."""


class Ingress(StrEnum):
    """Who divides the traffic of a SeldonDeployment (Seldon Core 1)."""

    ISTIO = "Istio"
    AMBASSADOR = "Ambassador"


class StrategyType(StrEnum):
    """How a candidate is tried."""

    CANARY = "Canary"
    """Users try the candidate in growing shares."""
    SHADOW = "Shadow"
    """The candidate answers copies; no user sees an answer before it is promoted."""
    BLUE_GREEN = "BlueGreen"
    """The candidate is checked beside stable, then gets all requests at once."""
    AB_TEST = "ABTest"
    """Both answer at fixed weights until the primary gate is proven; if it is not, stable stays."""
    IMMEDIATE = "Immediate"
    """All requests at once, unchecked; the bake is what protects."""


class OnInconclusive(StrEnum):
    """What happens when the time of an analysis is over and its gates are not decided."""

    PAUSE = "Pause"
    ROLLBACK = "Rollback"
    PROCEED = "Proceed"


class OnTimeout(StrEnum):
    """What happens when nobody has approved in time."""

    PAUSE = "Pause"
    ROLLBACK = "Rollback"


class Backend(Wire):
    """Where the model is served."""

    type: BackendType = BackendType.SELDON_V2
    """Generation of Seldon Core; a laptop (`sluice up`) serves either with its own engine."""
    isolation: Isolation = Isolation.SHARED
    """SeldonV2: whether a candidate gets model servers of its own."""
    server: Name | None = None
    """SeldonV2: the Server that loads every revision; without it Seldon chooses one by the
    requirements."""
    ingress: Ingress = Ingress.ISTIO
    """SeldonV1: who divides the traffic."""


class Model(Wire):
    """The model to serve; another `uri`, `digest` or `requirements` starts a rollout."""

    uri: Uri
    """Where the package is: `models:/NAME/VERSION`, `file:///folder`, `s3://bucket/path`."""
    digest: str = Field(default="", max_length=80, pattern=r"^(sha256:[0-9a-f]{64})?$")
    """Digest that the package must have; the server refuses any other."""
    requirements: tuple[Annotated[str, Field(max_length=63)], ...] = Field(
        default=(), max_length=16
    )
    """Capabilities that the model server must offer."""
    memory: Quantity = ""
    """Memory that one replica needs, for example `512Mi`; Seldon places the model by it."""
    replicas: Annotated[int, Field(ge=1, le=100)] = 1
    """Copies of each revision."""
    secret_name: SecretName | None = None
    """Secret of the same namespace with the credentials for `uri`."""


class MirrorStep(Wire):
    """Copies of requests go to the candidate; its answers are dropped."""

    percent: Percent
    """Share of requests that is copied; 0 ends the mirror."""


class PauseStep(Wire):
    """The rollout rests with the traffic it has."""

    duration: Duration | None = None
    """How long; without it, until somebody resumes."""


class AnalysisStep(Wire):
    """The rollout waits for the verdicts of gates."""

    gates: tuple[Name, ...] = Field(min_length=1, max_length=32)
    """Gates that must be proven safe to go on."""
    min_duration: Duration = timedelta(0)
    """Time to stay at least, even when all gates are decided earlier."""
    max_duration: Duration = timedelta(hours=1)
    """Time after which `onInconclusive` applies."""
    on_inconclusive: OnInconclusive = OnInconclusive.PAUSE
    """What to do when time is over and a gate is undecided."""


class ApprovalStep(Wire):
    """The rollout waits for a person."""

    timeout: Duration | None = None
    """How long to wait; without it, for ever."""
    on_timeout: OnTimeout = OnTimeout.PAUSE
    """What to do when nobody came."""


class Step(Wire):
    """One step; exactly one of its kinds is set, `name` apart."""

    name: Name | None = None
    """Shown to people in place of what the step does."""
    set_weight: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent of requests that the candidate answers from here on; ends a mirror."""
    mirror: MirrorStep | None = None
    """Copy requests to the candidate from here on."""
    pause: PauseStep | None = None
    """Rest."""
    analysis: AnalysisStep | None = None
    """Wait for verdicts."""
    approval: ApprovalStep | None = None
    """Wait for a person."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are set; admission makes sure that it is exactly one."""
        every = ("set_weight", "mirror", "pause", "analysis", "approval")
        return tuple(kind for kind in every if getattr(self, kind) is not None)

    @property
    def title(self) -> str:
        """What people call the step: its name, or what it does."""
        if self.name:
            return self.name
        if self.set_weight is not None:
            return f"weight {self.set_weight}"
        if self.mirror is not None:
            return f"mirror {self.mirror.percent}"
        return self.kinds[0]


class Experiment(Wire):
    """Two revisions at fixed weights, for a fixed time, with one question."""

    weight: Annotated[int, Field(ge=1, le=99)]
    """Percent of requests that the candidate answers."""
    primary_gate: Name
    """The Objective that decides; proven safe, it promotes the candidate."""
    min_duration: Duration = timedelta(0)
    """Time to run at least, even when the gate is decided earlier."""
    duration: Duration
    """Time to run at most; undecided by then, stable stays."""

    @property
    def plan(self) -> tuple[Step, ...]:
        """The same in steps."""
        analysis = AnalysisStep(
            gates=(self.primary_gate,),
            min_duration=self.min_duration,
            max_duration=self.duration,
            on_inconclusive=OnInconclusive.ROLLBACK,
        )
        return (Step(set_weight=self.weight), Step(name="experiment", analysis=analysis))


class Strategy(Wire):
    """How a candidate earns its traffic."""

    type: StrategyType
    """Canary gives weight in steps, Shadow only mirrors, BlueGreen switches after its checks,
    ABTest runs an experiment, Immediate switches at once."""
    steps: tuple[Step, ...] = Field(default=(), max_length=32)
    """Run in order; after the last one the candidate is promoted. A Canary, Shadow or BlueGreen
    without steps gets those of its type, see `sluice rollout plan`."""
    experiment: Experiment | None = None
    """ABTest: what runs in place of steps."""
    ungated: bool = False
    """Says that a rollout without any enforcing gate is meant."""
    max_weight_before_objectives: Annotated[int, Field(ge=1, le=100)] = 50
    """Most weight that a candidate gets while an Objective is not proven safe."""

    @property
    def plan(self) -> tuple[Step, ...]:
        """The steps that are run, an experiment written out."""
        return self.steps if self.experiment is None else self.experiment.plan


class TemplateKind(StrEnum):
    """Where a template of gates is kept."""

    GATE_TEMPLATE = "GateTemplate"
    """In the namespace of the deployment."""
    CLUSTER_GATE_TEMPLATE = "ClusterGateTemplate"
    """For all namespaces."""


class TemplateRef(Wire):
    """Names a template of gates."""

    name: Name
    """Name of the template."""
    kind: TemplateKind = TemplateKind.GATE_TEMPLATE
    """Whether it belongs to the namespace or to the cluster."""


class Rollback(Wire):
    """How long the way back stays open after a promotion."""

    bake: Duration = timedelta(minutes=30)
    """Time after a promotion in which the old revision stays warm and guardrails stay armed; 0s
    ends the rollout at once."""


class Spec(Wire):
    """What the user wants; never written by the controller."""

    backend: Backend = Backend()
    """Where the model is served."""
    model: Model
    """Which model is wanted."""
    strategy: Strategy
    """How a new model is tried."""
    gates: tuple[Gate, ...] = Field(
        default=(),
        max_length=MOST_GATES,
        json_schema_extra={"x-kubernetes-list-map-keys": ["name"]},
    )
    """Promises that the candidate must keep; names are unique. Without steps and gates those of
    the strategy hold, see `sluice rollout plan`."""
    gate_templates: tuple[TemplateRef, ...] = Field(default=(), max_length=8)
    """Templates whose gates hold as well; of two gates with one name the own one holds, then that
    of the template that is named first."""
    rollback: Rollback = Rollback()
    """How long the way back stays open."""
    suspend: bool = False
    """Freezes the rollout; a candidate that is proven harmful is still taken back."""
    progress_deadline: Annotated[Duration, Field(ge=timedelta(seconds=30))] = timedelta(minutes=10)
    """Time in which a revision must become ready."""
    no_data_limit: Annotated[Duration, Field(ge=timedelta(seconds=10))] = timedelta(minutes=5)
    """Time without counts after which a gate's `onNoData` applies."""
    revision_history_limit: Annotated[int, Field(ge=1, le=50)] = 10
    """Finished attempts that the status remembers."""

    def gate(self, name: str) -> Gate:
        """The gate with that name; admission has made sure that it exists."""
        return next(gate for gate in self.gates if gate.name == name)


class Metadata(Wire, extra="allow"):
    """The part of Kubernetes' object metadata that Sluice reads."""

    name: Annotated[Name, Field(max_length=45)]
    """At most 45 characters, because names of resources are derived from it."""


class TemplateMetadata(Wire, extra="allow"):
    """The part of a template's metadata that Sluice reads."""

    name: Name
    """By which deployments name it."""


class ModelDeployment(Wire):
    """One model under one name, and how its versions replace each other."""

    api_version: Literal["sluice.dev/v1alpha1"]
    kind: Literal["ModelDeployment"]
    metadata: Metadata
    spec: Spec


class GateTemplate(Wire):
    """Gates that the ModelDeployments of a namespace share."""

    api_version: Literal["sluice.dev/v1alpha1"]
    kind: Literal["GateTemplate"]
    metadata: TemplateMetadata
    spec: TemplateSpec


class ClusterGateTemplate(Wire):
    """Gates that ModelDeployments of all namespaces share."""

    api_version: Literal["sluice.dev/v1alpha1"]
    kind: Literal["ClusterGateTemplate"]
    metadata: TemplateMetadata
    spec: TemplateSpec
