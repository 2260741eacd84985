"""Time of people: person-months, their cost, and the weeks until the first release."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide.axes import HOSTED
from selector.decide.columns import Column, alike, numbered, of_option
from selector.estimate import cost, effort

if TYPE_CHECKING:
    from selector.decide.candidates import Candidates
    from selector.decide.recommend import Run

CLASSICAL = frozenset({"tabular", "time_series"})  # roles of methods that need no accelerator
CHANGES = "effort.changes"  # of parameters: changes a month, by pace
GENERATING = ("llm", "diffusion")  # roles that answer in many passes


@dataclass(frozen=True, slots=True)
class Work:
    """Columns over the candidates."""

    months: Any  # person-months over the horizon
    usd: Any  # a month
    once_usd: Any  # of it, paid at the start
    weeks: Any  # until launch; nan where the size of the team is not stated


def of(run: Run, horizon: float) -> Work:
    """Building, adapting and protecting once, and running every month of the horizon."""
    import numpy as np

    p = run.p
    stacks, days, which = _distinct(run)
    hosting = np.array([q.hosting for q in run.axes.places] or [""])[stacks.place]
    hosted = np.isin(hosting, HOSTED)
    roles = [m.role for m in run.axes.models] or [""]
    classical = np.isin(roles, sorted(CLASSICAL))[stacks.model] & ~hosted
    one_pass = ~np.isin(roles, GENERATING)[stacks.model] & ~hosted
    reserved = hosting == "managed_dedicated"
    running = np.where(
        hosted,
        np.where(reserved, p["effort.run.managed"], p["effort.run.api"]),
        np.where(hosting == "on_prem", p["effort.run.on_prem"], p["effort.run.self_hosted"]),
    )
    running = running * np.where(one_pass, p["effort.run.one_pass"], 1.0)
    running = effort.running(np, running, stacks.units, p["effort.run.per_extra_node"])
    running = running + of_engine(run, "effort.run.engine")[stacks.engine]
    bought = np.where(reserved, p["effort.build.managed"], p["effort.build.api"])
    build = np.where(hosted, bought, p["effort.build.self_hosted"])
    build = np.where(classical, p["effort.build.classical"], build)
    build = build + of_engine(run, "effort.build.engine")[stacks.engine]
    # Who runs machines or trains for the first time learns on the way; a hosted model asks little.
    skill = p[f"effort.skill.{run.req.team.skills.get('ml', 'medium')}"]
    running, build = running * np.where(hosted, 1.0, skill), build * np.where(hosted, 1.0, skill)
    methods = [m.method for m in run.axes.models] or [""]
    adapt = np.array([adapting(p, m) * (skill if trained(m) else 1.0) for m in methods])
    often = np.array([again(run, m) * (skill if trained(m) else 1.0) for m in methods])
    once = effort.once(build, adapt[stacks.model], days, p["effort.working_days"])
    running = running + often[stacks.model]
    wage = run.req.team.usd_per_engineer_month or 0.0
    team = run.req.team.engineers
    hands = effort.hands(np, team, p["effort.parallel_engineers"]) if team else float("nan")
    found = (
        effort.total(running, once, horizon),
        cost.people(running, once, wage, horizon),
        once * wage,
        effort.weeks(once, hands, p["effort.weeks_per_month"]),
    )
    return Work(*(Column(column, which) for column in found))


def _distinct(run: Run) -> tuple[Candidates, Any, Any]:
    """One candidate of each kind that people tell apart, its days of mitigations, and the kind of
    every candidate: kind of hosting and of model, engine, machines, and risks."""
    import numpy as np

    s, axes = run.stacks, run.axes
    hosting, _ = numbered([q.hosting for q in axes.places])
    kind, kinds = numbered([(m.role, m.api is not None) for m in axes.models])
    model = (s.engine + 1).astype(np.int32) * max(kinds, 1) + of_option(kind, s.model)
    rows, which = alike([of_option(hosting, s.place), model, run.risks.profile, s.units])
    return s.some(rows), run.risks.days[rows], which


def of_engine(run: Run, name: str) -> Any:
    """Parameter by engine, 0 where none is stated; the last is for stacks without an engine."""
    import numpy as np

    return np.array([*(run.p.get(f"{name}.{e.id}", 0.0) for e in run.axes.engines), 0.0])


def adapting(p: Mapping[str, float], method: str) -> float:
    """Person-months to fit a model to the task, by method; several are joined by `+`."""
    return math.fsum(p.get(f"effort.adapt.{m}", 0.0) for m in parts(method))


def again(run: Run, method: str) -> float:
    """Person-months a month for adapting anew as often as labels change; what is trained also follows
    inputs that drift."""
    p, pace = run.p, changes(run, method)
    each = math.fsum(p.get(f"effort.again.{m}", 0.0) for m in parts(method))
    return p[pace] * each if pace else 0.0


def changes(run: Run, method: str) -> str | None:
    """Parameter with how often it is adapted anew: the more frequent of `causes`; None where nothing
    is known to change."""
    keys = [k for k in (f"{CHANGES}.{c}" for c in causes(run, method).values()) if k in run.p]
    return max(keys, key=lambda k: run.p[k], default=None)


def causes(run: Run, method: str) -> dict[str, str | None]:
    """What asks for adapting anew, and how often it changes: labels, and for what is trained inputs."""
    data = run.req.data
    found = {"data.labels.change": data.labels.change}
    return found | {"data.drift": data.drift} if trained(method) else found


def trained(method: str) -> bool:
    """Whether weights are trained."""
    return not {"prompt", "rag", "none"}.issuperset(parts(method))


def parts(method: str) -> list[str]:
    """Methods that a method joins, by the name that parameters know."""
    return ["lora" if m in ("qlora", "sft") else m for m in method.split("+")]
