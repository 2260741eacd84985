"""Findings as JUnit XML: a suite for each file, a case for each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from selector.report.check import Verdict, place
from selector.report.safe import printable

if TYPE_CHECKING:
    from selector.check.gate import Checked
    from selector.types.rule import Finding


def as_junit(found: Checked, judged: Verdict) -> str:
    """XML text; findings below the gate are cases that pass with their message, waived ones are skipped."""
    root = ElementTree.Element("testsuites", name="selector check")
    by_file: dict[str, list[tuple[Finding, str | None]]] = {}
    for f in found.findings:
        by_file.setdefault(f.file or ".", []).append((f, None))
    for w in found.waived:
        by_file.setdefault(w.finding.file or ".", []).append((w.finding, w.reason))
    failed = set(map(id, judged.failed))
    for file, rows in sorted(by_file.items()):
        bad = sum(id(f) in failed for f, _ in rows)
        skipped = sum(reason is not None for _, reason in rows)
        unread = sum(reason is None and f.outcome == "error" and id(f) not in failed for f, reason in rows)
        counts = {"tests": len(rows), "failures": bad, "skipped": skipped, "errors": unread}
        suite = ElementTree.SubElement(
            root, "testsuite", {"name": _clean(file), **{k: str(n) for k, n in counts.items()}}
        )
        for f, reason in rows:
            name = _clean(f"{f.rule} {place(f)}")
            case = ElementTree.SubElement(suite, "testcase", name=name, classname=_clean(file))
            if reason is not None:
                ElementTree.SubElement(case, "skipped", message=_clean(reason))
            elif id(f) in failed:
                text = _clean(f"{f.message}\nwhy: {f.why}\nfix: {f.fix or ''}")
                ElementTree.SubElement(
                    case, "failure", type=f.severity.value, message=_clean(f.message)
                ).text = text
            elif f.outcome == "error":
                ElementTree.SubElement(case, "error", type=f.severity.value, message=_clean(f.message))
            else:
                ElementTree.SubElement(case, "system-out").text = _clean(
                    f"{f.severity.value} {f.outcome}: {f.message}"
                )
    if not by_file:
        about: dict[str, str] = {
            "name": "selector check",
            "tests": "1",
            "failures": "0",
            "skipped": "0" if found.facts else "1",
        }
        suite = ElementTree.SubElement(root, "testsuite", about)
        name = "no findings" if found.facts else "nothing to check"
        case = ElementTree.SubElement(suite, "testcase", name=name, classname="selector")
        if not found.facts:
            ElementTree.SubElement(case, "skipped", message=_clean("; ".join(found.notes)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Lines without the characters that XML 1.0 does not know, or that nobody sees."""
    return "\n".join(map(printable, text.split("\n")))
