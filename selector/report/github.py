"""Findings as annotations of GitHub Actions.

Source: GitHub, workflow commands: ten errors and ten warnings a step are shown; `%`, line ends and, in
properties, `:` and `,` are escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from selector.report.check import Verdict, headline
from selector.report.safe import printable

if TYPE_CHECKING:
    from selector.check.gate import Checked
    from selector.types.rule import Finding

MOST = 10
WORDS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice", "info": "notice"}


def as_github(found: Checked, judged: Verdict) -> str:
    """One line a finding, the worst first; the last that GitHub shows counts those that it does not."""
    lines: list[str] = []
    for word in ("error", "warning", "notice"):
        rows = [f for f in found.findings if _word(f) == word]
        most = MOST - 1 if word == "notice" else MOST  # the headline is a notice too
        shown = rows if len(rows) <= most else rows[: most - 1]
        lines += [_line(word, f) for f in shown]
        if len(rows) > most:
            lines.append(f"::{word}::{len(rows) - len(shown)} more; all of them are in the other formats")
    lines.append(f"::notice::{_text(headline(found, judged))}")
    return "\n".join(lines) + "\n"


def _word(f: Finding) -> str:
    return "notice" if f.outcome == "unknown" else WORDS[f.severity.value]


def _line(word: str, f: Finding) -> str:
    place = f"file={_value(f.file or '.')},line={f.line or 1},col={f.column or 1}"
    return f"::{word} {place},title={_value(f'{f.rule} {f.title}')}::{_text(f.message)}"


def _text(text: str) -> str:
    return printable(text).replace("%", "%25")


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
