"""Findings of `check`, as JSON of the contract and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selector.report.json import finding
from selector.report.numbers import plain

if TYPE_CHECKING:
    from selector.check.gate import Checked


def as_json(found: Checked, failed: int) -> dict[str, Any]:
    """Units, facts, findings, waived, unresolved, summary."""
    rows = [finding(f) for f in found.findings]
    cleaned: dict[str, Any] = plain(
        {
            "schema_version": 1,
            "kind": "check",
            "units": [{"name": "declared", "file": found.file}],
            "facts": {k: v for k, v in sorted(found.facts.items())},
            "findings": rows,
            "waived": [],
            "unresolved": [],
            "summary": {
                "findings": len(rows),
                "failed": failed,
                "unknown": sum(f.outcome == "unknown" for f in found.findings),
            },
        }
    )
    return cleaned


def as_text(found: Checked, failed: int) -> str:
    """One finding a paragraph, and a count."""
    lines = []
    for f in found.findings:
        lines.append(f"{f.file}:{f.line}:{f.column}: {f.severity.value} {f.outcome} {f.rule}: {f.message}")
        lines.append(f"  why: {f.why}")
        if f.fix:
            lines.append(f"  fix: {f.fix}")
    lines.append(f"{len(found.findings)} findings, {failed} at or above the gate")
    return "\n".join(lines) + "\n"
