"""Factors out of measurements on the columns of many cells: those alike to what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from selector.decide import cells, tuning
from selector.decide.axes import Axes
from selector.decide.calibrated import (
    FACTORS,
    FIRST,
    MOST_DIFFERING,
    SAME,
    Applied,
    Belief,
    Evidence,
    Stack,
    beliefs,
    first_token,
    of_group,
    prior_sd,
)
from selector.decide.columns import narrow
from selector.decide.runnable import Runs
from selector.estimate import serving
from selector.estimate.numeric import SCALAR, Z90
from selector.types.calibration import Group
from selector.types.load import Cell, Load

if TYPE_CHECKING:
    from selector.decide.enumerate import CellIndex
    from selector.decide.size import Sized

Parts = tuple[Mapping[str, Any], Any]  # columns over distinct parts, and which part each cell takes


def factors(axes: Axes, applied: Applied, found: Runs, row: Any, tp: Any, pp: Any, made: Parts) -> Parts:
    """The parts of what replicas achieve, with more of them for cells that measurements speak of.

    `row` is the run of each cell, `tp` and `pp` its layout.
    """
    base, which = made
    differing = _differing(axes, applied, found)
    spoken = [g for g, d in differing.items() if (d <= MOST_DIFFERING).any()]
    size = len(next(iter(base.values())))
    columns = {**base, **{factor: np.ones(size) for factor, _ in FACTORS.values()}}
    if not spoken:
        return made
    near = np.any([differing[g] <= MOST_DIFFERING for g in spoken], axis=0)
    some = np.nonzero(near[row])[0]
    stacks = _stacks(axes, applied, found, row[some], tp[some], pp[some])
    # Cells of one run, one set of achieved fractions and one measured stack share a part.
    code = (row[some].astype(np.int64) * size + which[some]) * (stacks.max(initial=-1) + 2) + stacks + 1
    _, first, part = np.unique(code, return_index=True, return_inverse=True)
    runs, old, own = row[some][first], which[some][first].astype(int), stacks[first]
    extra = {name: values[old] for name, values in columns.items()}
    for quantity in applied.evidence:
        if quantity in FACTORS:
            _new(applied, quantity, differing, runs, extra)
    _measured(applied, own, extra, {name: values[old] for name, values in base.items()})
    which = which.astype(np.int64)
    which[some] = size + part.reshape(-1)
    return {n: np.concatenate([columns[n], extra[n]]) for n in columns}, narrow(which)


def _differing(axes: Axes, applied: Applied, found: Runs) -> dict[Group, Any]:
    """For every measured group, in how many of the four each run differs from it."""
    groups = dict.fromkeys(e.group for q, known in applied.evidence.items() if q in FACTORS for e in known)
    families = [(m.model.family or m.model.id) if m.model else "" for m in axes.models]
    sides = (
        ("engine", [e.id for e in axes.engines], found.engine),
        ("hardware", [d.device.id for d in axes.devices], found.device),
        ("precision", [SAME.get(q.id, q.id) for q in axes.precisions], found.precision),
        ("family", families, found.model),
    )
    return {
        g: sum(
            np.array([name != getattr(g, side) for name in names], dtype=np.int8)[index]
            for side, names, index in sides
        )
        for g in groups
    }


def _stacks(axes: Axes, applied: Applied, found: Runs | CellIndex, row: Any, tp: Any, pp: Any) -> Any:
    """Number of the measured stack that each cell is, -1 for none."""
    which = np.full(len(row), -1, dtype=np.int64)
    models = {m.id: i for i, m in enumerate(axes.models)}
    engines = {e.id: i for i, e in enumerate(axes.engines)}
    for number, (group, model, *layout) in enumerate(keys(applied)):
        formats = [i for i, q in enumerate(axes.precisions) if SAME.get(q.id, q.id) == group.precision]
        devices = [i for i, d in enumerate(axes.devices) if d.device.id == group.hardware]
        same = (found.model[row] == models.get(model, -1)) & (tp == layout[0]) & (pp == layout[1])
        same &= found.engine[row] == engines.get(group.engine, -1)
        same &= np.isin(found.precision[row], formats)
        which[same & np.isin(found.device[row], devices)] = number
    return which


def keys(applied: Applied) -> list[Any]:
    """Measured stacks, in a stable order."""
    return list(dict.fromkeys(e.key for q, known in applied.evidence.items() if q in FACTORS for e in known))


def _prior(quantity: str, columns: Mapping[str, Any], applied: Applied) -> Any:
    """Standard deviation that the estimator admits of a quantity in each part."""
    spread = FACTORS[quantity][1]
    if spread is not None:
        return np.log(columns[spread]) / Z90
    rows = applied.evidence[quantity]
    return rows[0].readings[0].prior_sd + 0.0 * columns["step_spread"]


def _new(applied: Applied, quantity: str, differing: Mapping[Group, Any], runs: Any, extra: Any) -> None:
    """Stacks that nobody measured."""
    factor, spread = FACTORS[quantity]
    by_group: dict[Group, list[Evidence]] = {}
    for e in applied.evidence[quantity]:
        by_group.setdefault(e.group, []).append(e)
    sd = _prior(quantity, extra, applied)
    logs, weights = [], []
    for group, known in by_group.items():
        mean, variance = of_group(known)
        d = differing[group][runs]
        penalty = np.array([applied.penalty(k) for k in range(MOST_DIFFERING + 1)])
        near = d <= MOST_DIFFERING
        logs.append(mean)
        weights.append(np.where(near, 1.0 / (variance + penalty[np.minimum(d, MOST_DIFFERING)]), 0.0))
    spoken = np.any([w > 0.0 for w in weights], axis=0)
    log, variance = applied.unmeasured(sd, logs, weights)
    extra[factor] = np.where(spoken, np.exp(log), extra[factor])
    if spread is not None:
        doubt = np.sqrt(variance + applied.share("load", sd))
        extra[spread] = np.where(spoken, np.exp(Z90 * doubt), extra[spread])


def _measured(applied: Applied, own: Any, extra: Any, before: Mapping[str, Any]) -> None:
    """Stacks that were measured themselves, one by one."""
    known = keys(applied)
    for part in np.nonzero(own >= 0)[0]:
        group, model, tp, pp = known[own[part]]
        for quantity in applied.evidence:
            if quantity not in FACTORS:
                continue
            factor, spread = FACTORS[quantity]
            sd = float(_prior(quantity, before, applied)[part])
            belief = applied.belief(quantity, Stack(group, model, tp, pp), sd)
            if belief is not None:
                extra[factor][part] = belief.value.factor
                if spread is not None:
                    extra[spread][part] = belief.spread


AT_LOAD = {
    # Quantity -> columns of sized cells that it moves in proportion, and that of their interval. The rate
    # that is printed is that of the fullest batch, whatever was measured.
    "token": (("per_output_token_ms",), "token_spread"),
    **dict.fromkeys(FIRST, (("first_token_ms", "first_token_p95_ms"), "first_token_spread")),
}


def each(load: Load, carrying: float, held: float) -> Load:
    """The load of one of the replicas that carry it: its share of the requests stated in flight, or as
    many as sizing found it to hold."""
    share = load.concurrency / max(carrying, 1.0) if load.concurrency else held
    return replace(load, concurrency=share)


def settled(
    axes: Axes, applied: Applied, index: CellIndex, sized: Sized, load: Load, p: Mapping[str, float]
) -> Sized:
    """The sized cells, those measured at the load that their replicas have now with that measurement."""
    rows = sized.rows
    which = _stacks(axes, applied, index, rows, index.tp[rows], index.pp[rows])
    known = keys(applied)
    names = {"request_p95_ms", "request_spread"}.union(*({*times, by} for times, by in AT_LOAD.values()))
    columns = {n: getattr(sized, n) for n in sorted(names)}
    for place in np.nonzero(which >= 0)[0]:
        held = float(sized.held[place])
        own = each(load, float(sized.replicas[place] - sized.spare[place]), held)
        stack = Stack(*known[which[place]])
        now = cell(axes, index, int(rows[place]), p)
        here = beliefs(applied, stack, now, own)
        for quantity in ("token", first_token(held)):
            if quantity in here and here[quantity].method == "measured":
                any_load = applied.belief(quantity, stack, prior_sd(applied, quantity, now))
                assert any_load is not None
                _place(columns, int(place), quantity, here[quantity], any_load)
        _request(columns, int(place), load)
    return replace(sized, **columns)


def _place(columns: Mapping[str, Any], place: int, quantity: str, here: Belief, any_load: Belief) -> None:
    """Times of one cell with the factor and the interval of its load instead of those of any load."""
    times, spread = AT_LOAD[quantity]
    for name in times:
        columns[name][place] *= here.value.factor / any_load.value.factor
    columns[spread][place] = here.spread


def _request(columns: Mapping[str, Any], place: int, load: Load) -> None:
    """The request of one cell out of its first token and its tokens."""
    slow, token = columns["first_token_p95_ms"][place], columns["per_output_token_ms"][place]
    columns["request_p95_ms"][place] = slow + load.output_tokens * token
    by = columns["first_token_spread"][place], columns["token_spread"][place]
    columns["request_spread"][place] = serving.request_spread(
        SCALAR, slow, by[0], load.output_tokens * token, by[1]
    )


def cell(axes: Axes, index: CellIndex, row: int, p: Mapping[str, float]) -> Cell:
    """A cell of which only the intervals of the estimator are known."""
    device = axes.devices[int(index.device[row])].device
    precision = axes.precisions[int(index.precision[row])].precision
    shape = index.shapes[axes.models[int(index.model[row])].id]
    devices = int(index.tp[row]) * int(index.pp[row])
    names = tuning.keys(device, axes.engines[int(index.engine[row])].id, shape, devices, precision)
    return cells.scalar_cell([dict.fromkeys(cells.REQUIRED, 0.0), tuning.tuned(names, p)])
