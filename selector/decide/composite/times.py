"""Time of requests that pass several stacks, against the limits that the user stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from selector.decide import limits
from selector.estimate.composite import in_turn
from selector.types.decision import Constraint
from selector.types.estimate import Estimate

if TYPE_CHECKING:
    from selector.decide.candidates import Candidates
    from selector.decide.rank import Ranking

FIRST, WHOLE, BUDGET = "latency.first_token_p95_ms", "latency.request_p95_ms", "budget.per_month_usd"
# Limit -> p50 and p90 over p50 of what it is on; numbers, or arrays over several stacks.
Times = Mapping[str, tuple[Any, Any]]


def in_turns(s: Candidates, first: Any, second: Any) -> Times:
    """Of requests that the first stack answers before the second is asked: nothing is seen of the answer
    before the second begins."""
    whole = s.request_p95_ms[first]
    spread = np.maximum(s.request_spread[first], s.request_spread[second])
    return {
        FIRST: (in_turn(whole, s.first_token_p95_ms[second]), spread),
        WHOLE: (in_turn(whole, s.request_p95_ms[second]), spread),
    }


def slowest(s: Candidates, rows: Sequence[int], *, joined: bool = False) -> Times:
    """Of requests that any of several stacks may answer, or that wait for all of them: no less than the
    slowest takes, unknown where that of any is. `joined` where nothing is seen before all have answered."""
    whole = _latest(rows, s.request_p95_ms, s.request_spread)
    return {
        FIRST: whole if joined else _latest(rows, s.first_token_p95_ms, s.first_token_spread),
        WHOLE: whole,
    }


def later(a: Times, b: Times) -> Times:
    """Of requests that one of two stacks may answer: no less than the slower takes."""
    return {name: _last([_pair(a[name]), _pair(b[name])]) for name in a}


def _pair(time: tuple[Any, Any]) -> tuple[float, float]:
    return float(time[0]), float(time[1])


def _latest(rows: Sequence[int], column: Any, spread: Any) -> tuple[float, float]:
    return _last([(float(column[row]), float(spread[row])) for row in rows])


def _last(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    if any(np.isnan(p50) for p50, _ in pairs):
        return float("nan"), 1.0
    return max(pairs)


def in_time(found: Ranking, times: Times) -> Any:
    """False where a stated limit is not kept."""
    return np.all(
        [limits.status(_on(cap, times)) != limits.VIOLATED for cap in _stated(found, times)], axis=0
    )


def held(found: Ranking, times: Times) -> tuple[Constraint, ...]:
    """The stated limits on one composite."""
    kept = []
    for cap in _stated(found, times):
        own = _on(cap, times)
        p50, spread = (float(x[0]) for x in (own.column, own.spread))
        status = limits.STATUS[int(limits.status(own)[0])]
        value = None if np.isnan(p50) else p50
        chance = limits.p_ok(p50, spread, cap.cap)
        kept.append(Constraint(cap.id, status, cap.cap, value, cap.unit, chance, "", cap.confidence))
    return tuple(kept)


def kept(limits_: Sequence[Constraint]) -> bool:
    """False where one of them is known to be broken: what nobody knows rules nothing out."""
    return all(x.status != limits.STATUS[limits.VIOLATED] for x in limits_)


def affordable(found: Ranking, usd: Estimate) -> bool:
    """False where a stated budget is not kept."""
    spread = usd.p90 / usd.p50 if usd.p50 > 0.0 else 1.0
    return bool(np.all(in_time(found, {BUDGET: (usd.p50, spread)})))


def estimate(times: Times) -> Estimate | None:
    """Of the whole request; None where it is not known."""
    p50, spread = (float(x) for x in times[WHOLE])
    return None if np.isnan(p50) else Estimate.around(p50, spread, "ms", "composite.in_turn")


def _stated(found: Ranking, times: Times) -> list[limits.Limit]:
    return [cap for cap in found.scored.limits if cap.hard and cap.id in times]


def _on(cap: limits.Limit, times: Times) -> limits.Limit:
    """The limit on other figures than those of the ranking."""
    column, spread = times[cap.id]
    figures = np.atleast_1d(column), np.atleast_1d(spread)
    return limits.Limit(cap.id, cap.cap, cap.unit, *figures, True, cap.confidence)
