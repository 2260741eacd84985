"""Training anew after release: the pace, and what its runs take a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selector.decide import people
from selector.decide.runs import anew, chosen
from selector.estimate.cost import HOURS_PER_MONTH
from selector.types.estimate import Estimate
from selector.types.plan import PlanLine, RetrainingPlan, TrainingPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run


def plan(run: Run, option: ModelOption, of: TrainingPlan | None, line: PlanLine) -> RetrainingPlan:
    """Retraining in the way that a rule chose; where that learns row by row, the runs are the whole
    ones beside it."""
    told = anew.way(line.settings)
    own = anew.pace(run, option)
    often = anew.whole_runs(run, option, told)
    runs = Estimate(often.low, often.value, often.high, "runs a month", "plan.retraining_runs")
    wall, usd = chosen.one_run(of)
    hours = wall.scaled(of.n_devices, "h", "training.device_hours") if wall and of else None
    if told.get("mode") == anew.REPLAY:
        hours = usd = None  # part of a run: how large a part depends on what is replayed
    skill = run.p[f"effort.skill.{run.req.team.skills.get('ml', 'medium')}"]
    return RetrainingPlan(
        mode=str(told.get("mode", "")),
        tool=str(told.get("tool", "")),
        pace=own,
        cause=" and ".join(k for k, v in people.causes(run, option.method).items() if v == own),
        runs=runs,
        device_hours=hours and runs.times(hours, "h a month", "plan.retraining_hours"),
        usd=usd and runs.times(usd, "USD a month", "plan.retraining_usd"),
        person_months=people.again(run, option.method) * skill,
        rule=line.rule,
        source=line.source,
    )


def late(found: RetrainingPlan, of: TrainingPlan | None) -> str | None:
    """The problem of a run that lasts longer than the time until the next."""
    wall = of.estimates["wall_hours"] if of else None
    between = HOURS_PER_MONTH / found.runs.p50
    if wall is None or wall.p50 <= between or found.mode == anew.REPLAY:
        return None
    return (
        f"a run takes {wall.p50:,.0f} h and {found.cause} asks for one every {between:,.0f} h: continue from "
        "the last weights on new examples, or take more devices or a smaller model"
    )
