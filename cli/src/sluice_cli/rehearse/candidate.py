"""The candidates that a policy is rehearsed with: as good as stable, or worse in one way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sluice_operator.errors import SpecError
from sluice_operator.simulation.behaviour import Behaviour

USUAL = (
    "equal",
    "errors=1.5",
    "errors=2",
    "errors=10",
    "slow=2",
    "slow=5",
    "accuracy=1",
    "accuracy=2",
    "accuracy=3",
)
_WAYS = "equal, errors=TIMES, slow=TIMES, accuracy=POINTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way to be."""

    name: str
    behaviour: Behaviour
    is_worse: bool

    @property
    def title(self) -> str:
        """The name for people."""
        kind, _, size = self.name.partition("=")
        match kind:
            case "errors":
                return f"{size}x errors"
            case "slow":
                return f"{size}x slow answers"
            case "accuracy":
                return f"{size} point{'' if size == '1' else 's'} less accurate"
            case _:
                return "as good as stable"


def candidates(names: Sequence[str], stable: Behaviour) -> tuple[Candidate, ...]:
    """The candidates of these names.

    Raises:
        SpecError: A name says nothing.
    """
    return tuple(_candidate(name, stable) for name in names)


def _candidate(name: str, stable: Behaviour) -> Candidate:
    kind, _, text = name.partition("=")
    if name == "equal":
        return Candidate(name=name, behaviour=stable, is_worse=False)
    try:
        changes = _changes(kind, float(text), stable)
    except ValueError:
        changes = {}
    if not changes:
        raise SpecError(f"--candidate {name}: say one of {_WAYS}")
    return Candidate(name=name, behaviour=replace(stable, **changes), is_worse=True)


def _changes(kind: str, size: float, stable: Behaviour) -> dict[str, Any]:
    match kind:
        case "errors":
            return {"error_rate": min(size * stable.error_rate, 1.0)}
        case "slow":
            return {"slow": min(size * stable.slow, 1.0)}
        case "accuracy":
            loss = size / 100
            # of the answers that differ, more are wrong; if that is not enough, more differ
            better = max(stable.better - loss / 2, 0.0)
            return {
                "worse": better + loss,
                "better": better,
                "wrong": min(stable.wrong + loss, 1.0),
            }
        case _:
            return {}
