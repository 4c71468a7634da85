"""What a RolloutRun shows of its decisions beside the journal: it must follow from the journal."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sluice_operator.controller.moment import moment_of
from sluice_operator.controller.page import Look, decision_shown
from sluice_operator.errors import SpecError
from sluice_operator.rollout.replay import Replayed

Plain = Mapping[str, Any]


def differences(turns: Sequence[Replayed], decisions: Sequence[Plain]) -> Iterator[tuple[int, str]]:
    """Number of each decision that is shown otherwise than it was made, and the first such field.

    What was decided where looks are not in the journal cannot be compared. Looks of one moment are
    told apart by what was decided.

    Raises:
        SpecError: A decision is shown without a time.
    """
    moments = [turn.seen.now for turn in turns]
    for place, decision in enumerate(decisions):
        moment = _moment(decision, place)
        begin, end = bisect_left(moments, moment), bisect_right(moments, moment)
        found = [(look + 1, difference(decision, turns[look])) for look in range(begin, end)]
        if found and all(words for _, words in found):
            yield found[0]
        if not found and 0 < begin < len(turns) and not turns[begin].resumed:
            yield begin + 1, f"the record shows a decision at {moment}, when nobody looked"


def _moment(decision: Plain, place: int) -> datetime:
    try:
        return moment_of(decision["at"])
    except (KeyError, TypeError, ValueError) as wrong:
        raise SpecError(
            f"status.decisions[{place}].at: is no time such as 2026-01-31T14:03:27.5Z"
        ) from wrong


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
