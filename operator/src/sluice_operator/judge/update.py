"""One window more: the only way evidence changes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from sluice_operator.judge.evidence import Evidence
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
        problem = family_of(test).problem
        sound = [p for p in places if not (gates[p][2].error or problem(test, gates[p][2]))]
        windows = [gates[place][2] for place in sound]
        judged = _all_judged(test, [later[place] for place in sound], windows)
        for place, one in zip(sound, judged, strict=True):
            later[place] = one
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
    """Places of the gates with each test."""
    places: dict[Test, list[int]] = {}
    for place, (test, _, _) in enumerate(gates):
        places.setdefault(test, []).append(place)
    return places


def _all_judged(
    test: Test, evidence: Sequence[Evidence], windows: Sequence[Window]
) -> Iterator[Evidence]:
    """Evidence with the windows' counts, and e-values and verdicts brought up to its wealth."""
    if not windows:
        return
    family = family_of(test)
    changes = family.changes(test, evidence, windows)
    samples = map(family.samples, windows)
    e_harm = _e_values(change.log_harm for change in changes)
    e_safe = _e_values(change.log_safe for change in changes)
    limits = (-float(np.log(test.alpha_harm)), -float(np.log(test.alpha_safe)))
    for one, change, added, *e_values in zip(
        evidence, changes, samples, e_harm, e_safe, strict=True
    ):
        safe_samples = one.safe_samples + added
        is_harmful = change.log_harm >= limits[0]
        is_safe = safe_samples >= test.min_samples and change.log_safe >= limits[1]
        yield replace(
            one,
            **change.fields,
            windows=one.windows + 1,
            samples=one.samples + added,
            safe_samples=safe_samples,
            e_harm=e_values[0],
            e_safe=e_values[1],
            e_harm_max=max(e_values[0], one.e_harm_max),
            e_safe_max=max(e_values[1], one.e_safe_max),
            verdict=_verdict(one.verdict, is_harmful=is_harmful, is_safe=is_safe),
        )


def _verdict(before: Verdict, *, is_harmful: bool, is_safe: bool) -> Verdict:
    """Harm before safety, and both for good."""
    if before is Verdict.HARM or is_harmful:
        return Verdict.HARM
    return Verdict.SAFE if before is Verdict.SAFE or is_safe else Verdict.INCONCLUSIVE


def _e_values(logs: Iterable[float]) -> list[float]:
    values: list[float] = np.exp(np.minimum(list(logs), np.log(GREATEST_E))).tolist()
    return values
