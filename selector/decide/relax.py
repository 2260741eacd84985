"""What would let a stack through: the smallest moves of limits, or of devices and weight formats."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide import limits, show, trainable
from selector.decide.robust import additive
from selector.types.decision import Move, Relaxation

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

MOST_LIMITS = 62  # bits of a mask
MOST_SETS = 8
PRINTED, IN_WORDS = 6, 4  # significant digits
ROUNDING = 1e-12  # what arithmetic adds to a figure that is round already


@dataclass(frozen=True, slots=True)
class Set:
    """Limits that hold some rows together: the row nearest to passing, the best scored, how many."""

    bits: tuple[int, ...]
    nearest: int
    best: int
    count: int


def minimal(
    violated: Sequence[Any],
    far: Mapping[int, Any],
    first: Callable[[Any], int],
    size: int,
    closed: Any = None,
) -> list[Set]:
    """Inclusion-minimal sets of limits whose move lets a row through, the easiest first.

    `violated` holds a bool column per limit; `far`, by the number of a limit that can be moved, how
    far each of the `size` rows is from it (logarithm of the ratio); `first` says which of some rows is
    best. A row is nearest where the sum over the limits of the set is least. Sets without a limit that
    can only be waived come first, then smaller ones, then nearer ones. Rows that a limit beyond
    `MOST_LIMITS` holds are left out, and those that are `closed`, whatever is moved.
    """
    import numpy as np

    columns = [np.where(c, limits.VIOLATED, limits.OK) for c in violated[:MOST_LIMITS]]
    found = limits.masks(columns, size)
    shut = [*violated[MOST_LIMITS:], *([] if closed is None else [closed])]
    open_ = ~np.logical_or.reduce(shut) if shut else None
    result = []
    for mask in limits.minimal_sets(found if open_ is None else found[open_]):
        same = found == mask if open_ is None else (found == mask) & open_
        rows = np.nonzero(same)[0]
        bits = tuple(b for b in range(len(columns)) if mask >> b & 1)
        distance = total(far, bits, rows)
        least = distance.min()
        item = Set(bits, first(rows[distance == least]), first(rows), len(rows))
        result.append((sum(b not in far for b in bits), len(bits), float(least), bits, item))
    return [item for *_, item in sorted(result, key=lambda r: r[:4])]


def total(far: Mapping[int, Any], bits: Sequence[int], rows: Any) -> Any:
    """Sum of the distances of some rows over some limits; what is not known is infinitely far."""
    import numpy as np

    columns = [np.nan_to_num(far[b][rows], nan=np.inf) for b in bits if b in far]
    return np.sum(columns, axis=0) if columns else np.zeros(len(rows))


def distances(reasons: Sequence[tuple[str, Any]], caps: Mapping[str, limits.Limit]) -> dict[int, Any]:
    """Logarithm of what each row needs over what is given, by the number of a numeric limit."""
    import numpy as np

    found = {}
    for bit, (name, _) in enumerate(reasons):
        if name in caps:
            given = caps[name].cap
            with np.errstate(invalid="ignore", divide="ignore"):
                # Against a cap of nothing only the size of what is needed can be compared.
                found[bit] = np.log(caps[name].needed / (given if given > 0.0 else 1.0))
    return found


def whole(reasons: Sequence[tuple[str, Any]], far: Mapping[int, Any], rows: Any) -> Any:
    """Sum of the distances of some rows over the limits that hold each of them."""
    import numpy as np

    found = np.zeros(len(rows))
    for bit, column in far.items():
        held = reasons[bit][1][rows]
        found += np.where(held, np.nan_to_num(column[rows], nan=np.inf), 0.0)
    return found


def sets(
    run: Run, chain: additive.Chain, caps: Sequence[limits.Limit], reasons: Sequence[tuple[str, Any]]
) -> list[Set]:
    """Minimal sets of the reasons that keep all rows out, the easiest to move first."""
    import numpy as np

    far = distances(reasons, {c.id: c for c in caps})
    lost = np.array([bool(m.untrainable and not m.trained_if) for m in run.axes.models] or [False])
    closed = lost[np.asarray(run.stacks.model)] if lost.any() else None
    columns = [c for _, c in reasons]
    return minimal(columns, far, lambda rows: additive.leading(chain, rows), len(chain.score), closed)


def relaxations(
    run: Run, scored: Scored, chain: additive.Chain, reasons: Sequence[tuple[str, Any]]
) -> tuple[Relaxation, ...]:
    """Minimal sets of limits, each with the stack that asks for the least relative move of them and
    the best that they alone hold; where nothing was sized to fit, the nearest change that does."""
    if not len(run.stacks):
        return _that_fits(run)
    if not reasons:
        return ()
    found = sets(run, chain, scored.limits, reasons)
    return tuple(_relaxation(run, scored, [reasons[b][0] for b in s.bits], s) for s in found[:MOST_SETS])


def _relaxation(run: Run, scored: Scored, names: Sequence[str], found: Set) -> Relaxation:
    caps = {c.id: c for c in scored.limits}
    changes, best = (moves(run, caps, names, row) for row in (found.nearest, found.best))
    told = tuple(words(m) for m in changes), show.line(run, found.nearest), found.count, changes
    if any(m.instead for m in changes):  # stacks that are trained otherwise are other stacks
        return Relaxation(tuple(names), *told)
    return Relaxation(
        tuple(names),
        *told,
        show.line(run, found.best),
        float(scored.score[found.best]),
        best,
    )


def moves(run: Run, caps: Mapping[str, limits.Limit], names: Sequence[str], row: int) -> tuple[Move, ...]:
    """What one row needs of each limit that holds it."""
    return tuple(
        Move(name, None, None, "", training(run, row))
        if name.startswith(trainable.IMPOSSIBLE)
        else move(caps.get(name), name, row)
        for name in names
    )


def training(run: Run, row: int) -> str:
    """What lets the machines train the model of a row."""
    found = run.axes.models[int(run.stacks.model[row])].trained_if
    return found or "another model or method, which the machines can train"


def move(cap: limits.Limit | None, name: str, row: int) -> Move:
    """What one row needs of a limit: its least value, or to be waived."""
    needed = math.nan if cap is None else cap.least(row)
    if cap is None or math.isnan(needed):
        return Move(name, None, None, "")
    return Move(name, cap.cap, up(needed), cap.unit)


def up(figure: float, digits: int = PRINTED) -> float:
    """Rounded up to significant digits, so that the limit that is named suffices."""
    if figure <= 0.0:
        return figure
    step = 10.0 ** (math.floor(math.log10(figure)) + 1 - digits)
    return float(f"{math.ceil(figure / step * (1.0 - ROUNDING)) * step:.{digits}g}")


def words(m: Move) -> str:
    """A move in words."""
    if m.instead:
        return m.instead
    if m.now is None or m.needed is None:
        return f"waive {m.limit}"
    return f"{m.limit} {figure(m.now)} -> {figure(up(m.needed, IN_WORDS))}"


def figure(x: float, digits: int = IN_WORDS) -> str:
    """Significant digits without an exponent."""
    return f"{float(f'{x:.{digits}g}'):f}".rstrip("0").rstrip(".")


def apart(one: float, other: float) -> tuple[str, str]:
    """Two figures with as many digits as tell them apart, up to those that are kept."""
    pairs = [(figure(one, d), figure(other, d)) for d in range(IN_WORDS, PRINTED + 1)]
    return next((p for p in pairs if p[0] != p[1]), pairs[-1])


def _that_fits(run: Run) -> tuple[Relaxation, ...]:
    """For the cell that misses by least: fewer bits on the same devices, more devices, less context."""
    import numpy as np

    from selector.decide import single

    sized, index = run.sized, run.index
    if sized is None or not len(sized.fits) or sized.fits.any():
        return ()
    order = np.argsort(np.where(sized.shortfall > 0, sized.shortfall, np.inf), kind="stable")
    near = int(order[0])
    option = run.axes.models[int(index.model[near])]
    device = run.axes.devices[int(index.device[near])]
    if option.model is None or option.role != "llm":
        return ()
    engine = run.axes.engines[int(index.engine[near])].id
    precision = run.axes.precisions[int(index.precision[near])].id
    count = max([q.available or 0 for q in run.axes.places if q.pool == device.pool] or [0])
    count = count or int(index.tp[near] * index.pp[near])
    found = single.size(
        run.cat,
        option.model,
        device.device,
        count,
        run.load,
        engines=[engine],
        precisions=[precision],
    )
    if found.nearest is None:
        return ()
    stack = f"{option.id} on {device.id} with {engine}, now {precision} on {count}"
    return (Relaxation(("memory",), (found.nearest,), stack, 1),)
