"""Scores of answers: their deciles, and how many lie in each bin since a cursor."""

import pytest
from ledger_rows import answered
from sluice_ledger.records import BinnedScores, Bins, Score, ScoreDeciles

STABLE, CANDIDATE = "churn-a", "churn-b"
NUMBERS = Bins(score=Score.NUMBER, edges=(-1.5, 2.0, 30.25))
SURE = Bins(score=Score.CONFIDENCE, edges=(0.5, 0.9))


def test_a_bin_holds_its_upper_edge_and_not_its_lower_one(ledger):
    said = ["-2", "-1.5", "-1.4999", "2", "2.0000001", "30.25", "30.3", "1e300"]
    ledger.append_predictions([answered(f"r{n}", said=text) for n, text in enumerate(said)])
    found = ledger.binned_scores("churn", STABLE, NUMBERS, 0)
    assert (found.counts, found.rest) == ((2, 2, 2, 2), 0)


def test_what_is_no_number_is_the_rest_and_not_lost(ledger):
    said = ["5", "yes", "", "nan", "inf", "-inf", "12 apples"]
    ledger.append_predictions([answered(f"r{n}", said=text) for n, text in enumerate(said)])
    found = ledger.binned_scores("churn", STABLE, NUMBERS, 0)
    assert (found.counts, found.rest) == ((0, 0, 1, 0), 6)


def test_confidence_is_binned_whatever_the_class_and_whoever_saw_it(ledger):
    sure = [0.5, 0.51, 0.9, 0.91, None]
    ledger.append_predictions(
        [
            answered(f"r{n}", said=f"class {n}", confidence=one, mirrored=n % 2 == 0)
            for n, one in enumerate(sure)
        ]
    )
    ledger.append_predictions([answered("r0", CANDIDATE, confidence=0.1)])
    stable = ledger.binned_scores("churn", STABLE, SURE, 0)
    candidate = ledger.binned_scores("churn", CANDIDATE, SURE, 0)
    assert (stable.counts, stable.rest) == ((1, 2, 1), 1)
    assert (candidate.counts, candidate.rest) == ((1, 0, 0), 0)


def test_bins_since_a_cursor_hold_new_answers_alone(ledger):
    ledger.append_predictions([answered("r1", confidence=0.3)])
    first = ledger.binned_scores("churn", STABLE, SURE, 0)
    again = [answered("r1", confidence=0.3), answered("r2", confidence=0.95)]
    ledger.append_predictions(again)
    second = ledger.binned_scores("churn", STABLE, SURE, first.cursor)

    assert second == BinnedScores(counts=(0, 0, 1), rest=0, cursor=2)
    nothing = BinnedScores(counts=(0, 0, 0), rest=0, cursor=2)
    assert ledger.binned_scores("churn", STABLE, SURE, second.cursor) == nothing


def test_without_edges_there_is_one_bin(ledger):
    ledger.append_predictions([answered("r1"), answered("r2", confidence=None)])
    found = ledger.binned_scores("churn", STABLE, Bins(score=Score.CONFIDENCE, edges=()), 0)
    assert found == BinnedScores(counts=(1,), rest=1, cursor=2)


def test_edges_survive_to_the_bit(ledger):
    odd = 0.1 + 0.2
    ledger.append_predictions([answered("r1", confidence=odd), answered("r2", confidence=0.3)])
    found = ledger.binned_scores("churn", STABLE, Bins(score=Score.CONFIDENCE, edges=(0.3, odd)), 0)
    assert found.counts == (1, 1, 0)


def test_deciles_cut_the_scores_into_ten_equal_parts(ledger):
    for commit in range(4):
        rows = range(commit, 200, 4)
        ledger.append_predictions([answered(f"r{n}", said=str(n / 8)) for n in rows])
    ledger.append_predictions([answered("x", said="none"), answered("y", CANDIDATE, "9999")])

    found = ledger.score_deciles("churn", STABLE, Score.NUMBER)
    cut = ledger.binned_scores("churn", STABLE, Bins(score=Score.NUMBER, edges=found.edges), 0)

    edges = tuple((20 * tenth - 1) / 8 for tenth in range(1, 10))
    assert found == ScoreDeciles(edges=edges, scores=200, rest=1)
    assert (cut.counts, cut.rest) == ((20,) * 10, 1)


@pytest.mark.parametrize(
    ("scores", "edges"),
    [
        ([0.25] * 50, ()),
        ([], ()),
        ([0.25], ()),
        ([0.0] * 95 + [1.0] * 5, (0.0,)),
        ([0.0] * 5 + [1.0] * 95, (0.0,)),
        ([0.125] * 30 + [0.25] * 30 + [0.5] * 30 + [0.75] * 10, (0.125, 0.25, 0.5)),
    ],
)
def test_equal_edges_are_one_and_no_bin_is_empty(ledger, scores, edges):
    rows = [answered(f"r{n}", confidence=one) for n, one in enumerate(scores)]
    ledger.append_predictions([*rows, answered("none", confidence=None)])
    found = ledger.score_deciles("churn", STABLE, Score.CONFIDENCE)
    assert found == ScoreDeciles(edges=edges, scores=len(scores), rest=1)


def test_deciles_are_of_the_latest_answers(ledger):
    old = [answered(f"old {n}", said=str(n)) for n in range(1_000)]
    ledger.append_predictions(old)
    for commit in range(2):
        rows = [answered(f"{commit} {n}", said=str(5_000 + n)) for n in range(5_000)]
        ledger.append_predictions(rows)
    found = ledger.score_deciles("churn", STABLE, Score.NUMBER)
    assert (found.scores, found.rest) == (10_000, 0)
    assert found.edges[0] == 5_499.0
