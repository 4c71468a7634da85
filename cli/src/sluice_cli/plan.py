"""`sluice rollout plan`: what a file means before anybody applies it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from sluice_operator.api.admission.whole import FAMILY_ALPHA, guardrail_alpha
from sluice_operator.api.fields import format_duration
from sluice_operator.api.fill import DEFAULTS
from sluice_operator.api.load import read
from sluice_operator.api.v1alpha1 import Gate, ModelDeployment, Spec, Step, StrategyType
from sluice_operator.errors import SpecError
from sluice_operator.laptop.home import Home
from sluice_operator.rollout.gate import objectives

from sluice_cli.home import HomeOption
from sluice_cli.shown import Output, OutputOption, console, print_json

Plan = dict[str, Any]


def plan(
    file: Annotated[Path, typer.Option("--file", "-f", help="a ModelDeployment")],
    home: HomeOption,
    output: OutputOption = Output.TEXT,
) -> None:
    """What a file means: its steps, and its gates with their chances of error."""
    plans = plans_in(file, home)
    if output is Output.JSON:
        print_json(plans[0] if len(plans) == 1 else plans)
        return
    for one in plans:
        console.print(_picture(one))


def plans_in(file: Path, home: Home) -> list[Plan]:
    """The plan of each ModelDeployment in a file; templates are those of the file and the home.

    Raises:
        SpecError: The file is wrong, or has no ModelDeployment.
    """
    found = read(file)
    if not found.deployments:
        raise SpecError(f"{file}: has no ModelDeployment; add one, or apply the templates alone")
    return [_plan(wanted, home.in_force(wanted.spec, found.gates)) for wanted in found.deployments]


def _plan(wanted: ModelDeployment, spec: Spec) -> Plan:
    own = {gate.name for gate in wanted.spec.gates}
    return {
        "name": wanted.metadata.name,
        "strategy": spec.strategy.type.value,
        "filled": spec.strategy.steps != wanted.spec.strategy.steps,
        "steps": list(_steps(spec)),
        "gates": [_gate(gate, own, spec) for gate in spec.gates],
        "guardrailAlpha": round(guardrail_alpha(spec.gates), 6),
        "objectiveAlpha": round(sum(spec.gate(name).alpha for name in objectives(spec)), 6),
        "guardrailAlphaBudget": FAMILY_ALPHA,
        "bake": format_duration(spec.rollback.bake),
    }


def _steps(spec: Spec) -> Iterator[Plan]:
    """Every step with the traffic that it has, and the promotion that follows the last."""
    weight = mirror = 0
    for number, step in enumerate(spec.strategy.plan, start=1):
        weight = step.set_weight or weight
        mirror = step.mirror.percent if step.mirror else 0 if step.set_weight else mirror
        yield {
            "step": number,
            "title": step.title,
            "weight": weight,
            "mirror": mirror,
            "ends": ends(step),
        }
    yield {
        "step": len(spec.strategy.plan) + 1,
        "title": "promotion",
        "weight": 100,
        "mirror": 0,
        "ends": _promotion(spec),
    }


def ends(step: Step) -> str:
    """When a step is over, in words."""
    if step.analysis is not None:
        return _analysis(step)
    if step.pause is not None:
        rest = step.pause.duration
        return "when somebody resumes" if rest is None else f"after {format_duration(rest)}"
    if step.approval is not None:
        timeout, then = step.approval.timeout, step.approval.on_timeout
        limit = "" if timeout is None else f"; after {format_duration(timeout)}: {then}"
        return f"when somebody promotes{limit}"
    return "when the router reports it"


def _analysis(step: Step) -> str:
    analysis = step.analysis
    assert analysis is not None
    least = format_duration(analysis.min_duration)
    most = format_duration(analysis.max_duration)
    soonest = f", after {least} at least" if analysis.min_duration else ""
    proven = f"when {', '.join(analysis.gates)} proven safe{soonest}"
    return f"{proven}; undecided after {most}: {analysis.on_inconclusive}"


def _promotion(spec: Spec) -> str:
    if not spec.rollback.bake:
        return "at once: there is no bake"
    bake = format_duration(spec.rollback.bake)
    return f"after a bake of {bake}, in which the old revision stays warm"


def _gate(gate: Gate, own: set[str], spec: Spec) -> Plan:
    awaited = [
        number
        for number, step in enumerate(spec.strategy.plan, start=1)
        if step.analysis is not None and gate.name in step.analysis.gates
    ]
    return {
        "name": gate.name,
        "role": gate.role.value,
        "metric": gate.metric.value,
        "comparison": gate.comparison.value,
        "margin": gate.margin,
        "alpha": gate.alpha,
        "alphaSafe": gate.alpha_safe,
        "awaitedIn": awaited,
        "from": _origin(gate, own),
    }


def _origin(gate: Gate, own: set[str]) -> str:
    if gate.name in own:
        return "file"
    return "strategy" if gate in DEFAULTS else "template"


def _picture(one: Plan) -> RenderableType:
    said = f"{one['strategy']}; {_filled(one)}"
    body = (Text(said), _step_table(one), _gate_table(one), Text(_chances(one)))
    return Panel(Group(*body), title=one["name"], title_align="left")


def _chances(one: Plan) -> str:
    total, budget = one["guardrailAlpha"], one["guardrailAlphaBudget"]
    by_objective = one["objectiveAlpha"]
    also = f", by an Objective with {by_objective:.2%}" if by_objective else ""
    return (
        f"a healthy candidate is taken back by a guardrail with chance {total:.2%} at most "
        f"({budget:.0%} are allowed){also}"
    )


def _filled(one: Plan) -> str:
    if one["filled"]:
        return "the file gives no steps, so these are those of the strategy"
    return (
        "all requests at once, unchecked"
        if one["strategy"] == StrategyType.IMMEDIATE
        else "the steps are those of the file"
    )


def _step_table(one: Plan) -> Table:
    table = _table("step", "", "weight", "copies", "ends")
    for step in one["steps"]:
        copies = f"{step['mirror']} %" if step["mirror"] else ""
        cells = (str(step["step"]), step["title"], f"{step['weight']} %", copies, step["ends"])
        table.add_row(*cells)
    return table


def _gate_table(one: Plan) -> Table:
    table = _table("gate", "role", "asks", "alpha/safe", "awaited in", "from")
    for gate in one["gates"]:
        table.add_row(
            gate["name"],
            gate["role"],
            f"{gate['metric']} {gate['comparison']} {gate['margin']:g}",
            f"{gate['alpha']:g}/{gate['alphaSafe']:g}",
            ", ".join(map(str, gate["awaitedIn"])) or "only watches",
            gate["from"],
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column)
    return table
