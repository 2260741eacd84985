"""Terminal tables by rich; plain text without colour when the output is not a terminal."""

from __future__ import annotations

import io
import re
import textwrap
from dataclasses import replace

from selector.report.sections import Table, headline, tables
from selector.types.decision import Recommendation

PLAIN_WIDTH = 160
NARROW = 110  # below it columns that can be missed are left out
INTERVALS = 140  # below it figures stand without their intervals
INTERVAL = re.compile(r" \[[^\]]*\]$")


def recommendation(r: Recommendation, terminal: bool, width: int | None = None) -> str:
    """Headline and tables as text."""
    lines = headline(r)
    if terminal and width:
        lines = [textwrap.fill(x, width, subsequent_indent="  ", break_on_hyphens=False) for x in lines]
    parts = [r.name, "", *lines, ""]
    text = "\n".join(parts) + "\n" + render(tables(r), terminal, width)
    return text + "".join(recommendation(c, terminal, width) for c in r.components)


def fitted(t: Table, width: int) -> Table:
    """The table as a terminal of this width shows it; JSON and Markdown have all of it."""
    if width >= INTERVALS:
        return t
    kept = [i for i, c in enumerate(t.columns) if width >= NARROW or c not in t.wide]
    rows = (
        tuple(INTERVAL.sub("", row[i]) if t.columns[i] in t.right else row[i] for i in kept) for row in t.rows
    )
    return replace(t, columns=tuple(t.columns[i] for i in kept), rows=tuple(rows))


def render(shown: list[Table], terminal: bool, width: int | None = None) -> str:
    """Tables one under another."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=terminal,
        no_color=not terminal,
        width=width or PLAIN_WIDTH,
        color_system="auto" if terminal else None,
        legacy_windows=False,
    )
    for whole in shown:
        t = fitted(whole, console.width)
        made = RichTable(
            title=t.title,
            title_justify="left",
            title_style="bold",
            caption=t.note or None,
            caption_justify="left",
            box=box.SIMPLE_HEAD if terminal else box.ASCII2,
            pad_edge=False,
            padding=(0, 1) if console.width >= NARROW else 0,
        )
        for i, column in enumerate(t.columns):
            right = column in t.right
            # Figures break between words only.
            words = [w for text in (column, *(row[i] for row in t.rows)) for w in text.split()]
            least = max(map(len, words), default=0) if right else None
            made.add_column(column, justify="right" if right else "left", overflow="fold", min_width=least)
        for row in t.rows:
            made.add_row(*(Text(cell) for cell in row))
        console.print(made)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
