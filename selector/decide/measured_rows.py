"""What measurements say of a candidate of a run, and what the screen says of measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from selector.decide.calibrated import FIRST, Applied, Belief, Stack, beliefs, first_token, group_of
from selector.decide.measured_cells import AT_LOAD, cell, each

if TYPE_CHECKING:
    from selector.decide.recommend import Run

# Estimate -> quantities that it rests on; of first tokens a candidate has one or the other.
ESTIMATES: Mapping[str, Sequence[tuple[str, ...]]] = {
    "first_token_ms": (FIRST,),
    "first_token_p95_ms": (FIRST,),
    "per_output_token_ms": (("token",),),
    "request_p95_ms": (FIRST, ("token",)),
    "requests_per_s": (("rate",),),
}
FIGURES = {
    "token": "time per output token",
    "first_token": "first token",
    "first_token_loaded": "first token",
    "rate": "throughput",
    "memory": "memory",
}


def of_row(run: Run, row: int, here: bool = True) -> dict[str, Belief]:
    """Factors of a candidate, by quantity: `here` at the load of its replicas, else at any. Of first tokens
    that which counts for what its replicas hold."""
    applied, own = run.axes.measured, int(run.stacks.cell[row])
    option = run.axes.models[int(run.stacks.model[row])]
    if applied is None or own < 0 or option.model is None or option.role != "llm":
        return {}
    device = run.axes.devices[int(run.stacks.device[row])].device.id
    engine = run.axes.engines[int(run.stacks.engine[row])].id
    precision = run.axes.precisions[int(run.stacks.precision[row])].id
    layout = int(run.index.tp[own]), int(run.index.pp[own])
    stack = Stack(group_of(engine, device, precision, option.model), option.id, *layout)
    known = cell(run.axes, run.index, own, run.p)
    assert run.sized is not None
    held = float(run.sized.held[run.sized.rows.searchsorted(own)])
    left = {*FIRST} - {first_token(held)}
    found = {q: b for q, b in beliefs(applied, stack, known).items() if q not in left}
    if not here:
        return found
    carrying = float(run.stacks.replicas[row] - run.stacks.spare[row])
    at_load = beliefs(applied, stack, known, each(run.load, carrying, held))
    return {q: at_load[q] if q in AT_LOAD else b for q, b in found.items()}


def behind(found: Mapping[str, Belief], estimate: str) -> tuple[Belief | None, ...]:
    """Beliefs that an estimate rests on."""
    wanted = ESTIMATES.get(estimate, ())
    return tuple(next((found[q] for q in either if q in found), None) for either in wanted)


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
    undated = sum(not r.dated for r in applied.book.readings)
    if undated:
        months = run.p["calibration.undated_months"]
        said.append(f"measurements without a day: {undated}, taken to be {months:g} months old")
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
