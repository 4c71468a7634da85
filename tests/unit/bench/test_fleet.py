"""What benchmarks compute for thousands of rollouts at once is what one rollout computes."""

import numpy as np
import pytest
from fleet import EdgeFleet, ShiftFleet
from gate_windows import edges, table
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update

SHIFT = Test(metric="PredictionShift", margin=1.25)
EDGES = Test(metric="LatencyExceedance", margin=1.5)
RNG = np.random.default_rng(5)


def test_classes_laid_flat_give_the_e_values_of_a_rollout():
    looks = [
        (RNG.multinomial(90, (0.5, 0.3, 0.2)), RNG.multinomial(10, (0.4, 0.3, 0.3))) for _ in "abcd"
    ]
    fleet = ShiftFleet(SHIFT, 1, 3)
    # a rollout learns the names from its first window
    evidence = update(SHIFT, Evidence(), table("abc", (1, 1, 1), (1, 1, 1)))
    for stable, mine in looks:
        evidence = update(
            SHIFT, evidence, table("abc", tuple(stable.tolist()), tuple(mine.tolist()))
        )
        rows = [(90, one, 10, other) for one, other in zip(stable, mine, strict=True)]
        harm, safe = fleet.add(np.array([rows], dtype=float))
    assert np.exp(harm[0]) == pytest.approx(evidence.e_harm, rel=1e-4)
    assert np.exp(safe[0]) == pytest.approx(evidence.e_safe, rel=1e-4)


def test_edges_laid_flat_give_the_e_values_of_a_rollout():
    fleet, evidence = EdgeFleet(EDGES, 1, 3), Evidence()
    for high in range(4):
        window = edges("mhl", ((10, 2, 50), 1000), ((2 + high, high, 9), 100))
        evidence = update(EDGES, evidence, window)
        rows = [
            (1000, one, 100, other)
            for one, other in zip(window.table.stable, window.table.candidate, strict=True)
        ]
        harm, safe = fleet.add(np.array([rows], dtype=float))
    assert np.exp(harm[0]) == pytest.approx(evidence.e_harm, rel=1e-4)
    assert np.exp(safe[0]) == pytest.approx(evidence.e_safe, rel=1e-9)
