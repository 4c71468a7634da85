"""The samples that a question needs: shared ones, or its own where its cursor lies further back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.family import BUCKET
from sluice_operator.evidence.meter import Meter, SlownessMeter, no_edge
from sluice_operator.evidence.pace import CHUNK_MS, GONE_MS, SETTLED_MS
from sluice_operator.evidence.prometheus_answer import (
    Names,
    PrometheusAwayError,
    PrometheusError,
)
from sluice_operator.evidence.prometheus_api import PrometheusApi
from sluice_operator.evidence.series import Group, Labels
from sluice_operator.evidence.shelf import Look

Arms = Mapping[str, Sequence[Group]]
"""The counters of each revision that a question counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What Prometheus knows of some revisions."""

    api: PrometheusApi
    meter: Meter
    look: Look
    """The last minutes, of all revisions."""
    revisions: tuple[str, ...]
    labels: Mapping[str, str]
    """What the series of these revisions bear beside the name; checked here on shared samples."""
    more: Mapping[str, str]
    """What every series that is asked for must bear."""
    warm_ms: int = 0
    """How long Prometheus must have scraped before counting begins."""

    def arms(self) -> Arms:
        """The last minutes of each revision.

        Raises:
            PrometheusError: A series cannot be read as what it should be.
        """
        arms = self._arms_in(self.look)
        problems = (group.problem for groups in arms.values() for group in groups)
        if problem := next(filter(None, problems), ""):
            raise PrometheusError(f"{self.meter.family.metric}{problem}")
        return arms

    def arms_since(self, cursor: Cursor) -> tuple[Arms, int]:
        """Each revision from the cursor on, with the time until which all is there.

        Raises:
            PrometheusError: A series cannot be read as what it should be, or not at all.
        """
        assert self.look.newest is not None
        arms, begin = self.arms(), cursor.at - GONE_MS
        if begin >= self.look.begin or not _goes_on(arms, cursor.at):
            return arms, self.look.newest
        end = min(cursor.at + CHUNK_MS, self.look.newest)
        older = Look(family=self.meter.family, now=self.look.now, begin=begin)
        while True:
            found = self.api.samples(self._selector(), Names(), begin, end)
            older = older.joined(found, older.begin, older.now)
            arms = self._arms_in(older)
            if end >= self.look.newest or _goes_on(arms, cursor.at):
                return arms, end
            begin, end = end, min(end + CHUNK_MS, self.look.newest)

    def refuse_while_cold(self, until: int) -> None:
        """A process that is scraped for the first time must be new; nobody else may be left.

        Raises:
            PrometheusAwayError: Prometheus itself has begun too short a time ago.
        """
        assert self.look.oldest is not None
        warm = until - self.look.oldest
        if warm < self.warm_ms:
            raise PrometheusAwayError(
                f"Prometheus has scraped {self.meter.family.metric} for {warm / 1000:.0f} s only;"
                f" counting begins after {self.warm_ms / 1000:.0f} s"
            )

    def older(self, cursor: Cursor) -> Mapping[Labels, float] | None:
        """What series stood at before the cursor; None if Prometheus has forgotten that time.

        Raises:
            PrometheusError: There is no answer.
        """
        found = self.api.last(self._selector(), cursor.at - SETTLED_MS)
        everybody = self.meter.selector((), self.more)
        since = cursor.at - GONE_MS
        return found if found or self.api.is_there(everybody, since, cursor.at) else None

    def _selector(self) -> str:
        return self.meter.selector(self.revisions, self._labels)

    @property
    def _labels(self) -> Mapping[str, str]:
        return {**self.more, **self.labels}

    def _arms_in(self, look: Look) -> Arms:
        found = {name: self._mine(look.groups.get(name, ())) for name in self.revisions}
        for group in (group for groups in found.values() for group in groups):
            if problem := self.meter.problem(group):
                raise PrometheusError(self._edges() or problem)
        return found

    def _mine(self, groups: Sequence[Group]) -> Sequence[Group]:
        return tuple(group for group in groups if group.has(self.labels)) if self.labels else groups

    def _edges(self) -> str:
        """That there is no bucket with a wanted edge; empty when that is not the problem."""
        meter = self.meter
        if not isinstance(meter, SlownessMeter):
            return ""
        selector = meter.family.selector(self.revisions, self._labels)
        texts = self.api.label_values(selector, BUCKET, self.look.now)
        known = {float(text) for text in texts if text} - {float("inf")}
        missing = [edge for edge in meter.edges if edge not in known]
        return no_edge(meter.family.metric, missing[0], known) if missing else ""


def _goes_on(arms: Arms, at: int) -> bool:
    """Whether every revision has a sample after a time."""
    return all(any(group.newest > at for group in groups) for groups in arms.values())
