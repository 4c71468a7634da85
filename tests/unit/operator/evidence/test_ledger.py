from functools import partial

import pytest
from ledger_rows import answered, truth
from sluice_ledger.store import SqliteLedger
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.model import Arm, Pairs, Question, Window


@pytest.fixture
def ledger(tmp_path):
    with SqliteLedger(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture
def source(ledger, tmp_path):
    evidence = LedgerEvidence(partial(SqliteLedger, tmp_path / "ledger.db"))
    yield evidence
    evidence.close()


def ask(source: LedgerEvidence, cursor: str = "", comparison: str = "Paired") -> Window:
    question = Question(
        gate="accuracy",
        metric="Accuracy",
        comparison=comparison,
        stable="churn-a",
        candidate="churn-b",
        cursor=cursor,
    )
    (window,) = source.windows("churn", (question,))
    return window


def both_answer(ledger: SqliteLedger, request: str, stable: str, candidate: str) -> None:
    ledger.append_predictions([answered(request, said=stable)])
    ledger.append_predictions([answered(request, by="churn-b", said=candidate)])


def test_pairs_count_from_the_first_question_on(ledger, source):
    both_answer(ledger, "of an earlier attempt", "1", "0")
    ledger.append_labels([truth("of an earlier attempt")])
    both_answer(ledger, "r1", "1", "0")
    first = ask(source)
    ledger.append_labels([truth("r1")])
    second = ask(source, first.cursor)

    assert first.pairs == Pairs(worse=0, same=0, better=0, unlabelled=1)
    assert second.pairs == Pairs(worse=1, same=0, better=0, unlabelled=0)
    assert ask(source, second.cursor).pairs == Pairs(worse=0, same=0, better=0)


def test_arms_count_labelled_answers_with_a_cursor_each(ledger, source):
    first = ask(source, comparison="Relative")
    both_answer(ledger, "r1", "1", "0")
    ledger.append_labels([truth("r1")])
    second = ask(source, first.cursor, comparison="Relative")

    assert second.stable == Arm(total=1, bad=0)
    assert second.candidate == Arm(total=1, bad=1)
    assert ask(source, second.cursor, comparison="Relative").stable == Arm(total=0, bad=0)


def test_a_ledger_that_was_replaced_is_counted_from_its_beginning(ledger, source):
    both_answer(ledger, "r1", "1", "0")
    ledger.append_labels([truth("r1")])
    assert ask(source, cursor="5000").pairs == Pairs(worse=1, same=0, better=0)


def test_a_ledger_that_is_away_is_an_error_that_keeps_the_cursor_and_is_opened_anew(tmp_path):
    folder = tmp_path / "away"
    folder.write_text("a file where the folder should be")
    source = LedgerEvidence(partial(SqliteLedger, folder / "ledger.db"))
    window = ask(source, cursor="7")
    assert "ledger.db: cannot open" in window.error
    assert window.cursor == "7"

    folder.unlink()
    assert ask(source).error == ""
    source.close()
