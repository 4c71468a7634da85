"""One window more: the only way evidence changes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.family import Change
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import GREATEST_E, POINTS
from sluice_operator.judge.registry import family_of
from sluice_operator.model import Verdict, Window

Judged = tuple[Test, Evidence, Window]
"""One gate and its next window."""


def problem_of(test: Test, window: Window) -> str:
    """Why the window holds nothing to count, in words; empty when it does.

    A window with a problem is missing data: `update` leaves the evidence as it is.
    """
    return window.error or family_of(test).problem(test, window)


def update(test: Test, evidence: Evidence, window: Window) -> Evidence:
    """The evidence after one more window; equal arguments give equal bits.

    Missing data is neither pass nor fail: such a window gives back the evidence itself.
    """
    return update_all([(test, evidence, window)])[0]


def update_all(gates: Sequence[Judged]) -> list[Evidence]:
    """`update` of many gates, to the bit; those with equal tests are counted together."""
    later = [evidence for _, evidence, _ in gates]
    for test, places in _by_test(gates).items():
        evidence = [later[place] for place in places]
        windows = [gates[place][2] for place in places]
        family = family_of(test)
        changes = family.changes(test, evidence, windows)
        samples = map(family.samples, windows)
        for place, change, added in zip(places, changes, samples, strict=True):
            later[place] = _judged(test, later[place], change, added)
    return later


def restart_safe(evidence: Evidence) -> Evidence:
    """The evidence with safety to be proven anew; harm keeps its wealth and its verdict.

    A step asks whether the candidate is safe under *its* traffic; harm is watched over the whole
    attempt.
    """
    harmful = evidence.verdict is Verdict.HARM
    return replace(
        evidence,
        verdict=Verdict.HARM if harmful else Verdict.INCONCLUSIVE,
        safe=(0.0,) * POINTS,
        e_safe=1.0,
        e_safe_max=1.0,
        safe_samples=0,
        safe_layers=(),
        safe_spread=(0.0,) * 4,
        table_then=evidence.table.candidate if evidence.table else (),
    )


def _by_test(gates: Iterable[Judged]) -> dict[Test, list[int]]:
    """Places of the gates that have something to count, by their test."""
    places: dict[Test, list[int]] = {}
    for place, (test, _, window) in enumerate(gates):
        if not problem_of(test, window):
            places.setdefault(test, []).append(place)
    return places


def _judged(test: Test, evidence: Evidence, change: Change, samples: int) -> Evidence:
    """The evidence with the window's change, its e-values and verdict brought up to its wealth."""
    e_harm, e_safe = _e_value(change.log_harm), _e_value(change.log_safe)
    safe_samples = evidence.safe_samples + samples
    return replace(
        evidence,
        **change.fields,
        windows=evidence.windows + 1,
        samples=evidence.samples + samples,
        safe_samples=safe_samples,
        e_harm=e_harm,
        e_safe=e_safe,
        e_harm_max=max(e_harm, evidence.e_harm_max),
        e_safe_max=max(e_safe, evidence.e_safe_max),
        verdict=_verdict(test, evidence.verdict, change, safe_samples),
    )


def _verdict(test: Test, before: Verdict, change: Change, samples: int) -> Verdict:
    """Harm before safety, and both for good."""
    if before is Verdict.HARM or change.log_harm >= -np.log(test.alpha_harm):
        return Verdict.HARM
    enough = samples >= test.min_samples
    if before is Verdict.SAFE or (enough and change.log_safe >= -np.log(test.alpha_safe)):
        return Verdict.SAFE
    return Verdict.INCONCLUSIVE


def _e_value(log_e: float) -> float:
    return float(np.exp(np.minimum(log_e, np.log(GREATEST_E))))
