"""Findings of `check`, as JSON of the contract and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.report.json import finding
from selector.report.numbers import plain
from selector.types.rule import Finding, Severity

if TYPE_CHECKING:
    from selector.check.gate import Checked
    from selector.types.detected import Seen

SEVERITIES = tuple(s.value for s in Severity)
SHOWN_UNITS = ("framework", "model", "precision", "accelerator", "n_devices", "tp", "provider", "region")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is gated: severities that fail, and the findings that do."""

    fail_on: str
    failed: tuple[Finding, ...]
    undecided: tuple[Finding, ...]  # unknown at or above what the user asked to be known


def at_least(severity: Severity, least: str) -> bool:
    """True where a severity is at or above a level."""
    return SEVERITIES.index(severity.value) >= SEVERITIES.index(least)


def verdict(found: Checked, fail_on: str, fail_on_unknown: str | None) -> Verdict:
    """Findings that fail the gate, and unknowns that the user wants settled."""
    failed = tuple(
        f for f in found.findings if f.outcome in ("fail", "error") and at_least(f.severity, fail_on)
    )
    undecided = tuple(
        f
        for f in found.findings
        if fail_on_unknown and f.outcome in ("unknown", "error") and at_least(f.severity, fail_on_unknown)
    )
    return Verdict(fail_on, failed, undecided)


def as_json(found: Checked, judged: Verdict) -> dict[str, Any]:
    """Units, facts, findings, waived, unresolved, summary."""
    cleaned: dict[str, Any] = plain(
        {
            "schema_version": 1,
            "kind": "check",
            "policy": {
                "names": list(found.policy.names),
                "file": found.policy.file,
                "found_by": found.policy.found_by,
            },
            "units": _units(found),
            "facts": [_fact(s) for s in found.facts],
            "findings": [finding(f) for f in found.findings],
            "waived": [
                {
                    "finding": finding(w.finding),
                    "by": w.by,
                    "reason": w.reason,
                    "owner": w.owner,
                    "expires": w.expires,
                }
                for w in found.waived
            ],
            "unresolved": [_fact(s) for s in found.unresolved],
            "notes": list(found.notes),
            "summary": {
                "findings": len(found.findings),
                "failed": len(judged.failed),
                "unknown": sum(f.outcome == "unknown" for f in found.findings),
                "waived": len(found.waived),
                "fail_on": judged.fail_on,
                "by_severity": {s: sum(f.severity.value == s for f in found.findings) for s in SEVERITIES},
            },
        }
    )
    return cleaned


def _units(found: Checked) -> list[dict[str, Any]]:
    files = {u.name: u.file for u in found.units}
    names = [*files, *(u for u in sorted({s.unit for s in found.facts}) if u not in files)]
    return [
        {"unit": n, "file": files.get(n, n), "facts": dict(sorted(_known(found, n).items()))} for n in names
    ]


def _known(found: Checked, unit: str) -> dict[str, Any]:
    """Facts that rules saw of a unit; a declared stack goes by the path of its file."""
    rows = next((f for u, f in found.rule_facts.items() if u == unit or u.endswith(unit)), {})
    return {k: sorted(map(str, v)) if isinstance(v, frozenset) else v for k, v in rows.items()}


def _fact(seen: Seen) -> dict[str, Any]:
    return {
        "unit": seen.unit,
        "key": seen.key,
        "value": seen.value,
        "certainty": seen.certainty.value,
        "file": seen.file,
        "line": seen.line,
        "column": seen.column,
        "how": seen.how,
    }


def as_text(found: Checked, judged: Verdict) -> str:
    """The units, one finding a paragraph, what is waived and not settled, and a count."""
    lines = [
        f"policy {', '.join(found.policy.names)} ({found.policy.file or 'shipped'}, {found.policy.found_by})",
        "",
    ]
    lines += unit_lines(found)
    for f in found.findings:
        lines.append(f"{place(f)}: {f.severity.value} {f.outcome} {f.rule}: {f.message}")
        lines.append(f"  why: {f.why}")
        if f.fix:
            lines.append(f"  fix: {f.fix}")
    if found.waived:
        lines += ["", "waived:"]
        lines += [f"  {w.finding.rule} {place(w.finding)}: {w.reason}{_until(w)}" for w in found.waived]
    if found.unresolved:
        lines += ["", "not settled by the files:"]
        lines += [f"  {s.file}:{s.line}:{s.column}: {s.key} {s.value} ({s.how})" for s in found.unresolved]
    lines += ["", *found.notes, headline(found, judged)]
    return "\n".join(lines) + "\n"


def _until(waived: Any) -> str:
    return f" ({waived.owner}, until {waived.expires})" if waived.by == "waiver" else ""


def unit_lines(found: Checked) -> list[str]:
    """A line for each unit: what it runs."""
    rows = []
    for unit in dict.fromkeys(s.unit for s in found.facts):
        parts = []
        for key in SHOWN_UNITS:
            values = dict.fromkeys(str(s.value) for s in found.facts if s.unit == unit and s.key == key)
            if values:
                parts.append(f"{key} {', '.join(values)}")
        if parts:
            rows.append(f"{unit}: {'; '.join(parts)}")
    return [*rows, ""] if rows else []


def place(f: Finding) -> str:
    """file:line:column of a finding."""
    return f"{f.file}:{f.line}:{f.column}"


def headline(found: Checked, judged: Verdict) -> str:
    """One sentence with the outcome."""
    count = len(judged.failed)
    waived = f", {len(found.waived)} waived" if found.waived else ""
    return f"{len(found.findings)} findings, {count} at or above the gate ({judged.fail_on}){waived}"


def by_rule(findings: Sequence[Finding]) -> dict[str, Finding]:
    """The first finding of each rule."""
    found: dict[str, Finding] = {}
    for f in findings:
        found.setdefault(f.rule, f)
    return found
