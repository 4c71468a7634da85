"""Phases, pauses, ends, conditions and events of a rollout: all that a status names."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from sluice_operator import rollout
from sluice_operator.api.load import parse
from sluice_operator.controller import view
from sluice_operator.model import Serving, Verdict
from sluice_operator.rollout import condition, step
from sluice_operator.rollout.condition import conditions_of
from sluice_operator.rollout.retreat import UNREADY_LIMIT
from sluice_operator.rollout.status import RESTING, Outcome, PauseReason, Phase, Status

from tools.page.code import UNSPOKEN, Said, branches_of, calls_of, modules_of, text_of
from tools.page.mark import marked_page
from tools.page.meaning import CONDITIONS, EVENTS, OUTCOMES, PAUSES, PHASES

PAGE = """\
# Conditions and events

What to do about each of them is in the [runbook](../runbook.md). In a cluster, `kubectl describe
modeldeployment NAME` shows phase, conditions, history and events, and `kubectl get rolloutrun
NAME-ATTEMPT -o yaml` the decisions. On a laptop, `sluice rollout get NAME -o json` has phase,
conditions and history; events are in the log of the
controller (`logs/controller.log` in the home), and the rows of `runs/` replay to them.
Names in braces are filled in; `…` is something that only the run knows.

## Phases
Where a deployment stands. Nothing happens until something new is wanted in {resting}.
A rollout that rests in the middle is shown as `Paused`. A revision on trial, or in its bake, that
has traffic and does not answer for {unready:.0f} s is taken back whatever else is going on.

{phases}

## Pauses
Why a rollout rests in the middle. The limit for a router that does not follow is {drift:.0f} s.

{pauses}

## Ends of an attempt

{outcomes}

## Conditions

{conditions}

## Events

{events}
"""
DYNAMIC: Mapping[str, tuple[str, ...]] = {
    "outcome.value": tuple(o.value for o in Outcome if o is not Outcome.PROMOTED),
    "f'Gate{verdict.value}'": tuple(
        f"Gate{v.value}" for v in Verdict if v is not Verdict.INCONCLUSIVE
    ),
}
"""Reasons of events that are computed, by the expression that does it."""
COMPUTED: Mapping[str, str] = {
    "status.phase.value": "the phase",
    "waits": "the pause",
    "trouble.reason": "`EngineRefused`",
}
"""Likewise for conditions, in words."""


def page() -> str:
    """The whole page.

    Raises:
        KeyError: A name has no sentence in `tools/page/meaning.py`.
    """
    text = PAGE.format(
        resting=", ".join(f"`{phase}`" for phase in Phase if phase in RESTING),
        unready=UNREADY_LIMIT.total_seconds(),
        drift=step.DRIFT_LIMIT.total_seconds(),
        phases=_table("phase", PHASES, Phase),
        pauses=_table("reason", PAUSES, PauseReason),
        outcomes=_table("outcome", OUTCOMES, Outcome),
        conditions="\n".join(_conditions()),
        events="\n".join(_events()),
    )
    return marked_page(text, source="operator/src/sluice_operator/rollout/, tools/page/meaning.py")


def _table(head: str, meaning: Mapping[str, str], names: Iterable[str]) -> str:
    rows = [f"| `{name}` | {meaning[name]} |" for name in names]
    return "\n".join([f"| {head} | meaning |", "| --- | --- |", *rows])


def _conditions() -> Iterator[str]:
    yield "| condition | true when | reasons |"
    yield "| --- | --- | --- |"
    reasons: dict[str, list[str]] = defaultdict(list)
    for said in (*calls_of(condition, "Condition"), *calls_of(view, "Condition")):
        reasons[text_of(said.argument("type"))] += _reasons(said)
    for name in _condition_names():
        yield f"| `{name}` | {CONDITIONS[name]} | {', '.join(reasons[name])} |"


def _condition_names() -> list[str]:
    """The names in the order in which people see them, from a deployment that just began."""
    document = {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "any"},
        "spec": {"model": {"uri": "models:/any/1"}, "strategy": {"type": "Immediate"}},
    }
    spec = parse(document).spec
    begun = Status(deployment="any")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return [known.type for known in conditions_of(spec, begun, Serving(), now)]


def _reasons(said: Said) -> list[str]:
    return [_reason(choice) for choice in branches_of(said.argument("reason"))]


def _reason(choice: ast.expr) -> str:
    text = text_of(choice)
    return COMPUTED[ast.unparse(choice)] if text == UNSPOKEN else f"`{text}`"


def _events() -> Iterator[str]:
    yield "| event | kind | meaning | says |"
    yield "| --- | --- | --- | --- |"
    told: dict[str, list[Said]] = defaultdict(list)
    for said in _told():
        for reason in _names_of(said.argument("reason", 2)):
            told[reason].append(said)
    for reason in sorted(told, key=str.lower):
        says = {text_of(said.argument("message", 3)) for said in told[reason]}
        shown = "<br>".join(f"`{text}`" for text in sorted(says) if text.strip(UNSPOKEN))
        yield f"| `{reason}` | {_kind(told[reason])} | {EVENTS[reason]} | {shown} |"


def _told() -> Iterator[Said]:
    """Every place that tells of an event; the one that only passes a reason on is none."""
    modules = tuple(modules_of(rollout))
    places = (said for m in modules for name in ("told", "Event") for said in calls_of(m, name))
    return (said for said in places if not isinstance(said.argument("reason", 2), ast.Name))


def _names_of(reason: ast.expr | None) -> tuple[str, ...]:
    if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
        return (reason.value,)
    return DYNAMIC[ast.unparse(reason)] if reason else ()


def _kind(places: Sequence[Said]) -> str:
    return " or ".join(sorted({_flag(said.argument("warning")) for said in places}))


def _flag(warning: ast.expr | None) -> str:
    match warning:
        case None | ast.Constant(value=False):
            return "Normal"
        case ast.Constant(value=True):
            return "Warning"
        case _:
            return f"Warning if `{ast.unparse(warning)}`"
