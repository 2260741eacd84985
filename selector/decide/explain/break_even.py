"""How far a requirement can move before another stack comes first, by bisection on whole runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from selector.decide import rank, recommend, show
from selector.types.explain import BreakEven
from selector.types.requirement import Requirement

if TYPE_CHECKING:
    from selector.decide.explain.study import Given, Study
    from selector.decide.recommend import Run

WIDE = 4.0  # times the value of now, up and down, that are looked at
HALVINGS = 5
KEPT = 30  # models, and devices, that may come first when a requirement moves
# Requirements that only move limits and anchors: nothing is sized anew.
RESCORED = frozenset({"budget.per_month_usd"})
UNITS = {
    "budget.per_month_usd": "USD/month",
    "latency.first_token_p95_ms": "ms",
    "latency.per_output_token_p95_ms": "ms",
    "latency.request_p95_ms": "ms",
    "workload.peak_requests_per_second": "requests/s",
    "horizon_months": "months",
}
VOLUME = "workload.peak_requests_per_second"


@dataclass(frozen=True, slots=True)
class First:
    """The stack that comes first, without how many devices it takes; None where none is left."""

    choice: tuple[Any, ...] | None
    line: str


def all_of(study: Study) -> Iterator[BreakEven]:
    """One row for each numeric requirement that bears on the winner."""
    if study.first is None:
        return
    given = narrowed(study)
    run = given.run()
    now = _first(run, given)
    if now.choice != choice_of(study.run, study.first):
        given, run = study.given, study.run
        now = _first(run, given)
    for key in UNITS:
        value = _value(given.req, key)
        if value and (key not in given.assumed or key in (VOLUME, "horizon_months")):
            yield _one(given, run, now, key, value)


def narrowed(study: Study) -> Given:
    """The same question over the best models and devices of the run, so that it is quickly asked again.

    Kept are those whose best candidate no rule removes, by score; what only a numeric limit removes
    may pass when the limit moves.
    """
    import numpy as np

    run, scored = study.run, study.ranking.scored
    caps = {c.id for c in scored.limits}
    out = np.zeros(len(run.stacks), dtype=bool)
    for name, column in study.ranking.reasons:
        if name not in caps:
            out |= column
    rows = np.nonzero(~out)[0]
    rows = rows[np.argsort(-scored.score[rows], kind="stable")]
    models = _leading(run.stacks.model[rows])
    devices = _leading(run.stacks.device[rows][run.stacks.device[rows] >= 0])
    kept = {run.axes.models[i].id for i in models}
    held = {run.axes.devices[i].id for i in devices}
    wanted = study.given.wanted
    changed = replace(
        wanted,
        no_models=(*wanted.no_models, *(m.id for m in run.axes.models if m.model and m.id not in kept)),
        no_apis=(*wanted.no_apis, *(m.id for m in run.axes.models if m.api and m.id not in kept)),
        no_devices=(*wanted.no_devices, *(d.id for d in run.axes.devices if d.id not in held)),
    )
    return replace(study.given, wanted=changed)


def _leading(column: Any) -> list[int]:
    """The first different values of a column."""
    return list(dict.fromkeys(int(i) for i in column))[:KEPT]


def _one(given: Given, run: Run, now: First, key: str, value: float) -> BreakEven:
    asked: dict[float, First] = {value: now}

    def first(at: float) -> First:
        if at not in asked:
            req = moved(given.req, key, at)
            other = replace(given, req=req)
            again = recommend.under(run, req) if key in RESCORED else other.run()
            asked[at] = _first(again, other)
        return asked[at]

    low, low_turns = _edge(first, now, value, value / WIDE)
    high, high_turns = _edge(first, now, value, value * WIDE)
    return BreakEven(
        key=key,
        unit=UNITS[key],
        now=value,
        low=None if low_turns is None else low,
        low_turns=low_turns,
        low_then=None if low_turns is None else asked[low_turns].line,
        high=None if high_turns is None else high,
        high_turns=high_turns,
        high_then=None if high_turns is None else asked[high_turns].line,
        least=value / WIDE,
        most=value * WIDE,
        evaluations=len(asked) - 1,
    )


def _edge(
    first: Callable[[float], First], now: First, value: float, end: float
) -> tuple[float, float | None]:
    """The last value looked at where the stack stays first and the next one where it does not; None
    where it stays all the way."""
    if first(end).choice == now.choice:
        return end, None
    stays, turns = value, end
    for _ in range(HALVINGS):
        middle = math.sqrt(stays * turns)
        if first(middle).choice == now.choice:
            stays = middle
        else:
            turns = middle
    return stays, turns


def _first(run: Run, given: Given) -> First:
    order = rank.ranking(run, given.settings).order
    if not len(order.rows):
        return First(None, "no stack is left")
    row = order.first()
    return First(choice_of(run, row), show.line(run, row))


def choice_of(run: Run, row: int) -> tuple[Any, ...]:
    """What has to stay for the same stack to be first: how many devices it takes may differ."""
    s = show.slots(run, row)
    return (s.model, s.hosting, s.engine, s.precision, s.hardware)


def _value(req: Requirement, key: str) -> float | None:
    value: Any = req
    for part in key.split("."):
        value = getattr(value, part)
    return None if value is None else float(value)


def moved(req: Requirement, key: str, value: float) -> Requirement:
    """A requirement with one of its numbers changed; the month's volume moves with the peak."""
    part, _, name = key.partition(".")
    changes: dict[str, Any] = {name: value}
    if key == VOLUME:
        work = req.workload
        if work.requests_per_month and work.peak_requests_per_second:
            changes["requests_per_month"] = work.requests_per_month * value / work.peak_requests_per_second
    whole: dict[str, Any] = {part: replace(getattr(req, part), **changes) if name else value}
    return replace(req, **whole)
