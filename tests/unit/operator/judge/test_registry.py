"""The metric and the comparison choose the family, and what a margin can be."""

import pytest
from sluice_operator.errors import SpecError
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.registry import family_of

BOUNDS = {"lowest": 0.0, "highest": 5.0}


@pytest.mark.parametrize(
    ("test", "family"),
    [
        (Test(margin=1.5), "RatioFamily"),
        (Test(metric="Counters", margin=1.5), "RatioFamily"),
        (Test(metric="Accuracy after 6h", margin=1.5), "RatioFamily"),
        (Test(comparison="Absolute", margin=0.1), "RateFamily"),
        (Test(metric="Accuracy", comparison="Paired", margin=0.1), "PairedFamily"),
        (Test(metric="LatencyExceedance over 250ms", margin=1.5), "RatioFamily"),
        (Test(metric="LatencyExceedance", margin=1.5), "EdgeFamily"),
        (Test(metric="LatencyExceedance", comparison="Absolute", margin=0.1), "RateFamily"),
        (Test(metric="PredictionShift", margin=1.5), "ShiftFamily"),
        (Test(metric="PredictionShift", comparison="Paired", margin=0.1), "DisagreementFamily"),
        (Test(metric="FeatureDrift", comparison="Absolute", margin=1.5), "DriftFamily"),
        (Test(metric="SampleRatio", comparison="Absolute", margin=1.5), "SplitFamily"),
        (Test(metric="LabelCoverage after 6h", margin=1.5), "CoverageFamily"),
        (Test(metric="BusinessKPI order after 1h", margin=1.1), "TailedFamily"),
        (Test(metric="BusinessKPI order after 1h", margin=1.1, **BOUNDS), "BoundedFamily"),
        (Test(metric="BusinessKPI order after 1h", margin=1.1, highest=5.0), "TailedFamily"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_question_has_its_family(test, family):
    assert type(family_of(test)).__name__ == family


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"metric": "SampleRatio", "margin": 1.5}, "SampleRatio is not judged Relative"),
        ({"metric": "FeatureDrift", "comparison": "Paired", "margin": 0.1}, "say Absolute"),
        ({"metric": "PredictionShift", "comparison": "Absolute", "margin": 0.1}, "or Paired"),
        ({"metric": "SampleRatio", "comparison": "Absolute", "margin": 0.1}, "a ratio above 1"),
        ({"metric": "LabelCoverage", "margin": 1.0}, "a ratio above 1"),
        ({"metric": "PredictionShift", "comparison": "Paired", "margin": 0.0}, "between 0 and 1"),
        ({"margin": 2.0, "min_coverage": 1.5}, "min_coverage: 1.5"),
        ({"margin": 2.0, "lowest": 3.0, "highest": 3.0}, "highest: 3 with lowest 3"),
        ({"margin": 2.0, "lowest": -3.0, "highest": -1.0}, "more than 0"),
    ],
)
def test_a_question_that_no_family_answers_is_refused(fields, complaint):
    with pytest.raises(SpecError, match=complaint):
        Test(**fields)
