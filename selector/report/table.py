"""Terminal screen and tables by rich; plain text without colour when the output is not a terminal."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from selector.report import chart, composites, ranking, sections
from selector.report.screen import Line, screens, together
from selector.report.tabular import Table
from selector.types.decision import Recommendation

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 160
READABLE = 20  # characters of a column of text, below which words break
LONG_WORD = 32  # words up to this length stay whole
BORDER = 3  # characters of the frame and padding of a column
INDENT = "    "


def recommendation(r: Recommendation, terminal: bool, width: int | None = None) -> str:
    """Screen, picture and tables as text; components one under another."""
    made = _Page(terminal, width or PLAIN_WIDTH)
    made.heading(r.name)
    if r.components:
        made.lines(together(r))
        made.tables([sections.together(r), *composites.tables(r.joint.composites)] if r.joint else [])
    for number, (name, part, lines) in enumerate(screens(r), 1):
        if r.components:
            made.heading(f"Component {number} of {len(r.parts)}: {name}")
        made.lines(lines)
        if part.stacks:
            made.tables([ranking.short_table(part), *composites.tables(part.composites)])
            made.text(chart.TITLE, chart.picture(part, made.console.width))
        made.tables(sections.details(part, brief=True))
    return made.done()


def render(shown: Sequence[Table], terminal: bool, width: int | None = None) -> str:
    """Tables one under another."""
    made = _Page(terminal, width or PLAIN_WIDTH)
    made.tables(shown)
    return made.done()


class _Page:
    """Text that grows downwards within a width."""

    def __init__(self, terminal: bool, width: int) -> None:
        from rich.console import Console

        self.out = io.StringIO()
        self.terminal = terminal
        self.console: Console = Console(
            file=self.out,
            force_terminal=terminal,
            no_color=not terminal,
            width=width,
            color_system="auto" if terminal else None,
            legacy_windows=False,
        )

    def heading(self, text: str) -> None:
        """A line of its own."""
        self._put(wrapped(text, self.console.width), "bold")
        self.console.print()

    def lines(self, found: Sequence[Line]) -> None:
        """Labelled lines; what does not fit goes on under an indent."""
        from rich.text import Text

        for line in found:
            text = Text("\n".join(laid_out(line, self.console.width)))
            if line.label:
                text.stylize("bold", 0, len(line.label))
            self.console.print(text, soft_wrap=True)
        self.console.print()

    def text(self, title: str, found: Sequence[str]) -> None:
        """A block that is already laid out."""
        if found:
            self._put([title], "bold")
            self._put([part for x in found for part in wrapped(x, self.console.width)])
            self.console.print()

    def tables(self, shown: Sequence[Table]) -> None:
        """Each in the first of its forms that fits, or as named values."""
        for t in shown:
            forms = ((t,), *t.narrow)
            chosen = next((f for f in forms if all(fits(x, self.console.width) for x in f)), None)
            for x in chosen or ():
                self._table(x)
            if chosen is None:
                self._put([t.title], "bold")
                self._put(stacked(t, self.console.width))

    def done(self) -> str:
        """The whole text; no line ends with spaces."""
        return "\n".join(line.rstrip() for line in self.out.getvalue().splitlines()) + "\n"

    def _put(self, lines: Sequence[str], style: str = "") -> None:
        from rich.text import Text

        self.console.print(Text("\n".join(lines), style=style), soft_wrap=True)

    def _table(self, t: Table) -> None:
        from rich import box
        from rich.table import Table as RichTable
        from rich.text import Text

        made = RichTable(
            title=t.title or None,
            title_justify="left",
            title_style="bold",
            box=box.SIMPLE_HEAD if self.terminal else box.ASCII2,
            pad_edge=False,
        )
        for column in t.columns:
            number = column in t.right
            made.add_column(column, justify="right" if number else "left", no_wrap=number, overflow="fold")
        for row in t.rows:
            made.add_row(*(Text(cell) for cell in row))
        if t.rows:
            self.console.print(made)
        else:
            self._put([t.title], "bold")
        if t.note:
            self._put(wrapped(t.note, self.console.width))
        if t.note or not self.terminal:
            self.console.print()


def laid_out(line: Line, width: int) -> list[str]:
    """Label and pieces within a width."""
    text = "; ".join(line.pieces)
    whole = f"{line.label}  {text}".rstrip() if line.label else f"{INDENT}{text}"
    return wrapped(whole, width)


def wrapped(text: str, width: int) -> list[str]:
    """Lines within a width; an interval stays with its value."""
    kept = text.replace(" [", "\xa0[").replace(" %", "\xa0%")
    found = textwrap.wrap(kept, width, subsequent_indent=INDENT, break_on_hyphens=False, drop_whitespace=True)
    return [x.replace("\xa0", " ") for x in found]


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
        lines += wrapped("; ".join(pieces), width)
    return [*lines, *(wrapped(t.note, width) if t.note else []), ""]
