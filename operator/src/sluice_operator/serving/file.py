"""Files that Envoy watches: replaced as a whole, also when the disk is full.

A candidate that does harm is taken back by writing a file. A full disk must not be able to prevent
that, so next to each file lies a reserve with room for one more version. It is used in place,
without giving its room back first: whoever filled the disk would take it.
"""

import contextlib
import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sluice_operator.errors import ServingEngineError

RESERVE_BYTES = 256 * 1024


def replace_json(file: Path, content: Mapping[str, Any]) -> None:
    """A reader sees the old file or the new one, and who watches the folder is woken.

    Raises:
        ServingEngineError: The new file could not be written; the old one stands.
    """
    text = json.dumps(content).encode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _replace(file, text)
        _reserve(file)
    except OSError as broken:
        raise ServingEngineError(
            f"{file}: cannot write: {broken.strerror or broken}; free space or check its rights"
        ) from broken


def _replace(file: Path, text: bytes) -> None:
    fresh = file.with_name(f".{file.name}.new")
    try:
        fresh.write_bytes(text)
    except OSError as broken:
        if broken.errno != errno.ENOSPC or not _reserve_of(file).exists():
            raise
        fresh = _written_into_reserve(file, text)
    fresh.replace(file)


def _written_into_reserve(file: Path, text: bytes) -> Path:
    reserve = _reserve_of(file)
    with reserve.open("r+b") as room:
        room.write(text)
        room.truncate()
    return reserve


def _reserve(file: Path) -> None:
    """Made while there is space; without space the next change may have to wait for it."""
    reserve = _reserve_of(file)
    if reserve.exists():
        return
    unfinished = reserve.with_name(f"{reserve.name}.new")
    with contextlib.suppress(OSError), unfinished.open("wb") as room:
        os.posix_fallocate(room.fileno(), 0, RESERVE_BYTES)
        unfinished.replace(reserve)


def _reserve_of(file: Path) -> Path:
    return file.with_name(f".{file.name}.reserve")
