"""Profiles of parts, merged in any way, are the profile of the whole."""

import math
from functools import reduce

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sluice_package.bucket import COARSEST, LIMIT, count_values, join
from sluice_package.category import CategorySketch
from sluice_package.number import NumberSketch
from sluice_package.profile import profile_frame
from sluice_package.schema import Column, ColumnType, Schema

SCHEMA = Schema(
    columns=(
        Column(name="number", type=ColumnType.FLOAT),
        Column(name="text", type=ColumnType.STRING),
    )
)
numbers = st.one_of(
    st.floats(width=64),
    st.integers(-(2**53), 2**53).map(float),
    st.sampled_from([0.0, -0.0, 1.0, 2013.0, math.inf, -math.inf, math.nan]),
)
rows = st.lists(st.tuples(numbers, st.one_of(st.none(), st.text(max_size=3))), max_size=60)


def frame_of(some):
    frame = pd.DataFrame(some, columns=["number", "text"])
    return frame.astype({"number": float, "text": object})


def exact_part(profile):
    """Everything but the moments, whose sums depend on the order of rounding."""
    plain = profile.model_dump()
    for sketch in plain["columns"].values():
        sketch.pop("mean", None)
        sketch.pop("squares", None)
    return plain


@given(st.lists(rows, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_merged_parts_equal_the_whole_to_the_bit(parts):
    whole = profile_frame(frame_of([row for part in parts for row in part]), SCHEMA)
    merged = reduce(lambda a, b: a.merge(b), [profile_frame(frame_of(p), SCHEMA) for p in parts])
    assert exact_part(merged) == exact_part(whole)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30_000), st.floats(0.001, 6))
@settings(max_examples=25, deadline=None)
def test_parts_that_collapse_differently_still_merge_to_the_whole(seed, cut, spread):
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.normal(100, 1, 15_000), rng.lognormal(0, spread, 15_000)])
    whole = count_values(values)
    joined = join(count_values(values[:cut]), count_values(values[cut:]))
    assert joined.precision == whole.precision
    assert np.array_equal(joined.keys, whole.keys)
    assert np.array_equal(joined.counts, whole.counts)
    assert whole.keys.size <= LIMIT or whole.precision == COARSEST


@given(st.integers(0, 2**32 - 1), st.integers(0, 12_000))
@settings(max_examples=15, deadline=None)
def test_categories_beyond_the_limit_still_merge_to_the_whole(seed, cut):
    drawn = np.random.default_rng(seed).zipf(1.3, 12_000) % 9_000
    parts = [counted(drawn[:cut]), counted(drawn[cut:])]
    assert parts[0].merge(parts[1]) == parts[1].merge(parts[0]) == counted(drawn)


def counted(values):
    found, counts = np.unique(values, return_counts=True)
    texts = [str(value) for value in found.tolist()]
    return CategorySketch.of(dict(zip(texts, counts.tolist(), strict=True)), missing=0)


@given(
    st.lists(st.floats(-1e300, 1e300).filter(lambda x: x == 0 or abs(x) > 1e-300), min_size=1),
    st.floats(0, 1),
)
@settings(max_examples=200, deadline=None)
def test_a_quantile_is_within_the_stated_relative_error(values, share):
    sketch = NumberSketch.of(np.array(values))
    true = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    assert abs(sketch.quantile(share) - true) <= sketch.relative_error * abs(true)
    assert sketch.relative_error <= 1 / 128


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=30), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_merged_moments_are_those_of_the_whole_up_to_rounding(parts):
    whole = np.array([value for part in parts for value in part])
    merged = reduce(lambda a, b: a.merge(b), [NumberSketch.of(np.array(p)) for p in parts])
    if whole.size:
        assert merged.mean == pytest.approx(whole.mean(), rel=1e-9, abs=1e-6)
        assert merged.deviation == pytest.approx(whole.std(), rel=1e-6, abs=1e-4)


def test_adding_the_profile_of_nothing_changes_nothing():
    profile = profile_frame(frame_of([(1.0, "a"), (math.nan, None)]), SCHEMA)
    nothing = profile_frame(frame_of([]), SCHEMA)
    assert profile.merge(nothing) == nothing.merge(profile) == profile
