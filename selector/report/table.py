"""Terminal tables by rich; plain text without colour when the output is not a terminal."""

from __future__ import annotations

import io

from selector.report.sections import Table, headline, tables
from selector.types.decision import Recommendation

PLAIN_WIDTH = 160
READABLE = 20  # characters of a column of text, below which words break
LONG_WORD = 32  # words up to this length stay whole
BORDER = 3  # characters of the frame and padding of a column
INDENT = "    "


def recommendation(r: Recommendation, terminal: bool, width: int | None = None) -> str:
    """Headline and tables as text."""
    said = headline(r) if width is None else [part for x in headline(r) for part in _packed([x], width)]
    parts = [r.name, "", *said, ""]
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
        if not fits(t, console.width):
            console.print(Text(t.title, style="bold"))
            console.print(Text("\n".join(stacked(t, console.width))))
            continue
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
            number = column in t.right
            made.add_column(column, justify="right" if number else "left", no_wrap=number, overflow="fold")
        for row in t.rows:
            made.add_row(*(Text(cell) for cell in row))
        console.print(made)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def fits(t: Table, width: int) -> bool:
    """True where numbers stay whole and texts keep a readable column."""
    needed = len(t.columns) * BORDER + 1
    for place, column in enumerate(t.columns):
        cells = [column, *(row[place] for row in t.rows)]
        longest = max(map(len, cells))
        word = min(max(len(w) for cell in cells for w in (*cell.split(), "")), LONG_WORD)
        needed += longest if column in t.right else min(longest, max(READABLE, word))
    return needed <= width


def stacked(t: Table, width: int) -> list[str]:
    """Each row as a few lines of named values, for terminals that are too narrow for the table."""
    lines: list[str] = []
    for row in t.rows:
        pieces = [
            f"{column} {cell}".strip() if column in t.right or place else cell
            for place, (column, cell) in enumerate(zip(t.columns, row, strict=True))
            if cell
        ]
        lines += _packed(pieces, width)
    return [*lines, *([t.note] if t.note else []), ""]


def _packed(pieces: list[str], width: int) -> list[str]:
    """Pieces side by side as far as the width goes; one that is longer than a line is wrapped."""
    import textwrap

    lines: list[str] = []
    for number, piece in enumerate(pieces):
        text = piece if number == len(pieces) - 1 else f"{piece};"
        if lines and len(lines[-1]) + 1 + len(text) <= width:
            lines[-1] += f" {text}"
        else:
            indent = INDENT if lines else ""
            lines += textwrap.wrap(
                text, width, initial_indent=indent, subsequent_indent=INDENT, break_on_hyphens=False
            )
    return lines
