import numpy as np
import pytest
from sluice_package.bucket import COARSEST, FINEST, LIMIT, count_values, counts_of, edges
from sluice_package.error import ProfileError
from sluice_package.number import NumberSketch


def test_small_integers_have_a_bucket_each():
    years = np.random.default_rng(1).integers(1950, 2014, 10_000).astype(float)
    sketch = NumberSketch.of(years)
    assert sketch.precision == FINEST
    assert sketch.quantile(0.5) == pytest.approx(np.quantile(years, 0.5), rel=1e-6)
    assert len(sketch.buckets) == np.unique(years).size


def test_wide_values_are_held_within_the_limit_of_buckets():
    sketch = NumberSketch.of(np.random.default_rng(1).normal(size=200_000))
    assert len(sketch.buckets) <= LIMIT
    assert sketch.relative_error <= 1 / 128


def test_the_finest_precision_that_fits_is_found_behind_the_first_values():
    values = np.concatenate([np.ones(50_000), np.random.default_rng(1).normal(size=50_000)])
    assert count_values(values).precision == count_values(values[::-1]).precision


def test_values_of_every_size_are_counted_even_beyond_the_limit():
    values = np.ldexp(np.random.default_rng(1).uniform(1, 2, 100_000), np.arange(100_000) % 1000)
    counts = count_values(values)
    assert counts.precision == COARSEST
    assert counts.counts.sum() == values.size


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 1.5, -1e300, 5e-324, 1.7976931348623157e308])
def test_a_value_lies_between_the_edges_of_its_bucket(value):
    counts = count_values(np.array([value]))
    near, far = edges(int(counts.keys[0]), counts.precision)
    assert abs(near) <= abs(value) < abs(far)


def test_both_zeros_are_one():
    assert count_values(np.array([0.0, -0.0])).counts.tolist() == [2]


def test_keys_rise_with_the_values():
    values = np.array([-np.pi, -1.0, -1e-9, 0.0, 1e-300, 0.5, 3.0, 1e9])
    keys = [int(count_values(values[i : i + 1]).keys[0]) for i in range(values.size)]
    assert keys == sorted(set(keys))


def test_the_quantile_of_a_constant_is_the_constant():
    sketch = NumberSketch.of(np.full(10, 3.7))
    assert [sketch.quantile(q) for q in (0, 0.5, 1)] == [3.7, 3.7, 3.7]


def test_nothing_has_no_quantile():
    with pytest.raises(ProfileError, match=r"No quantile 0\.5 of 0 values"):
        NumberSketch().quantile(0.5)


def test_a_share_beyond_one_is_no_quantile():
    with pytest.raises(ProfileError, match=r"No quantile 1\.5"):
        NumberSketch.of(np.ones(3)).quantile(1.5)


def test_a_precision_of_another_version_is_refused():
    with pytest.raises(ProfileError, match="Precision 40 is not between"):
        counts_of(40, {1: 1})
