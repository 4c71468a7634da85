"""The report of a demo: one page that needs nothing but itself."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from sluice_operator.api.load import load
from sluice_operator.laptop.home import write_whole
from sluice_operator.laptop.run_record import replay

from sluice_cli.demo.act import Played
from sluice_cli.demo.plot import timeline_svg
from sluice_cli.demo.series import course_of


def write_report(
    path: Path, summary: dict[str, Any], played: Sequence[Played], deployments: Path
) -> None:
    """Write the page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(
        (files("sluice_cli.demo") / "report.html.jinja").read_text(encoding="utf-8")
    )
    pairs = zip(played, summary["rollouts"], strict=True)
    acts = [_act(one, numbers, deployments) for one, numbers in pairs]
    write_whole(path, template.render(summary=summary, acts=acts))


def _act(one: Played, numbers: dict[str, Any], deployments: Path) -> dict[str, Any]:
    spec = load(deployments / one.act.deployment).spec
    course = course_of(tuple(replay(one.record)), one.attempt.revision.name)
    return {
        "name": one.act.name,
        "story": one.act.story,
        "numbers": numbers,
        # our own drawing, not a user's text
        "plot": Markup(timeline_svg(spec, course)),  # noqa: S704
        "events": [(f"{at:.1f}", event) for at, event in course.events],
    }
