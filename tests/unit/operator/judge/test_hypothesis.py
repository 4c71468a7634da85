"""What a test can be."""

import pytest
from sluice_operator.errors import SpecError
from sluice_operator.judge.hypothesis import Test


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"comparison": "Sideways", "margin": 2.0}, "comparison: 'Sideways' is unknown"),
        ({"margin": 0.0}, "margin: 0 with Relative; give a ratio above 0"),
        ({"margin": float("inf")}, "margin: inf"),
        ({"margin": float("nan")}, "margin: nan"),
        ({"comparison": "Absolute", "margin": 1.0}, "a rate between 0 and 1"),
        ({"comparison": "Paired", "margin": 1.0}, "a loss of at least 0"),
        ({"comparison": "Paired", "margin": -0.1}, "a loss of at least 0"),
        ({"margin": 2.0, "alpha_harm": 0.0}, "alpha_harm: 0; give a chance"),
        ({"margin": 2.0, "alpha_safe": 1.0}, "alpha_safe: 1; give a chance"),
        ({"margin": 2.0, "min_samples": -1}, "min_samples: -1"),
    ],
)
def test_a_test_that_cannot_be_built_is_refused_by_field(fields, complaint):
    with pytest.raises(SpecError, match=complaint):
        Test(**fields)


def test_a_paired_margin_of_zero_is_a_test():
    assert Test(comparison="Paired", margin=0.0).margin == 0
