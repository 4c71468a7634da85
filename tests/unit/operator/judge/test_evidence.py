"""Evidence on its way through a file."""

import json

import pytest
from gate_windows import arms
from sluice_operator.judge.evidence import Evidence, EvidenceFormatError
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update

TWICE = Test(margin=2.0)


def through_a_file(evidence):
    return Evidence.from_json(json.loads(json.dumps(evidence.to_json(), allow_nan=False)))


def test_evidence_comes_back_from_a_file_to_the_bit():
    seen = Evidence()
    for bad in range(20):
        seen = update(TWICE, seen, arms(stable=(bad, 911), candidate=(bad // 7, 97)))
    assert through_a_file(seen) == seen


def test_evidence_without_end_is_still_json():
    huge = update(TWICE, Evidence(), arms(stable=(0, 10**7), candidate=(10**7, 10**7)))
    assert through_a_file(huge) == huge


def test_a_fresh_evidence_comes_back_fresh():
    assert through_a_file(Evidence()) == Evidence()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"harm": [0.0] * 63}, "harm: 63 numbers"),
        ({"e_harm": "much"}, "e_harm"),
        ({"e_harm": float("nan")}, "e_harm"),
        ({"verdict": "Perhaps"}, "verdict"),
        ({"stable": {"total": 3}}, "stable"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_evidence_that_cannot_be_read_is_refused_by_field(change, complaint):
    with pytest.raises(EvidenceFormatError, match=complaint):
        Evidence.from_json(Evidence().to_json() | change)


def test_what_is_no_evidence_at_all_is_refused():
    with pytest.raises(EvidenceFormatError, match="remove this gate's evidence"):
        Evidence.from_json([1, 2])
