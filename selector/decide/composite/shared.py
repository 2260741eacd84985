"""Components on like devices of one place that fit a device together: it is paid once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from selector.decide import joint, limits, size
from selector.decide.composite.mixed import beside, machines_of, of_component
from selector.decide.composite.shares import COST
from selector.types.composite import Composite
from selector.types.decision import Fills, Joint, JointPart
from selector.types.estimate import Estimate

if TYPE_CHECKING:
    from selector.decide.recommend import Run
    from selector.packs.catalog import Catalogue

NOTHING = Estimate.exact(0.0, "USD/month", COST)


def fills(run: Run, row: int) -> Fills | None:
    """What a stack of one pass needs of each of its devices; None where it generates tokens, since its cache
    takes the memory that is left, where a replica spans devices, or where no rate is stated."""
    s, load = run.stacks, run.load
    own, peak = int(s.cell[row]), load.peak_requests_per_second
    role = run.axes.models[int(s.model[row])].role
    if own < 0 or role == "llm" or not peak or float(s.replicas[row]) != float(s.n_devices[row]):
        return None
    held, usable = size.pass_bytes(run.index, own, run.axes, load, run.p)
    replicas, spare = float(s.replicas[row]), float(s.spare[row])
    given = float(s.requests_per_s[row]) / replicas * run.p["serving.utilisation"]
    time = peak / (replicas - spare) / given if given > 0.0 else math.nan
    return None if math.isnan(held + time) else Fills(held / usable, time)


def of(
    taken: Joint,
    budget: float | None,
    confidence: float,
    cat: Catalogue,
) -> tuple[Composite, ...]:
    """The components as taken with those of one pass on shared devices; nothing where none fit together."""
    technique = next((t for t in cat.composites.values() if t.kind == "shared-devices"), None)
    usd = taken.usd_per_month
    if technique is None or usd is None:
        return ()
    groups = [g for g in _groups(taken.parts) if len(g) > 1]
    freed = [x for g in groups for x in sorted(g, key=_machines)[:-1]]
    if not freed:
        return ()
    machines = [machines_of(x.stack) for x in freed]
    if any(e is None for e in machines):
        return ()
    p10, p50, p90 = (
        getattr(usd, q) - math.fsum(getattr(e, q) for e in machines if e is not None)
        for q in ("p10", "p50", "p90")
    )
    less = Estimate(p10, p50, p90, usd.unit, COST, usd.inputs)
    kept = joint.verdict(less, budget, confidence)
    if kept is not None and kept.status == limits.STATUS[limits.VIOLATED]:
        return ()
    own = [of_component(x.component, x.stack) for x in taken.parts]
    parts = [
        replace(c, n_devices=0, usd_per_month=NOTHING) if x in freed else c
        for c, x in zip(own, taken.parts, strict=True)
    ]
    alone, notes = [x.stack for x in taken.parts], list(_notes(groups))
    worth = less.p50 <= (1.0 - cat.parameters["composite.worth"].value) * usd.p50
    request_of = "beside each other: not estimated"
    return (beside(technique, parts, alone, (less, usd), notes, request_of, worth),)


def _groups(every: Sequence[JointPart]) -> list[list[JointPart]]:
    """Components of one place and device that fit it together, the least memory first."""
    found: dict[object, list[JointPart]] = {}
    for x in sorted((x for x in every if x.stack.fills), key=lambda x: (_fills(x).memory, x.component)):
        group = found.setdefault((x.stack.slots.offer, x.stack.slots.hardware), [])
        whole = [_fills(y) for y in (*group, x)]
        if sum(f.memory for f in whole) <= 1.0 and sum(f.time for f in whole) <= 1.0:
            group.append(x)
    return list(found.values())


def _fills(x: JointPart) -> Fills:
    assert x.stack.fills is not None
    return x.stack.fills


def _machines(x: JointPart) -> tuple[int, str]:
    return x.stack.slots.n_devices, x.component


def _notes(groups: Sequence[Sequence[JointPart]]) -> Iterator[str]:
    """How full each shared device is."""
    for group in groups:
        memory, time = (100.0 * sum(getattr(_fills(x), k) for x in group) for k in ("memory", "time"))
        names = " and ".join(x.component for x in group)
        on = group[0].stack.slots.hardware
        yield f"{names} take {memory:.0f} % of the memory and {time:.0f} % of the time of {on}"
