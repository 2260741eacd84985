"""What the fit scripts share: robust fit of positive parameters, folds by group, the written form.

A parameter is fitted in its logarithm: residuals are ln(predicted / measured), and a prior pulls
each parameter towards its start, so that a factor that few points speak of stays near it.
"""

from __future__ import annotations

import csv
import hashlib
import math
import sys
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from selector.iterate.predict import Predictor
from selector.packs.catalog import load as load_catalogue

Array = NDArray[np.float64]
EVIDENCE = Path(__file__).resolve().parent.parent / "tests" / "evidence" / "points"
ERRORS = EVIDENCE.parent / "errors"
FOLDS = 5
# Residuals beyond this many log units count linearly: first-day support and copied tables exist.
ROBUST = 0.15
STEP = 1e-4  # of a logarithm, for differences
MOST_STEPS, MOST_DAMPING = 60, 1e8
ENOUGH = 1e-6  # gain of a step, as a share of what is left, that ends the search


@dataclass(frozen=True, slots=True)
class Prior:
    """Where a parameter starts, and how far (standard deviation of its logarithm) it may move freely."""

    start: float
    sd: float
    low: float = 0.0
    high: float = math.inf


def rows(kind: str) -> Iterable[tuple[str, dict[str, str]]]:
    """File name and fields of every shipped point of a kind (serving, training, memory)."""
    for path in sorted((EVIDENCE / kind).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                yield path.stem, row


def fold_of(group: str) -> int:
    """Fold of a group, the same on every machine."""
    return int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) % FOLDS


def fit(
    priors: Mapping[str, Prior],
    residuals: Callable[..., Array],
    touches: NDArray[np.bool_] | None = None,
    start: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Values that make the residuals (natural logarithms) least, softly, near their priors.

    `touches` (residuals x parameters) says which residuals a parameter moves; parameters that
    share none are differentiated together, on the residuals they move: `residuals` is then also
    called with the indices of those. Left out, each moves all.
    """
    names = list(priors)
    centre = np.log([priors[n].start for n in names])
    sd = np.array([priors[n].sd for n in names])
    low = np.array([math.log(priors[n].low) if priors[n].low > 0 else -np.inf for n in names])
    high = np.array([math.log(priors[n].high) for n in names])

    def soft(x: Array, *where: NDArray[np.int64]) -> Array:
        found = residuals(dict(zip(names, np.exp(x), strict=True)), *where) / ROBUST
        # soft_l1 is applied by hand: the priors stay quadratic.
        return np.asarray(np.sign(found) * np.sqrt(2.0 * (np.sqrt(1.0 + found * found) - 1.0)))

    def stacked(x: Array) -> Array:
        return np.concatenate([soft(x), (x - centre) / sd])

    def jacobian(x: Array) -> Array:
        base = soft(x)
        found = np.zeros((len(base), len(names)))
        everything = [[i] for i in range(len(names))]
        for group in everything if touches is None else _apart(touches):
            ahead = x.copy()
            ahead[group] += STEP
            if touches is None:
                found[:, group[0]] = (soft(ahead) - base) / STEP
                continue
            where = np.flatnonzero(touches[:, group].any(axis=1))
            change = (soft(ahead, where) - base[where]) / STEP
            for column in group:
                found[where, column] = np.where(touches[where, column], change, 0.0)
        return np.concatenate([found, np.diag(1.0 / sd)])

    begin = np.log([(start or {}).get(n, priors[n].start) for n in names])
    begin = np.clip(begin, low + 1e-9, high - 1e-9)
    found = _descend(stacked, jacobian, begin, low, high)
    return dict(zip(names, (float(v) for v in np.exp(found)), strict=True))


def _descend(
    residuals: Callable[[Array], Array], jacobian: Callable[[Array], Array], x: Array, low: Array, high: Array
) -> Array:
    """Least squares by damped normal equations (Levenberg and Marquardt), steps cut off at the bounds.

    The priors keep the equations regular, so that they need no decomposition of all residuals.
    """
    damping = 1e-3
    found = residuals(x)
    cost = float(found @ found)
    for _ in range(MOST_STEPS):
        slopes = jacobian(x)
        square, slope = slopes.T @ slopes, slopes.T @ found
        gain = 0.0
        while gain <= 0.0 and damping < MOST_DAMPING:
            step = np.linalg.solve(square + damping * np.diag(np.diag(square)), -slope)
            ahead = np.clip(x + step, low, high)
            there = residuals(ahead)
            gain = cost - float(there @ there)
            damping *= 0.2 if gain > 0.0 else 8.0
        if gain <= 0.0:
            break
        x, found, cost = ahead, there, cost - gain
        if gain < ENOUGH * cost:
            break
    return x


def _apart(moved: NDArray[np.bool_]) -> list[list[int]]:
    """Columns in groups that share no row."""
    groups: list[tuple[NDArray[np.bool_], list[int]]] = []
    for column in range(moved.shape[1]):
        rows_of = moved[:, column]
        home = next((g for g in groups if not np.any(g[0] & rows_of)), None)
        if home is None:
            groups.append((rows_of.copy(), [column]))
        else:
            home[0].__ior__(rows_of)
            home[1].append(column)
    return [columns for _, columns in groups]


def left_out(
    groups: Sequence[str], fit_on: Callable[[NDArray[np.bool_]], Mapping[str, float]]
) -> list[tuple[Mapping[str, float], NDArray[np.bool_]]]:
    """Per fold: the values fitted without it, and the mask of its points."""
    folds = np.array([fold_of(g) for g in groups])
    return [(fit_on(folds != k), folds == k) for k in range(FOLDS)]


class HasPoint(Protocol):
    """A measured row of any fit script."""

    file: str
    point: Any


def write_errors(
    name: str,
    rows: Sequence[HasPoint],
    told: Callable[[Any], Mapping[str, str]],
    columns: Mapping[str, Array],
    widths: Sequence[float],
) -> None:
    """With --errors, what the table of errors is made of: a row a point, logarithms of predicted over measured
    (`fitted`, `stack_left_out`, `source_left_out`) and of p90 over p50; `told` gives what a row is
    grouped by: what, class, engine, vendor."""
    if "--errors" not in sys.argv:
        return
    with (ERRORS / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        heads = ("what", "class", "engine", "vendor")
        writer.writerow(["id", "source", "metric", *heads, *columns, "width"])
        for i, r in enumerate(rows):
            groups = told(r)
            figures = [f"{c[i]:.4f}" for c in (*columns.values(), widths)]
            head = [r.point.id, r.file, r.point.metric, *(groups.get(h, "") for h in heads)]
            writer.writerow([*head, *figures])


def printed_widths(rows: Sequence[HasPoint]) -> list[float]:
    """Logarithm of p90 over p50 that the registry as it stands prints for each point."""
    predictor = Predictor(load_catalogue())
    return [math.log(predictor.predict(r.point).spread) for r in rows]


def error(ratios: Array) -> tuple[float, float]:
    """Median and 90th percentile of |predicted - measured| / measured, of ln(predicted / measured)."""
    ape = np.abs(np.expm1(ratios))
    return float(np.median(ape)), float(np.quantile(ape, 0.9))


def line(
    name: str,
    value: float,
    low: float,
    high: float,
    unit: str,
    fitted_on: str,
    n: int,
    as_of: str,
    source: str,
) -> str:
    """One parameter in the form of the packs."""
    return (
        f"  - {{id: '{name}', value: {value:.4g}, low: {low:.4g}, high: {high:.4g}, unit: '{unit}',"
        f" fitted_on: '{fitted_on}', n: {n}, as_of: '{as_of}', source: {source}}}"
    )


@dataclass(frozen=True, slots=True)
class Base:
    """A quantity that is fitted: where it starts, how far it moves, kinds of factors on it (a
    mapping says how far each kind moves), its unit."""

    start: float
    sd: float
    kinds: tuple[str, ...] | Mapping[str, float]
    unit: str

    def moves(self, kind: str, sd: float) -> float:
        """How far a factor of a kind moves; `sd` where the quantity does not say."""
        return self.kinds[kind] if isinstance(self.kinds, Mapping) else sd


class Factors:
    """Priors of bases and of the factors on them, and which of them each point multiplies.

    A factor that fewer than `few` points speak of is left out; `sds` has other deviations by kind of
    factor than `sd`, `starts` where a factor begins; of `kept` only the factors named there; those of `at_most_one` only slow down.
    """

    def __init__(
        self,
        bases: Mapping[str, Base],
        keys: Sequence[Sequence[str]],
        few: int,
        sd: float,
        starts: Mapping[str, float] | None = None,
        sds: Mapping[str, float] | None = None,
        kept: Container[str] | None = None,
        at_most_one: Sequence[str] = (),
    ) -> None:
        self.bases, self.few, self.sd = bases, few, sd
        self.counts = Counter(k for each in keys for k in each)
        self.n = len(keys)
        self.priors: dict[str, Prior] = {}
        columns: dict[str, list[str]] = {}
        for base, b in bases.items():
            self.priors[base] = Prior(b.start, b.sd)
            used = [k for k, n in sorted(self.counts.items()) if k.partition(".")[0] in b.kinds and n >= few]
            used = [k for k in used if kept is None or f"{base}.{k}" in kept]
            columns[base] = used
            for k in used:
                name = f"{base}.{k}"
                kind = k.partition(".")[0]
                moves = (sds or {}).get(kind, b.moves(kind, sd))
                high = 1.0 if name in at_most_one else math.inf
                self.priors[name] = Prior((starts or {}).get(name, 1.0), moves, high=high)
        self.names: dict[str, list[str]] = {}  # of the columns of each base
        self.matrix: dict[str, Array] = {}
        for base, used in columns.items():
            self.names[base] = [base, *(f"{base}.{k}" for k in used)]
            has = [np.array([k in each for each in keys], float) for k in used]
            self.matrix[base] = np.stack([np.ones(self.n), *has], axis=1)

    def values(self, fitted: Mapping[str, float], chosen: Any = slice(None)) -> dict[str, Array]:
        """Each quantity of each chosen point."""
        found = {}
        for base, names in self.names.items():
            logs = np.log([fitted[name] for name in names])
            found[base] = np.exp(self.matrix[base][chosen] @ logs)
        return found

    @property
    def touches(self) -> NDArray[np.bool_]:
        """Which points a parameter moves."""
        moved = [self.matrix[b][:, i] > 0.0 for b, names in self.names.items() for i in range(len(names))]
        return np.stack(moved, axis=1)

    def lines(self, fitted: Mapping[str, float], where: str, as_of: str, source: str) -> list[str]:
        """The fitted parameters in the form of the packs; wider where few points speak."""
        found = []
        for name, value in fitted.items():
            base = next(b for b in self.bases if name == b or name.startswith(b + "."))
            key = name[len(base) + 1 :]
            n = self.counts[key] if key else self.n
            width = math.exp(1.28 * self.priors[name].sd * math.sqrt(self.few / (self.few + n)))
            unit = f"factor on {base}" if key else self.bases[base].unit
            text = f"{where}, {key}" if key else where
            found.append(line(name, value, value / width, value * width, unit, text, n, as_of, source))
        return found


@dataclass(frozen=True, slots=True)
class Width:
    """A fitted logarithm of p90 over p50, or a factor on it, and the points that it rests on."""

    value: float
    unit: str
    n: int


def widths(
    prefix: str,
    kinds: Sequence[str],
    keys: Sequence[Sequence[str]],
    sorts: Sequence[str],
    out: Array,
    few: int,
) -> dict[str, Width]:
    """Logarithms of p90 over p50 from left-out residuals: by kind of prediction, and factors of the
    `sorts` of keys, shrunk towards 1 as if four times `few` further points spoke for it."""
    size = np.abs(out)
    of = np.array(kinds)
    base = {k: float(np.quantile(size[of == k], 0.8)) for k in sorted(set(kinds))}
    scaled = size / np.array([base[k] for k in kinds])
    found = {f"{prefix}.{k}": Width(v, "ln(p90 / p50)", int(np.sum(of == k))) for k, v in base.items()}
    for sort in sorts:
        ratio = np.ones(len(size))
        for name in sorted({k for each in keys for k in each if k.startswith(sort)}):
            where = np.array([name in each for each in keys])
            n = int(where.sum())
            if n >= few:
                raw = float(np.quantile(scaled[where], 0.8))
                value = math.exp(math.log(raw) * n / (n + 4.0 * few))
                ratio[where] = value
                found[f"{prefix}.{name}"] = Width(value, f"factor on {prefix}", n)
        scaled = scaled / ratio
    return found


def unlisted(
    keys: Sequence[Sequence[str]],
    names: Sequence[str],
    width: Array,
    without: Callable[[NDArray[np.bool_]], Array],
    few: int,
) -> Width:
    """How much wider an interval has to be where no point speaks of a key such as `names`.

    `without` gives the residuals of points that are left out together; the median over keys of what
    holds 80 % of each, never below 1.
    """
    found = []
    for name in names:
        where = np.array([name in each for each in keys])
        if where.sum() >= few:
            found.append(float(np.quantile(np.abs(without(where)[where]) / width[where], 0.8)))
    value = max(float(np.median(found)), 1.0)
    return Width(value, "factor where nothing is known of it", len(found))


def width_lines(found: Mapping[str, Width], where: str, as_of: str, source: str) -> list[str]:
    """Widths in the form of the packs."""
    lines = []
    for name, w in found.items():
        doubt = 1.0 + 1.28 / math.sqrt(2.0 * w.n)
        lines.append(line(name, w.value, w.value / doubt, w.value * doubt, w.unit, where, w.n, as_of, source))
    return lines


def report(names: Sequence[str], found: Mapping[str, Array]) -> None:
    """Median and 90th percentile of errors by group, fitted and left out, to stderr."""
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        groups.setdefault(name, []).append(i)
    for name, where in sorted(groups.items()):
        cells = [f"{what} {a:6.1%} {b:7.1%}" for what, v in found.items() for a, b in [error(v[where])]]
        print(f"{name:42s} n {len(where):5d}  {'  '.join(cells)}", file=sys.stderr)
