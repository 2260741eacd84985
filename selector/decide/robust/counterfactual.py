"""What a point is worth, and what would have to change for a rival to come first (section 3.8)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from selector.decide import gate, relax, value, weighing
from selector.decide.gate import CRITERIA
from selector.decide.robust import additive, stability
from selector.types.robust import ExchangeRate, WinsIf

if TYPE_CHECKING:
    from selector.decide.limits import Limit
    from selector.decide.robust.field import Field
    from selector.types.requirement import Requirement

RIVALS = 3
LEAST_WIDTH = 1e-6  # of an interval of weights, in percent: at a single weight a stack ties and leads nothing
TRIES = 5  # stacks looked at beyond a limit, those that ask for the least first


def exchange(f: Field) -> tuple[ExchangeRate, ...]:
    """Change of each criterion that is worth one point, at the first stack (section 3.4)."""
    found = []
    for name, scale in f.scored.scales.items():
        at, judged = float(f.scored.raw[name][f.first]), float(f.scored.judged[name][f.first])
        rate: float | None = None
        if not math.isnan(at):
            # The cautious judge a figure that is a fixed multiple of the middle one.
            slope = scale.slope(judged) * (judged / at if at else 1.0)
            points = f.scored.weights[name] * abs(slope)
            rate = 1.0 / points if points > 0 else None
        found.append(ExchangeRate(name, rate, scale.unit, at))
    return tuple(found)


def wins_if(f: Field, reasons: Sequence[tuple[str, Any]]) -> tuple[WinsIf, ...]:
    """For the best rivals each figure and each weight alone; then limits that alone keep one out."""
    found: list[WinsIf] = []
    for row in f.screen[1 : 1 + RIVALS]:
        found += by_figure(f, row)
        found += _by_weight(f, row)
    return (*found, *_by_limit(f, reasons))


def by_figure(f: Field, row: int) -> Iterator[WinsIf]:
    """For each criterion the figure at which a candidate comes first, all else as it is."""
    scored = f.scored
    gap = float(scored.score[f.first] - scored.score[row])
    for name, scale in scored.scales.items():
        now, weight = float(scored.raw[name][row]), scored.weights[name]
        value = float(scored.values[name][row])
        needed: float | None = None
        if f.chain.late[row] > f.chain.late[f.first]:
            needed = None  # whatever its figures, it stands after those that are certain
        elif gap <= 0.0 and not math.isnan(now):
            # A tie: the least gain wins, where the scale still has one to give.
            gains = weight > 0 and value < 1.0
            needed = (now if value > 0.0 else scale.worst) if gains else None
        elif weight > 0 and value + gap / weight <= 1.0:
            judged = float(scored.judged[name][row])
            times = judged / now if now and not math.isnan(now) else 1.0
            needed = scale.inverse(value + gap / weight) / times
        yield WinsIf(f.ref(row), "criterion", name, scale.unit, now, needed)


def _by_weight(f: Field, row: int) -> Iterator[WinsIf]:
    rows = f.rivals(row, f.tight)
    values, extra, weights = f.values(rows), f.scored.points[rows], f.weights
    for j, name in enumerate(CRITERIA):
        now = float(weights[j])
        got = stability.interval(values, weights, extra, 0, j)
        needed = within(got, now)
        yield WinsIf(f.ref(row), "weight", name, "% of all weights", now, needed)


def within(found: tuple[float, float, Any, Any] | None, now: float) -> float | None:
    """The nearest weight of an interval; None where there is none, or one that only ties."""
    if found is None or found[1] - found[0] < LEAST_WIDTH:
        return None
    return min(max(now, found[0]), found[1])


def _by_limit(f: Field, reasons: Sequence[tuple[str, Any]]) -> Iterator[WinsIf]:
    import numpy as np

    caps = {c.id: c for c in f.scored.limits if c.hard}
    times_out: Any = np.zeros(len(f.chain.score), dtype=np.int16)
    for _, column in reasons:
        times_out += column
    ahead = (times_out == 1) & (f.chain.late <= f.chain.late[f.first])
    ahead &= f.chain.score > f.chain.score[f.first]
    for name, column in reasons:
        rows = np.nonzero(column & ahead)[0] if name in caps else np.zeros(0, dtype=int)
        rows = rows[~np.isnan(caps[name].column[rows])] if len(rows) else rows
        if len(rows):
            yield from _least_move(f, caps[name], rows)


def _least_move(f: Field, cap: Limit, rows: Any) -> Iterator[WinsIf]:
    """The stack that asks for the least move of a limit and then comes first: values that hang on
    the limit move with it."""
    import numpy as np

    least = cap.needed[rows]
    order = np.lexsort([-f.chain.score[rows], least])
    rows, least = rows[order], least[order]
    for at, row in enumerate(rows[:TRIES].tolist()):
        needed = relax.up(float(least[at]))
        # What is rounded for print can be a last bit short of the row's own figure.
        let_in = rows[least <= max(needed, least[at])]
        peers = np.concatenate([f.choices.rows, let_in])
        scores = _rescored(f, moved(f.run.req, cap.id, needed), peers)
        if scores[len(f.choices.rows) + int(np.nonzero(let_in == row)[0][0])] >= scores.max():
            yield WinsIf(f.ref(row), "limit", cap.id, cap.unit, float(cap.cap), needed)
            return


def moved(req: Requirement, key: str, limit: float) -> Requirement:
    """A requirement with one of its limits changed."""
    part, _, name = key.partition(".")
    within: dict[str, Any] = {name: limit}
    change: dict[str, Any] = {part: replace(getattr(req, part), **within) if name else limit}
    return replace(req, **change)


def _rescored(f: Field, req: Requirement, rows: Any) -> Any:
    """Scores of some candidates under other limits."""
    import numpy as np

    run = f.run
    before, after = f.scored.scales, value.scales(req, run.load, run.p, run.assumed)
    weights = gate.criterion_weights(weighing.relative(req.weights, after), run.reweighing)
    columns = [
        f.scored.values[c][rows]
        if after[c] == before[c]
        else value.filled(np, after[c], f.scored.judged[c][rows], run.p["value.missing"])[0]
        for c in CRITERIA
    ]
    return additive.total(columns, [weights[c] for c in CRITERIA], f.scored.points[rows])
