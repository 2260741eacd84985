"""A hosted model against running one: what each costs over load and utilisation, and where they cross."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selector.decide import counterparts
from selector.decide.explain import ask
from selector.estimate import cost, effort
from selector.estimate.numeric import SCALAR
from selector.types.explain import ApiOrOwn, Crossing, LoadCell

if TYPE_CHECKING:
    from selector.decide.explain.study import Study

SECONDS = cost.HOURS_PER_MONTH * 3600.0
LOADS = (1.0 / 16.0, 0.25, 1.0, 4.0, 16.0)  # times the peak of the requirements
UTILISATIONS = (0.05, 0.1, 0.25, 0.5, 1.0)
MOST_LOAD = 4096.0  # times the peak that crossings are looked for
HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Sides:
    """Cost of the two stacks as functions of peak rate and utilisation."""

    request_usd: float  # bill of one request to the hosted model
    hosted_fixed: float  # people and the like, USD a month
    own_fixed: float  # people for the first machine, mitigations, what is paid once
    capacity: float  # requests a second that one replica is given at peak
    spare: float
    group: float  # devices of a replica
    per_unit: float
    unit_usd: float  # a rentable unit, or a machine's electricity, USD a month
    unit_people: float  # each unit beyond the first

    def hosted(self, rate: float, utilisation: float) -> float:
        """USD a month of the hosted model."""
        return self.hosted_fixed + self.request_usd * rate * utilisation * SECONDS

    def replicas(self, rate: float) -> float:
        """Replicas that a peak rate asks for."""
        return math.ceil(rate / self.capacity - 1e-9) + self.spare

    def own(self, rate: float) -> float:
        """USD a month of the own machines; they run whether they are used or not."""
        units = float(cost.machines(SCALAR, self.replicas(rate), self.group, self.per_unit))
        return self.own_fixed + units * self.unit_usd + max(units - 1.0, 0.0) * self.unit_people

    def crossing(self, rate: float) -> float:
        """Utilisation at which both cost the same at a peak rate; above 1 there is none."""
        if not self.request_usd:
            return math.inf if self.own(rate) > self.hosted_fixed else -math.inf
        return (self.own(rate) - self.hosted_fixed) / (self.request_usd * rate * SECONDS)


def compare(study: Study) -> ApiOrOwn:
    """The best hosted and the best self-hosted stack of the run, over loads and utilisations."""
    ranking = study.ranking
    hosted, own = (counterparts.best(study.run, ranking.chain, ranking.allowed, k) for k in (True, False))
    refs = [None if row is None else ask.ref(study, row) for row in (hosted, own)]
    missing = [w for w, row in (("hosted", hosted), ("self-hosted", own)) if row is None]
    if hosted is None or own is None:
        note = f"no {' and no '.join(missing)} stack passes, so there is nothing to compare"
        return ApiOrOwn(refs[0], refs[1], (), (), note)
    sides = sides_of(study, hosted, own)
    if isinstance(sides, str):
        return ApiOrOwn(refs[0], refs[1], (), (), sides)
    load = study.run.load
    peak = load.peak_requests_per_second
    assert peak is not None
    used = (load.requests_per_month or 0.0) / (peak * SECONDS)
    tokens = load.input_tokens + load.output_tokens
    cells = tuple(
        _cell(sides, peak * times, u, tokens)
        for times in LOADS
        for u in sorted({*UTILISATIONS, round(used, 6)})
    )
    note = (
        f"utilisation is requests of the month over what the peak rate would give in all its hours, now "
        f"{used:.3g}; own machines are paid all hours; prices and models stay those of the two stacks"
    )
    return ApiOrOwn(refs[0], refs[1], cells, _crossings(sides, peak, used, tokens), note)


def sides_of(study: Study, hosted: int, own: int) -> Sides | str:
    """Numbers of both; why there are none where something is not known."""
    run, scored, p = study.run, study.ranking.scored, study.run.p
    s, load = run.stacks, run.load
    place = run.axes.places[int(s.place[own])]
    if not load.peak_requests_per_second or not load.requests_per_month:
        return "no rate is stated or follows from what is stated"
    known = [float(s.infra_usd[r]) for r in (hosted, own)]
    capacity = float(s.requests_per_s[own] / s.replicas[own])
    if any(math.isnan(x) for x in (*known, capacity)):
        return "a cost or a capacity of one of the two is not known"
    wage = run.req.team.usd_per_engineer_month or 0.0
    units = float(s.units[own])
    skill = p[f"effort.skill.{run.req.team.skills.get('ml', 'medium')}"]
    extra = skill * wage * effort.running(SCALAR, 0.0, 2.0, p["effort.run.per_extra_node"])
    spare = float(s.spare[own])
    carrying = float(s.replicas[own]) - spare
    given, each = capacity * p["serving.utilisation"], load.peak_requests_per_second / carrying
    flat = run.axes.places[int(s.place[hosted])].usd_per_month is not None
    return Sides(
        request_usd=0.0 if flat else known[0] / load.requests_per_month,
        hosted_fixed=float(scored.cost[hosted]) - (0.0 if flat else known[0]),
        own_fixed=float(scored.cost[own]) - known[1] - max(units - 1.0, 0.0) * extra,
        # Where tails or requests in flight asked for more replicas than the rate, each is given less.
        capacity=given if math.ceil(load.peak_requests_per_second / given) == carrying else each,
        spare=spare,
        group=float(s.n_devices[own] / s.replicas[own]),
        per_unit=float(place.count),
        unit_usd=known[1] / units,
        unit_people=extra,
    )


def _cell(sides: Sides, rate: float, utilisation: float, tokens: float) -> LoadCell:
    hosted, own = sides.hosted(rate, utilisation), sides.own(rate)
    cheaper = (
        "equal" if math.isclose(hosted, own, rel_tol=1e-9) else "hosted" if hosted < own else "self-hosted"
    )
    devices = sides.replicas(rate) * sides.group
    volume = rate * utilisation * SECONDS * tokens
    return LoadCell(rate, utilisation, volume, hosted, own, devices, cheaper)


def _crossings(sides: Sides, peak: float, used: float, tokens: float) -> tuple[Crossing, ...]:
    """Utilisation at the stated peak by formula; rate and tokens at the present utilisation by bisection."""
    found = []
    at = sides.crossing(peak)
    if 0.0 < at <= 1.0:
        note = "at the peak of the requirements; above it the own machines are cheaper"
        found.append(Crossing("utilisation", "fraction", at, at, "formula", note))
        volume = peak * at * SECONDS * tokens
        found.append(Crossing("tokens_per_month", "tokens/month", volume, volume, "formula", note))
    else:
        note = "the hosted model stays cheaper at any utilisation of this peak"
        if at <= 0.0:
            note = "the own machines are cheaper at any utilisation of this peak"
        found.append(Crossing("utilisation", "fraction", None, None, "formula", note))
    ends = _rate_where_equal(sides, peak, used)
    if ends is None:
        note = f"no rate between {peak / MOST_LOAD:.3g} and {peak * MOST_LOAD:.3g} requests/s turns it"
        found.append(Crossing("requests_per_s", "requests/s", None, None, "bisection", note))
    else:
        note = "at the present utilisation; machines come in whole, so other loads near it may turn again"
        found.append(Crossing("requests_per_s", "requests/s", *ends, "bisection", note))
    return tuple(found)


def _rate_where_equal(sides: Sides, peak: float, used: float) -> tuple[float, float] | None:
    """Peak rates just below and just above a change of what is cheaper, nearest to the present one."""

    def own_wins(rate: float) -> bool:
        return sides.own(rate) < sides.hosted(rate, used)

    now = own_wins(peak)
    steps = int(math.log2(MOST_LOAD))
    ladder: Sequence[float] = [
        peak * 2.0 ** (k if up else -k) for k in range(1, steps + 1) for up in (True, False)
    ]
    turned = next((r for r in ladder if own_wins(r) != now), None)
    if turned is None:
        return None
    same, other = (turned / 2.0, turned) if turned > peak else (turned * 2.0, turned)
    for _ in range(HALVINGS):
        middle = math.sqrt(same * other)
        same, other = (middle, other) if own_wins(middle) == now else (same, middle)
    return min(same, other), max(same, other)
