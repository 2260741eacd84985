"""What measurements say of a candidate of a run, and what the screen says of measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from selector.decide import cells, tuning
from selector.decide.calibrated import Applied, Belief, Stack, alike, beliefs, group_of

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


def of_row(run: Run, row: int) -> dict[str, Belief]:
    """Factors of a candidate, by quantity; `measured` only where its replicas hold what was measured."""
    applied, own = run.axes.measured, int(run.stacks.cell[row])
    if applied is None or own < 0:
        return {}
    option = run.axes.models[int(run.stacks.model[row])]
    if option.model is None or option.role != "llm":
        return {}
    device = run.axes.devices[int(run.stacks.device[row])].device
    engine = run.axes.engines[int(run.stacks.engine[row])].id
    precision = run.axes.precisions[int(run.stacks.precision[row])].precision
    tp, pp = int(run.index.tp[own]), int(run.index.pp[own])
    names = tuning.keys(device, engine, run.index.shapes[option.id], tp * pp, precision)
    known = tuning.tuned(names, run.p)
    cell = cells.scalar_cell([dict.fromkeys(cells.REQUIRED, 0.0), known])
    stack = Stack(group_of(engine, device.id, precision.id, option.model), option.id, tp, pp)
    return {q: _held(run, row, applied, b) for q, b in beliefs(applied, stack, cell).items()}


def _held(run: Run, row: int, applied: Applied, belief: Belief) -> Belief:
    carrying = float(run.stacks.replicas[row] - run.stacks.spare[row])
    if belief.method != "measured" or not run.load.concurrency:
        return belief
    each = replace(run.load, concurrency=run.load.concurrency / max(carrying, 1.0))
    near = applied.p["calibration.load_tolerance"]
    readings = [r for t in belief.terms for r in t.readings]
    same = all(
        alike(r, each, near) and abs((each.concurrency or 0.0) / (r.held or 1.0) - 1.0) <= near for r in readings
    )
    # The rate that is printed is that of the fullest batch, not that of the one measured.
    return belief if same and belief.quantity != "rate" else replace(belief, method="calibrated")


def behind(found: Mapping[str, Belief], estimate: str) -> tuple[Belief | None, ...]:
    """Beliefs that an estimate rests on."""
    return tuple(found.get(q) for q in ESTIMATES.get(estimate, ()))


def note(run: Run, shown: Sequence[int]) -> list[str]:
    """How many measurements count, which figures of the stacks shown rest on them, and which stand apart."""
    applied = run.axes.measured
    if applied is None:
        return []
    book = applied.book
    used = sum(len(e.readings) for known in applied.evidence.values() for e in known) + len(book.trials)
    names = ", ".join(f"{f.file} ({f.sha256[:12]})" for f in book.files)
    said = [f"{used} measurements of {len(book.files)} files count: {names}"] if book.files else []
    figures: dict[str, int] = {}
    for row in shown:
        for what in dict.fromkeys(FIGURES[q] for q in of_row(run, row)):
            figures[what] = figures.get(what, 0) + 1
    moved = "; ".join(f"{what} of {n} stacks shown" for what, n in figures.items())
    said.append(f"figures that rest on measurements: {moved or 'none of the stacks shown'}")
    return said + apart(applied)


def apart(applied: Applied) -> list[str]:
    """Measurements that contradict the estimator, shown rather than averaged."""
    word = "taken over as accepted" if applied.book.accepted else "not counted until accepted (calibrate --accept)"
    said = [
        f"{r.id} contradicts the estimate: {r.metric} measured {r.measured:.4g}, estimated {r.estimated:.4g}; {word}"
        for r in applied.conflicting
    ]
    return said + [
        f"{FIGURES.get(q, q)} of {g.engine} {g.precision} {g.family} on {g.hardware}: factor {x:.3g} is beyond "
        f"{applied.p['calibration.most_factor']:g} either way; {word}"
        for q, g, x in applied.extreme
    ]
