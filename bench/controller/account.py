"""What a process costs and what it asks for: /proc tells the one, the audit log the other.

The audit log is followed while the API server writes it, across rotations. Each line says who asked
what and when, so any phase can be accounted afterwards.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

READS = frozenset({"get", "list"})
WATCH = "watch"
FOLLOW_SECONDS = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process has used so far."""

    cpu_seconds: float
    rss_mib: float
    peak_mib: float


def usage_of(pid: int) -> Usage:
    """CPU since its start, memory now and at most.

    Raises:
        OSError: There is no such process any more.

    Source: proc_pid_stat(5), proc_pid_status(5).
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return Usage(
        cpu_seconds=(int(fields[11]) + int(fields[12])) / _TICKS,
        rss_mib=int(status["VmRSS"].split()[0]) / 1024,
        peak_mib=int(status["VmHWM"].split()[0]) / 1024,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that the API server has answered, or one watch that it has begun."""

    at: float
    """Seconds since 1970."""
    user: str
    verb: str
    resource: str
    """With the subresource behind a slash."""
    code: int

    @property
    def is_read(self) -> bool:
        """Whether it asked for objects as they are now."""
        return self.verb in READS

    @property
    def is_write(self) -> bool:
        """Whether it asked for a change."""
        return self.verb not in READS and self.verb != WATCH


@dataclass
class RequestLog:
    """Follows an audit log from a thread of its own until closed."""

    path: Path
    requests: list[Asked] = field(default_factory=list)
    _file: TextIO | None = None
    _rest: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="requests", daemon=True)
        self._thread.start()

    def between(self, begin: float, end: float, user: str = "") -> list[Asked]:
        """Requests received in a span of time, of one user if given."""
        self.follow()
        return [
            asked
            for asked in list(self.requests)
            if begin <= asked.at < end and user in {"", asked.user}
        ]

    def follow(self) -> None:
        """Read what was written since."""
        with self._lock:
            for line in self._lines():
                if asked := _asked(json.loads(line)):
                    self.requests.append(asked)

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(FOLLOW_SECONDS):
            self.follow()

    def _lines(self) -> Iterator[str]:
        """Whole lines; the API server renames a full log and begins another of the same name."""
        while True:
            if self._file is None:
                if not self.path.exists():
                    return
                self._file = self.path.open(encoding="utf-8")
            while text := self._file.read(1 << 20):
                *whole, self._rest = (self._rest + text).split("\n")
                yield from whole
            if not self._was_rotated(self._file):
                return
            self._file.close()
            self._file = None

    def _was_rotated(self, file: TextIO) -> bool:
        try:
            return os.fstat(file.fileno()).st_ino != self.path.stat().st_ino
        except FileNotFoundError:
            return False


def by_verb(requests: list[Asked]) -> dict[str, int]:
    """How many of each verb, most frequent first."""
    return dict(Counter(asked.verb for asked in requests).most_common())


def by_resource(requests: list[Asked]) -> dict[str, int]:
    """How many of each verb and resource, most frequent first."""
    return dict(Counter(f"{asked.verb} {asked.resource}" for asked in requests).most_common())


def _asked(event: dict[str, Any]) -> Asked | None:
    """A watch counts when it begins, everything else when it is answered."""
    wanted = "ResponseStarted" if event["verb"] == WATCH else "ResponseComplete"
    if event["stage"] != wanted:
        return None
    what = event.get("objectRef", {})
    names = (what.get("resource", ""), what.get("subresource", ""))
    return Asked(
        at=datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp(),
        user=event["user"].get("username", ""),  # nobody, if the login was refused
        verb=event["verb"],
        resource="/".join(filter(None, names)),
        code=event.get("responseStatus", {}).get("code", 0),
    )
