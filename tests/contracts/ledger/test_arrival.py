"""What a ledger keeps of what is handed in: once, all or none, for good."""

import pytest
from ledger_rows import answered, truth
from ledger_world import FullLedger
from sluice_ledger.records import Conflicts, PairedOutcomes, Prediction

STABLE, CANDIDATE = "churn-a", "churn-b"


def pairs(ledger: FullLedger) -> PairedOutcomes:
    return ledger.paired_outcomes("churn", STABLE, CANDIDATE, 0)


def pair(request: str, stable: str = "1", candidate: str = "0") -> tuple[Prediction, ...]:
    return answered(request, STABLE, stable), answered(request, CANDIDATE, candidate)


def test_nothing_handed_in_changes_nothing(ledger):
    assert (ledger.append_predictions([]), ledger.append_labels([])) == (0, 0)
    assert ledger.last_arrival() == 0


def test_a_repetition_does_nothing(ledger):
    rows, labels = pair("r1"), [truth("r1")]
    assert (ledger.append_predictions(rows), ledger.append_labels(labels)) == (2, 1)
    before = pairs(ledger)

    assert ledger.append_predictions([*rows, answered("r1", STABLE, at=5.0, mirrored=True)]) == 0
    assert ledger.append_labels([truth("r1", at=9.0)]) == 0
    assert pairs(ledger) == before
    assert ledger.conflicts() == Conflicts(predictions=0, labels=0)


def test_a_repetition_within_one_batch_is_kept_once(ledger, world):
    assert ledger.append_predictions([answered("r1"), answered("r2"), answered("r1")]) == 2
    assert ledger.append_labels([truth("r1")] * 3) == 1
    assert world.size() == ledger.last_arrival() == 3


def test_a_contradiction_is_kept_apart_and_the_first_one_counts(ledger):
    ledger.append_predictions(pair("r1"))
    ledger.append_labels([truth("r1", "1")])
    contradictions = [answered("r1", CANDIDATE, "1")] * 2
    assert ledger.append_predictions(contradictions) == 0
    assert ledger.append_labels([truth("r1", "0"), truth("r1", "2")]) == 0

    assert pairs(ledger).worse == 1
    assert ledger.conflicts() == Conflicts(predictions=1, labels=2)


def test_a_contradiction_within_one_batch_is_found_as_well(ledger):
    assert ledger.append_predictions([answered("r1", said="1"), answered("r1", said="0")]) == 1
    assert ledger.append_labels([truth("r1", "1"), truth("r1", "0")]) == 1
    assert ledger.conflicts() == Conflicts(predictions=1, labels=1)
    assert ledger.arm_outcomes("churn", STABLE, 0).wrong == 0


def test_a_contradiction_that_comes_again_later_is_counted_once(ledger):
    ledger.append_predictions([answered("r1", said="1")])
    for _ in range(3):
        ledger.append_predictions([answered("r1", said="0")])
    assert ledger.conflicts() == Conflicts(predictions=1, labels=0)


def test_a_batch_that_breaks_in_the_middle_leaves_nothing(ledger):
    def rows():
        yield answered("r1")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        ledger.append_predictions(rows())
    assert ledger.append_predictions([answered("r1")]) == 1


def test_a_large_batch_is_kept_whole(ledger, world):
    rows = [answered(f"r{number}", row=row) for number in range(3000) for row in range(4)]
    assert ledger.append_predictions(rows) == 12_000
    assert world.size() == ledger.last_arrival() == 12_000


def test_odd_texts_come_back_as_they_were(ledger):
    names = ["ü\n\t'\\", 'q"uote', "\u2028", "日本", "\\N", "{a,b}", " "]
    ledger.append_predictions(
        [answered(name, by, name, deployment=name) for name in names for by in ("é'", name + "2")]
    )
    ledger.append_labels([truth(name, name) for name in names])

    found = [ledger.paired_outcomes(name, "é'", name + "2", 0).same for name in names]

    assert found == [1] * len(names)


def test_a_model_without_confidence_is_kept(ledger, world):
    ledger.append_predictions([answered("r1", confidence=None), answered("r2", mirrored=True)])
    assert world.size() == 2


def test_records_survive_a_restart(world):
    first = world.open()
    first.append_predictions(pair("r1"))
    first.close()
    second = world.open()
    second.append_labels([truth("r1")])
    assert pairs(second).worse == 1
    second.close()


def test_a_closed_ledger_that_is_opened_anew_knows_what_was_said(world):
    for _ in range(2):
        ledger = world.open()
        ledger.append_predictions(pair("r1"))
        ledger.close()
    assert world.size() == 2
