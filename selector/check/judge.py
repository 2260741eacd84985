"""Apply gate rules to one stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selector.check.computed import Told
from selector.check.detect.run import Unit
from selector.check.policy import Policy
from selector.check.subjects import Subject
from selector.errors import Position
from selector.packs.catalog import Catalogue
from selector.risk import licences
from selector.types.rule import Effect, Finding, Rule

# Which slot to point at for facts of each kind.
SLOTS = (
    ("model.", ("model",)),
    ("licence.", ("model",)),
    ("revision_pinned", ("revision", "model")),
    ("engine.version", ("engine_version", "engine")),
    ("engine.", ("engine",)),
    ("device.", ("hardware",)),
    ("precision.", ("precision",)),
    ("offer.", ("offer", "hosting")),
    ("image.", ("image",)),
    ("vendor.", ("hosting", "model")),
    ("trust_remote_code", ("trust_remote_code",)),
    ("weight_format", ("weight_format", "model")),
    ("region", ("region", "hosting")),
    ("residency_ok", ("region", "hosting")),
    ("adaptation", ("adaptation",)),
    ("hosting", ("hosting",)),
)


@dataclass(slots=True)
class Case:
    """One stack with its facts, those worked out and the unit that it was read off."""

    subject: Subject
    facts: Mapping[str, object]
    told: Told
    unit: Unit | None  # None for a stack that is declared


def judge(case: Case, policy: Policy, cat: Catalogue, required: bool) -> Iterator[Finding]:
    """Findings of all rules in force; `required` where requirements were given."""
    known = {**case.facts, **case.told.facts}
    _placed(known)
    licence = cat.licences.get(str(known.get("model.licence")))
    known |= licences.derived(licence, known, cat.uses, cat.condition, policy.cleared)
    for rule in cat.rules.values():
        if rule.effect not in (Effect.VETO, Effect.WARN):
            continue
        if rule.policies and not set(rule.policies) & set(policy.names):
            continue
        found = _finding(rule, case, known, cat, required)
        if found is not None:
            yield found


def _placed(known: dict[str, object]) -> None:
    """Whether a place agrees with residency and users, where the requirement is assumed by a policy."""
    region = known.get("region")
    for fact, wanted in (("residency_ok", "req.residency"), ("in_user_region", "req.user_regions")):
        allowed = known.get(wanted)
        if fact not in known and region is not None and isinstance(allowed, frozenset):
            known[fact] = not allowed or region in allowed


def _finding(
    rule: Rule, case: Case, known: Mapping[str, object], cat: Catalogue, required: bool
) -> Finding | None:
    """A rule that fires fails; where a fact is unknown the rule decides what that means."""
    if rule.applies is not None and cat.condition(rule.applies).evaluate(known) is False:
        return None
    condition = cat.condition(rule.when)
    answer = condition.evaluate(known)
    if answer is False or (answer is None and rule.on_unknown == "pass"):
        return None
    unknown = [name for name, value in condition.trace(known).items() if value is None]
    if answer is None and _moot(unknown, case, required):
        return None
    detail = next((case.told.details[f] for f in sorted(condition.facts) if f in case.told.details), "")
    message = f"{rule.title}: {detail}" if detail else rule.title
    if answer is None:
        message = f"{rule.title}? not known: {', '.join(unknown)}"
    place = _place(condition.facts, case)
    outcome = "fail" if answer or rule.on_unknown == "fail" else "unknown"
    subject = " ".join([case.subject.plan.unit, detail or case.subject.model_name or ""]).strip()
    return Finding(
        rule.id,
        rule.title,
        rule.severity,
        rule.confidence,
        outcome,
        message,
        rule.why,
        rule.fix,
        place.file,
        place.line,
        place.column,
        case.subject.plan.unit,
        subject,
    )


def _moot(unknown: list[str], case: Case, required: bool) -> bool:
    """True where it is no wonder that facts are unknown: nobody named requirements, or an offer."""
    if not required and any(u.startswith("req.") for u in unknown):
        return True
    rented = case.unit is not None and case.subject.plan.offer is None
    return rented and all(u == "hosting" or u.startswith("offer.") for u in unknown)


def _place(asked: frozenset[str], case: Case) -> Position:
    """Where the fact stands that decides."""
    for fact in sorted(asked):
        if fact in case.told.places:
            return case.told.places[fact]
    for prefix, slots in SLOTS:
        if any(f.startswith(prefix) for f in asked) and any(s in case.subject.plan.places for s in slots):
            return case.subject.plan.where(*slots)
    return case.subject.plan.where("stack")
