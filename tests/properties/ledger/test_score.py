"""Bins of scores, whatever the scores are."""

from bisect import bisect_left
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from sluice_ledger.score import binned, deciles_of
from sluice_operator.evidence.ledger_shift import bin_names

# few values that come often, and many that come once
SCORES = st.lists(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-2, 2).map(float), max_size=200
)


@given(scores=SCORES)
def test_deciles_leave_no_bin_empty_and_lose_nothing(scores):
    edges = deciles_of(scores)
    counts, rest = binned([*scores, None], edges)
    assert len(edges) <= 9
    assert all(lower < upper for lower, upper in pairwise(edges))
    assert (sum(counts), rest) == (len(scores), 1)
    assert all(counts) or len(set(scores)) < 2


@given(scores=SCORES)
def test_a_bin_holds_more_than_a_tenth_only_where_one_score_fills_it(scores):
    edges = deciles_of(scores)
    for place in range(len(edges) + 1):
        inside = [one for one in scores if bisect_left(edges, one) == place]
        others = [one for one in inside if one != max(inside)]
        assert len(others) <= len(scores) / 10


@given(scores=SCORES)
def test_bins_have_names_of_their_own(scores):
    edges = deciles_of(scores)
    if edges:
        names = bin_names(edges)
        assert len(set(names)) == len(names) == len(edges) + 1
