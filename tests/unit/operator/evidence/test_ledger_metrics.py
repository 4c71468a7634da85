"""What the ledger tells gates about age, classes and worth, whichever form of it is asked."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_rows import answered, happened, truth
from ledger_world import FullLedger, LedgerWorld, postgres_world, sqlite_world
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.model import Arm, Cohort, Kpi, Moments, Pairs, Question, Table, Window

STABLE, CANDIDATE = "churn-a", "churn-b"
HOUR = timedelta(hours=1)
MAKERS = {"sqlite": sqlite_world, "postgres": postgres_world}


@pytest.fixture(params=MAKERS, ids=MAKERS.keys())
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LedgerWorld]:
    with MAKERS[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def ledger(world: LedgerWorld) -> Iterator[FullLedger]:
    opened = world.open()
    yield opened
    opened.close()


@pytest.fixture
def source(world: LedgerWorld) -> Iterator[LedgerEvidence]:
    evidence = LedgerEvidence(world.open)
    yield evidence
    evidence.close()


def ask(source: LedgerEvidence, metric: str, cursor: str = "", **edit: object) -> Window:
    given = {"gate": "g", "metric": metric, "comparison": "Relative", "maturity": HOUR}
    question = Question(
        **{**given, "stable": STABLE, "candidate": CANDIDATE, "cursor": cursor, **edit}
    )
    (window,) = source.windows("churn", (question,))
    return window


def test_accuracy_of_split_traffic_counts_answers_of_one_age(world, ledger, source):
    first = ask(source, "Accuracy")
    ledger.append_predictions([answered("r1"), answered("r2", said="0"), answered("r3")])
    ledger.append_predictions([answered("r4", CANDIDATE, "0"), answered("r5", CANDIDATE)])
    ledger.append_labels([truth("r1"), truth("r2"), truth("r4")])
    young = ask(source, "Accuracy", first.cursor)
    world.clock.turn(2 * 3600)
    old = ask(source, "Accuracy", young.cursor)

    assert (young.stable, young.candidate) == (Arm(total=0, bad=0), Arm(total=0, bad=0))
    assert (old.stable, old.candidate) == (Arm(total=2, bad=1), Arm(total=1, bad=1))
    assert old.coverage == (
        Cohort(matured=3, labelled=2, wrong=1),
        Cohort(matured=2, labelled=1, wrong=1),
    )
    assert ask(source, "Accuracy", old.cursor).coverage == (
        Cohort(matured=0, labelled=0, wrong=0),
        Cohort(matured=0, labelled=0, wrong=0),
    )


def test_answers_of_before_the_first_question_are_not_counted(world, ledger, source):
    ledger.append_predictions([answered("before"), answered("before", CANDIDATE)])
    world.clock.turn(60)
    first = ask(source, "LabelCoverage")
    ledger.append_predictions([answered("after", CANDIDATE)])
    world.clock.turn(3 * 3600)
    second = ask(source, "LabelCoverage", first.cursor)
    assert (second.stable, second.candidate) == (Arm(total=0, bad=0), Arm(total=1, bad=1))


def test_label_coverage_counts_unlabelled_answers_as_bad(world, ledger, source):
    first = ask(source, "LabelCoverage")
    ledger.append_predictions([answered("r1"), answered("r2"), answered("r3", CANDIDATE)])
    ledger.append_labels([truth("r1")])
    world.clock.turn(2 * 3600)
    window = ask(source, "LabelCoverage", first.cursor)
    assert (window.stable, window.candidate) == (Arm(total=2, bad=1), Arm(total=1, bad=1))


def test_worth_is_summed_by_answer_and_cut(world, ledger, source):
    kpi = Kpi(name="purchase", highest=10.0)
    first = ask(source, "BusinessKPI", kpi=kpi)
    ledger.append_predictions([answered("r1"), answered("r2", CANDIDATE), answered("r3")])
    ledger.append_events([happened("e1", "r1", 2.0), happened("e2", "r1", 3.0)])
    ledger.append_events([happened("e3", "r2", 90.0)])
    world.clock.turn(2 * 3600)
    window = ask(source, "BusinessKPI", first.cursor, kpi=kpi)
    assert window.worth == (
        Moments(count=2, total=5.0, squares=25.0),
        Moments(count=1, total=10.0, squares=100.0),
    )
    assert (window.stable, window.candidate) == (Arm(total=2, bad=0), Arm(total=1, bad=0))


def test_classes_are_settled_by_what_stable_says_and_others_are_the_rest(ledger, source):
    ledger.append_predictions([answered(f"b{n}", said=str(n % 2)) for n in range(99)])
    first = ask(source, "PredictionShift")
    ledger.append_predictions([answered("c1", CANDIDATE, "0"), answered("c2", CANDIDATE, "new")])
    waiting = ask(source, "PredictionShift", first.cursor)
    ledger.append_predictions([answered("s1", said="1")])
    counted = ask(source, "PredictionShift", waiting.cursor)
    ledger.append_predictions([answered("c3", CANDIDATE, "1"), answered("c4", CANDIDATE, "newer")])
    later = ask(source, "PredictionShift", counted.cursor)

    assert first.table == waiting.table == Table(names=(), stable=(), candidate=())
    assert counted.table == Table(names=("0", "1", "(rest)"), stable=(0, 1, 0), candidate=(1, 0, 1))
    assert (counted.stable, counted.candidate) == (Arm(total=1, bad=0), Arm(total=2, bad=0))
    assert later.table == Table(names=("0", "1", "(rest)"), stable=(0, 0, 0), candidate=(0, 1, 1))


def test_pairs_that_differ_are_counted_without_a_label(ledger, source):
    first = ask(source, "PredictionShift", comparison="Paired")
    ledger.append_predictions([answered("r1"), answered("r1", CANDIDATE, "0", mirrored=True)])
    ledger.append_predictions([answered("r2"), answered("r2", CANDIDATE, mirrored=True)])
    window = ask(source, "PredictionShift", first.cursor, comparison="Paired")
    assert window.pairs == Pairs(worse=1, same=1, better=0)


@pytest.mark.parametrize("metric", ["Accuracy", "LabelCoverage", "PredictionShift", "BusinessKPI"])
@pytest.mark.parametrize("cursor", ["", "{}", "[1]", "no cursor", "99999999999,99999999999"])
def test_a_cursor_that_is_none_of_ours_counts_from_now(ledger, source, metric, cursor):
    ledger.append_predictions([answered(f"r{n}") for n in range(100)])
    window = ask(source, metric, cursor, kpi=Kpi(name="purchase"))
    assert not window.error
    assert window.stable == window.candidate == Arm(total=0, bad=0)
    assert ask(source, metric, window.cursor, kpi=Kpi(name="purchase")).error == ""


@pytest.mark.parametrize(
    ("metric", "edit", "why"),
    [
        ("LabelCoverage", {"maturity": None}, "does not say how long to wait"),
        ("BusinessKPI", {}, "names no key figure"),
        ("LabelCoverage", {"comparison": "Paired"}, "the ledger does not know LabelCoverage"),
        ("ErrorRate", {}, "the ledger does not know ErrorRate"),
    ],
)
def test_a_question_that_cannot_be_answered_is_an_error_that_keeps_the_cursor(
    source, metric, edit, why
):
    window = ask(source, metric, "5,5", **edit)
    assert why in window.error
    assert window.cursor == "5,5"


@pytest.mark.parametrize("metric", ["Accuracy", "LabelCoverage", "PredictionShift", "BusinessKPI"])
def test_a_ledger_that_is_away_is_an_error_and_catches_up(world, ledger, metric, tmp_path):
    away = [False]

    def open_() -> FullLedger:
        if away[0]:
            raise OSError("the ledger is away")
        return world.open()

    source = LedgerEvidence(open_)
    kpi = Kpi(name="purchase")
    ledger.append_predictions([answered(f"b{n}") for n in range(100)])
    world.clock.turn(60)
    first = ask(source, metric, kpi=kpi)
    source.close()
    away[0] = True
    lost = ask(source, metric, first.cursor, kpi=kpi)
    ledger.append_predictions([answered("r1", CANDIDATE)])
    world.clock.turn(2 * 3600)
    away[0] = False
    back = ask(source, metric, first.cursor, kpi=kpi)
    source.close()

    assert (lost.error, lost.cursor) == ("the ledger is away", first.cursor)
    assert (lost.stable, lost.candidate, lost.table, lost.worth) == (None,) * 4
    told = back.coverage[1].matured if back.coverage else back.candidate.total
    assert told == 1


def test_bins_of_scores_that_are_asked_of_the_ledger_can_be_shown(source):
    question = Question(
        gate="g",
        metric="PredictionShift",
        comparison="Relative",
        stable="a",
        candidate="b",
        answer="Number",
    )
    assert source.query_of(question) == "ledger: binned_scores('a'), binned_scores('b')"


def test_what_is_asked_of_the_ledger_can_be_shown(source):
    shown = {
        metric: source.query_of(
            Question(gate="g", metric=metric, comparison="Relative", stable="a", candidate="b")
        )
        for metric in ("Accuracy", "LabelCoverage", "PredictionShift", "BusinessKPI", "ErrorRate")
    }
    assert shown == {
        "Accuracy": "ledger: arm_outcomes('a'), arm_outcomes('b')",
        "LabelCoverage": "ledger: cohort_outcomes('a'), cohort_outcomes('b')",
        "PredictionShift": "ledger: predicted_classes('a'), predicted_classes('b')",
        "BusinessKPI": "ledger: worth_outcomes('a'), worth_outcomes('b')",
        "ErrorRate": "",
    }
