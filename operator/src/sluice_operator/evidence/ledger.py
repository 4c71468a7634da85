"""Right and wrong answers from the ledger: in pairs of the same request, or per revision."""

from collections.abc import Callable

from sluice_ledger.errors import LedgerError
from sluice_ledger.port import Ledger

from sluice_operator.api.v1alpha1 import Comparison
from sluice_operator.model import Arm, Pairs, Question, Window


class LedgerEvidence:
    """An `EvidenceSource` for gates on accuracy."""

    def __init__(self, open_ledger: Callable[[], Ledger]) -> None:
        """The ledger is opened at the first question, and anew after an error."""
        self._open_ledger = open_ledger
        self._ledger: Ledger | None = None

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        """See `EvidenceSource.windows`; a question without cursor starts to count now."""
        return tuple(self._window(name, question) for question in questions)

    def query_of(self, question: Question) -> str:
        """The call of the ledger that answers; the ledger has no language of queries."""
        stable, candidate = repr(question.stable), repr(question.candidate)
        if question.comparison == Comparison.PAIRED:
            return f"ledger: paired_outcomes({stable}, {candidate})"
        return f"ledger: arm_outcomes({stable}), arm_outcomes({candidate})"

    def close(self) -> None:
        """Let go of the ledger."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            ledger.close()

    def _window(self, name: str, question: Question) -> Window:
        try:
            if self._ledger is None:
                self._ledger = self._open_ledger()
            return _answer(self._ledger, name, question)
        except (LedgerError, OSError) as broken:
            self.close()
            return Window(gate=question.gate, cursor=question.cursor, error=str(broken))


def _answer(ledger: Ledger, name: str, question: Question) -> Window:
    answer = _paired if question.comparison == Comparison.PAIRED else _arms
    return answer(ledger, name, question)


def _paired(ledger: Ledger, name: str, question: Question) -> Window:
    (cursor,) = _starts(ledger, question.cursor, 1)
    found = ledger.paired_outcomes(name, question.stable, question.candidate, cursor)
    pairs = Pairs(
        worse=found.worse, same=found.same, better=found.better, unlabelled=found.unlabelled
    )
    return Window(gate=question.gate, cursor=str(found.cursor), pairs=pairs)


def _arms(ledger: Ledger, name: str, question: Question) -> Window:
    """A cursor for each arm, because labels may arrive between the two look-ups."""
    starts = _starts(ledger, question.cursor, 2)
    stable = ledger.arm_outcomes(name, question.stable, starts[0])
    candidate = ledger.arm_outcomes(name, question.candidate, starts[1])
    return Window(
        gate=question.gate,
        cursor=f"{stable.cursor},{candidate.cursor}",
        stable=Arm(total=stable.total, bad=stable.wrong),
        candidate=Arm(total=candidate.total, bad=candidate.wrong),
    )


def _starts(ledger: Ledger, cursor: str, count: int) -> tuple[int, ...]:
    """Where counting starts: now without a cursor, at the beginning of a ledger that is new."""
    last = ledger.last_arrival()
    parts = cursor.split(",")
    if len(parts) != count or not all(part.isdecimal() for part in parts):
        return (last,) * count
    return tuple(int(part) if int(part) <= last else 0 for part in parts)
