"""What stacks of a run cost at a share of their load: each sized at its own load, people counted once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from selector.decide import bill, recommend, show
from selector.decide.candidates import place_usd
from selector.types.composite import CompositePart
from selector.types.estimate import NOT_COUNTED, Estimate
from selector.types.load import Load
from selector.types.robust import StackRef

if TYPE_CHECKING:
    from selector.decide.candidates import Candidates
    from selector.decide.rank import Ranking
    from selector.decide.recommend import Run

COST = "composite.cost"
DIGITS = 6  # of a share: 1 - 0.7 is sized as 0.3
MACHINES = ("cost.infrastructure", "cost.purchase")
OF_MODEL = ("cost.training",)  # whatever the share of the load
SHARED = ("cost.people", "cost.mitigations", "cost.switching")


@dataclass(frozen=True, slots=True)
class Size:
    """Rentable units and devices of a stack."""

    units: float
    devices: float


@dataclass(slots=True)
class Shares:
    """A run whose stacks are looked at with less than all of the load."""

    run: Run
    found: Ranking
    _sizes: dict[tuple[int, float], Size | None] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The recommended stack."""
        return int(self.found.shown[0])

    def hosted(self, row: int) -> bool:
        """True where a vendor runs the model."""
        return int(self.run.stacks.cell[row]) < 0

    def linear(self, row: int) -> bool:
        """True where the bill follows the requests."""
        return (
            self.hosted(row) and self.run.axes.places[int(self.run.stacks.place[row])].usd_per_month is None
        )

    def model(self, row: int) -> str:
        """Id of the model of a stack."""
        return self.run.axes.models[int(self.run.stacks.model[row])].id

    def ref(self, row: int) -> StackRef:
        """A stack with its label where it is shown."""
        shown = list(self.found.shown)
        label = show.label(shown.index(row)) if row in shown else None
        return StackRef(show.slots(self.run, row).digest(), show.line(self.run, row), label)

    def part(self, role: str, row: int, share: float | None = 1.0) -> CompositePart:
        """A stack in its role, with the machines or the bill at a share of the load."""
        size = self.size(row, 1.0 if share is None else share)
        usd = self.machines(row, 1.0 if share is None else share)
        return CompositePart(role, self.ref(row), share, int(size.devices) if size else 0, usd)

    def size(self, row: int, share: float) -> Size | None:
        """Machines that carry a share of the load; None where it cannot be said."""
        s, share = self.run.stacks, round(share, DIGITS)
        whole = Size(float(s.units[row]), float(s.n_devices[row]))
        # One replica is the least that runs, whatever is asked of it.
        if self.hosted(row) or share >= 1.0 or float(s.replicas[row] - s.spare[row]) <= 1.0:
            return whole
        if (row, share) not in self._sizes:
            self._sizes[row, share] = size_of(recommend.resized(self.run, row, at(self.run.load, share)))
        return self._sizes[row, share]

    def at_hand(self, parts: Iterable[tuple[int, float]]) -> bool:
        """False where stacks with so many devices each ask for more than the own machines have."""
        wanted: dict[int, float] = {}
        for row, devices in parts:
            place = int(self.run.stacks.place[row])
            wanted[place] = wanted.get(place, 0.0) + devices
        places = self.run.axes.places
        return all(n <= (places[i].available or n) for i, n in wanted.items())

    def machines(self, row: int, share: float = 1.0) -> Estimate | None:
        """Machines or bill at a share of the load, USD a month, purchases over the horizon."""
        size = self.size(row, share)
        return None if size is None else self.priced(row, size, share)

    def priced(self, row: int, size: Size, share: float = 1.0) -> Estimate | None:
        """The same where the machines are known."""
        s = self.run.stacks
        place = self.run.axes.places[int(s.place[row])]
        if self.hosted(row):
            run, load = self.run, at(self.run.load, share)
            model, where = int(s.model[row]), int(s.place[row])
            whole = place_usd(run.axes, model, where, run.load)
            by = (place_usd(run.axes, model, where, load) / whole if whole else 1.0, 1.0)
        else:
            units = size.units / float(s.units[row])
            rented = place.usd_per_hour is not None or place.usd_per_month is not None
            # Owned devices cost their electricity, rented ones come in units.
            by = (units if rented else size.devices / float(s.n_devices[row]), units)
        found = [e.scaled(b, e.unit, e.formula) for e, b in zip(self.lines(row, MACHINES), by, strict=True)]
        found += self.lines(row, OF_MODEL)
        return summed(found)

    def whole(self, row: int) -> Estimate:
        """Cost of a stack alone, as in the ranking."""
        scored = self.found.scored
        usd, spread = float(scored.cost[row]), float(scored.cost_spread[row])
        return Estimate.around(usd, spread, "USD/month", "cost.total", _missing([(self, row)]))

    def total(self, rows: Sequence[int], machines: Iterable[Estimate | None]) -> Estimate | None:
        """Cost of several stacks of this run, as `total`."""
        return total([(self, row) for row in rows], machines)

    def lines(self, row: int, names: Sequence[str]) -> list[Estimate]:
        """Parts of the cost of a stack by their formulas."""
        parts = self.found.scored.parts
        return [
            Estimate.around(float(parts[n].usd[row]), float(parts[n].spread[row]), "USD/month", n)
            for n in names
        ]


Stack = tuple[Shares, int]  # a candidate of a run


def total(stacks: Sequence[Stack], machines: Iterable[Estimate | None]) -> Estimate | None:
    """Cost of several stacks that serve one application: machines added, people and mitigations once;
    None where a part of it is not known."""
    found = list(machines)
    known = [e for e in found if e is not None]
    if len(known) < len(found):
        return None
    whole = summed([*known, *shared(stacks)], _missing(stacks))
    return None if math.isnan(whole.p50) else whole


def shared(stacks: Sequence[Stack]) -> list[Estimate]:
    """People, mitigations and the move: the most that one stack needs; p90 as if nothing were shared."""
    own = {(id(shares), row): (shares, row) for shares, row in stacks}
    each = [shares.lines(row, SHARED) for shares, row in own.values()]
    found = []
    for lines in zip(*each, strict=True):
        most = max(lines, key=lambda e: e.p50)
        found.append(replace(most, p90=math.fsum(e.p90 for e in lines)))
    return found


def _missing(stacks: Iterable[Stack]) -> Mapping[str, str]:
    """What a total leaves out because nobody knows it."""
    found = dict.fromkeys(bill.not_counted(shares.run, row) for shares, row in stacks)
    words = "; ".join(x for x in found if x)
    return {NOT_COUNTED: words} if words else {}


def at(load: Load, share: float) -> Load:
    """A share of a load: fewer requests of the same kind."""

    def less(value: float | None) -> float | None:
        return None if value is None else value * share

    return replace(
        load,
        peak_requests_per_second=less(load.peak_requests_per_second),
        requests_per_month=less(load.requests_per_month),
        concurrency=None if load.concurrency is None else max(math.ceil(load.concurrency * share), 1),
    )


def size_of(found: Candidates) -> Size | None:
    """Machines of the one candidate that was sized; None where it does not carry its load."""
    return Size(float(found.units[0]), float(found.n_devices[0])) if len(found) else None


def summed(parts: Sequence[Estimate], inputs: Mapping[str, str] | None = None) -> Estimate:
    """Sum of costs that are dear together."""
    p10, p50, p90 = (math.fsum(getattr(e, q) for e in parts) for q in ("p10", "p50", "p90"))
    return Estimate(p10, p50, p90, "USD/month", COST, dict(inputs or {}))
