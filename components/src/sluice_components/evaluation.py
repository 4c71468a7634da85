"""What evaluation found, as values: written into every package, read by registration and reports.

Law: no number here is NaN or infinite. What cannot be measured is absent, with a reason where a
rule asked for it.
"""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from sluice_package.answer import AnswerProfile


class Finding(BaseModel):
    """What all parts of an evaluation share: frozen, complete, plain JSON."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class ClassReport(Finding):
    """How well one class is found."""

    name: str
    rows: int
    """Rows of the hold-out that are of this class."""
    precision: float
    """Of the rows called so, the share that is so; 0 if none was called so."""
    recall: float
    """Of the rows that are so, the share called so; 0 if there is none."""


class RocCurve(Finding):
    """One class against the rest, from the strictest threshold to the loosest."""

    name: str
    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    thresholds: tuple[float, ...]
    """Finite: the first one stands just above the highest score."""


class CalibrationBin(Finding):
    """Rows whose stated probability is alike."""

    rows: int
    stated: float
    """Mean probability that the model gave."""
    observed: float
    """Share of the rows where it came true."""


class Importance(Finding):
    """What the metric loses when one feature is shuffled."""

    feature: str
    mean: float
    deviation: float
    """Standard deviation over the repeats."""


class Group(Finding):
    """Metrics on the rows with one value of a column."""

    value: str
    rows: int
    accuracy: float
    accuracy_low: float
    """Lower end of the 95 % Wilson interval."""
    accuracy_high: float
    """Upper end of the 95 % Wilson interval."""
    metrics: dict[str, float]
    """Further metrics, as far as the rows allow them."""


class Slice(Finding):
    """One column, and how the model does on each of its values."""

    column: str
    groups: tuple[Group, ...]
    """The most frequent values, by number of rows; the rest together as `(other)`."""
    gaps: dict[str, float]
    """Largest difference between two groups, per metric."""


class Outcome(Finding):
    """One acceptance rule, and whether it is met."""

    rule: str
    """As a person says it: `roc_auc >= 0.6`."""
    value: float | None
    """None where the metric cannot be measured; the rule is then not met."""
    passed: bool
    reason: str
    """Why not; empty when passed."""


class Standing(StrEnum):
    """How the new model stands against the one in charge."""

    NOT_ASKED = "not asked"
    """The project compares with no champion."""
    NO_CHAMPION = "no champion yet"
    """Nobody is in charge under this name: there is nothing to compare with, and that is fine."""
    NOT_WORSE = "not worse"
    """The whole paired interval lies within the margin."""
    NOT_PROVEN = "not proven"
    """The interval reaches beyond the margin: worse by more cannot be ruled out."""
    NOT_COMPARABLE = "not comparable"
    """The champion cannot predict this hold-out, or lacks the metric."""


class Comparison(Finding):
    """The paired comparison with the champion on the same rows."""

    standing: Standing
    reason: str
    """One sentence for a person."""
    champion: str = ""
    """Digest of the champion's package."""
    metric: str = ""
    value: float | None = None
    champion_value: float | None = None
    difference: float | None = None
    """New minus champion, turned so that more is better."""
    low: float | None = None
    """Lower end of the paired interval of the difference."""
    high: float | None = None
    margin: float | None = None
    confidence: float | None = None
    method: str = ""
    """How the interval was made."""

    @property
    def passed(self) -> bool:
        """Whether the champion stands in the way of registration."""
        return self.standing in {Standing.NOT_ASKED, Standing.NO_CHAMPION, Standing.NOT_WORSE}


class Evaluation(Finding):
    """Everything that was found on the hold-out."""

    rows: int
    """Rows of the hold-out."""
    holdout_digest: str
    training_digest: str
    classes: tuple[str, ...]
    metrics: dict[str, float]
    per_class: tuple[ClassReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Row: the truth; column: what the model said; in the order of `classes`."""
    roc: tuple[RocCurve, ...]
    calibration: tuple[CalibrationBin, ...]
    """Of the positive class if there are two, else of the predicted one."""
    importances: tuple[Importance, ...]
    importance_metric: str
    slices: tuple[Slice, ...]
    protected: tuple[Slice, ...]
    acceptance: tuple[Outcome, ...]
    champion: Comparison
    answers: AnswerProfile | None = None
    """What the model said about the hold-out, for the profile of its package."""

    @property
    def accepted(self) -> bool:
        """Whether every acceptance rule is met and no champion stands in the way."""
        return all(outcome.passed for outcome in self.acceptance) and self.champion.passed

    @property
    def refusals(self) -> tuple[str, ...]:
        """One line for each thing that keeps the model from being registered."""
        failed = [f"{o.rule}: {o.reason}" for o in self.acceptance if not o.passed]
        if not self.champion.passed:
            failed.append(f"champion: {self.champion.reason}")
        return tuple(failed)


def scalars(metrics: Mapping[str, float], digits: int = 6) -> dict[str, float]:
    """Metrics in a length that people can read."""
    return {name: round(value, digits) for name, value in metrics.items()}
