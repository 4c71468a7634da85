"""What all plots share: colours, and SVG to stand inside a page."""

import io

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.rcParams["svg.hashsalt"] = "sluice"
mpl.rcParams["font.size"] = 9

STABLE, CANDIDATE, HARM, SAFE, REST = "#4a6fa5", "#e07a1f", "#c0392b", "#2e8b57", "#c9ced6"


def svg(figure: Figure) -> str:
    """The figure as an element of HTML."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
