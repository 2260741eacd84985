"""Predicted against measured as an SVG picture: one panel a metric, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from selector.report import svg

if TYPE_CHECKING:
    from selector.iterate.validate import Outcome

SIDE, GAP, HEAD = 260, 46, 40  # pixels of a panel, between panels, above them
COLUMNS = 3
BAND = 1.25  # the grey lines beside the diagonal
STYLE = (
    "text{font:12px sans-serif;fill:#222}.axis{stroke:#888;fill:none}.same{stroke:#444}"
    ".band{stroke:#bbb;stroke-dasharray:4 3}"
    ".in{fill:#2a7ab8;fill-opacity:.45}.out{fill:#c2452d;fill-opacity:.6}"
    "@media(prefers-color-scheme:dark){svg{background:#16181c}text{fill:#ddd}.same{stroke:#ccc}.band{stroke:#555}}"
)


def picture(outcomes: Sequence[Outcome]) -> str:
    """The whole picture; points outside their interval stand out."""
    panels: dict[str, list[Outcome]] = {}
    for o in outcomes:
        if o.guess is not None and o.ape is not None:
            panels.setdefault(o.point.metric + (" (set apart)" if o.point.apart else ""), []).append(o)
    rows = math.ceil(len(panels) / COLUMNS) or 1
    width = COLUMNS * (SIDE + GAP) + GAP
    height = rows * (SIDE + GAP + HEAD) + GAP
    parts = []
    for i, (metric, found) in enumerate(sorted(panels.items())):
        x = GAP + (i % COLUMNS) * (SIDE + GAP)
        y = HEAD + (i // COLUMNS) * (SIDE + GAP + HEAD)
        parts.append(svg.tag("g", _panel(metric, found), transform=f"translate({x},{y})"))
    return svg.picture("Predicted against measured", width, height, "".join(parts), STYLE) + "\n"


def _panel(metric: str, found: Sequence[Outcome]) -> str:
    pairs = [(float(o.measured or 0.0), o.guess.p50, bool(o.inside)) for o in found if o.guess is not None]
    values = [v for measured, predicted, _ in pairs for v in (measured, predicted)]
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)

    def place(value: float) -> float:
        return SIDE * (math.log10(value) - low) / (high - low)

    dots = "".join(
        svg.tag("circle", class_="in" if inside else "out", r="2", cx=place(m), cy=SIDE - place(p))
        for m, p, inside in pairs
    )
    off = SIDE * math.log10(BAND) / (high - low)
    lines = "".join(
        svg.line(kind, a, SIDE - b, c, SIDE - d)
        for kind, a, b, c, d in (
            ("same", 0.0, 0.0, SIDE, SIDE),
            ("band", 0.0, off, SIDE - off, SIDE),
            ("band", off, 0.0, SIDE, SIDE - off),
        )
    )
    ends = "".join(
        svg.words(f"{10.0**power:g}", at, SIDE + 16, text_anchor=anchor)
        for at, anchor, power in ((0, "start", low), (SIDE, "end", high))
    )
    turned = f"translate(-8,{SIDE / 2:g}) rotate(-90)"
    return "".join(
        (
            svg.tag("rect", class_="axis", width=SIDE, height=SIDE),
            *(lines, dots, ends),
            svg.words(f"{metric}, n {len(pairs)}", 0, -8),
            svg.words("measured", SIDE / 2, SIDE + 16, text_anchor="middle"),
            svg.words("predicted", 0, 0, transform=turned, text_anchor="middle"),
        )
    )
