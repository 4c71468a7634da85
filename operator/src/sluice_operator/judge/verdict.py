"""What the evidence proves, and the sentence that says so."""

from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.registry import family_of
from sluice_operator.model import Verdict


def verdict_of(evidence: Evidence) -> Verdict:
    """The latched verdict."""
    return evidence.verdict


def effect_of(test: Test, evidence: Evidence) -> Effect:
    """Estimate and bounds, for people: no verdict needs them, and the bounds take a search."""
    return family_of(test).effect(test, evidence)


def explain(test: Test, evidence: Evidence) -> str:
    """One line for people: counts, effect with its bounds, and how far the proof is."""
    summary = family_of(test).summary(test, evidence)
    return f"{summary}; {_proof(test, evidence)}"


def _proof(test: Test, evidence: Evidence) -> str:
    needed_harm, needed_safe = 1 / test.alpha_harm, 1 / test.alpha_safe
    if evidence.verdict is Verdict.HARM:
        return f"harm proven, e={evidence.e_harm_max:.3g} > {needed_harm:.3g}"
    if evidence.verdict is Verdict.SAFE:
        return f"safety proven, e={evidence.e_safe_max:.3g} > {needed_safe:.3g}"
    if evidence.safe_samples < test.min_samples:
        few = f"{evidence.safe_samples:,} of {test.min_samples:,} samples"
        return f"inconclusive, {few}; harm e={evidence.e_harm:.3g} of {needed_harm:.3g}"
    harm = f"harm e={evidence.e_harm:.3g} of {needed_harm:.3g}"
    return f"inconclusive, {harm}, safety e={evidence.e_safe:.3g} of {needed_safe:.3g}"
