"""The bound of a test, found by narrowing."""

import pytest
from sluice_operator.judge.search import last_rejected


def test_the_bound_lies_just_outside_of_what_is_kept():
    found = last_rejected(lambda values: values < 0.3, -1.0, 1.0)
    assert found < 0.3
    assert found == pytest.approx(0.3, abs=2 / 4096)


def test_the_search_also_goes_down():
    found = last_rejected(lambda values: values > 0.3, 1.0, -1.0)
    assert found > 0.3
    assert found == pytest.approx(0.3, abs=2 / 4096)


def test_where_nothing_is_rejected_there_is_no_bound():
    assert last_rejected(lambda values: values < -5, -1.0, 1.0) is None


def test_where_all_is_rejected_the_bound_is_the_inner_end():
    assert last_rejected(lambda values: values < 5, -1.0, 1.0) == 1.0
