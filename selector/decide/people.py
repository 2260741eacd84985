"""Time of people: person-months, their cost, and the weeks until the first release."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide import load as loads
from selector.decide.columns import Column, alike, numbered, of_option
from selector.estimate import cost, effort

if TYPE_CHECKING:
    from selector.decide.candidates import Candidates
    from selector.decide.recommend import Run

CLASSICAL = frozenset({"tabular", "time_series"})  # roles of methods that need no accelerator


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
    hosted = np.isin(hosting, ["api", "api_batch"])
    classical = np.array([m.role in CLASSICAL for m in run.axes.models] or [False])[stacks.model]
    running = np.where(
        hosted,
        p["effort.run.api"],
        np.where(hosting == "on_prem", p["effort.run.on_prem"], p["effort.run.self_hosted"]),
    )
    running = effort.running(np, running, stacks.units, p["effort.run.per_extra_node"])
    build = np.where(hosted, p["effort.build.api"], p["effort.build.self_hosted"])
    build = np.where(classical & ~hosted, p["effort.build.classical"], build)
    adapt = np.array([adapting(p, loads.adaptation(run.req, m.role)) for m in run.axes.models] or [0.0])
    once = effort.once(build, adapt[stacks.model], days, p["effort.working_days"])
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


def adapting(p: Mapping[str, float], method: str) -> float:
    """Person-months to fit a model to the task, by method; several are joined by `+`."""
    parts = ["lora" if m in ("qlora", "sft") else m for m in method.split("+")]
    return math.fsum(p.get(f"effort.adapt.{m}", 0.0) for m in parts)
