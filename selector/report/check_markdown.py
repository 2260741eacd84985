"""Findings as Markdown for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from selector.report.check import Verdict, headline, off_lines, outcome, place, unit_lines, until
from selector.report.safe import code, markdown

if TYPE_CHECKING:
    from selector.check.gate import Checked

# By which a comment is found again, so that it is replaced and not repeated.
TAG = "<!-- selector-check -->"
MOST_ROWS = 50


def as_markdown(found: Checked, judged: Verdict) -> str:
    """A headline, a table of the findings, and what was read, waived and switched off behind folds."""
    lines = [TAG, f"**selector check {outcome(found, judged)}**: {headline(found, judged)}", ""]
    if found.findings:
        lines += ["| severity | rule | where | what | fix |", "|---|---|---|---|---|"]
        for f in found.findings[:MOST_ROWS]:
            level = f.severity.value if f.outcome == "fail" else f"{f.severity.value}, {f.outcome}"
            row = (level, f.rule, code(place(f)), markdown(f.message), markdown(f.fix or ""))
            lines.append(f"| {' | '.join(row)} |")
        if len(found.findings) > MOST_ROWS:
            lines += ["", f"{len(found.findings) - MOST_ROWS} more findings are not shown."]
    lines += _fold("What the repository declares", (markdown(u) for u in unit_lines(found) if u))
    waived = [
        f"{w.finding.rule} {code(place(w.finding))}: {markdown(w.reason + until(w))}" for w in found.waived
    ]
    lines += _fold("Waived", waived)
    lines += _fold("Switched off by the policy", map(markdown, off_lines(found)))
    lines += ["", *(markdown(n) for n in found.notes)]
    lines += ["", f"Policy: {', '.join(map(markdown, found.policy.names))}."]
    return "\n".join(lines) + "\n"


def _fold(title: str, rows: Iterable[str]) -> list[str]:
    """A list that opens on demand; nothing for an empty one."""
    items = [f"- {row}" for row in rows]
    return ["", f"<details><summary>{title}</summary>", "", *items, "", "</details>"] if items else []
