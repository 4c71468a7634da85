"""What the ledger tells gates: labels, classes and events, of pairs or of each revision."""

from collections.abc import Callable
from typing import ClassVar

from sluice_ledger.errors import LedgerError
from sluice_ledger.port import Ledger

from sluice_operator.api.v1alpha1 import AnswerPart, Comparison, Metric
from sluice_operator.errors import SpecError
from sluice_operator.evidence.ledger_answer import (
    Answer,
    arms,
    coverage,
    matured_arms,
    paired,
    paired_shift,
    worth,
)
from sluice_operator.evidence.ledger_shift import score_shift, shift
from sluice_operator.model import Question, Window


class LedgerEvidence:
    """An `EvidenceSource` for gates on labels, predictions and events."""

    METRICS: ClassVar = (
        Metric.ACCURACY,
        Metric.LABEL_COVERAGE,
        Metric.PREDICTION_SHIFT,
        Metric.BUSINESS_KPI,
    )
    """What the ledger can answer."""

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
        call = _CALLS.get(_answer_to(question), "")
        if question.comparison == Comparison.PAIRED:
            return f"ledger: {call}({stable}, {candidate})" if call else ""
        return f"ledger: {call}({stable}), {call}({candidate})" if call else ""

    def close(self) -> None:
        """Let go of the ledger."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            ledger.close()

    def _window(self, name: str, question: Question) -> Window:
        try:
            if self._ledger is None:
                self._ledger = self._open_ledger()
            return (_answer_to(question) or _unknown)(self._ledger, name, question)
        except SpecError as wrong:
            return question.unanswered(str(wrong))
        except (LedgerError, OSError) as broken:
            self.close()
            return question.unanswered(str(broken), away=True)


def _unknown(ledger: Ledger, name: str, question: Question) -> Window:
    raise SpecError(
        f"the ledger does not know {question.metric}, {question.comparison}; it knows"
        f" {', '.join(LedgerEvidence.METRICS)}"
    )


def _answer_to(question: Question) -> Answer | None:
    """Who answers; accuracy without an age counts labels as they come."""
    is_paired = question.comparison == Comparison.PAIRED
    answers: dict[str, Answer] = {
        Metric.ACCURACY: paired if is_paired else matured_arms if question.maturity else arms,
        Metric.PREDICTION_SHIFT: paired_shift if is_paired else _SHIFTS[question.answer],
    }
    if not is_paired:
        answers |= {Metric.LABEL_COVERAGE: coverage, Metric.BUSINESS_KPI: worth}
    return answers.get(question.metric)


_SHIFTS: dict[str, Answer] = {
    AnswerPart.CLASS: shift,
    AnswerPart.NUMBER: score_shift,
    AnswerPart.CONFIDENCE: score_shift,
}
_CALLS: dict[Answer | None, str] = {
    paired: "paired_outcomes",
    arms: "arm_outcomes",
    matured_arms: "cohort_outcomes",
    coverage: "cohort_outcomes",
    paired_shift: "paired_predictions",
    shift: "predicted_classes",
    score_shift: "binned_scores",
    worth: "worth_outcomes",
}
