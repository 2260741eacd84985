"""What training adds to the cost of each candidate: the first run at the start, and runs anew every month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from selector.decide.columns import Column, alike
from selector.decide.runs import anew, chosen
from selector.decide.runs.kinds import backbone, classical
from selector.decide.switching import stays
from selector.needs.facts import proposed_facts, requirement_facts
from selector.types.rule import Effect

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run


@dataclass(frozen=True, slots=True)
class Training:
    """Columns over the candidates; what nobody knows counts nothing, and `unknown` is true there."""

    once_usd: Any  # the first run
    again_usd: Any  # runs anew, a month
    spread: Any  # p90 over p50 of both
    unknown: Any


@dataclass(frozen=True, slots=True)
class Money:
    """The same for one candidate, with what is said of it."""

    once_usd: float
    again_usd: float
    spread: float
    missing: str  # what is not counted because nobody knows it; empty where all is


def of(run: Run) -> Training:
    """Training of every candidate; that of a stack which is in place is paid already."""
    import numpy as np

    s = run.stacks
    if not any(chosen.trains(m) for m in run.axes.models):
        nothing = Column(np.zeros(len(s.model.values)), s.model.rows)
        return Training(nothing, nothing, nothing + 1.0, nothing > 0.0)
    served = [m for m in run.axes.models if chosen.trains(m) and not chosen.alone(run, m)]
    rows, which = alike([s.model, s.place, s.engine] if served else [s.model])
    table = _table(run, rows)
    once: Any
    once, again, spread, unknown = (Column(x, which) for x in table.T)
    if run.req.incumbent.stack:
        once = np.where(stays(run), 0.0, once)
    return Training(once, again, spread, unknown > 0.0)


def _table(run: Run, rows: Any) -> Any:
    """USD once, USD of runs anew a month, their spread, and 1 where some is not known; a row for each
    candidate asked for."""
    import numpy as np

    found = np.tile((0.0, 0.0, 1.0, 0.0), (len(rows), 1))
    models = np.asarray(run.stacks.model[rows])
    for number, option in enumerate(run.axes.models):
        own = np.nonzero(models == number)[0]
        if not len(own) or not chosen.trains(option):
            continue
        if chosen.alone(run, option):
            found[own] = _numbers(_one(run, int(rows[own[0]])))
        else:
            found[own] = [_numbers(_one(run, int(rows[i]))) for i in own]
    return found


def at(run: Run, row: int) -> Money:
    """The same for one candidate, with what is not counted; nothing at the start where it is in place."""
    return replace(_one(run, row), once_usd=float(run.training.once_usd[row]))


def _numbers(money: Money) -> tuple[float, float, float, float]:
    return money.once_usd, money.again_usd, money.spread, float(bool(money.missing))


def _one(run: Run, row: int) -> Money:
    """Money of the training that one candidate needs, USD."""
    option = run.axes.models[int(run.stacks.model[row])]
    if not chosen.trains(option):
        return Money(0.0, 0.0, 1.0, "")
    _, usd = chosen.one_run(run, chosen.of(run, row).plan, classical(option))
    if usd is None:
        return Money(0.0, 0.0, 1.0, "training, whose cost is not known")
    runs, missing = _anew(run, option)
    spread = usd.p90 / usd.p50 if usd.p50 else 1.0
    return Money(usd.p50, runs * usd.p50, spread, missing if usd.p50 else "")


def _anew(run: Run, option: ModelOption) -> tuple[float, str]:
    """Whole runs a month, and what is not counted beside them."""
    found = way(run, option)
    if not found:
        return 0.0, ""
    if found.get("mode") == anew.REPLAY:
        return 0.0, "training anew, each time a part of a run"
    return anew.whole_runs(run, option, found).value, ""


def way(run: Run, option: ModelOption) -> Mapping[str, object]:
    """What the rule on training anew that holds for an option says; nothing where none does."""
    pace = anew.pace(run, option)
    key = (pace, option.role, backbone(option))
    if key not in run.anew:
        run.anew[key] = {} if pace == anew.NEVER else _told(run, option, pace)
    return run.anew[key]


def _told(run: Run, option: ModelOption, pace: str) -> Mapping[str, object]:
    facts: dict[str, object] = {
        **requirement_facts(run.req),
        **proposed_facts(run.req),
        "plan.retrained": pace,
        "plan.modality": run.cat.roles[option.role].modality,
        "plan.backbone": backbone(option),
    }
    for rule in run.cat.rules.values():
        told = anew.way(rule.settings) if rule.effect is Effect.ADVISE else {}
        if told and run.cat.condition(rule.when).evaluate(facts):
            return told
    return {}
