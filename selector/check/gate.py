"""Judge a declared stack: by the vetoes and warnings of the packs, and whether it can run at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from selector.check import declared, possible
from selector.needs.facts import DECLARED
from selector.packs.catalog import Catalogue
from selector.packs.reader import Document
from selector.types.rule import Effect, Finding, Rule

FILE = "selector.stack.yaml"
KEYS = (
    ("model.", "model"),
    ("licence.", "model"),
    ("engine.", "engine"),
    ("device.", "hardware"),
    ("precision.", "precision"),
    ("offer.", "offer"),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a declared stack says, and what the rules say of it."""

    file: str
    facts: Mapping[str, object]
    findings: tuple[Finding, ...]


def check(path: Path, cat: Catalogue, today: date) -> Checked:
    """Judge one `selector.stack.yaml`; raises `InputError` with every problem in it."""
    found = declared.read(path, cat)
    facts = declared.facts_of(found, cat, today)
    judged = (_finding(rule, facts, cat, found.document) for rule in cat.rules.values())
    findings = (*possible.findings(found, cat), *(f for f in judged if f is not None))
    return Checked(str(path), facts, findings)


def _finding(rule: Rule, facts: Mapping[str, object], cat: Catalogue, document: Document) -> Finding | None:
    """A veto or warning that fires fails; where a fact is unknown the rule decides what that means."""
    if rule.effect not in (Effect.VETO, Effect.WARN):
        return None
    if rule.applies is not None and cat.condition(rule.applies).evaluate(facts) is False:
        return None
    condition = cat.condition(rule.when)
    answer = condition.evaluate(facts)
    if answer is False or (answer is None and rule.on_unknown == "pass"):
        return None
    unknown = [name for name, value in condition.trace(facts).items() if value is None]
    outcome = "fail" if answer or rule.on_unknown == "fail" else "unknown"
    message = rule.title if answer else f"{rule.title}? not known: {', '.join(unknown)}"
    where = document.where(("stack", _key(condition.facts)))
    return Finding(
        rule.id,
        rule.title,
        rule.severity,
        rule.confidence,
        outcome,
        message,
        rule.why,
        rule.fix,
        where.file,
        where.line,
        where.column,
    )


def _key(facts: frozenset[str]) -> str:
    """The slot that a rule speaks of, to point at."""
    for prefix, key in KEYS:
        if any(f.startswith(prefix) for f in facts):
            return key
    return next((f for f in (*DECLARED, "adaptation") if f in facts), "hosting")
