"""How each model is fitted to its task: of the methods open to it the one that rules give most points.

A rule takes part where it mentions `adaptation`: a veto rules a method out, points speak for or
against it; of equal methods the one that asks least of people is taken. What is stated stands, and
is judged by the same rules afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from selector.decide.axes import Axes, ModelOption
from selector.decide.judge import Compile
from selector.decide.people import adapting, trained
from selector.decide.trainable import Room, more, why
from selector.types.catalog import Role
from selector.types.requirement import Requirement
from selector.types.rule import Effect, Rule

FACT = "adaptation"
VENDORS = "an endpoint paid by use serves the weights of its vendor"
TUNED = ("lora", "qlora", "full")
CHEAPER = ("lora", "qlora")  # in memory, dearer first


@dataclass(frozen=True, slots=True)
class Method:
    """A method for one model: points of the rules that speak of it, and those that rule it out."""

    name: str
    points: float
    rules: tuple[str, ...]  # that gave the points
    vetoes: tuple[str, ...]


def asked(req: Requirement, free: tuple[str, ...]) -> tuple[str, ...]:
    """Methods to choose among: those stated, or all that are open to the model."""
    stated = req.pins.adaptation or ((req.adaptation.method,) if req.adaptation.method else ())
    named = tuple(m for s in stated if s != "auto" for m in (TUNED if s == "sft" else (s,)))
    if named:
        return named
    # Who proposes to tune wants the model tuned: of these methods the best is taken.
    proposed = {str(v) for v in req.proposed.get(FACT, ())}
    tuned = tuple(m for m in free if m in TUNED)
    return tuned if tuned and proposed & {*TUNED, "sft"} else free


def rules_of(rules: Iterable[Rule], compile_: Compile) -> list[Rule]:
    """Rules that speak of a method."""
    return [
        r
        for r in rules
        if r.effect in (Effect.VETO, Effect.POINTS) and not r.policies and FACT in compile_(r.when).facts
    ]


def judged(
    methods: Sequence[str],
    known: Mapping[str, object],
    rules: Sequence[Rule],
    compile_: Compile,
    weights: Mapping[str, float],
) -> list[Method]:
    """Each method with what rules say of it; `weights` are those of the packs."""
    found = []
    for name in methods:
        facts = {**known, FACT: name}
        fired = [r for r in rules if compile_(r.when).evaluate(facts)]
        given = [r for r in fired if r.effect is Effect.POINTS]
        points = math.fsum((r.points or 0.0) * weights.get(r.pack, 1.0) for r in given)
        vetoes = tuple(r.id for r in fired if r.effect is Effect.VETO)
        found.append(Method(name, points, tuple(r.id for r in given), vetoes))
    return found


def ordered(methods: Sequence[Method], p: Mapping[str, float]) -> list[str]:
    """Those that are not ruled out first, by points, then the least work, then as they stand."""
    place = {m.name: i for i, m in enumerate(methods)}

    def key(m: Method) -> tuple[bool, float, float, int]:
        return bool(m.vetoes), -m.points, adapting(p, m.name), place[m.name]

    return [m.name for m in sorted(methods, key=key)]


def open_to(role: Role, hosted: bool) -> tuple[str, ...]:
    """Methods that the program may choose for a model by itself."""
    return role.hosted if hosted else role.methods


def choose(
    axes: Axes,
    req: Requirement,
    roles: Mapping[str, Role],
    common: Mapping[str, object],
    rules: Iterable[Rule],
    compile_: Compile,
    room: Room,
) -> None:
    """Give every model the best method that its machines can train, or the best with why they cannot;
    models that look alike to the rules share their order."""
    own = rules_of(rules, compile_)
    mentioned = sorted(frozenset().union(*(compile_(r.when).facts for r in own)))
    answers: dict[tuple[object, ...], list[str]] = {}

    def methods(option: ModelOption) -> list[str]:
        hosted = option.api is not None
        named = asked(req, open_to(roles[option.role], hosted))
        key = (named, hosted, *(option.facts.get(f) for f in mentioned))
        if key not in answers:
            known = {**common, **option.facts, **({"hosting": "api"} if hosted else {})}
            answers[key] = ordered(judged(named, known, own, compile_, req.packs), room.p)
        return answers[key]

    axes.models = [_fitted(m, methods(m), room) for m in axes.models]


def _fitted(option: ModelOption, methods: Sequence[str], room: Room) -> ModelOption:
    """A model with the first of its methods that the machines at hand can train.

    Where LoRA has to be split over slow links, a 4-bit base on each device can be the faster one.
    """
    if option.api is not None and trained(methods[0]):
        way = f"adaptation.method {methods[0]} -> prompt or rag, or deployment.hosting with self_hosted"
        return replace(option, method=methods[0], untrainable=VENDORS, trained_if=way)
    able = [m for m in methods if not trained(m) or room.fits(option, m) is not False]
    if able:
        quicker = (
            able[0] == "lora" and "qlora" in able and room.rate(option, "qlora") > room.rate(option, "lora")
        )
        return replace(option, method="qlora" if quicker else able[0])
    helps = next((m for m in CHEAPER if room.fits(option, m)), None)
    said = f"{why(room, option, methods[0])}{f'; {helps} would fit' if helps else ''}"
    ways = (f"adaptation.method {methods[0]} -> {helps}" if helps else "", more(room, option, methods[0]))
    return replace(option, method=methods[0], untrainable=said, trained_if=" or ".join(w for w in ways if w))
