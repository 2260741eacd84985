"""Composite stacks as a table and as a line of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from selector.report.numbers import band, short
from selector.report.tabular import Table, middle, named, share, side
from selector.types.composite import Composite, CompositePart, Evidence

TITLE = "Composite stacks"
# What stands before a part: as the first one, and after others.
ROLES = {
    "first": ("", ""),
    "on_doubt": ("", " before "),
    "sent": ("", " or "),
    "member": ("", " and "),
    "tuned": ("runs of ", ""),
    "own": ("", ""),
    "above": ("", " with the peak sent to "),
    "prefill": ("prompts on ", ""),
    "decode": ("", ", answers on "),
    "component": ("", ", "),
}
NOTE = (
    "beside the ranking, not in it; machines are sized for their own share of the load, people and "
    "mitigations counted once; a router, a judge and what joins members are not counted; quality ?: nobody "
    "measured these models together, so measure them"
)


def tables(every: Sequence[Composite]) -> list[Table]:
    """One row a composite, the cheapest first; in less width what it needs stands in a table of its own."""
    if not every:
        return []
    columns = (
        "stacks as one",
        "parts",
        "USD/month",
        "instead of",
        "against it",
        "p95 ms",
        "quality",
        "needs",
        "published",
    )
    rows = tuple(_row(c) for c in every)
    wide = Table(TITLE, columns, rows, note=NOTE)
    less = Table(TITLE, columns[:-2], tuple(_lean(c) for c in every), note=NOTE)
    told_ = tuple((_kind(c), *row[-2:]) for c, row in zip(every, rows, strict=True))
    return [replace(wide, narrow=((less, Table("", ("stacks as one", "needs", "published"), told_)),))]


def told(every: Sequence[Composite]) -> list[tuple[str, ...]]:
    """Pieces of a line on the cheapest that saves enough to be looked at."""
    found = [c for c in every if c.worth]
    if not found:
        return []
    c = min(found, key=lambda c: (c.costs[len(c.costs) // 2].usd_per_month.p50, c.technique))
    low, high = (c.costs[i].usd_per_month.p50 for i in (0, -1))
    cost = f"{_kind(c)} of {_parts(c)} costs {short(low)}"
    if c.rate_of:
        rates = [100.0 * (x.rate or 0.0) for x in c.costs]
        cost += f" to {short(high)} USD a month with {rates[0]:.0f} to {rates[-1]:.0f} % {c.rate_of}"
    else:
        cost += " USD a month"
    cost += f", {_alone(c)} {middle(c.alone_usd)}"
    quality = f"quality: {c.quality}" if c.quality else "quality unknown: measure"
    return [tuple(x for x in (cost, _cheaper(c), quality, *c.notes) if x)]


def _row(c: Composite) -> tuple[str, ...]:
    p95 = f"{middle(c.request_p95_ms)}, " if c.request_p95_ms else ""
    return (
        f"{_kind(c)}: {c.title}",
        _parts(c, machines=True),
        "; ".join(_at(c, x.rate, band(x.usd_per_month)) for x in c.costs),
        f"{_alone(c)}: {band(c.alone_usd)}",
        "; ".join(x for x in (_cheaper(c), *c.notes) if x),
        f"{p95}{c.request_of}{_limits(c)}",
        c.quality or "?",
        "; ".join(c.needs),
        "; ".join(_published(e) for e in c.published) or "nothing",
    )


def _lean(c: Composite) -> tuple[str, ...]:
    """Labels for what the ranking describes, and the middle of each figure."""
    p95 = f"{middle(c.request_p95_ms)}, " if c.request_p95_ms else ""
    return (
        _kind(c),
        _parts(c),
        "; ".join(_at(c, x.rate, middle(x.usd_per_month)) for x in c.costs),
        f"{_alone(c)}: {middle(c.alone_usd)}",
        "; ".join(x for x in (_cheaper(c), *c.notes) if x),
        f"{p95}{c.request_of}{_limits(c)}",
        c.quality or "?",
    )


def _kind(c: Composite) -> str:
    return c.kind.replace("-", " ")


def _alone(c: Composite) -> str:
    """The single stack that it stands in for."""
    if any(x.component for x in c.parts):
        return "all on accelerators" if c.kind == "mixed-devices" else "the components as taken"
    return f"{named(c.alone[0])} alone"


def _parts(c: Composite, machines: bool = False) -> str:
    """The parts in their roles, with their machines or bill where asked for."""
    told = ""
    for place, x in enumerate(c.parts):
        component = f"{x.component}: " if x.component else ""
        told += f"{ROLES[x.role][bool(place)]}{component}{_part(x, machines)}"
    return told


def _part(x: CompositePart, machines: bool) -> str:
    if not machines:
        return named(x.stack)
    which = f"{x.stack.label} {x.stack.what}" if x.stack.label else x.stack.what
    usd = f"{middle(x.usd_per_month)} USD" if x.usd_per_month else "?"
    if x.share is None:
        return f"{which} ({usd} for all requests)"
    some = f" for {share(x.share)} of the peak" if x.share < 1.0 else ""
    devices = f"{x.n_devices} device{'s' * (x.n_devices > 1)}{some}: " if x.n_devices else ""
    return f"{which} ({devices}{usd})"


def _at(c: Composite, rate: float | None, usd: str) -> str:
    return usd if rate is None else f"{usd} at {share(rate)} {c.rate_of}"


def _cheaper(c: Composite) -> str:
    """From when on it pays, or by how much."""
    if c.break_even is not None:
        if c.break_even >= 1.0:
            return "cheaper at any rate"
        how = "up to" if c.break_even_by == "sizes" else "below"
        return f"cheaper {how} {share(c.break_even)} {c.rate_of}"
    saved = c.alone_usd.p50 - c.costs[0].usd_per_month.p50
    if short(c.alone_usd.p50) == short(c.costs[0].usd_per_month.p50):
        return "costs the same"
    return f"{'cheaper' if saved > 0.0 else 'dearer'} by {short(abs(saved))}"


def _limits(c: Composite) -> str:
    told = [f"{x.id} {side(x.value)}, limit {side(x.limit)}: {x.status.replace('_', ' ')}" for x in c.limits]
    return f"; {'; '.join(told)}" if told else ""


def _published(e: Evidence) -> str:
    doubt = ", confidence low" if e.confidence == "low" else ""
    return f"{e.what}: {e.data} ({e.source}, {e.as_of}{doubt})"
