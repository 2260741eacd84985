"""Time of people: person-months, their cost, and the weeks until the first release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide import load as loads
from selector.decide.axes import HOSTED
from selector.estimate import cost

if TYPE_CHECKING:
    from selector.decide.recommend import Run


@dataclass(frozen=True, slots=True)
class Work:
    """Columns over the candidates."""

    months: Any  # person-months over the horizon
    usd: Any  # a month
    weeks: Any  # until launch; nan where the size of the team is not stated


def of(run: Run, horizon: float) -> Work:
    """Building, adapting and protecting once, and running every month of the horizon."""
    import numpy as np

    p, stacks = run.p, run.stacks
    hosting = np.array([q.hosting for q in run.axes.places] or [""])[stacks.place]
    hosted = np.isin(hosting, HOSTED)
    roles = [m.role for m in run.axes.models] or [""]
    classical = np.isin(roles, ["tabular", "time_series"])[stacks.model] & ~hosted
    one_pass = ~np.isin(roles, ["llm", "diffusion"])[stacks.model] & ~hosted
    engine = run.axes.engines
    reserved = hosting == "managed_dedicated"
    running = np.where(
        hosted,
        np.where(reserved, p["effort.run.managed"], p["effort.run.api"]),
        np.where(hosting == "on_prem", p["effort.run.on_prem"], p["effort.run.self_hosted"]),
    )
    running = running * np.where(one_pass, p["effort.run.one_pass"], 1.0)
    running = running + np.maximum(stacks.units - 1.0, 0.0) * p["effort.run.per_extra_node"]
    running = (
        running + np.array([*(p.get(f"effort.run.engine.{e.id}", 0.0) for e in engine), 0.0])[stacks.engine]
    )
    bought = np.where(reserved, p["effort.build.managed"], p["effort.build.api"])
    build = np.where(hosted, bought, p["effort.build.self_hosted"])
    build = np.where(classical, p["effort.build.classical"], build)
    build = (
        build + np.array([*(p.get(f"effort.build.engine.{e.id}", 0.0) for e in engine), 0.0])[stacks.engine]
    )
    # Who runs machines or trains for the first time learns on the way; a hosted model asks little.
    skill = p[f"effort.skill.{run.req.team.skills.get('ml', 'medium')}"]
    running, build = running * np.where(hosted, 1.0, skill), build * np.where(hosted, 1.0, skill)
    methods = [loads.adaptation(run.req, m.role, m.api is not None, p) for m in run.axes.models] or [""]
    adapt = np.array([_adapt(p, m) * (skill if _trained(m) else 1.0) for m in methods])
    again = np.array([_again(run, m) * (skill if _trained(m) else 1.0) for m in methods])
    once = build + adapt[stacks.model] + run.risks.days / p["effort.working_days"]
    running = running + again[stacks.model]
    wage = run.req.team.usd_per_engineer_month or 0.0
    team = run.req.team.engineers
    hands = min(team, p["effort.parallel_engineers"]) if team else float("nan")
    return Work(
        running * horizon + once,
        cost.people(running, once, wage, horizon),
        once / hands * p["effort.weeks_per_month"],
    )


def _adapt(p: Mapping[str, float], method: str) -> float:
    return sum(p.get(f"effort.adapt.{m}", 0.0) for m in _parts(method))


def _again(run: Run, method: str) -> float:
    """Person-months a month for adapting anew as often as labels change; what is trained also follows
    inputs that drift."""
    p, data = run.p, run.req.data
    causes = (data.labels.change, data.drift if _trained(method) else None)
    changes = max(p.get(f"effort.changes.{c}", 0.0) for c in causes)
    return changes * sum(p.get(f"effort.again.{m}", 0.0) for m in _parts(method))


def _trained(method: str) -> bool:
    return not {"prompt", "rag", "none"}.issuperset(_parts(method))


def _parts(method: str) -> list[str]:
    return ["lora" if m in ("qlora", "sft") else m for m in method.split("+")]
