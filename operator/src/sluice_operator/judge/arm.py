"""Counts of revisions: whether they can be true, and their sums."""

from sluice_operator.model import Arm, Cohort, Window

METRIC_WORDS = {
    "ErrorRate": "errors",
    "LatencyExceedance": "slow answers",
    "Accuracy": "wrong answers",
    "PredictionShift": "predictions",
    "FeatureDrift": "inputs",
    "SampleRatio": "requests",
    "LabelCoverage": "answers without a label",
    "BusinessKPI": "worth of an answer,",
    "Counters": "bad events",
}
"""What the bad events of a metric are called."""


def metric_words(metric: str) -> str:
    """What the bad events of a test are called; what follows the metric's name stays."""
    name, space, detail = metric.partition(" ")
    return f"{METRIC_WORDS.get(name, name)}{space}{detail}"


def arm_problem(who: str, arm: Arm | None) -> str:
    """Why the counts of one revision cannot be used; empty when they can."""
    if arm is None:
        return f"no counts of {who}"
    if not 0 <= arm.bad <= arm.total:
        return f"impossible counts of {who}: {arm.bad} bad of {arm.total}"
    return ""


def both_problem(window: Window) -> str:
    """Why the counts of the two revisions cannot be used; empty when they can."""
    return arm_problem("stable", window.stable) or arm_problem("candidate", window.candidate)


def coverage_problem(least: float, window: Window) -> str:
    """Why too few matured answers have a label; empty when enough have, or none are asked for."""
    if not least:
        return ""
    if window.coverage is None:
        return "no counts of matured answers"
    for who, cohort in zip(("stable", "candidate"), window.coverage, strict=True):
        if cohort.labelled < least * cohort.matured:
            have = f"{cohort.labelled:,} of {cohort.matured:,} matured answers of {who}"
            return f"{have} have a label, less than {least:.0%}"
    return ""


def unlabelled(cohort: Cohort) -> Arm:
    """Matured answers, of which those without a label are the bad ones."""
    return Arm(total=cohort.matured, bad=cohort.matured - cohort.labelled)


def arm_sum(one: Arm, other: Arm | None) -> Arm:
    """Both windows as one; nothing is added for None."""
    if other is None:
        return one
    return Arm(total=one.total + other.total, bad=one.bad + other.bad)


def arm_words(arm: Arm) -> str:
    """Bad of total, as people write it."""
    return f"{arm.bad:,} of {arm.total:,}"
