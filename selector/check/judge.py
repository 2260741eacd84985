"""Apply gate rules to one stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from selector.check import doubt
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
    assumed: frozenset[str] = frozenset()  # facts that the policy takes for granted and nobody states

    @property
    def own_engine(self) -> bool:
        """True where a repository starts an engine and asks no vendor."""
        plan = self.subject.plan
        serves = plan.engine is not None and plan.engine.kind == "serving"
        return serves and plan.hosting is None and "vendor.id" not in self.facts


def in_force(policy: Policy, cat: Catalogue) -> tuple[Rule, ...]:
    """The rules that gate: those of any repository, and those of the policies that are named."""
    return tuple(
        rule
        for rule in cat.rules.values()
        if rule.effect in (Effect.VETO, Effect.WARN)
        and rule.topic is None
        and (not rule.policies or set(rule.policies) & set(policy.names))
    )


def judge(
    case: Case, rules: Sequence[Rule], policy: Policy, cat: Catalogue, required: bool
) -> Iterator[Finding]:
    """Findings of the rules in force; `required` where requirements were given."""
    known = {**case.facts, **case.told.facts}
    _placed(known)
    licence = cat.licences.get(str(known.get("model.licence")))
    known |= licences.derived(licence, known, cat.uses, cat.condition, policy.cleared)
    for rule in rules:
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
    answer = doubt.evaluate(condition, known, case.own_engine)
    if answer is False or (answer is None and rule.on_unknown == "pass"):
        return None
    told, facts = case.told, sorted(condition.facts)
    unknown = doubt.unknown(condition, known) if answer is None else []
    asks = any(f.startswith("req.") and f in known for f in facts)
    if answer is None and _moot(unknown, case, known, required, asks):
        return None
    # A fact may be worked out to be possible: then the rule does not know either.
    hangs = [h for f in facts for h in told.hangs.get(f, ())] if answer else []
    detail = next((told.details[f] for f in facts if f in told.details), "")
    outcome = (
        "fail" if (answer and not hangs) or (answer is None and rule.on_unknown == "fail") else "unknown"
    )
    taken = [f for f in facts if f in case.assumed] if answer else []
    place = _place(condition.facts, case)
    return Finding(
        rule.id,
        rule.title,
        next((told.severities[f] for f in facts if f in told.severities), rule.severity),
        rule.confidence,
        outcome,
        _message(rule, detail, unknown, taken),
        rule.why,
        _fix(rule, [*unknown, *hangs, *taken]),
        place.file,
        place.line,
        place.column,
        case.subject.plan.unit,
        _subject(case, facts, detail),
    )


def _message(rule: Rule, detail: str, unknown: list[str], assumed: list[str]) -> str:
    """The title with what is known of it; what a policy takes for granted is no finding of fact."""
    text = f"{rule.title}?" if unknown else rule.title
    stated = [u for u in unknown if not (detail and u.startswith(doubt.WORKED_OUT))]
    parts = [detail] if detail else []
    parts += [f"not known: {', '.join(stated)}"] if stated else []
    parts += [f"the policy takes {', '.join(assumed)} for granted"] if assumed else []
    return f"{text}{'' if unknown else ':'} {'; '.join(parts)}" if parts else text


def _fix(rule: Rule, open_: list[str]) -> str | None:
    """What mends it, and which facts to state where."""
    return "; or ".join(filter(None, (rule.fix, doubt.tell(open_)))) or None


def _subject(case: Case, facts: list[str], detail: str) -> str:
    """What a finding is about, without the file, lines and prices: it keys a baseline that holds when files
    move."""
    about = next((case.told.abouts[f] for f in facts if f in case.told.abouts), detail)
    name = case.subject.plan.unit.partition("#")[2]
    return " ".join(filter(None, (name, about or case.subject.model_name)))


def _moot(unknown: list[str], case: Case, known: Mapping[str, object], required: bool, asks: bool) -> bool:
    """True where it is no wonder that facts are unknown: nobody named requirements, a ceiling or an offer.
    `asks`: a requirement that is known hangs on them."""
    if not required and any(u.startswith("req.") for u in unknown):
        return True
    if any(u.startswith("cost.") and u not in case.told.details for u in unknown):
        return True
    subject, plan = case.subject, case.subject.plan
    if "residency_ok" in unknown and known.get("req.residency"):
        # Somebody said where data has to stay: what runs anywhere has to say where.
        return subject.model_name is None and plan.hosting is None
    if asks and subject.model_name is not None:
        return False
    rented = case.unit is not None and plan.offer is None
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
