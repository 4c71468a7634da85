"""The ledger's own time: steps in which arrivals are put, so that their age can be told.

A step is counted by the clock of who writes, and never back: each commit is of the same step as the
one before or of a later one. So a step that lies before the present one is complete for good.
"""

import math

STEP_SECONDS = 10
"""How finely ages are told; each step of each revision costs a row or a sum."""
MOST_CLASSES = 64
"""Classes of one deployment that are counted by name, in the order in which they were first
predicted; all others are the rest. A regression's numbers would else need a sum each."""
SHOWN_CLASSES = 32
"""Classes that one answer names, the commonest first."""


def step_of(seconds: float) -> int:
    """The step of a time since the epoch."""
    return math.floor(seconds / STEP_SECONDS)


def steps_in(seconds: float) -> int:
    """How many steps an age takes, rounded up: nothing comes of age too early."""
    return math.ceil(seconds / STEP_SECONDS)


def horizon(present: int, maturity_seconds: float) -> int:
    """The last step whose answers are of age.

    What arrives from now on is of the present step or a later one, and so comes too late for them.
    """
    return present - steps_in(maturity_seconds) - 1
