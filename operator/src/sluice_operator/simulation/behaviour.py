"""How a revision behaves in the simulated world."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a model would do if it were real."""

    startup: timedelta = timedelta(seconds=2)
    """From start to ready."""
    broken: str = ""
    """Why it never gets ready; empty for one that does."""
    error_rate: float = 0.005
    """Share of requests that fail."""
    slow: float = 0.005
    """Share of requests that take longer than the threshold of any gate."""
    worse: float = 0.025
    """Share of requests on which it is wrong and stable is right."""
    better: float = 0.025
    """Share of requests on which it is right and stable is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What users send."""

    per_second: float = 200.0
    label_delay: timedelta = timedelta(seconds=10)
    """From the answer to its label."""
