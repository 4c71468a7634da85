"""What a ledger can do, wherever it keeps its rows."""

from collections.abc import Iterable
from typing import Protocol

from sluice_ledger.records import (
    ArmOutcomes,
    BinnedScores,
    Bins,
    CohortOutcomes,
    Due,
    KeyFigure,
    KpiEvent,
    KpiOutcomes,
    Label,
    PairedOutcomes,
    PairedPredictions,
    PredictedClasses,
    Prediction,
    Score,
    ScoreDeciles,
    WorthOutcomes,
)


class Ledger(Protocol):
    """Predictions joined with labels and events; every write may be repeated without effect."""

    def append_predictions(self, predictions: Iterable[Prediction]) -> int:
        """Keep the new ones, all or none, and return how many were new.

        Raises:
            StoreError: Nothing was kept; trying again may help.
            RefusedError: Some can never be kept; all others were.
        """
        ...

    def append_labels(self, labels: Iterable[Label]) -> int:
        """Keep the new ones, all or none, and return how many were new.

        Raises:
            StoreError: Nothing was kept; trying again may help.
            RefusedError: Some can never be kept; all others were.
        """
        ...

    def append_events(self, events: Iterable[KpiEvent]) -> int:
        """Keep the new ones, all or none, and return how many were new.

        Raises:
            StoreError: Nothing was kept; trying again may help.
            RefusedError: Some can never be kept; all others were.
        """
        ...

    def paired_outcomes(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedOutcomes:
        """Pairs that became complete after the cursor.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        ...

    def arm_outcomes(self, deployment: str, revision: str, cursor: int) -> ArmOutcomes:
        """Answers of one revision whose label became known after the cursor.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        ...

    def kpi_outcomes(self, deployment: str, revision: str, name: str, cursor: int) -> KpiOutcomes:
        """Events that followed answers of one revision, complete after the cursor.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        ...

    def cohort_outcomes(self, due: Due) -> CohortOutcomes:
        """Answers that came of age after the cursor, each once, with labels that came in time.

        Whether a label came in time depends on when it and its answer arrived, never on when the
        question is asked: a label that comes later changes nothing.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        ...

    def worth_outcomes(self, due: Due, figure: KeyFigure) -> WorthOutcomes:
        """The same answers with what they were worth: events that came in time, summed up.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        ...

    def predicted_classes(self, deployment: str, revision: str, cursor: int) -> PredictedClasses:
        """What one revision predicted after the cursor, whether users saw it or not.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        ...

    def score_deciles(self, deployment: str, revision: str, score: Score) -> ScoreDeciles:
        """Where the scores of one revision's latest answers are cut into ten parts.

        Raises:
            StoreError: The rows cannot be read.
        """
        ...

    def binned_scores(
        self, deployment: str, revision: str, bins: Bins, cursor: int
    ) -> BinnedScores:
        """Scores of what one revision answered after the cursor, whether users saw it or not.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        ...

    def paired_predictions(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedPredictions:
        """Rows of which the second answer arrived after the cursor, by whether both are equal.

        Raises:
            StoreError: The rows cannot be read; ask again with the same cursor.
        """
        ...

    def present_tick(self) -> int:
        """The tick of now: the cursor with which counting answers by age begins.

        Raises:
            StoreError: The rows cannot be read.
        """
        ...

    def last_arrival(self) -> int:
        """The cursor of now: after it comes only what has not arrived yet.

        Raises:
            StoreError: The rows cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...
