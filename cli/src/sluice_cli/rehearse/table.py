"""A rehearsal on the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sluice_operator.simulation.rehearsal import End

from sluice_cli.rehearse.advice import span_words
from sluice_cli.rehearse.sample import Chance, Sample

HEAD = (
    "candidate",
    "rolled back",
    "promoted",
    "paused",
    "until then",
    "95 %",
    "it answered",
    "users hurt",
    "95 %",
)
WIDTH = 120
"""Of the table; a narrow terminal breaks its lines, which is better than losing numbers."""


def chance_words(chance: Chance) -> str:
    """A probability with its interval."""
    return f"{_percent(chance.share)} [{_percent(chance.low)}-{_percent(chance.high)}]"


def _percent(share: float) -> str:
    """Near either end with one digit more."""
    percent = 100 * share
    near = 0.05 <= percent < 10 or 90 < percent < 99.95  # noqa: PLR2004 - the digit that it takes
    return f"{percent:.1f}" if near else f"{percent:.0f}"


def cells(sample: Sample) -> tuple[str, ...]:
    """One line of the table."""
    if not sample.runs:
        return (sample.candidate.title, *("-" for _ in HEAD[1:]))
    usual = sample.usual
    exposed = sorted(one.exposed for one in sample.endings)[sample.runs // 2]
    return (
        sample.candidate.title,
        chance_words(sample.chance(End.ROLLED_BACK)),
        chance_words(sample.chance(End.PROMOTED)),
        chance_words(sample.chance(End.PAUSED)),
        span_words(sample.seconds(usual, 0.5)),
        span_words(sample.seconds(usual, 0.95)),
        f"{exposed:,}",
        f"{sample.hurt(0.5):,.1f}" if sample.hurt(0.5) < 10 else f"{sample.hurt(0.5):,.0f}",  # noqa: PLR2004
        f"{sample.hurt(0.95):,.0f}",
    )


def show(samples: Sequence[Sample], advices: Sequence[tuple[bool, str]], console: Console) -> None:
    """The table, and what it means."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for number, title in enumerate(HEAD):
        table.add_column(title, justify="right" if number else "left", no_wrap=True)
    for sample in samples:
        table.add_row(*cells(sample))
    width = max(console.width, WIDTH)
    Console(file=console.file, width=width, highlight=False).print(table)
    for bad, sentence in advices:
        mark = Text("! ", "bold red") if bad else Text("  ", "green")
        console.print(mark + Text(sentence), soft_wrap=True)
