"""The journal of a RolloutRun: what was seen at each look, from which decisions are made again.

A look is a line of JSON as the laptop's record has it. Lines are compressed in blocks, one for each
write, with the last line of the block before as their dictionary, as looks resemble each other;
blocks are only ever added. A journal that has grown is put aside on a page, a RolloutRun of its
own, and the next one begins with spec and status in full, so that each can be replayed by itself.
"""

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.errors import SluiceError
from sluice_operator.model import Observation
from sluice_operator.rollout.replay import Entry, digest_of, entry_from_plain, entry_to_plain
from sluice_operator.rollout.status import Status

DIGEST_DIGITS = 12
"""Of sha256, in hexadecimal: two decisions that differ look equal once in 10^14."""
FULL_CHARACTERS = 64_000
"""A journal that is longer is put aside; etcd takes objects of 1.5 MB, other things included."""
MOST_PAGES = 24
"""Pages that are kept of one attempt; of a longer record the beginning is lost."""
MOST_WAITING = 240
"""Looks that wait to be written; while the API server is away for longer, the record has a gap."""
_LEVEL = 6
_ALONE, _GOES_ON, _BETWEEN = "=", "+", "."
"""How a block begins: whether its dictionary is the last line before; and what parts blocks."""


class JournalError(SluiceError):
    """A journal cannot be read; the message says which part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One look on its way into the journal."""

    attempt: int
    at: str
    text: bytes
    begins: bool = False
    """Whether it has spec and status in full, so that a journal can begin with it."""


@dataclass(slots=True, kw_only=True)
class Pen:
    """Writes the looks of one deployment down, by one process."""

    status: Status | None = None
    """As decided at the last look that was recorded."""
    spec: Spec | None = None
    size: int = 0
    """Characters of the journal under way, as far as this process knows."""

    def line(self, spec: Spec, before: Status, seen: Observation, after: Status, at: str) -> Line:
        """One look; with all that does not follow from the one before."""
        full = self.size > FULL_CHARACTERS
        turned = self.status is None or self.status.attempt != after.attempt
        follows = before is self.status and not turned and not full
        known = follows and (spec is self.spec or spec == self.spec)
        plain = entry_to_plain(
            None if follows else before,
            None if known else spec,
            seen,
            digest_of(after)[:DIGEST_DIGITS],
        )
        self.status, self.spec = after, spec
        if full:
            self.size = 0
        text = json.dumps(plain, separators=(",", ":")).encode()
        return Line(attempt=after.attempt, at=at, text=text, begins=not follows)

    def lift(self) -> None:
        """What was written last is lost: the next line says everything again."""
        self.status = self.spec = None


def mark_of(line: Line) -> str:
    """Tells one line from all others of a journal; moments may be equal."""
    return hashlib.sha256(line.text).hexdigest()[:DIGEST_DIGITS]


def unwritten(lines: Sequence[Line], last: str) -> list[Line]:
    """Those after the last line of the journal: an answer that was lost may have been a yes."""
    marks = [mark_of(line) for line in lines]
    return list(lines[marks.index(last) + 1 :] if last in marks else lines)


def parted(journal: str, lines: Sequence[Line]) -> tuple[Sequence[Line], Sequence[Line]]:
    """Lines that belong to the journal under way, and those that begin the next one."""
    beginnings = [number for number, line in enumerate(lines) if line.begins]
    if len(journal) <= FULL_CHARACTERS or not beginnings:
        return lines, ()
    return lines[: beginnings[0]], lines[beginnings[0] :]


def block_of(lines: Sequence[bytes], dictionary: bytes = b"") -> str:
    """Some lines as one block."""
    packer = zlib.compressobj(_LEVEL, zdict=dictionary) if dictionary else zlib.compressobj(_LEVEL)
    packed = packer.compress(b"\n".join(lines)) + packer.flush()
    return (_GOES_ON if dictionary else _ALONE) + base64.b64encode(packed).decode()


def joined(journal: str, block: str) -> str:
    """The journal with one block more."""
    return f"{journal}{_BETWEEN}{block}" if journal else block


def lines_in(journal: str) -> Iterator[bytes]:
    """The lines of all blocks.

    Raises:
        JournalError: A block is damaged.
    """
    last = b""
    for number, block in enumerate(filter(None, journal.split(_BETWEEN)), start=1):
        lines = _unpacked(block, last, number)
        yield from lines
        last = lines[-1]


def _unpacked(block: str, dictionary: bytes, number: int) -> list[bytes]:
    try:
        packed = base64.b64decode(block[1:], validate=True)
        goes_on = block.startswith(_GOES_ON)
        opener = zlib.decompressobj(zdict=dictionary) if goes_on else zlib.decompressobj()
        return (opener.decompress(packed) + opener.flush()).split(b"\n")
    except (zlib.error, binascii.Error) as damaged:
        raise JournalError(f"block {number} of the journal is damaged ({damaged})") from damaged


def entries_of(runs: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    """The turns of one attempt, from its RolloutRun and those of its pages, oldest first.

    Raises:
        JournalError: A journal is damaged, or none begins anywhere.
    """
    pages = [run for run in runs if run.get("spec", {}).get("page")]
    whole = [run for run in runs if not run.get("spec", {}).get("page")]
    for run in (*sorted(pages, key=lambda page: page["spec"]["page"]), *whole):
        name = run.get("metadata", {}).get("name", "")
        for number, line in enumerate(_lines_of(run, name), start=1):
            try:
                yield entry_from_plain(json.loads(line))
            except (ValueError, KeyError, TypeError) as damaged:
                raise JournalError(
                    f"{name}: look {number} of its journal cannot be read"
                    f" ({type(damaged).__name__}); it may be of a newer version"
                ) from damaged


def _lines_of(run: Mapping[str, Any], name: str) -> Iterator[bytes]:
    try:
        yield from lines_in((run.get("status") or {}).get("journal", ""))
    except JournalError as damaged:
        raise JournalError(f"{name}: {damaged}") from damaged
