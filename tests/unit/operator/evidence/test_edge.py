import math

import pytest
from sluice_operator.errors import WorldError
from sluice_operator.evidence.edge import edges_near_p99

TEN = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def fast(**exceeding: float) -> dict[float, float]:
    """Of 1,000 answers, how many are not slower than each edge; `x0_5=20` are slower than 0.5 s."""
    slower = {float(name[1:].replace("_", ".")): count for name, count in exceeding.items()}
    return {**{edge: 1000 - count for edge, count in slower.items()}, math.inf: 1000}


def test_the_main_edge_is_exceeded_by_the_share_nearest_to_a_hundredth():
    assert edges_near_p99(fast(x0_1=300, x0_25=18, x0_5=4, x1=1))[0] == 0.25
    assert edges_near_p99(fast(x0_1=300, x0_25=30, x0_5=6, x1=1))[0] == 0.5


def test_neighbours_come_nearest_first_and_are_four_at_most():
    counts = dict(zip(TEN, (990, 900, 700, 300, 100, 10, 3, 1, 0, 0), strict=True))
    found = edges_near_p99({**{edge: 1000 - n for edge, n in counts.items()}, math.inf: 1000})
    assert found == (0.25, 0.1, 0.5, 0.05, 1.0)


def test_where_nobody_is_slow_the_least_edge_is_as_near_as_any():
    assert edges_near_p99(dict.fromkeys((0.1, 0.2, math.inf), 40.0)) == (0.1, 0.2)


@pytest.mark.parametrize("nothing", [{}, {0.1: 0.0, math.inf: 0.0}, {math.inf: 5.0}])
def test_without_answers_or_edges_nothing_can_be_chosen(nothing):
    with pytest.raises(WorldError, match="no answers of stable"):
        edges_near_p99(nothing)
