"""The record of an attempt: every look and its decision, from which all can be replayed."""

import json
import os
from collections.abc import Iterator
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Any

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.errors import SpecError
from sluice_operator.model import Observation
from sluice_operator.rollout.decide import Decision
from sluice_operator.rollout.replay import (
    Entry,
    Replayed,
    digest_of,
    entry_from_plain,
    entry_to_plain,
    replayed,
)
from sluice_operator.rollout.status import Status


def append(path: Path, entry: dict[str, Any]) -> None:
    """Add one line, whole or not at all; what a crash has left of a line is cut off.

    Raises:
        OSError: The line cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
    with path.open("ab+", buffering=0) as file:
        _cut_torn_line(file)
        size = file.seek(0, os.SEEK_END)
        try:
            _write(file, line)
        except OSError:
            file.truncate(size)
            raise


def _write(file: FileIO, data: bytes) -> None:
    """All of it: a disk that gets full first takes a part, and refuses the rest."""
    while data:
        data = data[file.write(data) :]


def _cut_torn_line(file: FileIO) -> None:
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def entry_of(
    before: Status | None, spec: Spec | None, seen: Observation, decision: Decision, error: str
) -> dict[str, Any]:
    """One turn as plain values; `before` and `spec` are None where they follow from above."""
    plain = entry_to_plain(before, spec, seen, digest_of(decision.status))
    if error:
        plain["error"] = error
    return plain


def read(path: Path) -> Iterator[Entry]:
    """The turns in the order in which they happened; a torn last line is left out.

    Raises:
        SpecError: A line is damaged; the message has its number.
    """
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            yield entry_from_plain(json.loads(line))
        except (ValueError, KeyError, TypeError) as damaged:
            raise SpecError(
                f"{path}:{number}: is no line of a record ({type(damaged).__name__}); what was"
                " decided there cannot be replayed"
            ) from damaged


def replay(path: Path) -> Iterator[Replayed]:
    """Every decision of a record, made again from what was seen.

    Raises:
        SpecError: A line is damaged, or the first one is missing.
    """
    entries = read(path)
    first = next(entries, None)
    if first is None or first.before is None or first.spec is None:
        raise SpecError(f"{path}: its beginning is missing; it cannot be replayed")
    yield from replayed(chain([first], entries))
