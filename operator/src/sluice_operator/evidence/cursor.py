"""Up to where Prometheus was counted, as text: a time, and who was new just then."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from zlib import crc32

from sluice_operator.evidence.pace import GONE_MS, SETTLED_MS
from sluice_operator.evidence.series import Group, Labels

_TEXT = re.compile(
    r"(\d{12,14})(?:;([0-9a-f]{8}(?:,[0-9a-f]{8})*))?(?:\|([0-9.e+-]+(?:,[0-9.e+-]+)*))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Every sample until a time was counted, but for groups that nobody could see yet.

    A scrape bears the time of its start and becomes visible at its end, so the first scrape of a
    new process may lie before the cursor and yet have been invisible. Those first scrapes that
    *were* counted are named here; others are counted in the next window.
    """

    at: int
    """Milliseconds of Prometheus' clock."""
    fresh: frozenset[str] = frozenset()
    """Ids of counted groups without any scrape in the time before the last `SETTLED_MS`."""
    edges: tuple[float, ...] = ()
    """Edges of buckets that were chosen when counting began, in seconds, the main one first."""

    @classmethod
    def of(cls, at: int, groups: Iterable[Group]) -> Self:
        """The cursor at a time until which these groups were counted."""
        return cls(at=at, fresh=frozenset(id_of(g.labels) for g in groups if is_fresh(g, at)))

    @classmethod
    def parsed(cls, text: str) -> Self | None:
        """The cursor that was written; None for one that is empty or not of Prometheus."""
        found = _TEXT.fullmatch(text)
        if found is None:
            return None
        fresh = found[2].split(",") if found[2] else ()
        try:
            edges = tuple(map(float, found[3].split(","))) if found[3] else ()
        except ValueError:
            return None
        return cls(at=int(found[1]), fresh=frozenset(fresh), edges=edges)

    @property
    def text(self) -> str:
        """What `parsed` reads back."""
        since = ";".join(filter(None, (str(self.at), ",".join(sorted(self.fresh)))))
        return "|".join(filter(None, (since, ",".join(map(repr, self.edges)))))

    def start(self, group: Group) -> int:
        """Until when a group was counted: earlier than the cursor if it was invisible then."""
        unseen = is_fresh(group, self.at) and id_of(group.labels) not in self.fresh
        return self.at - SETTLED_MS if unseen else self.at


def is_fresh(group: Group, at: int) -> bool:
    """Whether all of its scrapes before a time are so young that they may have been invisible."""
    certain = at - SETTLED_MS
    return group.last(at - GONE_MS, certain) is None and group.last(certain, at) is not None


def id_of(labels: Labels) -> str:
    """A short name of a group, the same in every process."""
    return f"{crc32(repr(labels).encode()):08x}"
