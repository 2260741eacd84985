"""Libraries that train the model of a stack on its devices, and which of them to take first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from selector.decide.options import ENDED
from selector.types.catalog import Device, Framework
from selector.types.facts import known_only
from selector.types.requirement import Requirement
from selector.types.rule import Effect, Rule

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue

ANY = {"sft": ("lora", "qlora", "full")}
TOPIC = "framework"  # of rules that compare frameworks
WIDE = frozenset({"gpu", "cpu", "soc"})  # words for devices of more than one vendor


@dataclass(frozen=True, slots=True)
class Weighed:
    """A framework with the points of the rules that hold, and the rule that refuses it."""

    id: str
    points: float
    rules: tuple[Rule, ...]
    refused: Rule | None = None


def frameworks(
    known: Iterable[Framework], adaptation: str, role: str, device: Device, engine: str
) -> tuple[str, ...]:
    """Ids of maintained libraries, in the order of the packs; nothing where nothing is trained.

    A classical library trains only what it serves itself.
    """
    methods = {m for part in adaptation.split("+") for m in ANY.get(part, (part,))}
    words = {device.kind, device.vendor.lower(), device.arch or "", device.family}
    found = []
    for one in known:
        if one.status in ENDED or (one.kind == "classical" and one.id != engine):
            continue
        if any(
            role in t.roles and not methods.isdisjoint(t.methods) and not words.isdisjoint(t.devices)
            for t in one.trains
        ):
            found.append(one.id)
    return tuple(found)


def ranked(
    cat: Catalogue,
    found: Iterable[str],
    role: str,
    need: Requirement,
    stack: Mapping[str, object],
    today: date,
    *,
    split: bool = False,
) -> tuple[str, ...]:
    """The libraries found in the order to take them; `split` where layers are spread over devices."""
    names = tuple(found)
    return ordered(cat, names, weigh(cat, names, role, need, stack, today), split=split)


def ordered(
    cat: Catalogue, found: Iterable[str], weighed: Iterable[Weighed], *, split: bool = False
) -> tuple[str, ...]:
    """Without those refused, by the points of rules and the preference of their rows."""
    judged = {w.id: w for w in weighed}
    names = [n for n in found if n not in judged or judged[n].refused is None]

    def points(name: str) -> float:
        own = cat.frameworks[name].preference
        stated = (own.split if split else own.whole) if own else 0.0
        return stated + (judged[name].points if name in judged else 0.0)

    return tuple(sorted(names, key=lambda n: -points(n)))


def weigh(
    cat: Catalogue,
    found: Iterable[str],
    role: str,
    need: Requirement,
    stack: Mapping[str, object],
    today: date,
) -> tuple[Weighed, ...]:
    """Each framework among the libraries found, judged by the rules of the topic `framework`.

    `stack` holds the facts of the requirement and of the options that the stack takes.
    """
    rules = [r for r in cat.rules.values() if r.topic == TOPIC]
    rows = (cat.frameworks[name] for name in found)
    return tuple(
        _weighed(cat, one.id, rules, {**stack, **facts(one, role, need, today, cat)})
        for one in rows
        if one.kind == TOPIC
    )


def facts(one: Framework, role: str, need: Requirement, today: date, cat: Catalogue) -> dict[str, object]:
    """`framework.*`: what is not known, or not asked for, is left out."""
    targets = set(need.deployment.targets)
    vendors = {d for t in one.trains for d in t.devices}
    old = cat.parameters["frameworks.release_old_days"].value
    age = (today - date.fromisoformat(one.released)).days if one.released else None
    return known_only(
        {
            "framework.id": one.id,
            "framework.weights": one.weights.get(role),
            "framework.release_age": None if age is None else "old" if age > old else "recent",
            "framework.skill": need.team.skills.get(one.id),
            "framework.reaches_targets": _all(targets, {e.to for e in one.exports}),
            "framework.own_export": _all(targets, {e.to for e in one.exports if e.own}),
            "framework.one_accelerator_vendor": len(vendors) == 1 and vendors.isdisjoint(WIDE),
        }
    )


def _all(wanted: set[str], there: set[str]) -> bool | None:
    return wanted <= there if wanted and there else None


def _weighed(cat: Catalogue, name: str, rules: Iterable[Rule], known: Mapping[str, object]) -> Weighed:
    held, refused = [], None
    for rule in rules:
        answer = cat.condition(rule.when).evaluate(known)
        if rule.effect is Effect.VETO and (answer or (answer is None and rule.on_unknown == "fail")):
            refused = refused or rule
        elif rule.effect is Effect.POINTS and answer:
            held.append(rule)
    return Weighed(name, sum(r.points or 0.0 for r in held), tuple(held), refused)
