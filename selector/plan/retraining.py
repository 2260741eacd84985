"""Training anew after release: the pace, and what its runs take a month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from selector.decide import people
from selector.estimate.cost import HOURS_PER_MONTH
from selector.plan.search import one_run
from selector.types.estimate import Estimate
from selector.types.plan import PlanLine, RetrainingPlan, TrainingPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run

NEVER = "never"
PART = "retraining"  # of the settings of a rule: mode, tool, and the pace of whole runs where it differs


def pace(run: Run, option: ModelOption) -> str:
    """How often the weights of an option are trained anew, in words; `never` where nothing is trained
    here, or nobody says that inputs or labels change."""
    if option.api is not None or not people.trained(option.method):
        return NEVER
    named = people.changes(run, option.method)
    return named.removeprefix(f"{people.CHANGES}.") if named else NEVER


def plan(
    run: Run, option: ModelOption, of: TrainingPlan | None, classical: bool, line: PlanLine
) -> RetrainingPlan:
    """Retraining in the way that a rule chose; where that learns row by row, the runs are the whole
    ones beside it."""
    named = line.settings.get(PART)
    chosen = named if isinstance(named, Mapping) else {}
    own = pace(run, option)
    often = run.cat.parameters[f"{people.CHANGES}.{whole(line, own)}"]
    runs = Estimate(often.low, often.value, often.high, "runs a month", "plan.retraining_runs")
    wall, usd = one_run(run, of, classical)
    hours = wall.scaled(of.n_devices, "h", "training.device_hours") if wall and of else None
    if chosen.get("mode") == "replay":
        hours = usd = None  # part of a run: how large a part depends on what is replayed
    skill = run.p[f"effort.skill.{run.req.team.skills.get('ml', 'medium')}"]
    return RetrainingPlan(
        mode=str(chosen.get("mode", "")),
        tool=str(chosen.get("tool", "")),
        pace=own,
        cause=" and ".join(k for k, v in people.causes(run, option.method).items() if v == own),
        runs=runs,
        device_hours=hours and runs.times(hours, "h a month", "plan.retraining_hours"),
        usd=usd and runs.times(usd, "USD a month", "plan.retraining_usd"),
        person_months=people.again(run, option.method) * skill,
        rule=line.rule,
        source=line.source,
    )


def whole(line: PlanLine, own: str) -> str:
    """Pace of whole runs: that of a rule which learns row by row between them, else the own one."""
    named = line.settings.get(PART)
    return str(named.get("whole", own)) if isinstance(named, Mapping) else own


def late(found: RetrainingPlan, of: TrainingPlan | None) -> str | None:
    """The problem of a run that lasts longer than the time until the next."""
    wall = of.estimates["wall_hours"] if of else None
    between = HOURS_PER_MONTH / found.runs.p50
    if wall is None or wall.p50 <= between or found.mode == "replay":
        return None
    return (
        f"a run takes {wall.p50:,.0f} h and {found.cause} asks for one every {between:,.0f} h: continue from "
        "the last weights on new examples, or take more devices or a smaller model"
    )
