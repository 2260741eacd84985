"""Judge a repository: what it declares and what is detected in it, by the rules of the policy in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from selector.check import computed, possible, stated, subjects
from selector.check.computed import Told
from selector.check.detect.run import Detection, Unit, detect
from selector.check.judge import Case, in_force, judge
from selector.check.plan import FILE, Plan
from selector.check.policy import Policy, matches
from selector.check.subjects import Component, Subject
from selector.check.waivers import Waived, apply, relative
from selector.errors import InputError, Position
from selector.needs.facts import requirement_facts
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty, Seen, Trouble
from selector.types.facts import age_days
from selector.types.rule import Finding, Severity

# What speaks of requirements and of a declared stack is loaded where there are any: most repositories have
# neither, and a check of few files should cost little.
if TYPE_CHECKING:
    from selector.check.declared import Declared
    from selector.needs.defaults import Resolved
    from selector.types.requirement import Requirement

BROKEN = {
    "DETECT-001": "A file cannot be read",
    "DETECT-002": "A file is beyond what is read",
    "DETECT-003": "A file is no text that can be read",
}


@dataclass(frozen=True, slots=True)
class Off:
    """A rule that the policy switches off, in some files or in all, and how many findings that hides."""

    rule: str
    files: tuple[str, ...]  # empty: everywhere
    findings: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a repository says, and what the rules say of it; files are relative to what was checked."""

    root: Path
    policy: Policy
    units: tuple[Unit, ...]
    facts: tuple[Seen, ...]
    rule_facts: Mapping[str, Mapping[str, object]]  # by unit
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    notes: tuple[str, ...]
    off: tuple[Off, ...] = ()

    @property
    def unresolved(self) -> tuple[Seen, ...]:
        """What is named and not settled."""
        return tuple(s for s in self.facts if s.certainty is Certainty.UNRESOLVED)


def check(path: Path, policy: Policy, cat: Catalogue, today: date) -> Checked | None:
    """Judge a folder, or one `selector.stack.yaml`; None where there is nothing to judge.

    Raises `InputError` with every problem of the stack file or of the requirements.
    """
    root = path if path.is_dir() else path.parent
    stack = path if path.is_file() else path / FILE
    seen = detect(path, cat) if path.is_dir() else Detection((), (), ())
    units = tuple(u for u in seen.units if not matches(u.file, policy.exclude))
    own = _own(stack, cat)
    if own is None and not units and not seen.troubles:
        return None
    resolved = own.resolved if own is not None and own.resolved is not None else _requirement(policy, cat)
    need = resolved.requirement if resolved is not None else None
    if need is not None:
        policy = replace(policy, cleared=policy.cleared | frozenset(need.licences.cleared))
    base = _base(policy, need)
    cases = [_declared_case(own, base, policy, cat, today)] if own is not None else []
    found = [(u, s) for u in units for s in subjects.of(u, cat, today, root)]
    said = {**(own.facts if own is not None else {}), **policy.facts}
    cases += [Case(s, base | stated.merged(s.facts, said, s.defaults), Told(), u) for u, s in found]
    shown = [(c.subject, c.subject.facts) for c in cases]
    taken = _taken(policy, need, said)
    holes = computed.Holes(cat)
    for case in cases:
        case.told = computed.of(case.subject, case.unit, case.facts, policy, holes)
        case.assumed = taken
    if policy.per_month_usd is not None:
        from selector.check import price

        price.tell(cases, policy.per_month_usd, resolved, cat, today)
    _drifts(cases, own, policy)
    cases += [c for u in units for c in _secrets(u, root)]
    rules = in_force(policy, cat)
    findings = list(stated.contradictions(shown, said))
    findings += [f for c in cases for f in judge(c, rules, policy, cat, need is not None)]
    findings += [f for c in cases for f in possible.findings(c.subject.plan, cat)]
    findings += _stated(own, resolved, cases, cat, today)
    findings += [_broken(t, root) for t in seen.troubles if not matches(t.file, policy.exclude)]
    every = _once(relative(findings, root))
    judged = _rated(every, policy)
    standing, waived = apply(judged, _local(policy, root), cat, today)
    facts = tuple(s for u in units for s in u.facts)
    return Checked(
        root,
        policy,
        units,
        (*_own_facts(own), *facts),
        {c.subject.plan.unit: {**c.facts, **c.told.facts} for c in cases if c.facts},
        tuple(sorted(relative(standing, root), key=_order)),
        tuple(waived),
        (*_notes(need, policy), *_aged(cases, cat, today)),
        _off(every, policy),
    )


def _local(policy: Policy, root: Path) -> Policy:
    """Places of waivers relative to what is checked, as those of findings are."""
    here = []
    for waiver in policy.waivers:
        try:
            file = Path(waiver.place.file).resolve().relative_to(root.resolve()).as_posix()
        except ValueError:
            file = waiver.place.file
        here.append(replace(waiver, place=replace(waiver.place, file=file)))
    return replace(policy, waivers=tuple(here))


def _own(file: Path, cat: Catalogue) -> Declared | None:
    """The stack that the repository declares, where it has a file for it."""
    if not file.is_file():
        return None
    from selector.check import declared

    return declared.read(file, cat)


def _stated(
    own: Declared | None,
    resolved: Resolved | None,
    cases: Sequence[Case],
    cat: Catalogue,
    today: date,
) -> Iterable[Finding]:
    """Findings about what is written for this program alone: the declared stack and the requirements."""
    if own is not None:
        from selector.check import declared

        yield from declared.unknown_model(own)
    if resolved is not None:
        from selector.check import acceptances, register

        yield from acceptances.findings(resolved, cat, today)
        mitigations = own.stack.get("mitigations", ()) if own is not None else ()
        yield from register.findings(resolved, cases, mitigations, cat, today)


def _requirement(policy: Policy, cat: Catalogue) -> Resolved | None:
    if policy.requirements is None:
        return None
    from selector.needs.areas import defaults
    from selector.needs.defaults import complete
    from selector.needs.load import load

    return complete(load(policy.requirements), defaults(cat), cat.usd_per_unit)


def _taken(policy: Policy, need: Requirement | None, said: Mapping[str, object]) -> frozenset[str]:
    """Facts that the policy takes for granted and nobody states."""
    known = {**said, **(requirement_facts(need) if need is not None else {})}
    return frozenset(policy.assumes) - known.keys()


def _base(policy: Policy, need: Requirement | None) -> dict[str, object]:
    """Facts of the requirement: what the policies take for granted, under what is stated."""
    return {**policy.assumes, **(requirement_facts(need) if need is not None else {})}


def _declared_case(
    own: Declared, base: Mapping[str, object], policy: Policy, cat: Catalogue, today: date
) -> Case:
    from selector.check import declared

    plan: Plan = own.plan
    shown = declared.facts_of(own, cat, today)
    told = {**base} | stated.merged(shown, {**own.facts, **policy.facts}, frozenset())
    name = str(own.stack["model"])
    parts: tuple[Component, ...] = ()
    if plan.engine is not None:
        place = plan.where("engine_version", "engine")
        parts = (Component(plan.engine.id, plan.engine_version, place),)
    return Case(Subject(plan, shown, name, parts), told, Told(), None)


def _drifts(cases: Sequence[Case], own: Declared | None, policy: Policy) -> None:
    """What runs against what is declared, and what is declared or runs against what was decided."""
    by_unit = {c.subject.plan.unit: c.told for c in cases}
    running = [c.subject for c in cases if c.unit is not None]
    if own is not None:
        computed.drift(running, [_slots(own)], FILE, by_unit.__getitem__)
    if policy.decision is not None:
        judged = [c.subject for c in cases if c.unit is None] or running
        computed.drift(judged, _decided(policy.decision), policy.decision.name, by_unit.__getitem__)


def _slots(own: Declared) -> dict[str, object]:
    plan, stack = own.plan, own.stack
    return {
        "model": stack["model"],
        "engine": plan.engine.id if plan.engine else None,
        "engine_version": plan.engine_version,
        "precision": tuple(q.id for q in plan.precisions) or None,
        "hardware": tuple(d.id for d in plan.devices) or None,
        "tp": plan.layout.get("tp"),
        "pp": plan.layout.get("pp"),
    }


def _decided(file: Path) -> list[Mapping[str, object]]:
    """Slots of the stack of each component of a saved decision; raises `InputError` where it is edited or
    has none."""
    from selector.errors import Problem
    from selector.packs import sealed

    found = [part["stacks"] for part in sealed.parts(sealed.read(file)).values()]
    if not all(found):
        what = "no stack satisfies the requirements of this decision, so that nothing can drift from it"
        raise InputError(Problem(what, Position(str(file)), "name a decision with a stack"))
    named = ("model", "engine", "precision", "hardware")
    slots = [stacks[0]["slots"] for stacks in found]
    return [{k: s[k] for k in named} | {k: (s["layout"] or {}).get(k) for k in ("tp", "pp")} for s in slots]


def _secrets(unit: Unit, root: Path) -> Iterable[Case]:
    """Each secret is a case of its own: nothing else is asked of it."""
    for seen in unit.facts:
        if seen.key == "secret":
            place = Position(str(root / seen.file), seen.line, seen.column)
            told = Told()
            told.say("secret.present", True, f"{seen.value} (not shown)", place)
            told.abouts["secret.present"] = f"{seen.value} {seen.path}"
            yield Case(Subject(Plan(unit.name, {"stack": place}), {}, None, ()), {}, told, unit)


def _broken(trouble: Trouble, root: Path) -> Finding:
    return Finding(
        trouble.code,
        BROKEN[trouble.code],
        Severity.LOW,
        "high",
        "error",
        f"{BROKEN[trouble.code]}: {trouble.message}",
        "What cannot be read is not judged, so the result says nothing of it.",
        "mend the file, or leave it out with exclude: in the policy",
        str(root / trouble.file),
        max(trouble.line, 1),
        max(trouble.column, 1),
        None,
        trouble.message,
    )


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Code that asks several models of one vendor breaks a rule on the vendor once."""
    found: dict[tuple[object, ...], Finding] = {}
    for f in findings:
        found.setdefault((f.rule, f.file, f.line, f.column, f.message), f)
    return list(found.values())


def _rated(findings: Sequence[Finding], policy: Policy) -> list[Finding]:
    """Severities as the project has them; rules that it switched off are gone."""
    found = []
    for finding in findings:
        change = policy.change(finding.rule, finding.file or "")
        if not change.off:
            found.append(replace(finding, severity=change.severity) if change.severity else finding)
    return found


def _off(findings: Sequence[Finding], policy: Policy) -> tuple[Off, ...]:
    """Rules that are switched off, with the findings that nobody sees for it."""
    rows: list[tuple[str, tuple[str, ...]]] = [(r, ()) for r, c in policy.rules.items() if c.off]
    rows += [(r, files) for files, rules in policy.overrides for r, c in rules.items() if c.off]
    gone = [f for f in findings if policy.change(f.rule, f.file or "").off]

    def hidden(rule: str, files: tuple[str, ...]) -> int:
        return sum(f.rule == rule and (not files or matches(f.file or "", files)) for f in gone)

    return tuple(Off(rule, files, hidden(rule, files)) for rule, files in rows)


def empty(path: Path, policy: Policy) -> Checked:
    """What is said where there is nothing to judge."""
    note = f"nothing to check: {path} declares no stack, and none was detected"
    return Checked(path, policy, (), (), {}, (), (), (note,))


def _own_facts(own: Declared | None) -> Iterable[Seen]:
    if own is None:
        return
    file = Path(own.document.file).name
    for key, value in own.stack.items():
        at = own.document.where(("stack", key))
        shown = value if isinstance(value, str | int | float | bool) else str(value)
        yield Seen(FILE, key, shown, Certainty.DECLARED, file, at.line, at.column, "declared", f"stack.{key}")


def _notes(need: Requirement | None, policy: Policy) -> tuple[str, ...]:
    if need is not None:
        return ()
    if policy.assumes:
        taken = ", ".join(sorted(policy.assumes))
        return (f"no requirements are named: {taken} are what the policy takes for granted",)
    return ("no requirements are named, so rules that ask for data, users or contracts are not judged",)


def _aged(cases: Iterable[Case], cat: Catalogue, today: date) -> Iterable[str]:
    """That nobody looked for holes for long, where versions were judged: no finding is no proof then."""
    judged = any(part.version for c in cases for part in c.subject.components)
    read = max((a.as_of for a in cat.advisories.values()), default=None)
    age = age_days(read, today)
    if judged and age is not None and age > cat.parameters["advisory.fresh_days"].value:
        yield f"holes were last looked for on {read}, {age:.0f} days ago: later ones are not known"


def _order(finding: Finding) -> tuple[object, ...]:
    rank = -("info", "low", "medium", "high", "critical").index(finding.severity.value)
    return (rank, finding.file or "", finding.line or 0, finding.column or 0, finding.rule, finding.subject)
