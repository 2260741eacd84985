"""Findings of `check`, as JSON of the contract and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.report.json import finding
from selector.report.numbers import plain
from selector.report.safe import line
from selector.types.rule import Finding, Severity

if TYPE_CHECKING:
    from selector.check.gate import Checked
    from selector.check.waivers import Waived
    from selector.types.detected import Seen

UNREAD = "does not pass: a file could not be read"
SEVERITIES = tuple(s.value for s in Severity)
SHOWN_UNITS = (
    *("framework", "engine", "engine_version", "model", "precision", "accelerator", "hardware", "n_devices"),
    *("tp", "layout", "provider", "hosting", "offer", "region"),
)


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
                "off": [{"rule": o.rule, "files": o.files, "findings": o.findings} for o in found.off],
                "exclude": found.policy.exclude,
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
    rows = found.rule_facts.get(unit)
    if rows is None:
        rows = next((f for u, f in found.rule_facts.items() if u.endswith(unit)), {})
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
        lines += [f"  {w.finding.rule} {place(w.finding)}: {w.reason}{until(w)}" for w in found.waived]
    if found.unresolved:
        lines += ["", "not settled by the files:"]
        lines += [f"  {s.file}:{s.line}:{s.column}: {s.key} {s.value} ({s.how})" for s in found.unresolved]
    lines += ["", *found.notes, headline(found, judged)]
    return "\n".join(map(line, lines)) + "\n"


def until(waived: Waived) -> str:
    """Who let it pass, and to what day."""
    return f" ({waived.owner}, until {waived.expires})" if waived.by == "waiver" else ""


def unit_lines(found: Checked) -> list[str]:
    """A line for each unit: what it runs."""
    said: dict[str, dict[str, dict[str, None]]] = {}
    for s in found.facts:
        if s.key in SHOWN_UNITS:
            said.setdefault(s.unit, {}).setdefault(s.key, {})[str(s.value)] = None
    rows = []
    for unit, values in said.items():
        parts = [f"{key} {', '.join(values[key])}" for key in SHOWN_UNITS if key in values]
        rows.append(f"{unit}: {'; '.join(parts)}")
    return [*rows, ""] if rows else []


def place(f: Finding) -> str:
    """file:line:column of a finding."""
    return f"{f.file}:{f.line}:{f.column}"


def headline(found: Checked, judged: Verdict) -> str:
    """One sentence with the outcome."""
    parts = [f"{len(found.findings)} findings, {len(judged.failed)} at or above the gate ({judged.fail_on})"]
    unknown = sum(f.outcome == "unknown" for f in found.findings)
    parts += [f"{unknown} unknown"] if unknown else []
    for by, words in (("waiver", "waived"), ("baseline", "known by the baseline")):
        rows = [w.finding for w in found.waived if w.by == by]
        parts += [f"{len(rows)} {words} ({severities(rows)})"] if rows else []
    hidden = sum(o.findings for o in found.off)
    parts += [f"{len(found.off)} rules switched off ({hidden} findings)"] if found.off else []
    return ", ".join(parts)


def severities(findings: Iterable[Finding]) -> str:
    """How many of each severity, the worst first."""
    counts = Counter(f.severity.value for f in findings)
    return ", ".join(f"{counts[s]} {s}" for s in reversed(SEVERITIES) if counts[s]) or "none"


def outcome(found: Checked, judged: Verdict) -> str:
    """In one word or a few: a file that nobody could read does not pass."""
    unread = sum(f.outcome == "error" for f in found.findings)
    if judged.failed:
        return "fails"
    if unread:
        return f"does not pass: {unread} files could not be read" if unread > 1 else UNREAD
    return "is undecided" if judged.undecided else "passes" if found.facts else "judged nothing"


def off_lines(found: Checked) -> list[str]:
    """Rules that the policy switches off, and what that hides."""
    return [f"{o.rule} in {', '.join(o.files) or 'all files'}: {o.findings} findings" for o in found.off]


def by_rule(findings: Sequence[Finding]) -> dict[str, Finding]:
    """The first finding of each rule."""
    found: dict[str, Finding] = {}
    for f in findings:
        found.setdefault(f.rule, f)
    return found
