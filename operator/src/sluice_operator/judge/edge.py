"""Slow answers at several edges at once: a candidate may be slower in the tail, or in the middle.

Harm is the mean of one e-value per edge, which is an e-value however the edges depend on each
other. Safety is proven at the main edge alone, which is the one that the arms count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from typing_extensions import override

from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.family import Change
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.layer import (
    against_totals,
    classes_problem,
    column_of,
    grown_by,
    rows_of,
    table_sum,
    unfolded,
)
from sluice_operator.judge.mixture import COARSE, COARSE_UP, log_e, log_mean
from sluice_operator.judge.ratio import RatioFamily, ratio_factors
from sluice_operator.model import Table, Window


@dataclass(frozen=True, slots=True)
class EdgeFamily(RatioFamily):
    """The main edge as a ratio on the full grid; each other edge as a layer on the coarse one."""

    @override
    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        if problem := classes_problem(window):
            return problem
        assert window.table
        return "" if window.table.names else "no counts at any edge"

    @override
    def changes(
        self, test: Test, evidence: Sequence[Evidence], windows: Sequence[Window]
    ) -> list[Change]:
        """See `Family`."""
        main = super(EdgeFamily, self).changes(test, evidence, windows)
        return list(map(_with_edges, main, evidence, windows))


def _with_edges(main: Change, evidence: Evidence, window: Window) -> Change:
    """What the other edges add to the main one; the first window says for good which there are."""
    assert window.stable
    assert window.candidate
    assert window.table
    table = evidence.table or _empty(window.table.names)
    counts = column_of(window.table, table.names)
    others = against_totals(counts[1:], window.stable, window.candidate)
    before = unfolded(evidence.layers, len(others), COARSE)
    wealth = grown_by(before, ratio_factors(others, 1.0, COARSE_UP))
    logs = np.array((main.log_harm, *log_e(wealth)))
    fields = {"table": table_sum(table, counts), "layers": rows_of(wealth)}
    return replace(
        main, fields={**main.fields, **fields}, log_harm=log_mean(logs, len(table.names))
    )


def _empty(names: tuple[str, ...]) -> Table:
    return Table(names=names, stable=(0,) * len(names), candidate=(0,) * len(names))
