"""What the core needs of the world: controller, simulator and laptop differ only in these."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sluice_operator.model import Question, Routing, Serving, Window


class ServingEngine(Protocol):
    """Runs revisions and divides traffic between them."""

    def observe(self, name: str) -> Serving:
        """What runs and what the router does now; never raises, see `Serving.error`."""
        ...

    def route(self, name: str, routing: Routing) -> None:
        """Make the wanted picture true; returns once asked, not once true; idempotent.

        A revision that is absent from the picture loses its routes before it is stopped, and a
        revision without a running, ready server is never given traffic.

        Raises:
            ServingEngineError: The engine could not be told; trying again may help.
            UnsupportedRoutingError: This engine cannot carry such traffic.
        """
        ...


class EvidenceSource(Protocol):
    """Answers gates with counts."""

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        """One window for each question, in order; never raises, see `Window.error`."""
        ...

    def query_of(self, question: Question) -> str:
        """What a person may ask to see the same counts; empty when nobody can."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The world of one caller."""

    serving: ServingEngine
    evidence: EvidenceSource
    clock: Callable[[], datetime]
    """The present, in UTC."""
