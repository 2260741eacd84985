"""What training adds to the cost of each candidate: the first run at the start, and runs anew every month."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from selector.decide.columns import Column, alike
from selector.decide.runs import anew, chosen
from selector.decide.runs.kinds import backbone
from selector.decide.switching import stays
from selector.needs.facts import proposed_facts, requirement_facts
from selector.types.estimate import Estimate
from selector.types.rule import Effect

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run


@dataclass(frozen=True, slots=True)
class Training:
    """Columns over the candidates; what nobody knows counts nothing. Spreads are p90 over p50, taken for
    both sides."""

    once_usd: Any  # the first run
    once_spread: Any
    again_usd: Any  # runs anew, a month
    again_spread: Any
    once_unknown: Any  # the first run is to be paid, and nobody knows how much


@dataclass(frozen=True, slots=True)
class Money:
    """The same for one candidate, with what is not counted because nobody knows it; empty where all is."""

    once_usd: float = 0.0
    once_spread: float = 1.0
    again_usd: float = 0.0
    again_spread: float = 1.0
    once_missing: str = ""
    again_missing: str = ""

    @property
    def missing(self) -> str:
        """What of either is not counted."""
        return ", ".join(dict.fromkeys(x for x in (self.once_missing, self.again_missing) if x))


NOTHING = Money()


def of(run: Run) -> Training:
    """Training of every candidate; that of a stack which is in place is paid already."""
    import numpy as np

    s = run.stacks
    if not any(chosen.trains(m) for m in run.axes.models):
        nothing = Column(np.zeros(len(s.model.values)), s.model.rows)
        return Training(nothing, nothing + 1.0, nothing, nothing + 1.0, nothing > 0.0)
    served = [m for m in run.axes.models if chosen.trains(m) and not chosen.alone(run, m)]
    rows, which = alike([s.model, s.place, s.engine] if served else [s.model])
    once: Any
    unknown: Any
    once, spread, again, anew_spread, unknown = (Column(x, which) for x in _table(run, rows).T)
    unknown = unknown > 0.0
    if run.req.incumbent.stack:
        here = stays(run)
        once, unknown = np.where(here, 0.0, once), unknown & ~here
    return Training(once, spread, again, anew_spread, unknown)


def at(run: Run, row: int) -> Money:
    """The same for one candidate, with what is not counted; nothing at the start where it is in place."""
    found, whole = _one(run, row), run.training
    missing = found.once_missing if whole.once_unknown[row] else ""
    return replace(found, once_usd=float(whole.once_usd[row]), once_missing=missing)


def _table(run: Run, rows: Any) -> Any:
    """USD once and its spread, USD of runs anew a month and theirs, and 1 where the first run is not known;
    a row for each candidate asked for."""
    import numpy as np

    found = np.tile(_numbers(NOTHING), (len(rows), 1))
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


def _numbers(m: Money) -> tuple[float, ...]:
    return m.once_usd, m.once_spread, m.again_usd, m.again_spread, float(bool(m.once_missing))


def _one(run: Run, row: int) -> Money:
    """Money of the training that one candidate needs, USD."""
    option = run.axes.models[int(run.stacks.model[row])]
    if not chosen.trains(option):
        return NOTHING
    plan = chosen.of(run, row).plan
    _, usd = chosen.one_run(plan)
    why = "training, whose cost is not known"
    if plan is not None and run.cat.devices[plan.hardware].kind == "soc":
        usd, why = None, f"training, for which {plan.hardware} is not made"
    elif plan is not None and not plan.frameworks:
        usd, why = None, f"training, for which no library on {plan.hardware} is known"
    repeated = anew.pace(run, option) != anew.NEVER
    if usd is None:
        return Money(once_missing=why, again_missing=why if repeated else "")
    if not usd.p50:
        return NOTHING
    runs, missing = _anew(run, option)
    by = usd.p90 / usd.p50
    each = runs.p90 / runs.p50 if runs else 1.0
    often = math.exp(math.hypot(math.log(by), math.log(each)))
    return Money(usd.p50, by, runs.p50 * usd.p50 if runs else 0.0, often, "", missing)


def _anew(run: Run, option: ModelOption) -> tuple[Estimate | None, str]:
    """Whole runs a month, and what is not counted beside them."""
    found = way(run, option)
    if not found:
        return None, ""
    if found.get("mode") == anew.REPLAY:
        return None, "training anew, each time a part of a run"
    often = anew.whole_runs(run, option, found)
    return Estimate(often.low, often.value, often.high, "runs a month", "plan.retraining_runs"), ""


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
