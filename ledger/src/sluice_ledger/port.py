"""What a ledger can do, wherever it keeps its rows."""

from collections.abc import Iterable
from typing import Protocol

from sluice_ledger.records import ArmOutcomes, Label, PairedOutcomes, Prediction


class Ledger(Protocol):
    """Predictions joined with labels; every write may be repeated without effect."""

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

    def last_arrival(self) -> int:
        """The cursor of now: after it comes only what has not arrived yet.

        Raises:
            StoreError: The rows cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...
