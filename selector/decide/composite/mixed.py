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
    where that is cheaper or lets another one take its first stack. Nothing else."""
    techniques = [t for t in cat.composites.values() if t.kind == "mixed-devices"]
    if not techniques:
        return ()
    t, chosen = techniques[0], [x.stack for x in taken.parts]
    kinds = [_kind(s, cat) for s in chosen]
    mixed = {PROCESSOR, ACCELERATOR} <= set(kinds)
    other = _on_accelerators(parts, chosen, kinds, cat) if mixed else _on_processors(parts, chosen, t, cat)
    if other is None or ACCELERATOR not in (kinds if mixed else [_kind(s, cat) for s in other]):
        return ()
    mix, alone = (chosen, other) if mixed else (other, chosen)
    whole, single = (joint.joined(parts, stacks, budget, confidence) for stacks in (mix, alone))
    usd, dear = whole.usd_per_month, single.usd_per_month
    if usd is None or dear is None or joint.short(parts, mix):
        return ()
    if whole.budget is not None and whole.budget.status == limits.STATUS[limits.VIOLATED]:
        return ()
    pairs = list(zip(parts, mix, alone, strict=True))
    better = any(new.score > old.score for _, new, old in pairs)
    if not (mixed or better or usd.p50 < dear.p50):
        return ()
    lacks = joint.short(parts, alone)
    points = [f"{p.name} {a.score:.1f} points instead of {b.score:.1f}" for p, a, b in pairs if a is not b]
    notes = ([f"all on accelerators they ask for {lacks}"] if lacks else []) + points
    saved = usd.p50 <= (1.0 - cat.parameters["composite.worth"].value) * dear.p50
    found = [of_component(p.name, s) for p, s in zip(parts, mix, strict=True)]
    costs, worth = (usd, dear), not mixed and (saved or better)
    return (beside(t, found, alone, costs, notes, "each component as it is ranked", worth),)


def _on_accelerators(
    parts: Sequence[Recommendation], chosen: Sequence[RankedStack], kinds: Sequence[str], cat: Catalogue
) -> list[RankedStack] | None:
    """What runs on processors on its best accelerator; None where a component has none."""
    found = []
    for part, own, kind in zip(parts, chosen, kinds, strict=True):
        best = _best(part, ACCELERATOR, cat) if kind == PROCESSOR else own
        if best is None:
            return None
        found.append(best)
    return found


def _on_processors(
    parts: Sequence[Recommendation], chosen: Sequence[RankedStack], t: Technique, cat: Catalogue
) -> list[RankedStack] | None:
    """Components of the roles of a technique on processors, and the others as they rank first where the
    devices at hand then do; None where there is none to move."""
    moved = [
        _best(part, PROCESSOR, cat)
        if _kind(own, cat) == ACCELERATOR and own.facts.get("role") in t.roles
        else None
        for part, own in zip(parts, chosen, strict=True)
    ]
    if not any(moved):
        return None
    first = [new or part.stacks[0] for new, part in zip(moved, parts, strict=True)]
    if not joint.short(parts, first):
        return first
    return [new or own for new, own in zip(moved, chosen, strict=True)]


def _best(part: Recommendation, kind: str, cat: Catalogue) -> RankedStack | None:
    offered = (s for s in (*part.stacks, *part.cheaper, *part.on_processors) if _kind(s, cat) == kind)
    return max(offered, key=lambda s: (s.score, s.slots.digest()), default=None)


def _kind(s: RankedStack, cat: Catalogue) -> str:
    """What a stack runs on; empty where a vendor runs it."""
    device = cat.devices.get(s.slots.hardware or "")
    return "" if device is None else PROCESSOR if device.kind == "cpu" else ACCELERATOR


def beside(
    t: Technique,
    parts: Sequence[CompositePart],
    alone: Sequence[RankedStack],
    usd: tuple[Estimate, Estimate],
    notes: Sequence[str],
    request_of: str,
    worth: bool,
) -> Composite:
    """Components beside each other, which no rate of requests moves; `usd` of them and of `alone`."""
    return Composite(
        technique=t.id,
        kind=t.kind,
        title=t.title,
        parts=tuple(parts),
        costs=(AtRate(None, usd[0]),),
        rate_of="",
        alone=tuple(ref(s) for s in alone),
        alone_usd=usd[1],
        break_even=None,
        break_even_by="",
        quality="each component as it is ranked",
        request_p95_ms=None,
        request_of=request_of,
        limits=(),
        needs=t.needs,
        published=t.published,
        notes=tuple(notes),
        worth=worth,
    )


def of_component(component: str, s: RankedStack) -> CompositePart:
    """A stack as it serves a component."""
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
