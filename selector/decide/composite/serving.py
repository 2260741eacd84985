"""One model on machines of different kinds: the peak sent to a vendor, prompts and answers apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from selector.decide import recommend, show
from selector.decide.composite import times
from selector.decide.composite.pairs import RATES, edge_of, saves
from selector.decide.composite.shares import Shares, Size, at, total
from selector.decide.robust import additive
from selector.estimate.composite import in_turn, most_above
from selector.estimate.cost import HOURS_PER_MONTH
from selector.estimate.cost import machines as machines_of
from selector.estimate.numeric import SCALAR
from selector.types.composite import AtRate, Composite, CompositePart, Technique
from selector.types.requirement import LatencyLimits
from selector.types.robust import StackRef

if TYPE_CHECKING:
    from selector.decide.candidates import Candidates
    from selector.types.estimate import Estimate
    from selector.types.load import Load

SECONDS = HOURS_PER_MONTH * 3600.0
LOAD = frozenset({"workload.peak_requests_per_second", "workload.requests_per_month"})


@dataclass(frozen=True, slots=True)
class _Own:
    """Own machines that carry the mean load, and the run that they were chosen in."""

    shares: Shares
    row: int
    sized: Candidates  # its one row is for the mean load
    carries: bool  # the peak as well, with more of them

    @property
    def whole(self) -> Size:
        """Units and devices."""
        return Size(float(self.sized.units[0]), float(self.sized.n_devices[0]))


def overflow(shares: Shares, t: Technique) -> Composite | None:
    """The best own machines sized for the mean of the month, the best hosted model for the rest; None
    where the load states no peak well above its mean, or fewer machines would not do."""
    run, load = shares.run, shares.run.load
    peak, month = load.peak_requests_per_second, load.requests_per_month
    if not peak or not month or not LOAD.isdisjoint(run.assumed) or load.scenario != "online":
        return None
    mean = month / SECONDS
    own = _own(shares, mean, peak) if peak >= run.p["composite.peaky"] * mean else None
    above = _above(shares, own) if own else None
    if own is None or above is None:
        return None
    kept = own.shares.priced(own.row, own.whole)
    most = float(most_above(SCALAR, max(_capacity(own.sized, run.p["serving.utilisation"]), mean), peak))

    def cost(rate: float) -> Estimate | None:
        return total([(own.shares, own.row), (shares, above)], (kept, shares.machines(above, rate)))

    chosen = shares.whole(shares.first)
    alone, instead = (shares.whole(own.row), own.row) if own.carries else (chosen, shares.first)
    none, all_ = cost(0.0), cost(1.0)
    edge = None if none is None or all_ is None else edge_of(none, all_, alone)
    costs = [(rate, cost(rate)) for rate in (*(r for r in RATES if r < most), most)]
    priced = tuple(AtRate(rate, usd) for rate, usd in costs if usd is not None)
    first = own.carries and own.row == shares.first
    if edge is None or not priced or (not first and priced[-1].usd_per_month.p50 >= chosen.p50):
        return None
    took = times.later(times.slowest(own.shares.run.stacks, [own.row]), times.slowest(run.stacks, [above]))
    same = _twin(shares, own.shares.model(own.row), above)
    told = (
        f"own machines sized for the mean of {mean:.3g} requests/s of a peak of {peak:.3g}; however the "
        f"hours lie, at most {100.0 * most:.0f} % of the requests come above them"
    )
    return Composite(
        technique=t.id,
        kind=t.kind,
        title=t.title,
        parts=(
            CompositePart("own", _ref(own), mean / peak, int(own.whole.devices), kept),
            shares.part("above", above, None),
        ),
        costs=priced,
        rate_of="above the own machines",
        alone=(shares.ref(instead),),
        alone_usd=alone,
        break_even=edge,
        break_even_by="formula",
        quality="the same weights on both sides" if same else None,
        request_p95_ms=times.estimate(took),
        request_of="the slower part",
        limits=times.held(shares.found, took),
        needs=t.needs,
        published=t.published,
        notes=(
            told,
            *(() if own.carries else ("the devices at hand do not carry the peak alone",)),
            *(() if same else ("two models answer: their answers differ",)),
        ),
        worth=saves(shares, priced[-1].usd_per_month, chosen),
    )


def _own(shares: Shares, mean: float, peak: float) -> _Own | None:
    """The best own stack with machines for the mean load; where the devices at hand carry no more than
    that, the best at that load."""
    run = shares.run
    own = _best(shares, lambda rows: run.stacks.cell[rows] >= 0)
    if own is not None:
        if float(run.stacks.replicas[own] - run.stacks.spare[own]) <= 1.0:
            return None  # one replica is the least that runs
        sized = recommend.resized(run, own, at(run.load, mean / peak))
        fewer = len(sized) and float(sized.units[0]) < float(run.stacks.units[own])
        return _Own(shares, own, sized, True) if fewer else None
    if not any(q.available for q in run.axes.places):
        return None
    from selector.decide import rank

    less = recommend.on_own_machines(run, mean)
    found = rank.ranking(less, rank.Settings(1, False, False))
    if not found.shown:
        return None
    row = int(found.shown[0])
    return _Own(Shares(less, found), row, less.stacks.some(np.array([row])), False)


def _ref(own: _Own) -> StackRef:
    """Its label only where it is a stack of the ranking."""
    found = own.shares.ref(own.row)
    return found if own.carries else replace(found, label=None)


def _capacity(sized: Candidates, utilisation: float) -> float:
    """Requests a second that the replicas beside the spare ones are given."""
    replicas = float(sized.replicas[0])
    return float(sized.requests_per_s[0]) / replicas * (replicas - float(sized.spare[0])) * utilisation


def _best(shares: Shares, wanted: Callable[[Any], Any]) -> int | None:
    """The best stack of known cost among the rows that are wanted."""
    run = shares.run
    rows = np.asarray(shares.found.order.rows)
    rows = rows[~np.isnan(run.stacks.infra_usd[rows]) & wanted(rows)]
    return additive.leading(shares.found.chain, rows) if len(rows) else None


def _above(shares: Shares, own: _Own) -> int | None:
    """The best live hosted model, of the same weights where there is one."""
    s, axes, model = shares.run.stacks, shares.run.axes, own.shares.model(own.row)
    live = np.array([q.hosting == "api" for q in axes.places])
    twins = np.array([m.api is not None and m.api.open_model == model for m in axes.models])
    same = _best(shares, lambda rows: live[s.place[rows]] & twins[s.model[rows]])
    return _best(shares, lambda rows: live[s.place[rows]]) if same is None else same


def _twin(shares: Shares, model: str, hosted: int) -> bool:
    api = shares.run.axes.models[int(shares.run.stacks.model[hosted])].api
    return api is not None and api.open_model == model


def apart(shares: Shares, t: Technique) -> Composite | None:
    """The recommended stack with its prompts read on one pool and its answers written on another, each
    sized for its own work; None where prompts are short, or one device does."""
    run, load, one = shares.run, shares.run.load, shares.first
    slots = show.slots(run, one)
    if shares.hosted(one) or slots.engine not in t.engines or slots.n_devices < 2:
        return None
    if run.axes.models[int(run.stacks.model[one])].role not in t.roles or load.scenario != "online":
        return None
    if load.input_tokens < run.p["composite.long_input"] * load.output_tokens or load.concurrency:
        return None
    reading = replace(load, output_tokens=1.0, per_output_token_limit_s=None)
    prompts = _pool(shares, reading, ("first_token_p95_ms",))
    answers = _pool(shares, replace(load, cached_prefix_fraction=1.0), ("per_output_token_p95_ms",))
    if not len(prompts) or not len(answers):
        return None
    counts = [float(found.n_devices[0]) for found in (prompts, answers)]
    both = sum(counts)
    machines = shares.priced(one, Size(_units(shares, (prompts, answers)), both))
    usd = shares.total([one], [machines])
    if machines is None or usd is None or not shares.at_hand([(one, both)]):
        return None
    parts = tuple(
        CompositePart(
            role, shares.ref(one), 1.0, int(n), machines.scaled(n / both, machines.unit, machines.formula)
        )
        for role, n in zip(("prefill", "decode"), counts, strict=True)
    )
    took = _two_pools(prompts, answers, load)
    return Composite(
        technique=t.id,
        kind=t.kind,
        title=t.title,
        parts=parts,
        costs=(AtRate(None, usd),),
        rate_of="",
        alone=(shares.ref(one),),
        alone_usd=shares.whole(one),
        break_even=None,
        break_even_by="",
        quality="the same weights on both sides",
        request_p95_ms=times.estimate(took),
        request_of="without the move of the cache",
        limits=times.held(shares.found, took),
        needs=t.needs,
        published=t.published,
        notes=("each pool by the rates of an engine that does that work alone; no measured point backs it",),
        worth=saves(shares, usd, shares.whole(one)),
    )


def _pool(shares: Shares, work: Load, kept: Sequence[str]) -> Candidates:
    """Machines for one half of the work, under the limits on that half alone."""
    req = shares.run.req
    limits = LatencyLimits(**{name: getattr(req.latency, name) for name in kept})
    return recommend.resized(shares.run, shares.first, work, replace(req, latency=limits))


def _units(shares: Shares, pools: Sequence[Candidates]) -> float:
    """Rentable units of two pools of one layout, which may share a unit."""
    place = shares.run.axes.places[int(shares.run.stacks.place[shares.first])]
    replicas = sum(float(found.replicas[0]) for found in pools)
    group = float(pools[0].n_devices[0]) / float(pools[0].replicas[0])
    return float(machines_of(SCALAR, replicas, group, float(place.count)))


def _two_pools(prefill: Candidates, decode: Candidates, load: Load) -> times.Times:
    first, each = prefill.first_token_p95_ms[0], decode.per_output_token_ms[0]
    spread: Any = max(prefill.first_token_spread[0], decode.token_spread[0])
    return {times.FIRST: (first, spread), times.WHOLE: (in_turn(first, load.output_tokens * each), spread)}
