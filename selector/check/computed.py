"""Facts that are worked out for a stack: known holes, lists of the policy, cost, contradictions, drift."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from selector.check.detect.run import Unit
from selector.check.policy import Policy
from selector.check.subjects import Subject
from selector.errors import Position
from selector.packs.catalog import Catalogue
from selector.risk import advisories
from selector.types.advisory import Hit
from selector.types.detected import Certainty
from selector.types.rule import Severity

MOST_NAMED = 4
Alike = tuple[object, ...]  # what two stacks have in common that have the same holes
NONE_FREE = "no later version is known to be free of them"


@dataclass(slots=True)
class Told:
    """Facts with what a finding says of each, and where it points."""

    facts: dict[str, object] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    places: dict[str, Position] = field(default_factory=dict)
    abouts: dict[str, str] = field(default_factory=dict)  # details without what moves: prices, lines
    hangs: dict[str, tuple[str, ...]] = field(default_factory=dict)  # on facts that are not known
    severities: dict[str, Severity] = field(default_factory=dict)  # where the fact says more than its rule

    def say(self, fact: str, value: object, detail: str = "", place: Position | None = None) -> None:
        """One fact."""
        self.facts[fact] = value
        if detail:
            self.details[fact] = detail
        if place is not None:
            self.places[fact] = place


def of(
    subject: Subject, unit: Unit | None, known: Mapping[str, object], policy: Policy, holes: Holes
) -> Told:
    """All that is worked out for one stack; `known` are its other facts."""
    told = Told()
    _holes(subject, known, holes, told)
    _listed(subject, policy, told)
    if unit is not None:
        _settled(unit, subject, told)
    return told


class Holes:
    """What is known of the holes of components: worked out once for all stacks that are alike in it."""

    def __init__(self, cat: Catalogue) -> None:
        """Take the advisories of a catalogue."""
        self._cat = cat
        conditions = (cat.condition(a.when) for a in cat.advisories.values() if a.when is not None)
        self._asked = sorted({fact for c in conditions for fact in c.facts})
        self._hits: dict[Alike, tuple[tuple[Hit, str], ...]] = {}
        self._texts: dict[tuple[Alike, tuple[tuple[str, str], ...]], str] = {}

    def _alike(self, known: Mapping[str, object], *parts: str) -> Alike:
        return (*parts, *map(known.get, self._asked))

    def hits(self, name: str, version: str, known: Mapping[str, object]) -> tuple[tuple[Hit, str], ...]:
        """Advisories that do not fail to apply, each with the component and its version."""
        alike = self._alike(known, name, version)
        if alike not in self._hits:
            cat = self._cat
            found = advisories.hits(cat.advisories.values(), name, version, known, cat.condition)
            named = f"{name} {version}"
            self._hits[alike] = tuple((h, named) for h in found if advisories.VERSION not in h.unknown)
        return self._hits[alike]

    def text(self, rows: Sequence[tuple[Hit, str]], known: Mapping[str, object]) -> str:
        """The holes of some rows in words."""
        key = self._alike(known), tuple((part, hit.advisory.id) for hit, part in rows)
        if key not in self._texts:
            self._texts[key] = _named(rows, known, self._cat)
        return self._texts[key]


def _holes(subject: Subject, known: Mapping[str, object], holes: Holes, told: Told) -> None:
    """The worst advisory that applies for certain, and whether others may."""
    found: list[tuple[Hit, str]] = []
    places: dict[str, Position] = {}
    for part in subject.components:
        if part.version is not None:
            places.setdefault(f"{part.name} {part.version}", part.place)
            found += holes.hits(part.name, part.version, known)
    if not places:
        return
    facts = advisories.summary(h for h, _ in found)
    certain = [f for f in found if advisories.is_sure(f[0])]
    rows = [f for f in certain if advisories.severity(f[0].advisory).value == facts["advisory.worst"]]
    rest = [f for f in found if f not in certain]
    for fact, value in facts.items():
        named = rest if fact == "advisory.possible" else rows
        text, place = (holes.text(named, known), places[named[0][1]]) if named else ("", None)
        told.say(fact, value, text, place)
        told.abouts[fact] = " ".join(dict.fromkeys(w for h, part in named for w in (part, h.advisory.id)))
    if rest:
        told.hangs["advisory.possible"] = tuple(sorted({u for h, _ in rest for u in h.unknown}))
        told.severities["advisory.possible"] = max(
            (advisories.severity(h.advisory) for h, _ in rest), key=list(Severity).index
        )


def _named(rows: Sequence[tuple[Hit, str]], known: Mapping[str, object], cat: Catalogue) -> str:
    """The holes by component, what mends them, and what would settle the uncertain ones."""
    by_part: dict[str, list[Hit]] = {}
    for hit, part in rows:
        by_part.setdefault(part, []).append(hit)
    texts = []
    for part, hits in by_part.items():
        names = [f"{h.advisory.id} ({h.advisory.cvss or h.advisory.severity})" for h in hits[:MOST_NAMED]]
        more = f" and {len(hits) - MOST_NAMED} more" if len(hits) > MOST_NAMED else ""
        least = min((advisories.severity(h.advisory) for h in hits), key=list(Severity).index)
        name, _, version = part.rpartition(" ")
        free = advisories.first_free(cat.advisories.values(), name, version, least, known, cat.condition)
        told = f"{free} is the first without any{_from(least)}" if free else NONE_FREE
        texts.append(f"{part}: {', '.join(names)}{more}; {told}")
    asked = sorted({u for h, _ in rows for u in h.unknown})
    return "; ".join(texts) + (f"; settled by {', '.join(asked)}" if asked else "")


def _from(least: Severity) -> str:
    return f" that is {least.value} or worse" if least not in (Severity.INFO, Severity.LOW) else ""


def _listed(subject: Subject, policy: Policy, told: Told) -> None:
    name = subject.model_name
    if name is None or not (policy.allow or policy.deny):
        return
    at = subject.plan.where("model")

    def hit(patterns: Iterable[str]) -> str | None:
        return next((p for p in patterns if fnmatchcase(name.lower(), p.lower())), None)

    denied = hit(policy.deny)
    if denied:
        told.say("model.listed", "denied", f"{name} matches {denied}", at)
    elif policy.allow:
        allowed = hit(policy.allow)
        told.say("model.listed", "allowed" if allowed else "unlisted", name, at)


def _settled(unit: Unit, subject: Subject, told: Told) -> None:
    """Whether the files agree, and whether they say all that they name."""
    clash = [s for s in unit.facts if s.certainty is Certainty.CONFLICT]
    values = "; ".join(f"{s.key} {s.value} ({s.file}:{s.line}, {s.how})" for s in clash)
    place = subject.plan.places
    told.say("unit.conflict", bool(clash), values, place.get("stack"))
    told.abouts["unit.conflict"] = "; ".join(f"{s.key} {s.value}" for s in clash)
    open_ = [
        s
        for s in unit.facts
        if s.certainty is Certainty.UNRESOLVED and s.key in ("model", "image", "framework")
    ]
    told.say(
        "unit.unresolved", bool(open_), "; ".join(f"{s.key} {s.value}" for s in open_), place.get("stack")
    )


def drift(
    plans: Sequence[Subject],
    decided: Sequence[Mapping[str, object]],
    source: str,
    told: Callable[[str], Told],
) -> None:
    """Compare stacks of units with the slots of each component that is declared or decided, where the model
    is the same one; a component whose model no unit runs is held against one that runs any other."""
    stray = [s for s in plans if s.model_name is not None]
    missing = []
    for wanted in decided:
        model = str(wanted.get("model") or "").lower()
        same = [s for s in plans if s.model_name is not None and _same_model(s, model)]
        stray = [s for s in stray if s not in same]
        for subject in same:
            _differs(subject, wanted, source, told(subject.plan.unit))
        if not same and model:
            missing.append(wanted["model"])
    for subject, there in zip(stray, missing, strict=False):
        text = f"model is {subject.model_name}, {source} says {there}"
        told(subject.plan.unit).say("stack.drifts", True, text, subject.plan.where("model"))


def _differs(subject: Subject, wanted: Mapping[str, object], source: str, told: Told) -> None:
    for slot, here in _slots(subject).items():
        there = wanted.get(slot)
        if here is not None and there is not None and str(here) not in _spellings(there):
            text = f"{slot} is {here}, {source} says {there}"
            told.say("stack.drifts", True, text, subject.plan.where(_PLACE.get(slot, slot), "model"))


_PLACE = {
    "engine": "engine",
    "engine_version": "engine_version",
    "precision": "precision",
    "hardware": "hardware",
    "tp": "layout",
    "pp": "layout",
}


def _same_model(subject: Subject, model: str) -> bool:
    ids = {str(subject.model_name).lower()}
    ids |= {x.id.lower() for x in (subject.plan.model, subject.plan.api) if x is not None}
    return model in ids or any(i.rsplit("/", 1)[-1] == model.rsplit("/", 1)[-1] for i in ids)


def _slots(subject: Subject) -> dict[str, object | None]:
    plan = subject.plan
    return {
        "engine": plan.engine.id if plan.engine else None,
        "engine_version": plan.engine_version,
        "precision": plan.precisions[0].id if len(plan.precisions) == 1 else None,
        "hardware": plan.devices[0].id if len(plan.devices) == 1 else None,
        "tp": plan.layout.get("tp"),
        "pp": plan.layout.get("pp"),
    }


def _spellings(value: object) -> set[str]:
    """A value, or each of several that a name can mean."""
    return {str(v) for v in value} if isinstance(value, tuple | list | frozenset) else {str(value)}
