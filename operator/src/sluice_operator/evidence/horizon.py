"""Until when may be counted: no sample that shows up later may be older than that. Pure."""

from collections.abc import Sequence

from sluice_operator.evidence.pace import SETTLED_MS
from sluice_operator.evidence.series import Group


def settled(arms: Sequence[Sequence[Group]], newest: int) -> int:
    """The latest time until which every sample of all arms is visible.

    A process that is scraped in order has shown all until its newest sample; one that is silent has
    shown all that is older than the longest scrape. An arm without any sample since some time is
    not counted beyond it: nothing is known of it there.

    Args:
        arms: Groups of each revision that is counted; arms without groups are left out.
        newest: Time of the newest sample that Prometheus has of anybody.
    """
    certain = newest - SETTLED_MS
    limits = [certain if not any(arms) else newest]
    for groups in filter(None, arms):
        limits.append(max(group.newest for group in groups))
        limits.append(min(max(group.newest, certain) for group in groups))
    return min(limits)
