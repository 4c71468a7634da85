"""The record of an attempt: every look and its decision, from which all can be replayed."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.errors import SpecError
from sluice_operator.model import Observation
from sluice_operator.rollout.decide import Decision, decide
from sluice_operator.rollout.record import seen_from_plain, seen_to_plain, status_to_json
from sluice_operator.rollout.status import Status

_STATUS: TypeAdapter[Status] = TypeAdapter(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One turn as it was recorded."""

    before: Status | None
    """Status before the decision; written when it does not follow from the entry above."""
    spec: Spec | None
    """Likewise."""
    seen: Observation
    digest: str
    """sha256 of the status that was decided."""
    error: str


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
    plain: dict[str, Any] = {"seen": seen_to_plain(seen), "digest": digest_of(decision.status)}
    if before is not None:
        plain["before"] = json.loads(status_to_json(before))
    if spec is not None:
        plain["spec"] = spec.to_wire()
    if error:
        plain["error"] = error
    return plain


def digest_of(status: Status) -> str:
    """Equal for equal statuses, to the last bit of each number."""
    return hashlib.sha256(status_to_json(status).encode()).hexdigest()


def read(path: Path) -> Iterator[Entry]:
    """The turns in the order in which they happened; a torn last line is left out.

    Raises:
        SpecError: A line is damaged; the message has its number.
    """
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError) as damaged:
            raise SpecError(
                f"{path}:{number}: is no line of a record ({type(damaged).__name__}); what was"
                " decided there cannot be replayed"
            ) from damaged


def _entry(plain: Any) -> Entry:
    return Entry(
        before=_STATUS.validate_python(plain["before"]) if "before" in plain else None,
        spec=Spec.model_validate(plain["spec"]) if "spec" in plain else None,
        seen=seen_from_plain(plain["seen"]),
        digest=plain["digest"],
        error=plain.get("error", ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One turn decided again."""

    seen: Observation
    decision: Decision
    equal: bool
    """Whether the same was decided, to the bit."""


def replay(path: Path) -> Iterator[Replayed]:
    """Every decision of a record, made again from what was seen.

    Raises:
        SpecError: A line is damaged, or the first one is missing.
    """
    status: Status | None = None
    spec: Spec | None = None
    for entry in read(path):
        status = entry.before or status
        spec = entry.spec or spec
        if status is None or spec is None:
            raise SpecError(f"{path}: its beginning is missing; it cannot be replayed")
        decision = decide(spec, status, entry.seen)
        status = decision.status
        yield Replayed(seen=entry.seen, decision=decision, equal=digest_of(status) == entry.digest)
