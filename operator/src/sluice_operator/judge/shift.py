"""Prediction shift: is each class predicted as often as stable predicts it, give or take a margin?

Each class is a test of ratios in both directions, and so is the rest: classes without a layer of
their own, and those that less than one answer in a hundred names. Which class counts where in a
window is settled before the window, by the counts of earlier ones; so each bet is a fair one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sluice_operator.judge.arm import arm_sum, metric_words
from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.family import Change
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.layer import against_totals, classes_problem, grown_by, rows_of, unfolded
from sluice_operator.judge.mixture import (
    COARSE,
    COARSE_DOWN,
    COARSE_UP,
    BoolArray,
    FloatArray,
    log_e,
    log_mean,
)
from sluice_operator.judge.ratio import ratio_factors
from sluice_operator.judge.slot import NO_SLOTS, PLACES, dealt, grown, shares_in, tally
from sluice_operator.model import Table, Window


@dataclass(frozen=True, slots=True)
class ShiftFamily:
    """Layers: the rest, then classes in the order in which they appeared."""

    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        return classes_problem(window)

    def samples(self, window: Window) -> int:
        """See `Family`."""
        assert window.candidate
        return window.candidate.total

    def changes(
        self, test: Test, evidence: Sequence[Evidence], windows: Sequence[Window]
    ) -> list[Change]:
        """See `Family`."""
        return [_change(test, one, window) for one, window in zip(evidence, windows, strict=True)]

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Ratio of the shares of the class that tells most against the candidate; no bounds."""
        told = _worst(evidence)
        if told is None:
            return Effect()
        (stable, total), (mine, all_mine) = told[1]
        return Effect(est=(mine / all_mine) / (stable / total) if stable and all_mine else None)

    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        told = _worst(evidence)
        if told is None:
            return f"{metric_words(test.metric)}: no classes yet"
        name, ((stable, total), (mine, all_mine)) = told
        est = self.effect(test, evidence).est
        ratio = "unknown" if est is None else f"{est:.3g}"
        counts = f"{mine:,} of {all_mine:,} vs {stable:,} of {total:,}"
        return f"{metric_words(test.metric)}: {name} {counts}; ratio {ratio}, the most telling"


def _change(test: Test, evidence: Evidence, window: Window) -> Change:
    assert window.table
    if evidence.table is None:  # the first classes: nothing can be bet on what is not yet named
        table = grown(NO_SLOTS, window.table)
        return Change(fields={"table": table}, log_harm=0.0, log_safe=0.0)
    return _counted(test, evidence, evidence.table, window)


def _counted(test: Test, evidence: Evidence, before: Table, window: Window) -> Change:
    assert window.stable
    assert window.candidate
    assert window.table
    totals = (evidence.stable, evidence.candidate)
    counts = against_totals(dealt(before, totals, window.table), window.stable, window.candidate)
    harm = _bet(evidence.layers, counts, test.margin, COARSE_UP)
    safe = _bet(evidence.safe_layers, counts, test.margin, COARSE_DOWN)
    stable, candidate = arm_sum(window.stable, totals[0]), arm_sum(window.candidate, totals[1])
    after = tally(before, window.table)
    table = grown(after, window.table)
    matters = shares_in(after, (stable, candidate))
    is_provable = len(table.names) == len(before.names) and matters.any()
    fields = {
        "table": table,
        "stable": stable,
        "candidate": candidate,
        "layers": rows_of(harm),
        "safe_layers": rows_of(safe),
    }
    return Change(
        fields=fields,
        log_harm=log_mean(_both(harm), 2 * PLACES),
        log_safe=_least(safe, matters) if is_provable else 0.0,
    )


def _bet(
    wealth: tuple[tuple[float, ...], ...], counts: FloatArray, margin: float, tilts: FloatArray
) -> FloatArray:
    """Log wealth after the window: ratios over the margin first, then those under its inverse.

    Shapes: counts: (layers, 4); result: (layers, 2 * COARSE).
    """
    up = ratio_factors(counts, margin, tilts)
    down = ratio_factors(counts[:, (2, 3, 0, 1)], margin, tilts)
    before = unfolded(wealth, len(counts), 2 * COARSE)
    return grown_by(before, np.concatenate((up, down), axis=1))


def _both(wealth: FloatArray) -> FloatArray:
    """Logarithms of the e-values of both directions; shapes: (layers, 2)."""
    return np.stack((log_e(wealth[:, :COARSE]), log_e(wealth[:, COARSE:])), axis=1)


def _least(wealth: FloatArray, matters: BoolArray) -> float:
    """Every class that matters must be proven in both directions."""
    return float(_both(wealth)[matters].min())


_Counts = tuple[tuple[int, int], tuple[int, int]]


def _worst(evidence: Evidence) -> tuple[str, _Counts] | None:
    """Name and counts, of stable and of the candidate, of the layer with the greatest e-value."""
    table = evidence.table
    if table is None or len(table.names) == 1:
        return None
    wealth = unfolded(evidence.layers, len(table.names), 2 * COARSE)
    place = int(_both(wealth).max(axis=1).argmax())
    stable = (table.stable[place], evidence.stable.total)
    return table.names[place], (stable, (table.candidate[place], evidence.candidate.total))
