"""Plots of a rehearsal, as SVG to stand inside a page."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from sluice_operator.simulation.rehearsal import End

from sluice_cli.drawing import CANDIDATE, HARM, REST, SAFE, STABLE, svg
from sluice_cli.rehearse.advice import span_words
from sluice_cli.rehearse.sample import Sample

COLOURS = {
    End.ROLLED_BACK: HARM,
    End.PROMOTED: SAFE,
    End.PAUSED: CANDIDATE,
    End.UNFINISHED: REST,
}
_TITLES = {
    End.ROLLED_BACK: "rolled back",
    End.PROMOTED: "promoted",
    End.PAUSED: "paused: a person must come",
    End.UNFINISHED: "unfinished after 30 days",
}
_TICKS = (10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0)


def ends_svg(samples: Sequence[Sample]) -> str:
    """How often each candidate ends how."""
    figure = Figure(figsize=(9.5, 0.9 + 0.38 * len(samples)), layout="constrained")
    axes = figure.subplots()
    titles = [sample.candidate.title for sample in samples]
    left = np.zeros(len(samples))
    for end in End:
        shares = np.array([100 * sample.chance(end).share for sample in samples])
        if shares.any():
            axes.barh(titles, shares, left=left, color=COLOURS[end], label=_TITLES[end], height=0.7)
        left += shares
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("of 100 rollouts")
    _plain(axes)
    figure.legend(loc="outside upper left", ncols=4, frameon=False)
    return svg(figure)


def times_svg(samples: Sequence[Sample]) -> str:
    """When it is decided: each rollout is a dot, each median a line."""
    figure = Figure(figsize=(9.5, 0.9 + 0.45 * len(samples)), layout="constrained")
    axes = figure.subplots()
    chance = np.random.default_rng(1)
    for row, sample in enumerate(samples):
        for end in End:
            times = [max(one.seconds, 1.0) for one in sample.endings if one.end is end]
            if times:
                spread = row + chance.uniform(-0.28, 0.28, len(times))
                axes.scatter(times, spread, s=7, color=COLOURS[end], alpha=0.45, linewidths=0)
                axes.plot(
                    [float(np.median(times))] * 2, [row - 0.36, row + 0.36], color="#1d2733", lw=1.3
                )
    axes.set_yticks(range(len(samples)), [sample.candidate.title for sample in samples])
    axes.invert_yaxis()
    axes.set_xscale("log")
    _time_ticks(axes)
    axes.set_xlabel("until it was decided; colours as above")
    _plain(axes)
    return svg(figure)


def hurt_svg(samples: Sequence[Sample]) -> str:
    """How many users each worse candidate hurts: median and 95 %."""
    worse = [sample for sample in samples if sample.candidate.is_worse and sample.runs]
    figure = Figure(figsize=(9.5, 0.9 + 0.38 * len(worse)), layout="constrained")
    axes = figure.subplots()
    for row, sample in enumerate(worse):
        low, middle, high = (max(sample.hurt(share), 0.1) for share in (0.05, 0.5, 0.95))
        axes.plot([low, high], [row, row], color=HARM, lw=4, alpha=0.35, solid_capstyle="butt")
        axes.plot([middle], [row], "o", color=HARM)
        axes.annotate(f"{sample.hurt(0.5):,.0f}", (middle, row), (6, 5), textcoords="offset points")
    axes.set_yticks(range(len(worse)), [sample.candidate.title for sample in worse])
    axes.set_ylim(len(worse) - 0.5, -0.6)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("bad answers to users that stable would not have given: median, and 5 to 95 %")
    axes.grid(axis="x", color="#eef1f4")
    axes.set_axisbelow(True)
    _plain(axes)
    return svg(figure)


def _time_ticks(axes: Axes) -> None:
    low, high = axes.get_xlim()
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [span_words(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.grid(axis="x", color="#eef1f4")
    axes.set_axisbelow(True)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelcolor="#1d2733")
    axes.spines["left"].set_color(STABLE)
