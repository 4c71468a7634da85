"""Predictions on disk until the ledger has them.

Its law: what `write` has returned survives a crash of the process and of the machine, and is
handed out by `segments` until somebody removes it. Any number of spools, in any number of
processes, may share one folder.
"""

import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sluice_ledger.errors import SpoolError
from sluice_ledger.line import line_of, prediction_of
from sluice_ledger.records import Prediction
from sluice_ledger.segment import OPEN, SEALED, Segment, adopt, create

DAMAGED = ".damaged"
SEGMENT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a segment holds."""

    predictions: tuple[Prediction, ...]
    torn: int = 0
    """1 if the last line was cut by a crash; its `write` had not returned."""
    damaged: int = 0
    """Whole lines that are no predictions: the disk or a person changed them."""


class Spool:
    """A folder of segments; safe to use from several threads and processes."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._open: Segment | None = None
        self._lock = threading.Lock()

    def write(self, predictions: Iterable[Prediction]) -> int:
        """Keep the records, all or none, and return how many; they are on disk on return.

        Raises:
            SpoolError: The disk did not take them; what was there before is intact.
        """
        lines = [line_of(prediction) for prediction in predictions]
        if not lines:
            return 0
        with self._lock:
            try:
                self._append(b"".join(lines))
            except OSError as broken:
                raise self._refused("write", broken) from broken
        return len(lines)

    def seal(self) -> None:
        """End the segment that this spool is writing, so that `segments` hands it out.

        Raises:
            SpoolError: The file could not be renamed; it is handed out once this process is gone.
        """
        with self._lock:
            try:
                self._seal()
            except OSError as broken:
                raise self._refused("seal a segment", broken) from broken

    def segments(self) -> tuple[Path, ...]:
        """The ended segments, oldest first, with those that crashed writers left behind.

        Raises:
            SpoolError: The folder cannot be read.
        """
        try:
            for path in self._folder.glob(f"*{OPEN}"):
                adopt(path)
            return tuple(sorted(self._folder.glob(f"*{SEALED}")))
        except OSError as broken:
            raise self._refused("list segments", broken) from broken

    def read(self, segment: Path) -> Content:
        """What a segment holds; broken lines are counted, never a reason to stop.

        A segment that another reader has taken and removed is empty.

        Raises:
            SpoolError: The file cannot be read.
        """
        try:
            return content_of(segment.read_bytes())
        except FileNotFoundError:
            return Content(predictions=())
        except OSError as broken:
            raise self._refused(f"read {segment.name}", broken) from broken

    def remove(self, segment: Path) -> None:
        """Forget a segment; one that is gone is no error.

        Raises:
            SpoolError: The file cannot be removed.
        """
        try:
            segment.unlink(missing_ok=True)
        except OSError as broken:
            raise self._refused(f"remove {segment.name}", broken) from broken

    def set_aside(self, segment: Path) -> None:
        """Keep a damaged segment for a person: it is handed out no more.

        Raises:
            SpoolError: The file cannot be renamed.
        """
        try:
            segment.rename(segment.with_name(segment.name + DAMAGED))
        except FileNotFoundError:
            return
        except OSError as broken:
            raise self._refused(f"set {segment.name} aside", broken) from broken

    def _append(self, lines: bytes) -> None:
        if self._open is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._open = create(self._folder)
        try:
            self._open.append(lines)
        except OSError:
            # What the file now ends with is uncertain: the next record gets a new one.
            self._seal()
            raise
        if self._open.size_bytes >= self._segment_bytes:
            self._seal()

    def _seal(self) -> None:
        ended, self._open = self._open, None
        if ended is not None:
            ended.seal()

    def _refused(self, verb: str, broken: OSError) -> SpoolError:
        return SpoolError(
            f"{self._folder}: cannot {verb}: {broken.strerror or broken}"
            f" ({_free_bytes(self._folder)} bytes free);"
            " free space or pass another spool folder, nothing kept before is lost"
        )


def content_of(text: bytes) -> Content:
    """The records in the bytes of a segment."""
    *lines, tail = text.split(b"\n")
    predictions = []
    damaged = 0
    for line in lines:
        try:
            predictions.append(prediction_of(line))
        except ValueError:
            damaged += 1
    return Content(predictions=tuple(predictions), torn=int(bool(tail)), damaged=damaged)


def _free_bytes(folder: Path) -> int | str:
    existing = next((p for p in (folder, *folder.parents) if p.exists()), folder)
    try:
        return shutil.disk_usage(existing).free
    except OSError:
        return "unknown"
