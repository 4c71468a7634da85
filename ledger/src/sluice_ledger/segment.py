"""One file of a spool while it is being written.

A file that somebody writes ends in `.open` and its writer holds a lock on it. The lock dies with
the writer, so a file without lock was left by a crash and may be adopted; no clock or process
number has to be trusted.
"""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

OPEN = ".jsonl.open"
SEALED = ".jsonl"


class Segment:
    """An open file of a spool, locked by this process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.size_bytes = os.fstat(descriptor).st_size
        self._descriptor = descriptor

    def append(self, lines: bytes) -> None:
        """Put the lines on disk, all or none.

        Raises:
            OSError: The disk took less than all; the file is as it was before.
        """
        try:
            _write_all(self._descriptor, lines)
            os.fdatasync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self.size_bytes)
            raise
        self.size_bytes += len(lines)

    def seal(self) -> None:
        """Give the file to readers; an empty one disappears."""
        try:
            _publish(self.path, self.size_bytes)
        finally:
            os.close(self._descriptor)


def create(folder: Path, clock: Callable[[], int] = time.time_ns) -> Segment:
    """A new locked file whose name sorts after those made before."""
    while True:
        path = folder / f"{clock():020d}-{os.getpid()}{OPEN}"
        segment = _created(path)
        if segment is not None:
            _sync_folder(folder)
            return segment


def adopt(path: Path) -> bool:
    """Publish a file whose writer is gone; False if somebody writes it or took it before."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        if not _locked(descriptor):
            return False
        _publish(path, os.fstat(descriptor).st_size)
    except FileNotFoundError:
        return False
    finally:
        os.close(descriptor)
    return True


def _created(path: Path) -> Segment | None:
    """None if the name is taken, or if another process adopted the file before it was locked."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
    except FileExistsError:
        return None
    if _locked(descriptor) and os.fstat(descriptor).st_nlink:
        return Segment(path, descriptor)
    os.close(descriptor)
    return None


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _publish(path: Path, size_bytes: int) -> None:
    if size_bytes == 0:
        path.unlink()
        return
    path.rename(path.with_name(path.name.removesuffix(OPEN) + SEALED))


def _write_all(descriptor: int, content: bytes) -> None:
    """A file system that is nearly full takes a part and refuses the rest in the next call."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    """A file whose name is not on disk is lost with its content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
