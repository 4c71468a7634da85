"""A gate: a named promise about the candidate, of a ModelDeployment or of a template."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sluice_operator.api.fields import Decimal, Duration, Name, SignedDecimal
from sluice_operator.api.metric import (
    Comparison,
    GateRole,
    Metric,
    default_alpha,
    default_comparison,
    default_margin,
    default_role,
)
from sluice_operator.api.wire import Wire

MOST_GATES = 32
"""Of one deployment; the rules of admission are paid for by each."""
MOST_DRIFTS, MOST_SHIFTS = 2, 4
"""Gates among them that keep a table of bins, or of classes with a wealth for each.

The checkpoint of a RolloutRun has room for 524,288 characters. As JSON, evidence takes 82,000 at
most for FeatureDrift (`judge.drift` refuses more), 18,300 for PredictionShift, 6,100 for any other
gate: 396,000 for 32 gates. The rest is for their cursors, and for a spec whose gates are borrowed.

Source: `bench/judge/cost.py`, rows "at worst".
"""


class OnNoData(StrEnum):
    """What happens when a gate gets no counts for `noDataLimit`."""

    HOLD = "Hold"
    PAUSE = "Pause"
    ROLLBACK = "Rollback"


class AnswerPart(StrEnum):
    """What a PredictionShift counts of each answer."""

    CLASS = "Class"
    """The predicted class, by name."""
    NUMBER = "Number"
    """The number that the model predicts (regression), in ten bins."""
    CONFIDENCE = "Confidence"
    """The confidence of the answer, in ten bins."""


class Labels(Wire):
    """When labels are waited for no longer."""

    maturity: Annotated[Duration, Field(gt=timedelta(0))]
    """Age at which an answer is counted, with or without its label."""
    min_coverage: Annotated[Decimal, Field(ge=0, le=1)] = 0.8
    """Least share of matured answers of each revision that must have a label; below it there is
    no data. LabelCoverage asks for the share itself, and counts whatever it is."""


class KeyFigure(Wire):
    """A figure whose events follow answers."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    """Name of the events in the ledger, for example `purchase`."""
    maturity: Annotated[Duration, Field(gt=timedelta(0))]
    """Age at which an answer is counted, with what has followed it until then."""
    lowest: SignedDecimal | None = None
    """Each answer's sum of values is raised to this. With `highest` the test needs no assumption
    about the values; the two come together."""
    highest: SignedDecimal | None = None
    """Each answer's sum of values is cut to this."""


class CounterPair(Wire):
    """Two counters of Prometheus, as selectors without a matcher for the revision."""

    bad: Annotated[str, Field(min_length=1, max_length=1024)]
    """Counts bad events, for example `checkout_failures_total{shop="north"}`."""
    total: Annotated[str, Field(min_length=1, max_length=1024)]
    """Counts all events."""
    label: Annotated[str, Field(min_length=1, max_length=120)] = "revision"
    """Label of both that names the revision."""


class Gate(Wire):
    """A named promise about the candidate, judged on evidence."""

    name: Name
    """Analysis steps, status and events call the gate by this name."""
    metric: Metric
    """What is counted."""
    comparison: Comparison = Field(default_factory=default_comparison)
    """What the candidate is compared with. Default: Relative; Absolute for FeatureDrift and
    SampleRatio, which have no other."""
    role: GateRole = Field(default_factory=default_role)
    """What a verdict does. Default: Guardrail; Observe for FeatureDrift, since inputs drift for
    both revisions alike."""
    threshold: Duration | None = None
    """LatencyExceedance: an answer that takes longer is too slow. One of 5, 10, 25, 50, 100, 250,
    500 ms, 1, 2.5, 5 and 10 s, for engines count in buckets that end there. Without it: the edge
    nearest to stable's p99 when the rollout began, and its neighbours."""
    labels: Labels | None = None
    """Accuracy on split traffic and LabelCoverage: when answers are counted."""
    kpi: KeyFigure | None = None
    """BusinessKPI: which figure."""
    counters: CounterPair | None = None
    """Counters: which series."""
    answer: AnswerPart | None = None
    """PredictionShift, Relative: what is counted of each answer. Default: Class. Number and
    Confidence are counted in ten bins, between the deciles of stable's scores when the gate was
    first asked."""
    margin: Annotated[Decimal, Field(ge=0)] = Field(default_factory=default_margin)
    """Relative: largest tolerated ratio (over 1); default 1.5, of Accuracy 1.2, of LabelCoverage
    1.25, of PredictionShift 2 (each class at most twice, at least half as often), of BusinessKPI
    1.05 (the mean at least 1/1.05 of stable's). Absolute: largest tolerated rate, without a
    default; of FeatureDrift (2) and SampleRatio (1.25) the largest ratio to the profile and to the
    wanted share. Paired: largest tolerated loss of accuracy, default 0.02, and 0 asks for proof
    that the candidate is better; of PredictionShift the share of different predictions, default
    0.05."""
    alpha: Annotated[Decimal, Field(gt=0, le=0.05)] = Field(default_factory=default_alpha)
    """Chance, over the whole rollout, that a healthy candidate is called harmful. Default: 0.01;
    0.001 for SampleRatio, where harm means that the router is at fault."""
    alpha_safe: Annotated[Decimal, Field(gt=0, le=0.1)] = 0.05
    """Chance that a candidate at the margin is called safe."""
    min_samples: int = Field(default=100, ge=1, le=1_000_000_000)
    """Samples of the candidate before it can be called safe; harm needs no minimum."""
    on_no_data: OnNoData = OnNoData.HOLD
    """What happens when counts stay away for `noDataLimit`; never a verdict."""


class TemplateSpec(Wire):
    """Gates that a team writes once."""

    gates: tuple[Gate, ...] = Field(
        min_length=1,
        max_length=MOST_GATES,
        json_schema_extra={"x-kubernetes-list-map-keys": ["name"]},
    )
    """Promises of every ModelDeployment that names this template; names are unique."""
