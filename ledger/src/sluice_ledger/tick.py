"""The ledger's own time: ticks in which arrivals are put, so that their age can be told.

A tick is counted by the clock of who writes, and never back: each commit is of the same tick as the
one before or of a later one. So a tick that lies before the present one is complete for good.
"""

import math

TICK_SECONDS = 10
"""How finely ages are told; each tick of each revision costs a row or a sum."""
MOST_CLASSES = 64
"""Classes of one deployment that are counted by name, in the order in which they were first
predicted; all others are the rest. A regression's numbers would else need a sum each."""
SHOWN_CLASSES = 32
"""Classes that one answer names, the commonest first."""


def tick_of(seconds: float) -> int:
    """The tick of a time since the epoch."""
    return math.floor(seconds / TICK_SECONDS)


def ticks_in(seconds: float) -> int:
    """How many ticks an age takes, rounded up: nothing comes of age too early."""
    return math.ceil(seconds / TICK_SECONDS)


def horizon(present: int, maturity_seconds: float) -> int:
    """The last tick whose answers are of age.

    What arrives from now on is of the present tick or a later one, and so comes too late for them.
    """
    return present - ticks_in(maturity_seconds) - 1
