"""Sums of the worth of answers: whether they can be true, their sums, and their words."""

from math import isfinite

from sluice_operator.judge.arm import metric_words
from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.ratio import ratio_words
from sluice_operator.model import Moments, Window

Worths = tuple[Moments, Moments]
"""Of stable, of the candidate."""


def worth_problem(window: Window) -> str:
    """Why sums of worth cannot be used; empty when they can."""
    if window.worth is None:
        return "no sums of worth"
    for who, moments in zip(("stable", "candidate"), window.worth, strict=True):
        real = isfinite(moments.total) and isfinite(moments.squares)
        if not real or moments.count < 0 or moments.squares < 0:
            return f"impossible worth of {who}: {moments.total:g} in {moments.count:,} answers"
    return ""


def moments_sum(before: Worths | None, more: Worths) -> Worths:
    """Both windows as one."""
    if before is None:
        return more
    stable, candidate = (
        Moments(
            count=one.count + other.count,
            total=one.total + other.total,
            squares=one.squares + other.squares,
        )
        for one, other in zip(before, more, strict=True)
    )
    return stable, candidate


def worth_words(test: Test, evidence: Evidence, effect: Effect) -> str:
    """Means and their ratio, as people write them."""
    what = metric_words(test.metric)
    if evidence.worth is None:
        return f"{what}: no answers yet"
    stable, candidate = (
        f"{one.total / max(one.count, 1):.4g} of {one.count:,}" for one in evidence.worth
    )
    return f"{what}: {candidate} vs {stable}; ratio {ratio_words(effect)}"
