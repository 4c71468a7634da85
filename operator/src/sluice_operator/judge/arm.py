"""Counts of revisions: whether they can be true, and their sums."""

from sluice_operator.model import Arm

METRIC_WORDS = {
    "ErrorRate": "errors",
    "LatencyExceedance": "slow answers",
    "Accuracy": "wrong answers",
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


def arm_sum(one: Arm, other: Arm | None) -> Arm:
    """Both windows as one; nothing is added for None."""
    if other is None:
        return one
    return Arm(total=one.total + other.total, bad=one.bad + other.bad)


def arm_words(arm: Arm) -> str:
    """Bad of total, as people write it."""
    return f"{arm.bad:,} of {arm.total:,}"
