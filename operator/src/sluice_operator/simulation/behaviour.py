"""How a revision and its users behave in the simulated world."""

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
    """Share of requests that take longer than the threshold of any gate; where a gate has none,
    than the main edge."""
    worse: float = 0.025
    """Share of requests on which it is wrong and stable is right."""
    better: float = 0.025
    """Share of requests on which it is right and stable is wrong."""
    wrong: float = 0.1
    """Share of labelled answers that are wrong."""
    coverage: float = 1.0
    """Share of answers that get a label."""
    classes: tuple[float, ...] = (0.7, 0.2, 0.1)
    """Share of each class, or decile of the score, among its predictions."""
    differs: float = 0.02
    """Share of requests on which it predicts something else than stable."""
    worth: tuple[tuple[float, float], ...] = ((1.0, 0.05),)
    """Worth of the events after an answer, each with the share of answers; the others have none."""
    pull: float = 1.0
    """Its odds to get a request, over those that the router was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A time in which everybody fails more often, whoever answers."""

    begins: timedelta
    """After the start of the world."""
    lasts: timedelta = timedelta(minutes=2)
    factor: float = 10.0
    """How many times as often as else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What users send."""

    per_second: float = 200.0
    """In the mean over a day."""
    label_delay: timedelta = timedelta(seconds=10)
    """From the answer to its label."""
    daily: float = 0.0
    """Swing of the load over a day, as a share of its mean; below 1."""
    daybreak: timedelta = timedelta(0)
    """How far the day has come when the world begins; the load is rising then."""
    incidents: tuple[Incident, ...] = ()
    unrest: float = 0.0
    """How far the share of errors wanders, for all alike: deviation of its logarithm."""
    unrest_lasts: timedelta = timedelta(minutes=1)
    """After about this time the wandering share has forgotten where it was."""
    retries: int = 0
    """How often the router tries a failed request again, in vain: each attempt is counted."""
    inputs: tuple[float, ...] = (0.25, 0.25, 0.25, 0.25)
    """Share of inputs in each bin of the profile; a profile has a quarter in each."""
