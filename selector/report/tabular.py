"""A table as title, columns and rows, and how stacks and figures are named in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from selector.report.numbers import apart, at_least, band, short
from selector.types.decision import RankedStack
from selector.types.estimate import Estimate
from selector.types.robust import StackRef

Alike = tuple[str, str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `right` names the columns that hold numbers.

    `narrow` are tables that say the same in less width; they take its place where it does not fit.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[str] = frozenset()
    note: str = ""
    narrow: tuple[tuple[Table, ...], ...] = ()

    def without(self, *names: str) -> Table:
        """The same without some columns."""
        kept = [i for i, name in enumerate(self.columns) if name not in names]
        columns = tuple(self.columns[i] for i in kept)
        rows = tuple(tuple(row[i] for i in kept) for row in self.rows)
        return replace(self, columns=columns, rows=rows)


def describe(s: RankedStack) -> str:
    """A stack in one line."""
    slots = s.slots
    if slots.hardware is None:
        return f"{slots.model} ({slots.hosting}, {s.facts.get('region', '?')}), adaptation {slots.adaptation}"
    layout = ""
    if slots.layout:
        lay = slots.layout
        layout = f", tp{lay.tp} pp{lay.pp} x{lay.replicas}"
    where = slots.offer or slots.hosting
    on = f"{slots.n_devices}x {slots.hardware} with {slots.engine}"
    return (
        f"{slots.model} {slots.precision}{cache(s)} on {on}{layout} ({where}), adaptation {slots.adaptation}"
    )


def runs_on(s: RankedStack) -> str:
    """How and where a model runs, without the model."""
    slots = s.slots
    if slots.hardware is None:
        return slots.offer or f"{slots.hosting} {s.facts.get('region', '')}".strip()
    return (
        f"{slots.precision}{cache(s)} {slots.engine}, {slots.n_devices}x {slots.hardware}, "
        f"{slots.offer or slots.hosting}"
    )


def cache(s: RankedStack) -> str:
    """Named only where the cache is kept smaller than usual."""
    return " with an fp8 cache" if s.facts.get("kv_precision") == "fp8" else ""


def alike(s: RankedStack) -> Alike:
    """Stacks that share it are one choice: they differ in count, offer, engine or layout only."""
    return s.slots.model, s.slots.hosting, s.slots.precision, s.slots.hardware


def rival(stacks: tuple[RankedStack, ...]) -> RankedStack | None:
    """The best stack that is another choice than the first."""
    return next((s for s in stacks[1:] if alike(s) != alike(stacks[0])), None)


def named(ref: StackRef) -> str:
    """A stack by its label, or by what it is where it is not among those shown."""
    return ref.label or ref.what


def quality(e: Estimate | None) -> str:
    """The index; a prior is not shown like something measured."""
    return band(e) + (" prior" if prior(e) else "")


def prior(e: Estimate | None) -> bool:
    """True where no public score speaks."""
    return e is not None and e.inputs.get("basis") == "prior"


def middle(e: Estimate | None) -> str:
    """p50 alone."""
    return f"{at_least(e)}{short(e.p50)}" if e is not None else "?"


def share(fraction: float) -> str:
    """A sampled share in whole percents: its error is about half a point."""
    percent = 100.0 * fraction
    if 0.0 < percent < 0.5:
        return "<1 %"
    if 99.5 <= percent < 100.0:
        return ">99 %"
    return f"{percent:.0f} %"


def side(value: float | str | None) -> str:
    """One side of a limit."""
    if value is None:
        return "?"
    return value if isinstance(value, str) else short(value)


def sides(value: float | str | None, limit: float | str | None) -> tuple[str, str]:
    """An estimate and its limit, with as many digits as tell them apart."""
    if isinstance(value, str) or isinstance(limit, str) or value is None or limit is None:
        return side(value), side(limit)
    return apart(value, limit) if value != limit else (side(value), side(limit))
