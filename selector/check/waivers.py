"""Waivers and baselines: which findings pass, and what is wrong with the waivers themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from selector.check.policy import WAIVER_DAYS, Policy, Waiver, matches
from selector.errors import InputError, Position, Problem
from selector.packs.catalog import Catalogue
from selector.types.rule import Finding, Severity

BASELINE_VERSION = 2
# What no baseline holds: files that nobody could read, and faults of waivers and acceptances themselves.
NEVER_KNOWN = ("DETECT-", "WAIVER-", "ACCEPT-")


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that passes, and why."""

    finding: Finding
    by: str  # waiver or baseline
    reason: str
    owner: str
    expires: str


def apply(
    findings: Sequence[Finding], policy: Policy, cat: Catalogue, today: date
) -> tuple[list[Finding], list[Waived]]:
    """Findings that stand, with those about waivers, and findings that are waived."""
    standing: list[Finding] = []
    waived: list[Waived] = []
    used: set[Waiver] = set()
    for finding in findings:
        found = next((w for w in policy.waivers if _covers(w, finding)), None)
        if found is not None:
            used.add(found)
        if found is None or not _holds(found, finding, policy, cat, today):
            standing.append(finding)
        else:
            waived.append(Waived(finding, "waiver", found.reason, found.owner, found.expires))
    standing += [f for w in policy.waivers for f in _about(w, w in used, policy, cat, today)]
    return standing, waived


def _covers(waiver: Waiver, finding: Finding) -> bool:
    return waiver.rule == finding.rule and matches(finding.file or "", [waiver.path])


def _holds(waiver: Waiver, finding: Finding, policy: Policy, cat: Catalogue, today: date) -> bool:
    rule = cat.rules.get(finding.rule)
    last = waiver.last_day
    if last is None or last < today or (rule is not None and not rule.waivable):
        return False
    return policy.max_waiver_days is None or last - today <= timedelta(days=policy.max_waiver_days)


def _about(waiver: Waiver, used: bool, policy: Policy, cat: Catalogue, today: date) -> Iterable[Finding]:
    """What is wrong with a waiver: no date, over, too long, for what may not be waived, or for nothing."""
    last = waiver.last_day
    rule = cat.rules.get(waiver.rule)
    if last is None:
        text, level = f'"{waiver.expires}" is no date; it counts as expired', Severity.HIGH
        yield _finding("WAIVER-001", text, level, waiver, "error", "write YYYY-MM-DD")
    elif last < today:
        yield _finding(
            "WAIVER-002", f"expired on {last}", Severity.HIGH, waiver, "fail", "mend the finding, or renew it"
        )
    elif policy.max_waiver_days is not None and last - today > timedelta(days=policy.max_waiver_days):
        text = f"runs to {last}, longer than max_waiver_days: {policy.max_waiver_days}"
        yield _finding("WAIVER-003", text, Severity.HIGH, waiver, "fail", "an earlier day")
    elif last - today <= timedelta(days=WAIVER_DAYS):
        yield _finding(
            "WAIVER-004", f"ends on {last}", Severity.INFO, waiver, "fail", "mend the finding before"
        )
    if rule is not None and not rule.waivable:
        yield _finding(
            "WAIVER-005", f"{waiver.rule} may not be waived", Severity.HIGH, waiver, "fail", "take it out"
        )
    elif not used:
        text = f"matches no finding of {waiver.rule} in {waiver.path}"
        yield _finding("WAIVER-006", text, Severity.LOW, waiver, "fail", "take it out")


def _finding(code: str, text: str, level: Severity, waiver: Waiver, outcome: str, fix: str) -> Finding:
    return Finding(
        code,
        "A waiver needs attention",
        level,
        "high",
        outcome,
        f"waiver of {waiver.rule} by {waiver.owner}: {text}",
        "A waiver passes a finding for a reason until a day; what is over or stale hides findings.",
        fix,
        waiver.place.file,
        waiver.place.line,
        waiver.place.column,
        None,
        f"{waiver.rule} {waiver.path} {waiver.expires}",
    )


def key(finding: Finding, moved: bool = False) -> str:
    """What a finding is known by: rule, outcome and subject, and the file unless a move is looked for. A
    doubt that is known does not let pass what has become certain."""
    parts = [finding.rule, finding.outcome, "" if moved else finding.file or "", finding.subject]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def can_be_known(finding: Finding) -> bool:
    """False for what a baseline must not hide for ever."""
    return finding.outcome != "error" and not finding.rule.startswith(NEVER_KNOWN)


def baseline_text(findings: Iterable[Finding]) -> str:
    """The content of a baseline file: what is known today, so that only what is new counts."""
    rows = [
        {
            "key": key(f),
            "moved": key(f, True),
            "rule": f.rule,
            "severity": f.severity.value,
            "file": f.file,
            "subject": f.subject,
        }
        for f in findings
        if can_be_known(f)
    ]
    rows.sort(key=lambda r: (str(r["rule"]), str(r["file"]), str(r["subject"])))
    return json.dumps({"version": BASELINE_VERSION, "kind": "baseline", "findings": rows}, indent=1) + "\n"


def against(findings: Sequence[Finding], file: Path) -> tuple[list[Finding], list[Waived], int]:
    """Findings that a baseline does not hold, those that it does, and how many it holds that are gone; a
    second look finds moved files."""
    left = _read(file)
    new: list[Finding] = []
    old: list[Waived] = []
    for moved in (False, True):
        open_, new = (list(findings), []) if not moved else (new, [])
        for finding in open_:
            name = "moved" if moved else "key"
            mark = key(finding, moved) if can_be_known(finding) else ""
            row = next((r for r in left if r[name] == mark), None)
            if row is None:
                new.append(finding)
            else:
                left.remove(row)
                old.append(Waived(finding, "baseline", f"in {file}", "", ""))
    return new, old, len(left)


def _read(file: Path) -> list[dict[str, str]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            Problem(f"baseline {file} does not exist", None, "--write-baseline makes one")
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(Problem(f"baseline cannot be read: {problem}", Position(str(file)))) from None
    except (ValueError, RecursionError) as problem:
        line, column = getattr(problem, "lineno", 1), getattr(problem, "colno", 1)
        raise InputError(Problem("baseline is not JSON", Position(str(file), line, column))) from None
    if (
        not isinstance(found, dict)
        or found.get("kind") != "baseline"
        or found.get("version") != BASELINE_VERSION
    ):
        raise InputError(
            Problem("not a baseline of this version", Position(str(file)), "--write-baseline makes one")
        )
    rows = found.get("findings")
    if not isinstance(rows, list) or not all(
        isinstance(r, dict) and {"key", "moved"} <= set(r) for r in rows
    ):
        raise InputError(
            Problem("rows of the baseline are not whole", Position(str(file)), "--write-baseline makes one")
        )
    return [dict(r) for r in rows]


def relative(findings: Iterable[Finding], root: Path) -> list[Finding]:
    """Findings with their files relative to what was checked, so that keys hold on any machine."""
    base = root.resolve()
    known: dict[str, str] = {}
    found = []
    for f in findings:
        if f.file is not None and f.file not in known:
            try:
                known[f.file] = Path(f.file).resolve().relative_to(base).as_posix()
            except ValueError:
                known[f.file] = Path(f.file).as_posix()
        found.append(f if f.file is None else replace(f, file=known[f.file]))
    return found
