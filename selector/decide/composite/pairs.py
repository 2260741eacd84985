"""Two stacks of which the second takes a share of the requests: a cascade, or a router before both."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from selector.decide.composite import times
from selector.decide.robust import additive
from selector.estimate.composite import break_even
from selector.estimate.numeric import SCALAR
from selector.types.composite import AtRate, Composite, Technique

if TYPE_CHECKING:
    from selector.decide.composite.shares import Shares
    from selector.types.estimate import Estimate

RATES = (0.1, 0.3, 0.5)  # of the requests, that are printed
MIDDLE = RATES[1]
TRIED = (*RATES, 0.7, 0.9)  # sizes that are looked at where machines come in whole
Cost = Callable[[float], "Estimate | None"]


def of(shares: Shares, t: Technique) -> Composite | None:
    """The best cheap stack before the recommended one, or the recommended one before the best that is
    better and dear; None where neither is cheaper at any rate than the second alone."""
    cascade = t.kind == "cascade"
    pair = _pair(shares, cascade)
    if pair is None:
        return None
    first, second = pair

    def cost(rate: float) -> Estimate | None:
        machines = (shares.machines(first, 1.0 if cascade else 1.0 - rate), shares.machines(second, rate))
        return shares.total(pair, machines)

    alone = shares.whole(second)
    edge, by = _edge(cost, alone, shares.linear(second) and (cascade or shares.linear(first)))
    costs = [(rate, cost(rate)) for rate in RATES]
    priced = tuple(AtRate(rate, usd) for rate, usd in costs if usd is not None)
    if edge is None or len(priced) < len(RATES):
        return None
    # Own machines hold both at the highest rate that is printed.
    sizes = [(row, shares.size(row, share)) for row, share in ((first, 1.0), (second, RATES[-1]))]
    if not shares.at_hand((row, size.devices) for row, size in sizes if size is not None):
        return None
    s, middle = shares.run.stacks, priced[1].usd_per_month
    took = times.in_turns(s, first, second) if cascade else times.slowest(s, pair)
    part = "first" if cascade else "sent"
    return Composite(
        technique=t.id,
        kind=t.kind,
        title=t.title,
        parts=(
            shares.part(part, first, 1.0 if cascade else None),
            shares.part("on_doubt" if cascade else "sent", second, None),
        ),
        costs=priced,
        rate_of="escalated" if cascade else f"sent to {_name(shares, second)}",
        alone=(shares.ref(second),),
        alone_usd=alone,
        break_even=edge,
        break_even_by=by,
        quality=_published(shares, t, first, second),
        request_p95_ms=times.estimate(took),
        request_of="escalated requests" if cascade else "the slower part",
        limits=times.held(shares.found, took),
        needs=t.needs,
        published=t.published,
        notes=() if by == "formula" else (_tried(),),
        worth=second == shares.first and saves(shares, middle, alone),
    )


def saves(shares: Shares, usd: Estimate, alone: Estimate) -> bool:
    """True where a cost is enough below another."""
    return usd.p50 <= (1.0 - shares.run.p["composite.worth"]) * alone.p50


def edge_of(none: Estimate, all_: Estimate, alone: Estimate) -> float | None:
    """Rate below which a bill that follows the calls is cheaper; None where it never is."""
    at = float(break_even(SCALAR, alone.p50, none.p50, all_.p50 - none.p50))
    return at if at > 0.0 else None


def _edge(cost: Cost, alone: Estimate, exact: bool) -> tuple[float | None, str]:
    if exact:
        none, all_ = cost(0.0), cost(1.0)
        return (None if none is None or all_ is None else edge_of(none, all_, alone)), "formula"

    def cheaper(rate: float) -> bool:
        usd = cost(rate)
        return usd is not None and usd.p50 < alone.p50

    kept = list(takewhile(cheaper, TRIED))
    return (kept[-1] if kept else None), "sizes"


def _tried() -> str:
    told = ", ".join(f"{100.0 * rate:g}" for rate in TRIED)
    return f"machines come in whole: sized at {told} % of the load"


def _pair(shares: Shares, cascade: bool) -> tuple[int, int] | None:
    """First and second part, by the ranking among those of which one is cheap and the other better."""
    run, found, one = shares.run, shares.found, shares.first
    rows, chain, s = np.asarray(found.order.rows), found.chain, run.stacks
    horizon = float(run.req.horizon_months or 12)
    quality = run.quality[:, 1]
    training = found.scored.parts["cost.training"].usd
    usd = s.infra_usd[rows] + s.once_usd[rows] / horizon + training[rows]
    own = float(s.infra_usd[one]) + float(s.once_usd[one]) / horizon + float(training[one])
    like = (chain.late[rows] == chain.late[one]) & ~np.isnan(usd)
    cheap, better = run.p["composite.cheap"], quality[rows] - float(quality[one])
    before = like & (usd <= cheap * own) & (better <= -run.p["composite.better"])
    after = like & (own <= cheap * usd) & (better >= run.p["composite.better"])
    if cascade:
        before &= times.in_time(found, times.in_turns(s, rows, one))
        after &= times.in_time(found, times.in_turns(s, one, rows))
    for firsts, kept in ((True, before), (False, after)):
        if kept.any():
            other = additive.leading(chain, rows[kept])
            return (other, one) if firsts else (one, other)
    return None


def _name(shares: Shares, row: int) -> str:
    ref = shares.ref(row)
    return ref.label or shares.model(row)


def _published(shares: Shares, t: Technique, first: int, second: int) -> str | None:
    """What was published of these two models; None where nobody measured them together."""
    names = shares.model(first), shares.model(second)
    told: list[Any] = [e for e in t.published if names[0] in e.first and names[1] in e.second]
    return "; ".join(f"{e.what} ({e.data})" for e in told) or None
