"""Sends each question to the source that knows its metric."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from sluice_operator.model import Question, Window
from sluice_operator.rollout.ports import EvidenceSource


@runtime_checkable
class Quotable(Protocol):
    """A source that can say what it reads."""

    def query_of(self, question: Question) -> str:
        """What a person can ask to see the same numbers; empty if there is no such thing."""
        ...


class RoutedEvidence:
    """An `EvidenceSource` made of others, one for each metric."""

    def __init__(self, sources: Mapping[str, EvidenceSource]) -> None:
        self._sources = sources

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        """See `EvidenceSource.windows`; each source is asked once, for all of its questions."""
        answers: dict[str, Window] = {}
        for metric in {question.metric for question in questions}:
            asked = tuple(question for question in questions if question.metric == metric)
            windows = self._ask(name, metric, asked)
            answers |= {window.gate: window for window in windows}
        return tuple(answers[question.gate] for question in questions)

    def query_of(self, question: Question) -> str:
        """What the source of a question's metric reads; empty if it cannot be said."""
        source: object = self._sources.get(question.metric)
        return source.query_of(question) if isinstance(source, Quotable) else ""

    def _ask(self, name: str, metric: str, asked: tuple[Question, ...]) -> tuple[Window, ...]:
        if metric in self._sources:
            return self._sources[metric].windows(name, asked)
        known = ", ".join(sorted(self._sources))
        error = f"metric {metric!r} has no source here; known are {known}"
        return tuple(question.unanswered(error) for question in asked)
