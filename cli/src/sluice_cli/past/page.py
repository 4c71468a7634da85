"""An explained attempt as one page that needs nothing but itself."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from sluice_operator.laptop.home import write_whole

from sluice_cli.demo.plot import timeline_svg
from sluice_cli.demo.series import course_of
from sluice_cli.past.explain import Told, plain_of
from sluice_cli.past.source import Past


def write_page(path: Path, past: Past, told: Sequence[Told]) -> None:
    """Write the page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(
        (files("sluice_cli.past") / "page.html.jinja").read_text(encoding="utf-8")
    )
    statuses = [turn.decision.status for turn in past.turns]
    candidate = next((s.candidate.name for s in statuses if s.candidate is not None), "")
    text = template.render(
        told=plain_of(past, told),
        count=len(past.turns),
        equal=not any(past.differing),
        # our own drawing, not a user's text
        plot=Markup(timeline_svg(past.turns[-1].spec, course_of(past.turns, candidate))),  # noqa: S704
    )
    write_whole(path, text)
