"""What gates are told about predictions and events without waiting for a label or an age."""

from ledger_rows import answered, happened
from sluice_ledger.records import Conflicts, KpiOutcomes, PairedPredictions, PredictedClasses

STABLE, CANDIDATE = "churn-a", "churn-b"


def test_classes_are_counted_by_name_most_frequent_first(ledger):
    said = ["no", "yes", "no", "maybe", "no"]
    ledger.append_predictions([answered(f"r{n}", said=text) for n, text in enumerate(said)])
    ledger.append_predictions([answered("r9", CANDIDATE, "yes", mirrored=True)])

    stable = ledger.predicted_classes("churn", STABLE, 0)
    candidate = ledger.predicted_classes("churn", CANDIDATE, 0)

    assert stable.counts == (("no", 3), ("maybe", 1), ("yes", 1))
    assert (candidate.counts, candidate.rest) == ((("yes", 1),), 0)


def test_classes_since_a_cursor_are_new_answers_alone(ledger):
    ledger.append_predictions([answered("r1", said="no")])
    first = ledger.predicted_classes("churn", STABLE, 0)
    ledger.append_predictions([answered("r1", said="no"), answered("r2", said="yes")])
    second = ledger.predicted_classes("churn", STABLE, first.cursor)

    assert second.counts == (("yes", 1),)
    nothing = PredictedClasses(counts=(), rest=0, cursor=second.cursor)
    assert ledger.predicted_classes("churn", STABLE, second.cursor) == nothing


def test_only_the_commonest_classes_are_named_and_none_is_lost(ledger):
    rows = [answered(f"{name}-{n}", said=f"class {name:03}") for name in range(100) for n in (0, 1)]
    ledger.append_predictions([*rows, answered("one more", said="class 007")])
    found = ledger.predicted_classes("churn", STABLE, 0)
    assert len(found.counts) == 32
    assert found.counts[0] == ("class 007", 3)
    assert sum(often for _, often in found.counts) + found.rest == 201


def test_numbers_without_end_are_the_rest(ledger):
    for commit in range(3):
        rows = [answered(f"{commit}-{n}", said=f"{commit + n / 1000}") for n in range(50)]
        ledger.append_predictions(rows)
    found = ledger.predicted_classes("churn", STABLE, 0)
    assert sum(often for _, often in found.counts) + found.rest == 150
    assert found.rest >= 118


def test_pairs_agree_or_differ_without_a_label(ledger):
    ledger.append_predictions([answered("r1"), answered("r1", CANDIDATE)])
    first = ledger.paired_predictions("churn", STABLE, CANDIDATE, 0)
    ledger.append_predictions([answered("r2", CANDIDATE, "0"), answered("r3", CANDIDATE)])
    ledger.append_predictions([answered("r2"), answered("r4")])
    second = ledger.paired_predictions("churn", STABLE, CANDIDATE, first.cursor)

    assert first == PairedPredictions(same=1, different=0, cursor=2)
    assert second == PairedPredictions(same=0, different=1, cursor=6)
    turned = ledger.paired_predictions("churn", CANDIDATE, STABLE, 0)
    assert (turned.same, turned.different) == (1, 1)
    assert ledger.paired_predictions("churn", STABLE, CANDIDATE, second.cursor).different == 0


def test_events_follow_the_answers_that_users_saw(ledger):
    ledger.append_predictions([answered("r1", STABLE), answered("r1", CANDIDATE, mirrored=True)])
    assert ledger.append_events([happened("e1", "r1", 2.0)]) == 1
    assert ledger.append_events([happened("e1", "r1", 2.0), happened("e2", "r1", 3.0)]) == 1
    assert ledger.append_events([happened("e1", "r1", 7.0)]) == 0

    seen = ledger.kpi_outcomes("churn", STABLE, "purchase", 0)

    assert seen == KpiOutcomes(count=2, total=5.0, squares=13.0, cursor=4)
    assert ledger.kpi_outcomes("churn", STABLE, "purchase", 3).count == 1
    assert ledger.kpi_outcomes("churn", CANDIDATE, "purchase", 0).count == 0
    assert ledger.kpi_outcomes("churn", STABLE, "complaint", 0).count == 0
    assert ledger.conflicts() == Conflicts(predictions=0, labels=0, events=1)


def test_an_event_that_came_before_its_answer_is_counted_when_that_comes(ledger):
    ledger.append_events([happened("e1", "r1", 2.0)])
    before = ledger.kpi_outcomes("churn", STABLE, "purchase", 0)
    ledger.append_predictions([answered("r1", STABLE)])
    after = ledger.kpi_outcomes("churn", STABLE, "purchase", before.cursor)
    assert (before.count, after.count, after.total) == (0, 1, 2.0)
