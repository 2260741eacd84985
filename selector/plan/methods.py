"""Every way to fit the model of a stack side by side: points, people, time, money, quality, risks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from selector.decide import adapting, people, trainable
from selector.decide.runs import sized
from selector.decide.runs.spreads import fastest
from selector.estimate import effort
from selector.estimate.numeric import SCALAR
from selector.types.estimate import Estimate
from selector.types.plan import MethodRow, TrainingPlan
from selector.types.rule import Effect

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run
    from selector.decide.runs.machines import Machine

AS_IS = ("none", "prompt")


def rows(
    run: Run,
    row: int,
    known: Mapping[str, object],
    machine: Machine | None,
    planned: TrainingPlan | None,
) -> tuple[MethodRow, ...]:
    """The methods open to the model of a candidate, the chosen one first, then by points.

    `known` are the facts of the candidate; `machine` is what a run is sized on, as far as one is known;
    `planned` is the run of the method chosen.
    """
    option = run.axes.models[int(run.stacks.model[row])]
    free = adapting.open_to(run.cat.roles[option.role], option.api is not None)
    named = dict.fromkeys((option.method, *free))
    rules = adapting.rules_of(run.cat.rules.values(), run.cat.condition)
    judged = adapting.judged(tuple(named), known, rules, run.cat.condition, run.req.packs)
    order = adapting.ordered(judged, run.p)
    found = {m.name: m for m in judged}
    room = trainable.room(run.axes, run.req, run.assumed, run.p)
    first = [option.method, *(name for name in order if name != option.method)]
    made = [_row(run, row, option, found[name], known, room, machine) for name in first]
    if planned is not None:
        told = planned.estimates
        made[0] = replace(made[0], device_hours=told["device_hours"], usd=told["usd"])
    return tuple(made)


def _row(
    run: Run,
    row: int,
    option: ModelOption,
    method: adapting.Method,
    known: Mapping[str, object],
    room: trainable.Room,
    machine: Machine | None,
) -> MethodRow:
    name, p = method.name, run.p
    skill = p[f"effort.skill.{run.req.team.skills.get('ml', 'medium')}"]
    months = people.adapting(p, name) * (skill if people.trained(name) else 1.0)
    team = run.req.team.engineers
    weeks = None
    if team:
        hands = effort.hands(SCALAR, team, p["effort.parallel_engineers"])
        weeks = float(effort.weeks(months, hands, p["effort.weeks_per_month"]))
    hours, usd = _run(run, option, name, machine)
    return MethodRow(
        method=name,
        chosen=name == option.method,
        points=method.points,
        rules=method.rules,
        vetoes=method.vetoes,
        fits=room.fits(option, name) if people.trained(name) else True,
        person_months=months,
        weeks=weeks,
        quality=_quality(run, row, name, known),
        device_hours=hours,
        usd=usd,
        risks=_risks(run, name, known),
    )


def _run(
    run: Run, option: ModelOption, method: str, machine: Machine | None
) -> tuple[Estimate | None, Estimate | None]:
    """Device hours and USD of one run on the machine; None where nothing is trained or known."""
    if machine is None or not people.trained(method):
        return None, None
    want = sized.asked(run, option, method)
    shp = sized.dimensions(option, run.p)
    if shp is None or want.tokens is None:
        return None, None
    spread = fastest(shp, machine.hardware, want.wish, run.p)
    if spread is None:
        return None, None
    took = sized.hours(shp, machine.device, spread, want.tokens, run.p)
    by = sized.doubt(shp, machine.device, spread.run, run.p)
    hours = Estimate.around(took, by, "h", "training.device_hours")
    if machine.usd_per_hour is None:
        return hours, None
    return hours, hours.scaled(machine.usd_per_hour / machine.count, "USD", "training.cost")


def _quality(run: Run, row: int, method: str, known: Mapping[str, object]) -> Estimate | None:
    """Index of public scores times what published evidence says of the method; None where none does."""
    index = run.quality_of[int(run.stacks.model[row])]
    if math.isnan(index.p50):
        return None
    low, middle, high = index.p10, index.p50, index.p90
    told: list[str] = []
    facts = {**known, adapting.FACT: method}
    for rule in run.cat.rules.values():
        condition = run.cat.condition(rule.when)
        if rule.effect is not Effect.ADJUST or rule.quantity != "quality" or not condition.evaluate(facts):
            continue
        low, middle, high = low * rule.factor_low, middle * rule.factor, high * rule.factor_high
        told += [rule.id] if adapting.FACT in condition.facts else []
    if not told and method not in AS_IS:
        return None
    top = 1.0
    return Estimate(
        min(low, top),
        min(middle, top),
        min(high, top),
        "index",
        "quality.index",
        {"adjusted_by": ", ".join(told)} if told else {},
    )


def _risks(run: Run, method: str, known: Mapping[str, object]) -> tuple[str, ...]:
    """Risks that apply with the method and would not with a prompt."""
    facts = {**known, adapting.FACT: method, "finetuned": people.trained(method)}
    base = {**known, adapting.FACT: "prompt", "finetuned": False}
    if method == "rag":
        facts["req.rag"] = True
        base["req.rag"] = False
    found = []
    for risk in run.cat.risks.values():
        applies = run.cat.condition(risk.applies)
        if applies.facts.isdisjoint({adapting.FACT, "finetuned", "req.rag"}):
            continue
        if applies.evaluate(facts) and not applies.evaluate(base):
            found.append(risk.id)
    return tuple(sorted(found))
