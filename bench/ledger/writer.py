"""One writer of the throughput benchmark: a spool, a shipper, and an even stream of answers.

Every request is answered by two revisions, as in a shadow rollout, and every twentieth gets a
label. What the spool has taken is counted and added to a digest; nothing else is, since only that
was promised.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sluice_ledger.errors import StoreError
from sluice_ledger.line import line_of
from sluice_ledger.records import Label, Prediction
from sluice_ledger.shipper import Shipper
from sluice_ledger.spool import Spool
from sluice_ledger.url import open_ledger

DEPLOYMENT, STABLE, CANDIDATE = "bench", "bench-1", "bench-2"
BEAT_SECONDS = 0.1
BEATS_PER_LABELS = 10
LABELLED = 20
WRONG = 10
MODULUS = 1 << 256


@dataclass(slots=True)
class Tally:
    """Count and digest of records, whatever their order."""

    count: int = 0
    digest: int = 0

    def add(self, prediction: Prediction) -> None:
        """Take in one record, all of its fields."""
        line = hashlib.sha256(line_of(prediction)).digest()
        self.count += 1
        self.digest = (self.digest + int.from_bytes(line)) % MODULUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What happens in a tenth of a second."""

    predictions: list[Prediction]
    labels: list[Label]
    worse: int
    """Labelled pairs in which only the candidate was wrong."""


def main() -> int:
    """Write at the given rate, wait until all is shipped, and print what was promised."""
    given = _arguments()
    spool = Spool(given.spool)
    shipper = Shipper(spool, partial(open_ledger, given.ledger))
    shipper.start()
    promised = Promised()
    begun = time.monotonic()
    for number, beat in enumerate(_beats(given), start=1):
        spool.write(beat.predictions)
        promised.add(beat)
        if number % BEATS_PER_LABELS == 0:
            promised.hand_in(given.ledger)
        time.sleep(max(0.0, begun + number * BEAT_SECONDS - time.monotonic()))
    written = time.monotonic() - begun
    _wait(spool, promised, given)
    shipped = time.monotonic() - begun
    shipper.stop(timeout=10)
    print(
        json.dumps(
            {
                "count": promised.tally.count,
                "digest": f"{promised.tally.digest:064x}",
                "labels": promised.labels,
                "worse": promised.worse,
                "written_seconds": written,
                "shipped_seconds": shipped,
                "failures": shipper.state.failures,
                "damaged": shipper.state.damaged,
                "cpu_seconds": time.process_time(),
                "left": len(spool.segments()) + len(promised.waiting),
            }
        )
    )
    return 0


class Promised:
    """What the ledger must have in the end."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.labels = 0
        self.worse = 0
        self.waiting: list[Label] = []

    def add(self, beat: Beat) -> None:
        """Take in what the spool has taken."""
        for one in beat.predictions:
            self.tally.add(one)
        self.waiting += beat.labels
        self.labels += len(beat.labels)
        self.worse += beat.worse

    def hand_in(self, url: str) -> None:
        """Hand in labels; those that the ledger does not take now wait for the next time."""
        ledger = open_ledger(url)
        try:
            ledger.append_labels(self.waiting)
        except StoreError:
            return
        finally:
            ledger.close()
        self.waiting = []


def _wait(spool: Spool, promised: Promised, given: argparse.Namespace) -> None:
    """Until everything is in the ledger, or patience ends."""
    end = time.monotonic() + given.patience
    while time.monotonic() < end:
        spool.seal()
        promised.hand_in(given.ledger)
        if not promised.waiting and not spool.segments():
            return
        time.sleep(BEAT_SECONDS)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--rate", type=float, required=True, help="predictions per second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--patience", type=float, default=300.0)
    return parser.parse_args()


def _beats(given: argparse.Namespace) -> Iterator[Beat]:
    """The answers of each tenth of a second; what a late beat misses, the next one makes up."""
    number, began = 0, time.monotonic()
    while (passed := time.monotonic() - began) < given.seconds:
        due = int((passed + BEAT_SECONDS) * given.rate / 2)
        yield _beat(given.name, range(number, due))
        number = max(number, due)


def _beat(name: str, numbers: range) -> Beat:
    """Two answers to each request; in one labelled pair of ten the candidate alone is wrong."""
    now = time.time()
    beat = Beat(predictions=[], labels=[], worse=sum(1 for number in numbers if _is_wrong(number)))
    for number in numbers:
        request = hashlib.md5(f"{name}-{number}".encode(), usedforsecurity=False).hexdigest()
        said = "0" if _is_wrong(number) else "1"
        beat.predictions.append(_prediction(request, STABLE, "1", now))
        beat.predictions.append(_prediction(request, CANDIDATE, said, now))
        if number % LABELLED == 0:
            beat.labels.append(Label(request_id=request, row=0, label="1", at=now))
    return beat


def _is_wrong(number: int) -> bool:
    return number % (LABELLED * WRONG) == 0


def _prediction(request: str, revision: str, said: str, at: float) -> Prediction:
    return Prediction(
        request_id=request,
        row=0,
        deployment=DEPLOYMENT,
        revision=revision,
        prediction=said,
        confidence=0.875,
        mirrored=revision == CANDIDATE,
        at=at,
    )
