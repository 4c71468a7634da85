"""How often shared samples are fetched."""

import pytest
from sluice_operator.evidence.shelf import rest_seconds


@pytest.mark.parametrize(
    ("spent", "rest"),
    [(0.0, 1.0), (0.1, 1.0), (0.15, 1.35), (0.7, 2.0), (5.0, 2.0)],
)
def test_a_costly_fetch_is_followed_by_more_rest_but_failures_never_wait_long(spent, rest):
    assert rest_seconds(spent, refresh=1.0) == pytest.approx(rest)
