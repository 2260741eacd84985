"""What measurements say of a stack: factors on its estimates, by how alike the measured stacks are.

A reading's log-ratio is the sum of what its group (engine x device x precision x family) has in common,
of what its stack adds, of what its load adds, and of the error of the run. The estimator's own band is the
prior of the sum. Groups that differ in one of the four speak with a penalty; others do not speak.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from selector.estimate.calibration import LogNormal, aged, applied_sd, conflicts, told
from selector.estimate.numeric import Z90
from selector.estimate.sizing import alone
from selector.types.calibration import Book, Group, Reading
from selector.types.catalog import Model
from selector.types.load import Cell, Load

# Quantity -> columns of a cell: the factor, and the interval that it narrows.
FACTORS: Mapping[str, tuple[str, str | None]] = {
    "token": ("token_factor", "step_spread"),
    "first_token": ("first_token_factor", "first_token_spread"),
    "first_token_loaded": ("first_token_loaded_factor", "first_token_loaded_spread"),
    "rate": ("rate_factor", "rate_spread"),
    "memory": ("memory_factor", None),
}
FIRST = ("first_token", "first_token_loaded")
MOST_DIFFERING = 1
# How measurements are grouped, and no property of a format: the formulas give both the same bytes and rates,
# so that what is measured of one tells their error on the other.
SAME = {"fp16": "bf16"}
MONTH_DAYS = 30.4375


Key = tuple[Group, str, int, int]  # group, model, tp, pp


@dataclass(frozen=True, slots=True)
class Stack:
    """What a belief is asked about."""

    group: Group
    model: str
    tp: int
    pp: int

    @property
    def key(self) -> Key:
        """What makes two measured stacks the same."""
        return self.group, self.model, self.tp, self.pp


@dataclass(frozen=True, slots=True)
class Evidence:
    """All readings of one stack and quantity; `noise` is the variance of their mean about the stack's own."""

    key: Key
    readings: tuple[Reading, ...]
    mean: float
    noise: float
    between: float  # variance among stacks of a group

    @property
    def group(self) -> Group:
        """Group of the stack."""
        return self.key[0]


@dataclass(frozen=True, slots=True)
class Term:
    """What one measured stack or group tells: a log-factor, the precision it is held with, its readings."""

    words: str
    log: float
    weight: float
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Belief:
    """A factor with its interval and the terms that gave it, beside a prior of `prior_precision` at 1."""

    quantity: str
    value: LogNormal
    method: str  # measured | calibrated
    prior_precision: float
    terms: tuple[Term, ...]

    @property
    def spread(self) -> float:
        """p90 over p50."""
        return math.exp(Z90 * self.value.sd)

    @property
    def points(self) -> int:
        """Readings behind it."""
        return sum(len(t.readings) for t in self.terms)


@dataclass(slots=True)
class Applied:
    """Readings that count on a day, by quantity and stack. Those that contradict the estimator by more
    than its band explains stand apart until they are accepted."""

    book: Book
    p: Mapping[str, float]
    today: date
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    conflicting: list[Reading] = field(default_factory=list)

    def __post_init__(self) -> None:
        by_stack: dict[tuple[str, Key], list[Reading]] = {}
        for r in self.book.readings:
            if self._contradicts(r):
                self.conflicting.append(r)
                if r.file not in self.book.accepted:
                    continue
            by_stack.setdefault((r.quantity, (r.group, r.model, r.tp, r.pp)), []).append(r)
        for (quantity, key), rows in by_stack.items():
            self.evidence.setdefault(quantity, []).append(self._together(key, rows))

    def _contradicts(self, r: Reading) -> bool:
        """True where a reading lies beyond what the band explains, or beyond the factor that passes unasked:
        its own stack would take it nearly whole."""
        band = LogNormal(0.0, r.prior_sd)
        beyond = abs(r.log) > math.log(self.p["calibration.most_factor"])
        return beyond or conflicts(band, r.log, self.error(r), self.p["calibration.conflict_sds"])

    def share(self, what: str, prior_sd: Any) -> Any:
        """Variance that family, stack or load have of the estimator's band."""
        return self.p[f"calibration.share.{what}"] * prior_sd**2

    def error(self, r: Reading) -> float:
        """Standard deviation of one run, grown by its age."""
        own = LogNormal(r.log, max(r.sd, self.p["calibration.sd_floor"]))
        drift = self.p["calibration.drift_per_month"] ** 2
        months = age_months(r.dated, self.today) if r.dated else self.p["calibration.undated_months"]
        return aged(own, months, drift).sd

    def _together(self, key: Key, rows: Sequence[Reading]) -> Evidence:
        prior = math.fsum(r.prior_sd for r in rows) / len(rows)
        mean, noise = weighed([(r.log, self.error(r) ** 2 + self.share("load", prior)) for r in rows])
        return Evidence(key, tuple(rows), mean, noise, self.share("stack", prior))

    def near(
        self, quantity: str, group: Group, without: Key | None
    ) -> Iterator[tuple[Group, list[Evidence]]]:
        """Measured groups that speak of a group, without the readings of one stack."""
        groups: dict[Group, list[Evidence]] = {}
        for e in self.evidence.get(quantity, ()):
            if e.key != without and e.group.differing(group) <= MOST_DIFFERING:
                groups.setdefault(e.group, []).append(e)
        yield from groups.items()

    def penalty(self, differing: int) -> float:
        """Variance that so many differing factors add."""
        return applied_sd(0.0, differing, self.p["calibration.omega"], 0.0) ** 2

    def unmeasured(self, prior_sd: Any, logs: Sequence[Any], weights: Sequence[Any]) -> tuple[Any, Any]:
        """Log-factor of a stack that nobody measured, from what groups tell, and its variance without that of
        its load: numbers or arrays."""
        prior = 1.0 / self.share("family", prior_sd)
        return told(prior, logs, weights), 1.0 / (prior + sum(weights)) + self.share("stack", prior_sd)

    def belief(self, quantity: str, stack: Stack, prior_sd: float, load: Load | None = None) -> Belief | None:
        """Factor of a stack, at the load of one replica where it is given; None where nothing alike was
        measured."""
        known = self.evidence.get(quantity, ())
        own = next((e for e in known if e.key == stack.key), None)
        terms = []
        for group, stacks in self.near(quantity, stack.group, stack.key):
            mean, variance = of_group(stacks)
            differing = group.differing(stack.group)
            words = f"{len(stacks)} stacks of {'the same' if not differing else 'a neighbouring'} group"
            readings = tuple(r for e in stacks for r in e.readings)
            terms.append(Term(words, mean, 1.0 / (variance + self.penalty(differing)), readings))
        if not terms and own is None:
            return None
        bias, variance = self.unmeasured(prior_sd, [t.log for t in terms], [t.weight for t in terms])
        loads = self.share("load", prior_sd)
        if own is None:
            value = LogNormal(bias, math.sqrt(variance + loads))
            return Belief(quantity, value, "calibrated", 1.0 / self.share("family", prior_sd), tuple(terms))
        return self._own(quantity, LogNormal(bias, math.sqrt(variance)), loads, own, load)

    def _own(self, quantity: str, new: LogNormal, loads: float, own: Evidence, load: Load | None) -> Belief:
        """A stack that was measured: its readings against its group. At the load of a reading itself
        that reading, shrunk only by its error."""
        near = self.p["calibration.load_tolerance"]
        same = [r for r in own.readings if alike(r, load, near)]
        if same:
            prior, rest = new.sd**2 + loads, 0.0
            terms = [Term(r.id, r.log, 1.0 / self.error(r) ** 2, (r,)) for r in same]
        else:
            prior, rest = new.sd**2, loads
            terms = [Term("the stack at other loads", own.mean, 1.0 / own.noise, own.readings)]
        terms = [Term("its group", new.mean, 1.0 / prior, ()), *terms]
        total = math.fsum(t.weight for t in terms)
        mean = told(0.0, [t.log for t in terms], [t.weight for t in terms])
        value = LogNormal(mean, math.sqrt(1.0 / total + rest))
        return Belief(quantity, value, "measured" if same else "calibrated", 0.0, tuple(terms))


def of_group(known: Sequence[Evidence]) -> tuple[float, float]:
    """Mean of the measured stacks of a group, and its variance."""
    return weighed([(e.mean, e.noise + e.between) for e in known])


def weighed(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean of values with their variances, and its variance."""
    total = math.fsum(1.0 / v for _, v in pairs)
    return math.fsum(y / v for y, v in pairs) / total, 1.0 / total


def age_months(text: str, today: date) -> float:
    """Months since a date such as 2026, 2026-03 or 2026-03-14; what is left out is taken in the middle;
    0 for what began today or is still to come."""
    start = first_day(text)
    if start is None:
        return 0.0
    parts = text.count("-")
    middle = (182, 15, 0)[min(parts, 2)]
    return max((today - start).days - middle, 0) / MONTH_DAYS


def first_day(text: str | None) -> date | None:
    """First day of 2026, 2026-03 or 2026-03-14 (a time after it is ignored); None for nothing; raises
    `ValueError`."""
    if not text:
        return None
    parts = [int(x) for x in text[:10].split("-")]
    year, month, day = (*parts, 1, 1)[:3]
    return date(year, month, day)


def alike(r: Reading, load: Load | None, tolerance: float) -> bool:
    """True where the load of a replica is that of a reading: tokens of a request, requests in flight."""
    if load is None or r.held is None or not load.concurrency:
        return False
    pairs = ((r.input_tokens, load.input_tokens), (r.output_tokens, load.output_tokens))
    if any(a is not None and abs(b / max(a, 1.0) - 1.0) > tolerance for a, b in pairs):
        return False
    return abs(load.concurrency / r.held - 1.0) <= tolerance


def of(book: Book, p: Mapping[str, float], today: date) -> Applied | None:
    """The measurements of a run; None without any, so that nothing is looked for."""
    return Applied(book, p, today) if book.readings or book.trials else None


def group_of(engine: str, hardware: str, precision: str, model: Model) -> Group:
    """Group of a stack: two formats of 16 bits are one, and a model without family is its own."""
    return Group(engine, hardware, SAME.get(precision, precision), model.family or model.id)


def prior_sd(applied: Applied, quantity: str, cell: Cell) -> float:
    """Standard deviation that the estimator admits of a quantity of a cell."""
    spread = FACTORS[quantity][1]
    if spread is None:
        return applied.evidence[quantity][0].readings[0].prior_sd
    return math.log(float(getattr(cell, spread))) / Z90


def beliefs(applied: Applied, stack: Stack, cell: Cell, load: Load | None = None) -> dict[str, Belief]:
    """Factors of a stack, by quantity, with the intervals of its cell as the prior; `load` is that of a
    replica."""
    found = {}
    for quantity in applied.evidence:
        if quantity in FACTORS:
            one = applied.belief(quantity, stack, prior_sd(applied, quantity, cell), load)
            if one is not None:
                found[quantity] = one
    return found


def of_one(
    book: Book, stack: Stack, cell: Cell, load: Load, replicas: int, p: Mapping[str, float]
) -> dict[str, Belief]:
    """The same of one stack whose load stands fast."""
    applied = of(book, p, book.day or date.min)
    if applied is None:
        return {}
    each = replace(load, concurrency=load.concurrency and load.concurrency / replicas)
    return beliefs(applied, stack, cell, each)


def at_held(
    book: Book,
    stack: Stack,
    cell: Cell,
    load: Load,
    held: float,
    known: dict[str, Belief],
    p: Mapping[str, float],
) -> dict[str, Belief]:
    """What is known of one stack at any load, its times at the load that sizing found a replica to hold
    where none is stated in flight."""
    if load.concurrency:
        return known
    here = of_one(book, stack, cell, replace(load, concurrency=held), 1, p)
    return known | {q: here[q] for q in ("token", first_token(held)) if q in here}


def first_token(held: float) -> str:
    """Which of the quantities of first tokens is that of a replica that holds so many requests."""
    return FIRST[0] if alone(held) else FIRST[1]


def of_training(book: Book, stack: Stack, width: float, p: Mapping[str, float]) -> Belief | None:
    """Factor on the rate of a training run; `width` is ln(p90 / p50) of its estimate."""
    applied = of(book, p, book.day or date.min)
    return applied.belief("training", stack, width / Z90) if applied else None


def training_group(keys: Sequence[str], hardware: str, method: str, precision: str, family: str) -> Group:
    """Group of a training run: framework, device, method with the arithmetic, family of the model."""
    framework = next((k for k in keys if k.startswith("framework.")), "framework.unlisted")
    return Group(framework.partition(".")[2], hardware, f"{method}:{SAME.get(precision, precision)}", family)


def on_cell(cell: Cell, found: Mapping[str, Belief]) -> Cell:
    """The cell with the factors of a stack and their intervals."""
    changed: dict[str, float] = {}
    for quantity, one in found.items():
        factor, spread = FACTORS[quantity]
        changed[factor] = one.value.factor
        if spread is not None:
            changed[spread] = one.spread
    return replace(cell, **changed)


def basis(*found: Belief | None) -> dict[str, float | str | None]:
    """What an estimate says of the measurements that it rests on; nothing where it rests on none."""
    known = [b for b in found if b is not None]
    if not known:
        return {}
    method = (
        "measured" if all(b.method == "measured" for b in found if b) and None not in found else "calibrated"
    )
    said: dict[str, float | str | None] = {
        "method": method,
        "measurements": float(sum(b.points for b in known)),
    }
    if len(known) == 1:
        said["factor"] = known[0].value.factor
    return said
