"""Components on processors and on accelerators side by side, against all of them on accelerators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from selector.decide import joint, limits
from selector.decide.composite.shares import MACHINES, summed
from selector.types.composite import AtRate, Composite, CompositePart, Technique
from selector.types.decision import Joint, RankedStack, Recommendation
from selector.types.robust import StackRef

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue
    from selector.types.estimate import Estimate

PROCESSOR, ACCELERATOR = "processor", "accelerator"


def of(
    parts: Sequence[Recommendation],
    taken: Joint,
    budget: float | None,
    confidence: float,
    cat: Catalogue,
) -> tuple[Composite, ...]:
    """The components as they are taken where they are mixed; else with those on processors that can be,
    where that is cheaper or the own accelerators are too few for all at once. Nothing else."""
    techniques = [t for t in cat.composites.values() if t.kind == "mixed-devices"]
    if not techniques:
        return ()
    t, chosen = techniques[0], [x.stack for x in taken.parts]
    kinds = [_kind(s, cat) for s in chosen]
    mixed = {PROCESSOR, ACCELERATOR} <= set(kinds)
    if mixed:
        other = _moved(parts, chosen, kinds, PROCESSOR, ACCELERATOR, None, cat)
    else:
        other = _moved(parts, chosen, kinds, ACCELERATOR, PROCESSOR, t, cat)
    if other is None or ACCELERATOR not in (kinds if mixed else [_kind(s, cat) for s in other]):
        return ()
    mix, alone = (chosen, other) if mixed else (other, chosen)
    whole, single = (joint.joined(parts, stacks, budget, confidence) for stacks in (mix, alone))
    usd, dear = whole.usd_per_month, single.usd_per_month
    lacks = "" if _short(parts, mix) else _short(parts, alone)
    if usd is None or dear is None or not (mixed or lacks or usd.p50 < dear.p50):
        return ()
    if whole.budget is not None and whole.budget.status == limits.STATUS[limits.VIOLATED]:
        return ()
    saved = usd.p50 <= (1.0 - cat.parameters["composite.worth"].value) * dear.p50
    notes = (f"all on accelerators they ask for {lacks}",) if lacks else ()
    return (_told(t, parts, mix, alone, (usd, dear), notes, not mixed and (saved or bool(lacks))),)


def _short(parts: Sequence[Recommendation], stacks: Sequence[RankedStack]) -> str:
    """Own devices that the components together ask for beyond what is at hand."""
    wanted: dict[str, int] = {}
    for s in stacks:
        if s.slots.hardware is not None and s.slots.offer is None:
            wanted[s.slots.hardware] = wanted.get(s.slots.hardware, 0) + s.slots.n_devices
    have = {name: n for p in parts for name, n in p.at_hand.items()}
    over = [f"{n} {name} of {have[name]} at hand" for name, n in wanted.items() if n > have.get(name, n)]
    return ", ".join(over)


def _moved(
    parts: Sequence[Recommendation],
    chosen: Sequence[RankedStack],
    kinds: Sequence[str],
    source: str,
    target: str,
    t: Technique | None,
    cat: Catalogue,
) -> list[RankedStack] | None:
    """The stacks with every one on a kind of device exchanged for the best of its component on the other
    kind; of a technique only roles that it is for. None where there is nothing to exchange."""
    found, moved = [], False
    for part, own, kind in zip(parts, chosen, kinds, strict=True):
        offered = (s for s in (*part.stacks, *part.cheaper, *part.on_processors) if _kind(s, cat) == target)
        best = max(offered, key=lambda s: (s.score, s.slots.digest()), default=None)
        suits = kind == source and (t is None or own.facts.get("role") in t.roles)
        if suits and best is None and t is None:
            return None
        found.append(best if suits and best is not None else own)
        moved |= found[-1] is not own
    return found if moved else None


def _kind(s: RankedStack, cat: Catalogue) -> str:
    """What a stack runs on; empty where a vendor runs it."""
    device = cat.devices.get(s.slots.hardware or "")
    return "" if device is None else PROCESSOR if device.kind == "cpu" else ACCELERATOR


def _told(
    t: Technique,
    parts: Sequence[Recommendation],
    mix: Sequence[RankedStack],
    alone: Sequence[RankedStack],
    usd: tuple[Estimate, Estimate],
    notes: tuple[str, ...],
    worth: bool,
) -> Composite:
    return Composite(
        technique=t.id,
        kind=t.kind,
        title=t.title,
        parts=tuple(_part(p.name, s) for p, s in zip(parts, mix, strict=True)),
        costs=(AtRate(None, usd[0]),),
        rate_of="",
        alone=tuple(ref(s) for s in alone),
        alone_usd=usd[1],
        break_even=None,
        break_even_by="",
        quality="each component as it is ranked",
        request_p95_ms=None,
        request_of="each component as it is ranked",
        limits=(),
        needs=t.needs,
        published=t.published,
        notes=notes,
        worth=worth,
    )


def _part(component: str, s: RankedStack) -> CompositePart:
    return CompositePart("component", ref(s), 1.0, s.slots.n_devices, machines_of(s), component)


def machines_of(s: RankedStack) -> Estimate | None:
    """Machines of a stack, purchases over the horizon; None where the cost is not known."""
    lines = [c.usd_per_month for c in s.costs if c.usd_per_month is not None]
    found = [e for e in lines if e.formula in MACHINES]
    return summed(found) if found else None


def ref(s: RankedStack) -> StackRef:
    """A stack of a component, with its label where it is shown."""
    slots = s.slots
    what = f"{slots.model} ({slots.offer})"
    if slots.hardware is not None:
        what = f"{slots.model} {slots.precision} on {slots.n_devices}x {slots.hardware} with {slots.engine}"
    return StackRef(slots.digest(), what, s.label if s.label.startswith("S-") else None)
