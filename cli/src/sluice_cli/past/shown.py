"""What a RolloutRun shows of its decisions beside the journal: it must follow from the journal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sluice_operator.controller.moment import moment_of
from sluice_operator.controller.page import Look, decision_shown
from sluice_operator.rollout.replay import Replayed

Plain = Mapping[str, Any]


def differences(turns: Sequence[Replayed], decisions: Sequence[Plain]) -> Iterator[tuple[int, str]]:
    """Number of each decision that is shown otherwise than it was made, and the first such field.

    Decisions whose look is not in the journal any more cannot be compared. Looks of one moment are
    told apart by what was decided.
    """
    looks: dict[datetime, list[int]] = {}
    for number, turn in enumerate(turns, start=1):
        looks.setdefault(turn.seen.now, []).append(number)
    for decision in decisions:
        numbers = looks.get(moment_of(decision["at"]), [])
        found = [(number, difference(decision, turns[number - 1])) for number in numbers]
        if found and all(words for _, words in found):
            yield found[0]


def difference(shown: Plain, turn: Replayed) -> str:
    """The first field that does not follow; empty if all do."""
    look = Look(spec=turn.spec, before=turn.before, seen=turn.seen, decision=turn.decision)
    return next(_unlike(shown, decision_shown(look), ""), "")


def _unlike(shown: Any, made: Any, path: str) -> Iterator[str]:
    """Fields of what is shown; what an older operator did not show is no difference."""
    if isinstance(shown, Mapping) and isinstance(made, Mapping):
        for name in (name for name in shown if name not in _ASKED):
            yield from _unlike(shown[name], made.get(name), f"{path}.{name}" if path else name)
    elif _is_list(shown) and _is_list(made) and len(shown) == len(made):
        for place, (one, other) in enumerate(zip(shown, made, strict=True)):
            yield from _unlike(one, other, f"{path}[{_name(one, place)}]")
    elif shown != made:
        yield f"{path}: the record shows {shown!r}, and {made!r} follows from its journal"


_ASKED = frozenset({"source", "action"})
"""Who asked, and whom: known to the operator alone."""


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _name(value: Any, place: int) -> str:
    return str(value["name"]) if isinstance(value, Mapping) and "name" in value else str(place)
