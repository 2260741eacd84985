"""Terminal tables by rich; plain text without colour when the output is not a terminal."""

from __future__ import annotations

import io

from selector.report.sections import Table, headline, tables
from selector.types.decision import Recommendation

PLAIN_WIDTH = 160


def recommendation(r: Recommendation, terminal: bool, width: int | None = None) -> str:
    """Headline and tables as text."""
    parts = [r.name, "", *headline(r), ""]
    text = "\n".join(parts) + "\n" + render(tables(r), terminal, width)
    return text + "".join(recommendation(c, terminal, width) for c in r.components)


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
    for t in shown:
        made = RichTable(
            title=t.title,
            title_justify="left",
            title_style="bold",
            caption=t.note or None,
            caption_justify="left",
            box=box.SIMPLE_HEAD if terminal else box.ASCII2,
            pad_edge=False,
        )
        for column in t.columns:
            made.add_column(column, justify="right" if column in t.right else "left", overflow="fold")
        for row in t.rows:
            made.add_row(*(Text(cell) for cell in row))
        console.print(made)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
