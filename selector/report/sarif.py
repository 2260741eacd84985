"""Findings as SARIF 2.1.0, in the form that code scanning of GitHub shows.

Source: OASIS SARIF 2.1.0; GitHub, SARIF support for code scanning (first location only, `security-severity`,
`partialFingerprints`, at most 5,000 results shown).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from selector import __version__
from selector.check.waivers import key
from selector.report.check import Verdict, by_rule
from selector.report.safe import printable, sarif
from selector.types.rule import Finding

if TYPE_CHECKING:
    from selector.check.gate import Checked

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"info": "note", "low": "note", "medium": "warning", "high": "error", "critical": "error"}
# Middle of the ranges that GitHub names for security-severity.
SCORES = {"info": "1.0", "low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}
MOST_HELP = 1_000


def as_sarif(found: Checked, judged: Verdict) -> dict[str, Any]:
    """One run; every result has a place in a file."""
    standing = [(f, None) for f in found.findings] + [(w.finding, w) for w in found.waived]
    rules = by_rule([f for f, _ in standing])
    index = {rule: i for i, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "selector",
                        "semanticVersion": __version__,
                        "rules": [_rule(f) for f in rules.values()],
                    }
                },
                "columnKind": "utf16CodeUnits",
                "properties": {"policies": list(found.policy.names), "failed": len(judged.failed)},
                "results": [_result(f, index, w) for f, w in standing],
            }
        ],
    }


def _rule(f: Finding) -> dict[str, Any]:
    text = f"{f.why} Fix: {f.fix}" if f.fix else f.why
    return {
        "id": f.rule,
        "name": f.rule.replace("-", ""),
        "shortDescription": {"text": f.title[:MOST_HELP]},
        "fullDescription": {"text": f.why[:MOST_HELP]},
        "help": {"text": text[:MOST_HELP]},
        "defaultConfiguration": {"level": LEVELS[f.severity.value]},
        "properties": {
            "precision": {"high": "high", "medium": "medium", "low": "low"}[f.confidence],
            "security-severity": SCORES[f.severity.value],
            "tags": ["security", "ai"],
        },
    }


def _result(f: Finding, index: dict[str, int], waived: Any) -> dict[str, Any]:
    kind = "open" if f.outcome == "unknown" else "fail"
    result: dict[str, Any] = {
        "ruleId": f.rule,
        "ruleIndex": index[f.rule],
        "kind": kind,
        "level": "none" if kind == "open" else LEVELS[f.severity.value],
        "message": {"text": sarif(f.message)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": quote(f.file or ".", errors="surrogateescape"),
                        "uriBaseId": "%SRCROOT%",
                    },
                    "region": {"startLine": max(f.line or 1, 1), "startColumn": max(f.column or 1, 1)},
                }
            }
        ],
        # By the second a tool knows a finding again whose file has moved, as a baseline does.
        "partialFingerprints": {
            "primaryLocationLineHash": key(f)[:32],
            "selectorFinding/v1": key(f, moved=True)[:32],
        },
        "properties": {"severity": f.severity.value, "outcome": f.outcome, "unit": printable(f.unit or "")},
    }
    if waived is not None:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": printable(waived.reason or waived.by)}
        ]
    return result
