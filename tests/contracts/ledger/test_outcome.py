"""What gates are told about pairs and arms."""

import pytest
from ledger_rows import answered, truth
from ledger_world import FullLedger
from sluice_ledger.records import ArmOutcomes, PairedOutcomes, Prediction

STABLE, CANDIDATE = "churn-a", "churn-b"


def pairs(ledger: FullLedger, cursor: int = 0) -> PairedOutcomes:
    return ledger.paired_outcomes("churn", STABLE, CANDIDATE, cursor)


def pair(request: str, stable: str = "1", candidate: str = "1") -> tuple[Prediction, ...]:
    return answered(request, STABLE, stable), answered(request, CANDIDATE, candidate)


def test_an_empty_ledger_has_nothing_to_tell(ledger):
    nothing = PairedOutcomes(worse=0, same=0, better=0, unlabelled=0, cursor=0)
    assert pairs(ledger) == nothing
    assert ledger.arm_outcomes("churn", STABLE, 0) == ArmOutcomes(total=0, wrong=0, cursor=0)
    assert ledger.last_arrival() == 0


def test_pairs_are_counted_by_who_was_right(ledger):
    ledger.append_predictions([*pair("worse", "1", "0"), *pair("better", "0", "1")])
    ledger.append_predictions([*pair("both right"), *pair("both wrong", "0", "2")])
    ledger.append_labels([truth(name) for name in ("worse", "better", "both right", "both wrong")])

    found = pairs(ledger)

    assert (found.worse, found.same, found.better, found.unlabelled) == (1, 2, 1, 0)


def test_names_decide_who_is_stable_and_not_their_order(ledger):
    ledger.append_predictions([*pair("r1", "1", "0"), *pair("r2", "1", "0"), *pair("r3", "0", "1")])
    ledger.append_labels([truth("r1"), truth("r2"), truth("r3")])

    turned = ledger.paired_outcomes("churn", CANDIDATE, STABLE, 0)

    assert (turned.worse, turned.better) == (1, 2)
    assert (pairs(ledger).worse, pairs(ledger).better) == (2, 1)


@pytest.mark.parametrize("order", ["acb", "cab", "bca", "cba", "bac", "abc"])
def test_a_pair_is_complete_whichever_part_comes_last(ledger, order):
    stable, candidate = pair("r1", "1", "0")
    hand_in = {
        "a": lambda: ledger.append_predictions([stable]),
        "b": lambda: ledger.append_predictions([candidate]),
        "c": lambda: ledger.append_labels([truth("r1")]),
    }
    *early, last = order
    for part in early:
        hand_in[part]()
    before = pairs(ledger)
    hand_in[last]()

    assert before.worse == 0
    assert pairs(ledger, before.cursor).worse == 1
    assert ledger.arm_outcomes("churn", CANDIDATE, 0) == ArmOutcomes(total=1, wrong=1, cursor=3)


def test_a_pair_without_label_waits(ledger):
    ledger.append_predictions(pair("r1", "1", "0"))
    assert (pairs(ledger).same, pairs(ledger).unlabelled) == (0, 1)

    ledger.append_labels([truth("r1")])
    assert (pairs(ledger).worse, pairs(ledger).unlabelled) == (1, 0)


def test_an_answer_of_one_revision_alone_is_no_pair(ledger):
    ledger.append_predictions([answered("r1", STABLE), answered("r2", CANDIDATE)])
    ledger.append_labels([truth("r1"), truth("r2")])
    found = pairs(ledger)
    assert (found.worse + found.same + found.better, found.unlabelled) == (0, 0)


def test_rows_of_one_request_are_pairs_of_their_own(ledger):
    ledger.append_predictions(
        [answered("r", by, row=row) for by in (STABLE, CANDIDATE) for row in (0, 1)]
    )
    ledger.append_labels([truth("r", row=1)])
    assert (pairs(ledger).same, pairs(ledger).unlabelled) == (1, 1)


def test_three_revisions_make_three_pairs(ledger):
    three = [answered("r1", by, said) for by, said in zip("abc", "110", strict=True)]
    ledger.append_predictions(three)
    ledger.append_labels([truth("r1")])

    counts = {
        (stable, candidate): ledger.paired_outcomes("churn", stable, candidate, 0)
        for stable, candidate in ("ab", "ac", "bc")
    }

    assert [(found.worse, found.same) for found in counts.values()] == [(0, 1), (1, 0), (1, 0)]


def test_what_a_cursor_has_seen_is_not_counted_again(ledger):
    ledger.append_predictions(pair("r1", "1", "0"))
    ledger.append_labels([truth("r1")])
    first = pairs(ledger)
    ledger.append_predictions(pair("r2"))
    ledger.append_labels([truth("r2")])
    second = pairs(ledger, first.cursor)

    assert (first.worse, first.same) == (1, 0)
    assert (second.worse, second.same) == (0, 1)
    assert pairs(ledger, second.cursor).same == 0


def test_the_cursor_of_now_lies_behind_all_that_has_arrived(ledger):
    ledger.append_predictions(pair("r1", "1", "0"))
    ledger.append_labels([truth("r1")])

    now = ledger.last_arrival()

    assert now == pairs(ledger).cursor == 3
    assert pairs(ledger, now).worse == 0


def test_another_deployment_and_another_candidate_are_not_counted(ledger):
    ledger.append_predictions([answered("r1", STABLE), answered("r1", "churn-c")])
    ledger.append_predictions(
        [answered("r2", by, deployment="fraud") for by in (STABLE, CANDIDATE)]
    )
    ledger.append_labels([truth("r1"), truth("r2")])
    assert pairs(ledger).same == 0
    assert ledger.paired_outcomes("churn", STABLE, "churn-c", 0).same == 1


def test_an_arm_counts_its_labelled_answers(ledger):
    ledger.append_predictions([answered("r1", said="0"), answered("r2"), answered("r3")])
    ledger.append_labels([truth("r1"), truth("r2")])
    first = ledger.arm_outcomes("churn", STABLE, 0)
    ledger.append_labels([truth("r3")])
    second = ledger.arm_outcomes("churn", STABLE, first.cursor)

    assert first == ArmOutcomes(total=2, wrong=1, cursor=5)
    assert second == ArmOutcomes(total=1, wrong=0, cursor=6)
