"""What a rehearsal says about the policy, in sentences; every number comes from it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sluice_operator.simulation.prospect import Prospect, Wait
from sluice_operator.simulation.rehearsal import End, Users

from sluice_cli.rehearse.sample import Sample

MISSED = 0.05
"""A worse candidate that is promoted more often than this is told."""
_UNITS = ((86_400.0, "day", "days"), (3_600.0, "h", "h"), (60.0, "min", "min"))
_MANY = 2.0
"""Of a unit, before the next smaller one is used no more."""


def span_words(seconds: float | None) -> str:
    """A time for people, to two digits."""
    if seconds is None:
        return "-"
    for size, _, unit in _UNITS:
        if seconds >= _MANY * size:
            return f"{float(f'{seconds / size:.2g}'):g} {unit}"
    return f"{seconds:.0f} s"


def advice(
    found: Sequence[Prospect], samples: Sequence[Sample], users: Users
) -> Iterator[tuple[bool, str]]:
    """Whether it is bad news, and the sentence."""
    for prospect in found:
        if not prospect.works:
            yield True, _too_slow(prospect, users)
    for sample in samples:
        if sample.runs:
            yield from _about(sample)
    if found and all(prospect.works for prospect in found):
        slowest = max(found, key=lambda one: one.wait.median or timedelta(0))
        yield False, _in_time(slowest)


def _too_slow(found: Prospect, users: Users) -> str:
    rate = users.traffic.per_second
    hope = f"ends undecided in {1 - found.wait.within:.0%}" if found.wait.within else "cannot work"
    return (
        f"Step {found.step + 1} ({found.title} at {found.place.words}) {hope}: at {rate:g}"
        f" request{'' if rate == 1 else 's'}/s gate {found.gate} needs"
        f" {_needs(found.wait)} to prove safe what is as good as stable, and the"
        f" step ends after {span_words(found.allowed.total_seconds())}"
        f" (then {found.on_inconclusive.value}). {_ways_out(found)}"
    )


def _needs(wait: Wait) -> str:
    if wait.median is None:
        return "more than 90 days"
    most = "more than 90 days" if wait.most is None else span_words(wait.most.total_seconds())
    return f"about {span_words(wait.median.total_seconds())} (one in ten takes {most} or more)"


def _ways_out(found: Prospect) -> str:
    ways = [
        f"{how}: {span_words(wait.median.total_seconds())}"
        for how, wait in found.ways_out
        if wait.median is not None
        and (found.wait.median is None or wait.median < found.wait.median)
    ]
    longer = (
        [f"a maxDuration of {span_words(found.wait.most.total_seconds())}"]
        if found.wait.most
        else []
    )
    if not ways and not longer:
        return "Neither other traffic nor a larger margin helps; name another gate in the step."
    return f"Instead: {'; '.join([*ways, *longer])}."


def _in_time(slowest: Prospect) -> str:
    median = slowest.wait.median or timedelta(0)
    return (
        "Every gate that a step waits for can be proven in time; the slowest is"
        f" {slowest.gate} in step {slowest.step + 1}: about {span_words(median.total_seconds())} of"
        f" the {span_words(slowest.allowed.total_seconds())} that the step allows."
    )


def _about(sample: Sample) -> Iterator[tuple[bool, str]]:
    title = sample.candidate.title
    promoted, back = sample.chance(End.PROMOTED), sample.chance(End.ROLLED_BACK)
    if not sample.candidate.is_worse:
        if promoted.high < 0.5:  # noqa: PLR2004 - more often than not
            cause = sample.causes[0][0]
            yield True, f"A candidate {title} is promoted in {promoted.share:.0%} only: {cause}."
        elif back.low > MISSED:
            cause = sample.causes[0][0]
            yield True, f"A candidate {title} is taken back in {back.share:.0%}: {cause}."
        return
    if promoted.low > MISSED:
        lost = sample.hurt(0.5)
        people = f"; {lost:,.0f} users get a bad answer in the median" if lost >= 1 else ""
        yield (
            True,
            f"A candidate that is bad ({title}) is promoted in {promoted.share:.0%}{people}.",
        )
