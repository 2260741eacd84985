"""What measurements say of a candidate of a run, and what the screen says of measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from selector.decide import cells, tuning
from selector.decide.calibrated import Applied, Belief, Stack, beliefs, group_of
from selector.decide.measured_cells import AT_LOAD

if TYPE_CHECKING:
    from selector.decide.recommend import Run

ESTIMATES = {
    "first_token_ms": ("first_token_loaded",),
    "first_token_p95_ms": ("first_token_loaded",),
    "per_output_token_ms": ("token",),
    "request_p95_ms": ("first_token_loaded", "token"),
    "requests_per_s": ("rate",),
}
FIGURES = {
    "token": "time per output token",
    "first_token": "first token",
    "first_token_loaded": "first token",
    "rate": "throughput",
    "memory": "memory",
}


def of_row(run: Run, row: int, here: bool = True) -> dict[str, Belief]:
    """Factors of a candidate, by quantity: `here` at the load of its replicas, else at any."""
    applied, own = run.axes.measured, int(run.stacks.cell[row])
    option = run.axes.models[int(run.stacks.model[row])]
    if applied is None or own < 0 or option.model is None or option.role != "llm":
        return {}
    device = run.axes.devices[int(run.stacks.device[row])].device
    engine = run.axes.engines[int(run.stacks.engine[row])].id
    precision = run.axes.precisions[int(run.stacks.precision[row])].precision
    tp, pp = int(run.index.tp[own]), int(run.index.pp[own])
    names = tuning.keys(device, engine, run.index.shapes[option.id], tp * pp, precision)
    cell = cells.scalar_cell([dict.fromkeys(cells.REQUIRED, 0.0), tuning.tuned(names, run.p)])
    stack = Stack(group_of(engine, device.id, precision.id, option.model), option.id, tp, pp)
    found = beliefs(applied, stack, cell)
    if not here or not run.load.concurrency:
        return found
    carrying = max(float(run.stacks.replicas[row] - run.stacks.spare[row]), 1.0)
    at_load = beliefs(applied, stack, cell, replace(run.load, concurrency=run.load.concurrency / carrying))
    return found | {q: at_load[q] for q in AT_LOAD if q in at_load}


def behind(found: Mapping[str, Belief], estimate: str) -> tuple[Belief | None, ...]:
    """Beliefs that an estimate rests on."""
    return tuple(found.get(q) for q in ESTIMATES.get(estimate, ()))


def note(run: Run, shown: Sequence[int]) -> list[str]:
    """How many measurements count, which figures of the stacks shown rest on them, and which stand apart."""
    files = run.cat.measured.files
    said = [f"measurements: {f.used} of {f.points} of {f.file} ({f.sha256[:12]}) can be used" for f in files]
    applied = run.axes.measured
    if applied is None:
        return said
    used = sum(len(e.readings) for known in applied.evidence.values() for e in known)
    if used < len(applied.book.readings):
        said.append(
            f"measurements of speed, memory and training that count: {used} of {len(applied.book.readings)}"
        )
    figures: dict[str, int] = {}
    for row in shown:
        for what in dict.fromkeys(FIGURES[q] for q in of_row(run, row)):
            figures[what] = figures.get(what, 0) + 1
    moved = "; ".join(f"{what} of {n} stacks shown" for what, n in figures.items())
    said.append(f"figures that rest on measurements: {moved or 'none of the stacks shown'}")
    return said + apart(applied)


def apart(applied: Applied) -> list[str]:
    """Measurements that contradict the estimator, shown rather than averaged."""
    words = {True: "taken over as accepted", False: "not counted until accepted (calibrate --accept)"}
    taken = applied.book.accepted
    return [
        f"{r.id} contradicts the estimate: {r.metric} measured {r.measured:.4g}, "
        f"estimated {r.estimated:.4g}; {words[r.file in taken]}"
        for r in applied.conflicting
    ]
