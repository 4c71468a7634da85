"""Whose failures stand out in samples that have just arrived: who is looked at first. Pure.

It decides nothing. A look that comes early sees the same counts as one that comes in its turn, and
the tests of gates hold at every look, whenever and for whatever reason it is taken.
"""

from collections.abc import Iterable, Mapping

from sluice_operator.evidence.meter import Meter
from sluice_operator.evidence.series import Group

MOST = 20
"""Revisions that one fetch brings forward: looks out of turn cost little even if all is noise."""


def standing_out(
    fresh: Iterable[str], groups: Mapping[str, Iterable[Group]], meter: Meter
) -> tuple[str, ...]:
    """Revisions whose last scrape has more failures than others in view of its size, worst first.

    Args:
        fresh: Revisions of which there are new samples.
        groups: Counters of each revision.
        meter: What of them is a failure.
    """
    scores = {name: _score(groups.get(name, ()), meter) for name in fresh}
    worst = sorted((name for name, score in scores.items() if score), key=lambda n: -scores[n])
    return tuple(worst[:MOST])


def _score(groups: Iterable[Group], meter: Meter) -> float:
    """Failures over the root of all requests: what noise of any traffic has about as much of."""
    arms = [meter.arm(_gained(group)) for group in groups]
    total, bad = sum(arm.total for arm in arms), sum(arm.bad for arm in arms)
    return bad / total**0.5 if total > 0 < bad else 0.0


def _gained(group: Group) -> dict[str, int]:
    """What the last scrape found more than the one before; nothing after a new beginning."""
    if group.spoiled:
        return {}
    ends = {name: series.values[-2:] for name, series in group.members.items()}
    steps = {name: int(end[-1] - end[0]) for name, end in ends.items() if len(end) > 1}
    return {} if any(step < 0 for step in steps.values()) else steps
