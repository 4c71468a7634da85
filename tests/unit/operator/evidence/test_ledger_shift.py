"""What the ledger tells gates about classes and scores, whichever form of it is asked."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from ledger_rows import answered
from ledger_world import FullLedger, LedgerWorld, postgres_world, sqlite_world
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.evidence.ledger_shift import bin_names
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update
from sluice_operator.judge.verdict import explain
from sluice_operator.model import Arm, Question, Table, Verdict, Window

STABLE, CANDIDATE = "churn-a", "churn-b"
NOTHING = Table(names=(), stable=(), candidate=())
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


def ask(source: LedgerEvidence, answer: str, cursor: str = "") -> Window:
    question = Question(
        gate="g",
        metric="PredictionShift",
        comparison="Relative",
        stable=STABLE,
        candidate=CANDIDATE,
        cursor=cursor,
        answer=answer,
    )
    (window,) = source.windows("churn", (question,))
    return window


def answers(
    name: str, scores: Sequence[float | None], by: str = STABLE, said: str = "1"
) -> list[object]:
    return [answered(f"{name} {n}", by, said, confidence=score) for n, score in enumerate(scores)]


def hundredths(first: int, last: int) -> list[float]:
    return [n / 100 for n in range(first, last + 1)]


TENTHS = (
    "<= 0.1",
    *("0.1-0.2", "0.2-0.3", "0.3-0.4", "0.4-0.5", "0.5-0.6", "0.6-0.7", "0.7-0.8", "0.8-0.9"),
    *("> 0.9", "(rest)"),
)


def test_edges_are_settled_by_what_stable_says_and_what_has_no_score_is_the_rest(ledger, source):
    ledger.append_predictions(answers("b", hundredths(1, 99)))
    first = ask(source, "Confidence")
    ledger.append_predictions(answers("c", [0.05, 0.99, 1.0, None], CANDIDATE))
    waiting = ask(source, "Confidence", first.cursor)
    ledger.append_predictions(answers("s", [1.0]))
    counted = ask(source, "Confidence", waiting.cursor)
    ledger.append_predictions(answers("d", [0.1, 0.1000001], CANDIDATE))
    later = ask(source, "Confidence", counted.cursor)

    assert first.table == waiting.table == NOTHING
    assert counted.table == Table(
        names=TENTHS, stable=(0,) * 9 + (1, 0), candidate=(1,) + (0,) * 8 + (2, 1)
    )
    assert (counted.stable, counted.candidate) == (Arm(total=1, bad=0), Arm(total=4, bad=0))
    assert later.table == Table(names=TENTHS, stable=(0,) * 11, candidate=(1, 1) + (0,) * 9)


def test_a_restart_in_the_middle_goes_on_with_the_same_bins(world, ledger):
    looks: list[Window] = []
    cursor = ""
    for step in range(4):
        source = LedgerEvidence(world.open)  # what the one before knew is gone, but for the cursor
        looks.append(ask(source, "Confidence", cursor))
        source.close()
        cursor = looks[-1].cursor
        # stable moves on, which must not move the edges
        ledger.append_predictions(answers(f"s{step}", hundredths(1 + 9 * step, 100)))
        ledger.append_predictions(answers(f"c{step}", [0.35, 0.95], CANDIDATE))
    whole = LedgerEvidence(world.open)
    once = ask(whole, "Confidence", looks[1].cursor)
    whole.close()

    assert [look.table.names for look in looks] == [(), TENTHS, TENTHS, TENTHS]
    parts = [*looks[2:], ask_once(world, cursor)]
    assert once.table.stable == sums(part.table.stable for part in parts)
    assert once.table.candidate == sums(part.table.candidate for part in parts)


def ask_once(world: LedgerWorld, cursor: str) -> Window:
    source = LedgerEvidence(world.open)
    try:
        return ask(source, "Confidence", cursor)
    finally:
        source.close()


def sums(columns: Iterator[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*columns, strict=True)))


def test_numbers_are_binned_with_names_that_can_be_read(ledger, source):
    ledger.append_predictions([answered(f"b{n}", said=str(n * 100 - 5_000)) for n in range(100)])
    first = ask(source, "Number")
    rows = [answered("c1", CANDIDATE, "1e9"), answered("c2", CANDIDATE, "no number")]
    ledger.append_predictions(rows)
    window = ask(source, "Number", first.cursor)

    assert window.table.names[:2] == ("<= -4100", "-4100 to -3100")
    assert window.table.names[-3:] == ("2900-3900", "> 3900", "(rest)")
    assert window.table.candidate == (0,) * 9 + (1, 1)


def test_a_ledger_that_is_new_is_counted_from_its_beginning_in_the_same_bins(
    world, ledger, source, tmp_path
):
    ledger.append_predictions(answers("b", hundredths(1, 100)))
    before = ask(source, "Confidence")
    with sqlite_world(tmp_path / "new") as other:
        new = other.open()
        new.append_predictions(answers("n", [0.15, 0.25], CANDIDATE))
        new.close()
        fresh = LedgerEvidence(other.open)
        window = ask(fresh, "Confidence", before.cursor)
        fresh.close()
    assert window.table == Table(names=TENTHS, stable=(0,) * 11, candidate=(0, 1, 1) + (0,) * 8)


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ([0.5] * 120, "the latest 120 answers of stable have the same confidence"),
        ([None] * 120, "0 of the latest 120 answers of stable have a confidence"),
        ([None] * 120 + [0.5, 0.6], "2 of the latest 122 answers of stable have a confidence"),
    ],
)
def test_scores_that_cannot_be_told_apart_are_an_error_and_nothing_is_lost(
    ledger, source, scores, why
):
    first = ask(source, "Confidence")
    ledger.append_predictions(answers("c", [0.15], CANDIDATE))
    ledger.append_predictions(answers("s", scores))
    blind = ask(source, "Confidence", first.cursor)
    ledger.append_predictions(answers("t", hundredths(1, 100)))
    seen = ask(source, "Confidence", blind.cursor)

    assert (first.error, first.table) == ("", NOTHING)
    assert why in blind.error
    assert "write another `answer` than Confidence" in blind.error
    assert (blind.cursor, blind.table) == (first.cursor, None)
    assert seen.candidate == Arm(total=1, bad=0)
    assert seen.stable == Arm(total=len(scores) + 100, bad=0)


@pytest.mark.parametrize(
    "cursor", ["", "{}", "[1]", '[0,0,"0","1"]', "[0,0,1]", "[-1,0,0.5]", "[0,null]", "no cursor"]
)
def test_a_cursor_that_is_none_of_ours_counts_from_now(ledger, source, cursor):
    ledger.append_predictions(answers("b", hundredths(1, 100)))
    window = ask(source, "Confidence", cursor)
    assert (window.error, window.table.names) == ("", TENTHS)
    assert window.stable == window.candidate == Arm(total=0, bad=0)


def test_edges_are_no_classes(ledger, source):
    ledger.append_predictions(answers("b", hundredths(1, 100), said="yes"))
    scores = ask(source, "Confidence")
    window = ask(source, "Class", scores.cursor)
    assert window.table.names == ("yes", "(rest)")


@pytest.mark.parametrize(
    ("edges", "names"),
    [
        ((0.5,), ("<= 0.5", "> 0.5")),
        ((0.31, 0.44, 0.93), ("<= 0.31", "0.31-0.44", "0.44-0.93", "> 0.93")),
        ((0.1, 0.1 + 1e-9), ("<= 0.1", "0.1-0.100000001", "> 0.100000001")),
        ((-2.5, 0.0), ("<= -2.5", "-2.5 to 0", "> 0")),
        ((83_214.5, 99_999.0), ("<= 83200", "83200-100000", "> 100000")),
        ((1e-9, 1e20), ("<= 1e-09", "1e-09 to 1e+20", "> 1e+20")),
        ((0.3, 0.1 + 0.2), ("<= 0.3", "0.3-0.30000000000000004", "> 0.30000000000000004")),
    ],
)
def test_bins_are_called_after_their_edges(edges, names):
    assert bin_names(edges) == names


@pytest.mark.parametrize(
    ("answer", "verdict", "told"),
    [("Class", Verdict.SAFE, "safety proven"), ("Confidence", Verdict.HARM, "0.5-0.6 0 of 2,000")],
)
def test_a_candidate_that_is_less_sure_of_the_same_classes_is_found_by_its_confidence(
    ledger, source, answer, verdict, told
):
    """It says yes and no as often as stable, and is never more than half sure."""
    test, evidence = Test(metric="PredictionShift", margin=2.0), Evidence()
    cursor = ask(source, answer).cursor
    for look in range(11):
        for said in ("yes", "no"):
            sure = hundredths(1, 100)
            ledger.append_predictions(answers(f"s{look}{said}", sure, STABLE, said))
            unsure = [score / 2 for score in sure]
            ledger.append_predictions(answers(f"c{look}{said}", unsure, CANDIDATE, said))
        window = ask(source, answer, cursor)
        cursor, evidence = window.cursor, update(test, evidence, window)

    assert evidence.verdict is verdict
    assert told in explain(test, evidence)
