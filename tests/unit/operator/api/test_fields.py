"""Durations and decimals: what is read is written so that it reads the same."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sluice_operator.api.fields import LONGEST, format_decimal, format_duration, parse_duration
from sluice_operator.api.v1alpha1 import Gate, Metric

MILLIS = st.integers(0, int(LONGEST / timedelta(milliseconds=1)))


@given(MILLIS)
def test_every_duration_comes_back(millis: int) -> None:
    span = timedelta(milliseconds=millis)
    assert parse_duration(format_duration(span)) == span


@given(st.integers(0, 99_999_999_999))
def test_every_decimal_comes_back(millionths: int) -> None:
    gate = Gate(name="a", metric=Metric.ERROR_RATE, margin=millionths / 1e6)
    assert Gate.model_validate(gate.to_wire()) == gate
    assert float(format_decimal(gate.margin)) == gate.margin


@pytest.mark.parametrize(
    "text", ["", "5", "1 h", "-1s", "1us", "1h\n", "1.2345s", "0.5ms", "9999999s"]
)
def test_what_is_no_duration_is_told_with_one_that_is(text: str) -> None:
    with pytest.raises(ValueError, match="write for example 30s"):
        parse_duration(text)


def test_a_duration_ends_within_a_year() -> None:
    assert parse_duration("8760h") == LONGEST
    with pytest.raises(ValueError, match="write at most 8760h"):
        parse_duration("8760h1ms")
