"""One window more: the only way evidence changes."""

from dataclasses import replace

import numpy as np

from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.family import Family
from sluice_operator.judge.hypothesis import ABSOLUTE, PAIRED, RELATIVE, Test
from sluice_operator.judge.mixture import GREATEST_E, POINTS, FloatArray, log_e, proven
from sluice_operator.judge.paired import PairedFamily
from sluice_operator.judge.rate import RateFamily
from sluice_operator.judge.ratio import RatioFamily
from sluice_operator.model import Verdict, Window

FAMILIES: dict[str, Family] = {
    RELATIVE: RatioFamily(),
    ABSOLUTE: RateFamily(),
    PAIRED: PairedFamily(),
}
"""Comparison to the family of tests that carries it out."""


def problem_of(test: Test, window: Window) -> str:
    """Why the window holds nothing to count, in words; empty when it does.

    A window with a problem is missing data: `update` leaves the evidence as it is.
    """
    return window.error or FAMILIES[test.comparison].problem(window)


def update(test: Test, evidence: Evidence, window: Window) -> Evidence:
    """The evidence after one more window; equal arguments give equal bits.

    Missing data is neither pass nor fail: such a window gives back the evidence itself.
    """
    if problem_of(test, window):
        return evidence
    family = FAMILIES[test.comparison]
    counts = np.array([family.counts(window)], dtype=np.float64)
    harm = np.array([evidence.harm]) + family.harm(test, counts)
    safe = np.array([evidence.safe]) + family.safe(test, counts)
    samples = family.samples(window)
    counted = replace(
        family.added(evidence, window),
        harm=_row(harm),
        safe=_row(safe),
        windows=evidence.windows + 1,
        samples=evidence.samples + samples,
        safe_samples=evidence.safe_samples + samples,
    )
    return _judged(test, counted)


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
    )


def _judged(test: Test, evidence: Evidence) -> Evidence:
    """The evidence with its e-values and verdict brought up to its wealth."""
    harm, safe = log_e(np.array([evidence.harm])), log_e(np.array([evidence.safe]))
    e_harm, e_safe = _e_value(harm), _e_value(safe)
    return replace(
        evidence,
        e_harm=e_harm,
        e_safe=e_safe,
        e_harm_max=max(e_harm, evidence.e_harm_max),
        e_safe_max=max(e_safe, evidence.e_safe_max),
        verdict=_verdict(test, evidence, harm, safe),
    )


def _verdict(test: Test, evidence: Evidence, harm: FloatArray, safe: FloatArray) -> Verdict:
    """Harm before safety, and both for good."""
    if evidence.verdict is Verdict.HARM or proven(harm, test.alpha_harm)[0]:
        return Verdict.HARM
    enough = evidence.safe_samples >= test.min_samples
    if evidence.verdict is Verdict.SAFE or (enough and proven(safe, test.alpha_safe)[0]):
        return Verdict.SAFE
    return Verdict.INCONCLUSIVE


def _e_value(log_e_values: FloatArray) -> float:
    return float(np.exp(np.minimum(log_e_values[0], np.log(GREATEST_E))))


def _row(batch: FloatArray) -> tuple[float, ...]:
    return tuple(batch[0].tolist())
