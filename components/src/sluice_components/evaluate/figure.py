"""The plots of the report, as SVG text; drawn without a display and the same for equal findings."""

import io
from collections.abc import Callable, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from sluice_components.evaluation import CalibrationBin, Evaluation, Importance, RocCurve, Slice

INK: Final = "#1f2937"
FAINT: Final = "#9ca3af"
COLOURS: Final = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2")
MOST_BARS: Final = 20
MOST_CLASSES_IN_CELLS: Final = 12
STYLE: Final = {
    "svg.fonttype": "none",  # text stays text: small, sharp and searchable
    "svg.hashsalt": "sluice",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def confusion_plot(classes: Sequence[str], table: Sequence[Sequence[int]]) -> str:
    """Truth against answer, coloured by the share of each true class."""
    counts = np.asarray(table, dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def draw(axes: Any) -> None:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        places = range(len(classes))
        upright = len(classes) > MOST_CLASSES_IN_CELLS / 2
        axes.set_xticks(places, classes, rotation=90 if upright else 0)
        axes.set_yticks(places, classes)
        axes.set(xlabel="the model said", ylabel="the truth")
        if len(classes) <= MOST_CLASSES_IN_CELLS:
            _write_cells(axes, counts, shares)

    return _drawn(draw, width=4.4, height=4.0)


def roc_plot(curves: Sequence[RocCurve]) -> str:
    """True against false positives; chance is the diagonal."""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linestyle=":", label="chance")
        for number, curve in enumerate(curves):
            axes.plot(
                curve.false_positive_rate,
                curve.true_positive_rate,
                color=COLOURS[number % len(COLOURS)],
                label=curve.name,
            )
        axes.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal")
        axes.legend(frameon=False, loc="lower right", title="class", fontsize=8)

    return _drawn(draw, width=4.4, height=4.0)


def calibration_plot(bins: Sequence[CalibrationBin]) -> str:
    """Stated against observed; on the diagonal the model means what it says."""

    def draw(axes: Any) -> None:
        highest = max(1e-3, *(max(one.stated, one.observed) for one in bins)) * 1.05
        axes.plot([0, highest], [0, highest], color=FAINT, linestyle=":", label="ideal")
        axes.plot(
            [one.stated for one in bins],
            [one.observed for one in bins],
            color=COLOURS[0],
            marker="o",
            label="a tenth of the rows each",
        )
        axes.set(xlabel="probability stated", ylabel="share that came true", aspect="equal")
        axes.legend(frameon=False, loc="upper left", fontsize=8)

    return _drawn(draw, width=4.4, height=4.0)


def importance_plot(importances: Sequence[Importance], metric: str) -> str:
    """What shuffling each feature costs, with the spread over the shuffles."""
    shown = list(importances[:MOST_BARS])[::-1]

    def draw(axes: Any) -> None:
        axes.barh(
            [one.feature for one in shown],
            [one.mean for one in shown],
            xerr=[one.deviation for one in shown],
            color=COLOURS[0],
            ecolor=INK,
            height=0.65,
        )
        axes.axvline(0, color=FAINT, linewidth=0.8)
        axes.set(xlabel=f"loss of {metric} when shuffled")

    return _drawn(draw, width=5.6, height=1.1 + 0.28 * len(shown))


def slice_plot(part: Slice, overall: float) -> str:
    """Accuracy per value with its 95 % interval, beside the accuracy of all rows."""
    groups = part.groups[::-1]

    def draw(axes: Any) -> None:
        accuracy = np.asarray([group.accuracy for group in groups])
        low = accuracy - [group.accuracy_low for group in groups]
        high = [group.accuracy_high for group in groups] - accuracy
        names = [f"{group.value}  ({group.rows})" for group in groups]
        spread = np.maximum([low, high], 0)
        axes.errorbar(accuracy, names, xerr=spread, fmt="o", color=COLOURS[0], ecolor=FAINT)
        axes.axvline(overall, color=COLOURS[1], linestyle=":")
        axes.set(xlabel="accuracy with its 95 % interval; dotted: all rows")
        axes.margins(y=0.5 / max(len(groups), 1))

    return _drawn(draw, width=5.6, height=1.1 + 0.28 * len(groups))


def plots_of(found: Evaluation) -> tuple[tuple[str, str], ...]:
    """Title and SVG of every plot that this evaluation has something to show in."""
    plots = [("Confusion matrix", confusion_plot(found.classes, found.confusion))]
    if found.roc:
        plots.append(("ROC", roc_plot(found.roc)))
    if found.calibration:
        plots.append(("Calibration", calibration_plot(found.calibration)))
    title = f"Permutation importance ({found.importance_metric})"
    plots.append((title, importance_plot(found.importances, found.importance_metric)))
    return tuple(plots)


def _write_cells(axes: Any, counts: Any, shares: Any) -> None:
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        colour = "white" if share > 0.5 else INK  # noqa: PLR2004 - half of the colour scale
        text = (
            f"{int(count):,}\n{share:.0%}"
            if len(counts) <= MOST_CLASSES_IN_CELLS / 2
            else int(count)
        )
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)


def _drawn(draw: Callable[[Any], None], *, width: float, height: float) -> str:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    svg = text.getvalue()
    return svg[svg.index("<svg") :]
