"""Plots of one attempt, as SVG to stand inside a page."""

from collections.abc import Callable, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sluice_operator.api.v1alpha1 import Comparison, Gate, Spec

from sluice_cli.demo.series import Course, GateCourse, error_rates
from sluice_cli.drawing import CANDIDATE, HARM, SAFE, STABLE, svg

SMOOTH_WINDOWS = 10
_EFFECTS = {
    Comparison.RELATIVE: "ratio",
    Comparison.ABSOLUTE: "rate",
    Comparison.PAIRED: "gain",
}
_EXTREMES = {
    Comparison.RELATIVE: (0.0, 1e6),
    Comparison.ABSOLUTE: (0.0, 1.0),
    Comparison.PAIRED: (-1.0, 1.0),
}
"""What a bound is when the evidence gives none; a ratio has no largest value."""
TURNING_POINTS = frozenset({"RollingBack", "RolledBack", "Promoting", "Promoted", "StepStarted"})


def timeline_svg(spec: Spec, course: Course) -> str:
    """Weight, error rates, e-values and effects over time, one above the other."""
    panels: list[Callable[[Axes], None]] = [partial(_weight, course)]
    for gate in spec.gates:
        seen = course.gates.get(gate.name)
        if seen is None:
            continue
        if gate.comparison is not Comparison.PAIRED:
            panels.append(partial(_rates, gate, seen))
        panels.append(partial(_evidence, gate, seen))
        if any(bound is not None for bound in (*seen.low, *seen.high)):
            panels.append(partial(_effect, gate, seen))
    figure = Figure(figsize=(9.5, 1.9 * len(panels)), layout="constrained")
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, draw in zip(rows, panels, strict=True):
        draw(axes)
        _decisions(axes, course)
        axes.spines[["top", "right"]].set_visible(False)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    rows[-1].set_xlabel("seconds since the attempt began")
    return svg(figure)


def _weight(course: Course, axes: Axes) -> None:
    axes.step(course.at, course.wanted, where="post", color="#bbb", lw=3, label="wanted")
    axes.step(course.at, _gaps(course.observed), where="post", color=CANDIDATE, label="observed")
    axes.step(
        course.at, _gaps(course.mirrored), where="post", color=STABLE, ls="--", label="mirrored"
    )
    axes.set_ylabel("candidate, %")
    axes.set_ylim(-4, 104)


def _rates(gate: Gate, seen: GateCourse, axes: Axes) -> None:
    stable, candidate = error_rates(seen.windows, SMOOTH_WINDOWS)
    axes.plot(seen.at, [_percent(r) for r in stable], color=STABLE, label="stable")
    axes.plot(seen.at, [_percent(r) for r in candidate], color=CANDIDATE, label="candidate")
    axes.set_ylabel(f"{gate.name}:\nfailed, %")
    highest = max((100 * rate for rate in (*stable, *candidate) if rate is not None), default=0)
    axes.set_ylim(-0.02 * max(highest, 1), 1.1 * max(highest, 1))


def _evidence(gate: Gate, seen: GateCourse, axes: Axes) -> None:
    axes.plot(seen.at, seen.e_harm, color=HARM, label="e-value of harm")
    axes.plot(seen.at, seen.e_safe, color=SAFE, label="e-value of safety")
    axes.axhline(1 / gate.alpha, color=HARM, ls=":", lw=1, label=f"proof at {1 / gate.alpha:g}")
    axes.axhline(
        1 / gate.alpha_safe, color=SAFE, ls=":", lw=1, label=f"proof at {1 / gate.alpha_safe:g}"
    )
    axes.set_yscale("log")
    axes.set_ylim(1e-3, max(1e4, *seen.e_harm, *seen.e_safe) if seen.at else 1e4)
    axes.set_ylabel(f"{gate.name}:\nevidence")


def _effect(gate: Gate, seen: GateCourse, axes: Axes) -> None:
    least, most = _EXTREMES[gate.comparison]
    low = [least if bound is None else bound for bound in seen.low]
    high = [most if bound is None else bound for bound in seen.high]
    known = [bound for bound in (*seen.low, *seen.high, *seen.estimate) if bound is not None]
    span = max(known) - min(known) or abs(max(known)) or 1.0
    axes.set_ylim(min(known) - 0.15 * span, max(known) + 0.15 * span)
    axes.fill_between(seen.at, low, high, color=CANDIDATE, alpha=0.2, label="always-valid bounds")
    axes.plot(seen.at, _gaps(seen.estimate), color=CANDIDATE, label="estimate")
    neutral = {Comparison.RELATIVE: 1.0, Comparison.ABSOLUTE: gate.margin, Comparison.PAIRED: 0.0}
    axes.axhline(neutral[gate.comparison], color="#888", ls=":", lw=1)
    axes.set_ylabel(f"{gate.name}:\n{_EFFECTS[gate.comparison]}")


def _decisions(axes: Axes, course: Course) -> None:
    for at, event in course.events:
        if event.reason in TURNING_POINTS:
            axes.axvline(at, color=HARM if event.warning else "#999", lw=0.8, ls="-", alpha=0.6)


def _gaps(values: Sequence[float | None]) -> list[float]:
    """Absent values as holes in the line."""
    return [float("nan") if value is None else float(value) for value in values]


def _percent(rate: float | None) -> float:
    return float("nan") if rate is None else 100 * rate
