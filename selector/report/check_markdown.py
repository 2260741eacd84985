"""Findings as Markdown for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selector.report.check import Verdict, headline, place, unit_lines

if TYPE_CHECKING:
    from selector.check.gate import Checked

# By which a comment is found again, so that it is replaced and not repeated.
TAG = "<!-- selector-check -->"
MOST_ROWS = 50


def as_markdown(found: Checked, judged: Verdict) -> str:
    """A headline, a table of the findings, and what was read behind a fold."""
    outcome = "fails" if judged.failed else "passes"
    lines = [TAG, f"**selector check {outcome}**: {headline(found, judged)}", ""]
    if found.findings:
        lines += ["| severity | rule | where | what | fix |", "|---|---|---|---|---|"]
        for f in found.findings[:MOST_ROWS]:
            row = (f.severity.value, f.rule, f"`{place(f)}`", f.message, f.fix or "")
            lines.append(f"| {' | '.join(_cell(c) for c in row)} |")
        if len(found.findings) > MOST_ROWS:
            lines += ["", f"{len(found.findings) - MOST_ROWS} more findings are not shown."]
    units = [u for u in unit_lines(found) if u]
    if units:
        lines += ["", "<details><summary>What the repository declares</summary>", ""]
        lines += [f"- {_cell(u)}" for u in units]
        lines += ["", "</details>"]
    if found.waived:
        lines += ["", "<details><summary>Waived</summary>", ""]
        lines += [
            f"- {w.finding.rule} `{place(w.finding)}`: {_cell(w.reason)} {w.owner} {w.expires}"
            for w in found.waived
        ]
        lines += ["", "</details>"]
    lines += ["", f"Policy: {', '.join(found.policy.names)}."]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
