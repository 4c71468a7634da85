"""The page of a rehearsal: it needs nothing but itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from sluice_operator.laptop.home import write_whole
from sluice_operator.simulation.prospect import Prospect

from sluice_cli.rehearse.advice import span_words
from sluice_cli.rehearse.plot import ends_svg, hurt_svg, times_svg
from sluice_cli.rehearse.sample import Sample
from sluice_cli.rehearse.table import HEAD, cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """All that there is to tell."""

    name: str
    setting: str
    """What was assumed, in one sentence."""
    policy: str
    samples: Sequence[Sample]
    prospects: Sequence[Prospect]
    advices: Sequence[tuple[bool, str]]


def write_report(path: Path, told: Rehearsed) -> None:
    """Write the page."""
    samples = [sample for sample in told.samples if sample.runs]
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(
        (files("sluice_cli.rehearse") / "report.html.jinja").read_text(encoding="utf-8")
    )
    text = template.render(
        name=told.name,
        setting=told.setting,
        policy=told.policy,
        advices=told.advices,
        prospects=told.prospects,
        head=HEAD,
        rows=[cells(sample) for sample in samples],
        ends=_drawn(ends_svg(samples)),
        times=_drawn(times_svg(samples)),
        hurt=_drawn(hurt_svg(samples)) if any(s.candidate.is_worse for s in samples) else "",
        span=_span,
    )
    write_whole(path, text)


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - our own drawing, not a user's text


def _span(time: timedelta | None) -> str:
    return "more than 90 days" if time is None else span_words(time.total_seconds())
