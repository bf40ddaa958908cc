"""``python -m tests.benchmarks.picture``: draws the figures of the last ``make bench`` into the docs.

Each bar is what was measured over what was promised; below one the promise is kept, and that is said in words too.
"""

from __future__ import annotations

import json

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.benchmarks.__main__ import RESULTS
from tests.benchmarks.measure import ROOT

_PICTURE = ROOT / "docs" / "images" / "bench.svg"
_KEPT, _MISSED = "#0072b2", "#d55e00"  # told apart by those who see no red or green


def main() -> None:
    """Draw, and write the picture."""
    figures = json.loads(RESULTS.read_text(encoding="utf-8"))["figures"][::-1]
    mpl.rcParams["svg.hashsalt"] = "dagflow"
    drawing = Figure(figsize=(9, 0.34 * len(figures) + 0.8), layout="constrained")
    axes = drawing.subplots()
    ratios = [figure["median"] / figure["at_most"] for figure in figures]
    colours = [_KEPT if ratio <= 1 else _MISSED for ratio in ratios]
    bars = axes.barh([figure["name"] for figure in figures], ratios, color=colours, height=0.6)
    told = [
        f"{figure['median']:.3g} of {figure['at_most']:g} {figure['unit']}"
        + ", missed" * (ratio > 1)
        for figure, ratio in zip(figures, ratios, strict=True)
    ]
    plate = {
        "facecolor": "white",
        "edgecolor": "none",
        "pad": 1,
    }  # over the line of what was promised
    axes.bar_label(bars, told, padding=4, fontsize=8, bbox=plate)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlim(0, max(ratios) * 1.35)
    axes.set_xlabel("measured / promised (less is better)")
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    drawing.savefig(_PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
