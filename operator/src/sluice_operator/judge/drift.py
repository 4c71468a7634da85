"""Feature drift: do inputs fall into the bins of the package's profile as those of training did?

Each bin may be fuller or emptier by the margin. The shares of the profile are constants, so that
counts are all the evidence that has to be kept. What drifts hits stable, too: it is a reason to
look, and no proof against the candidate.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sluice_operator.judge.bin import field_of, lumped, rare_rests, totals_of
from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.family import Change
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.layer import column_of, table_problem, table_sum
from sluice_operator.judge.mixture import (
    COARSE_DOWN,
    COARSE_UP,
    FloatArray,
    log_e,
    log_mean,
    tilted,
)
from sluice_operator.judge.rate import rate_effect
from sluice_operator.judge.ratio import ratio_words
from sluice_operator.judge.slot import REST
from sluice_operator.model import Arm, Table, Window

_MOST_BINS = 1_000
"""Beyond that the evidence of one gate would not fit into the record of a rollout."""
MOST_CHARACTERS = 80_000
"""Likewise, of names, counts and shares as JSON."""
_ROW = 62
"""Characters of a bin beside its name: counts below 2^53, a share, and what parts them."""


@dataclass(frozen=True, slots=True)
class DriftFamily:
    """Layers: bins of one in a hundred at least, and for each field the rest."""

    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        if problem := table_problem(window.table):
            return problem
        assert window.table
        if len(window.table.shares) != len(window.table.names):
            return "a table without the shares of the profile"
        if len(window.table.names) > _MOST_BINS:
            return f"{len(window.table.names):,} bins; at most {_MOST_BINS:,} are judged at once"
        if (length := _characters(window.table.names)) > MOST_CHARACTERS:
            return (
                f"bins whose names and counts take {length:,} characters; at most"
                f" {MOST_CHARACTERS:,} are kept; give the inputs shorter names, or fewer"
            )
        return ""

    def samples(self, window: Window) -> int:
        """See `Family`: rows, and each has one bin in each field."""
        assert window.table
        return int(totals_of(window.table.names, window.table.candidate).max(initial=0.0))

    def changes(
        self, test: Test, evidence: Sequence[Evidence], windows: Sequence[Window]
    ) -> list[Change]:
        """See `Family`."""
        return [_change(test, one, window) for one, window in zip(evidence, windows, strict=True)]

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Share over that of the profile, of the bin that tells most; bounds hold for all bins."""
        told = _worst(test, evidence)
        if told is None:
            return Effect()
        place, table = told
        total = int(totals_of(table.names, table.candidate)[place])
        each = replace(
            test,
            alpha_harm=test.alpha_harm / len(table.names),
            alpha_safe=test.alpha_safe / len(table.names),
        )
        rate = rate_effect(each, Arm(total=total, bad=table.candidate[place]))
        share = table.shares[place]
        return Effect(
            est=None if rate.est is None else rate.est / share,
            lo=None if rate.lo is None else rate.lo / share,
            hi=None if rate.hi is None else rate.hi / share,
        )

    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        told = _worst(test, evidence)
        if told is None:
            return "inputs: none yet"
        place, table = told
        total = int(totals_of(table.names, table.candidate)[place])
        counts = f"{table.candidate[place]:,} of {total:,}, {table.shares[place]:.3g} in training"
        ratio = ratio_words(self.effect(test, evidence))
        return f"inputs: {table.names[place]} {counts}; ratio {ratio}, the most telling"


def _characters(names: tuple[str, ...]) -> int:
    """What evidence about these bins takes at most, as JSON in UTF-8."""
    kept = [*names, *{f"{field_of(name)}|{REST}" for name in names}]
    return len(json.dumps(kept, ensure_ascii=False).encode()) + _ROW * len(kept)


def _change(test: Test, evidence: Evidence, window: Window) -> Change:
    assert window.table
    more = lumped(window.table, evidence.table)
    if not more.names:  # nobody has asked yet
        return Change(fields={}, log_harm=0.0, log_safe=0.0)
    before = evidence.table or replace(more, candidate=(0,) * len(more.names))
    table = table_sum(before, column_of(more, before.names))
    since = evidence.table_then or (0,) * len(table.names)
    lately = tuple(now - then for now, then in zip(table.candidate, since, strict=True))
    fields: dict[str, Any] = {"table": table}
    harm = _logs(test, table, table.candidate, COARSE_UP)
    safe = _logs(test, table, lately, COARSE_DOWN)
    return Change(
        fields=fields,
        log_harm=log_mean(np.where(np.isfinite(harm), harm, 0.0), harm.size),
        log_safe=float(safe[~rare_rests(table)].min(initial=np.inf)) if sum(lately) else 0.0,
    )


def _logs(test: Test, table: Table, counts: tuple[int, ...], tilts: FloatArray) -> FloatArray:
    """Logarithms of the e-values of each bin, up and down; infinite where a bin cannot be fuller.

    Shapes: result: (bins, 2).
    """
    bad, total = np.array(counts, dtype=np.float64), totals_of(table.names, counts)
    share = np.array(table.shares)
    full, empty = share * test.margin, share / test.margin
    up = log_e(tilted(bad, total, np.minimum(full, 1.0), tilts))
    down = log_e(tilted(bad, total, empty, 1.0 / tilts))
    return np.stack((np.where(full < 1.0, up, np.inf), down), axis=1)


def _worst(test: Test, evidence: Evidence) -> tuple[int, Table] | None:
    """The bin with the greatest e-value of harm."""
    table = evidence.table
    if table is None or not sum(table.candidate):
        return None
    logs = _logs(test, table, table.candidate, COARSE_UP)
    return int(np.where(np.isfinite(logs), logs, -np.inf).max(axis=1).argmax()), table
