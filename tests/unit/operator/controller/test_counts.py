"""What a decision keeps of its gates: counts of every kind, bounded, and in their place."""

from dataclasses import replace

import pytest
from sluice_operator.api.run import MOST_ROWS, GateEvidence
from sluice_operator.api.v1alpha1 import Gate
from sluice_operator.controller.counts import counts_shown
from sluice_operator.judge.evidence import Evidence
from sluice_operator.model import Arm, Cohort, Moments, Pairs, Table
from sluice_operator.rollout.gate import test_of as sequential_test_of
from sluice_operator.rollout.status import GateState

ERRORS = Gate(name="errors", metric="ErrorRate")
SPLIT = Gate(name="split", metric="SampleRatio")
COUNTED = Evidence(stable=Arm(total=90, bad=1), candidate=Arm(total=10, bad=2))


def shown(gate: Gate, evidence: Evidence, **changes) -> dict:
    state = GateState(test=sequential_test_of(gate), evidence=evidence)
    kept = counts_shown(replace(state, **changes))
    GateEvidence.model_validate_json(GateEvidence.model_validate(kept).model_dump_json())
    assert GateEvidence.model_validate(kept).model_dump(
        mode="json", by_alias=True, exclude_defaults=True
    ).keys() >= {key for key, value in kept.items() if value}
    return kept


def table(rows: int, shares: bool = False) -> Table:
    return Table(
        names=tuple(f"c{row:02}" for row in range(rows)),
        stable=tuple(range(rows)),
        candidate=tuple(range(rows)),
        shares=tuple(1 / rows for _ in range(rows)) if shares else (),
    )


def test_requests_are_kept_as_they_were() -> None:
    assert shown(ERRORS, COUNTED) == {
        "stable": {"total": 90, "bad": 1},
        "candidate": {"total": 10, "bad": 2},
    }


def test_pairs_are_kept_in_place_of_requests() -> None:
    kept = shown(ERRORS, Evidence(pairs=Pairs(worse=1, same=8, better=1)))
    assert kept == {"pairs": {"worse": 1, "same": 8, "better": 1, "unlabelled": 0}}


@pytest.mark.parametrize("shares", [False, True])
def test_a_table_is_kept_with_its_names(shares: bool) -> None:
    kept = shown(ERRORS, replace(COUNTED, table=table(3, shares)))["table"]
    assert kept["names"] == ["c00", "c01", "c02"]
    assert kept["candidate"] == [0, 1, 2]
    assert ("shares" in kept) is shares


def test_of_a_long_table_the_rows_with_most_counts_are_kept() -> None:
    kept = shown(ERRORS, replace(COUNTED, table=table(40)))["table"]
    assert kept["names"] == [f"c{row}" for row in range(40 - MOST_ROWS, 40)]
    assert kept["leftOut"] == 40 - MOST_ROWS


def test_worth_is_kept_as_sums() -> None:
    sums = Moments(count=10, total=12.5, squares=40.0)
    assert (
        shown(ERRORS, replace(COUNTED, worth=(sums, sums)))["worth"]
        == [{"count": 10, "total": 12.5, "squares": 40.0}] * 2
    )


def test_coverage_is_kept_beside_the_labels() -> None:
    cohort = Cohort(matured=10, labelled=9, wrong=1)
    kept = shown(ERRORS, COUNTED, coverage=(cohort, cohort))
    assert kept["coverage"] == [{"matured": 10, "labelled": 9, "wrong": 1}] * 2


def test_a_share_is_kept_beside_the_wanted_one() -> None:
    assert shown(SPLIT, COUNTED, wanted=5.0)["split"] == {"observed": 0.1, "wanted": 0.05}
    assert "split" not in shown(ERRORS, COUNTED, wanted=5.0)
