"""Experiments of the double, and the rules by which the scheduler refuses them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


class RefusedError(Exception):
    """The scheduler refuses what a resource asks for; nothing changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A Model with its weight, or as a mirror with its per cent."""

    name: str
    weight: int


@dataclass(slots=True, kw_only=True)
class Experiment:
    """One Experiment as it was last accepted."""

    name: str
    default: str = ""
    candidates: tuple[Share, ...]
    mirror: Share | None = None
    active: bool = False
    reason: str = ""
    candidates_ready: bool = False
    mirror_ready: bool = False

    @property
    def models(self) -> tuple[str, ...]:
        """Every Model that it names."""
        mirror = (self.mirror.name,) if self.mirror else ()
        return (*(candidate.name for candidate in self.candidates), *mirror)

    @property
    def route(self) -> str:
        """The name of its own route."""
        return f"{self.name}.experiment"


def refuse_invalid(experiment: Experiment, others: Iterable[Experiment]) -> None:
    """Keep the scheduler's rules; weights have none.

    Raises:
        RefusedError: One is broken.
    """
    for other in others:
        if experiment.default and other.default == experiment.default:
            raise RefusedError(
                f"{experiment.default} is the default of experiment {other.name} already"
            )
    if experiment.default and experiment.default not in {c.name for c in experiment.candidates}:
        raise RefusedError(f"default {experiment.default} is none of the candidates")
    if not experiment.models:
        raise RefusedError(f"experiment {experiment.name} has neither candidates nor mirror")
    twice = {name for name in experiment.models if experiment.models.count(name) > 1}
    if twice:
        raise RefusedError(f"named more than once: {', '.join(sorted(twice))}")
