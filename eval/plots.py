"""The two curves of the report as SVG text. Equal figures give equal bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from eval.selective import bin_confidences, trace_risk
from eval.summary import list_hits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from eval.summary import Described

COLOURS = ("#2563a8", "#b4521d")


def plot_risk(parts: Mapping[str, Sequence[Described]], threshold: float) -> str:
    """Plots the share of wrong answers against the share of questions answered, with a dot at the threshold."""
    figure, axes = _start("share of the questions answered", "share of the answers that are wrong")
    for (part, records), colour in zip(parts.items(), COLOURS, strict=False):
        if not records:
            continue
        coverage, risk = trace_risk([r["confidence"] for r in records], list_hits(records))
        axes.plot(coverage, risk, color=colour, label=f"{part}, {len(records)} questions")
        answered = sum(r["confidence"] >= threshold for r in records)
        if answered:
            axes.plot(coverage[answered - 1], risk[answered - 1], "o", color=colour)
        if all("probability" in r for r in records):
            coverage, risk = trace_risk([r["probability"] for r in records], list_hits(records))
            axes.plot(coverage, risk, color=colour, linestyle=":", label=f"{part}, by the reader's own probability")
    return _finish(figure, axes)


def plot_calibration(parts: Mapping[str, Sequence[Described]]) -> str:
    """Plots the share of right answers against confidence in ten bins. The size of a dot shows the bin's count."""
    figure, axes = _start("stated confidence", "share of the answers that are right")
    axes.plot([0, 1], [0, 1], color="#999999", linestyle=":", label="perfect")
    for (part, records), colour in zip(parts.items(), COLOURS, strict=False):
        found = [r for r in records if r["confidence"] > 0]
        bins = bin_confidences([r["confidence"] for r in found], list_hits(found))
        axes.plot([b[0] for b in bins], [b[1] for b in bins], color=colour, label=f"{part}, {len(found)} questions")
        axes.scatter([b[0] for b in bins], [b[1] for b in bins], s=[12 + 3 * b[2] for b in bins], color=colour)
    return _finish(figure, axes)


def _start(across: str, up: str) -> tuple[Figure, Axes]:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "ask-articles", "svg.fonttype": "none", "path.simplify_threshold": 0.5}
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5.2, 3.6), layout="constrained")
    axes.set(xlabel=across, ylabel=up, xlim=(0, 1), ylim=(0, 1))
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _finish(figure: Figure, axes: Axes) -> str:
    from matplotlib import pyplot

    axes.legend(frameon=False, fontsize=8)
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
