"""What the fit scripts share: robust fit of positive parameters, folds by group, the written form.

A parameter is fitted in its logarithm: residuals are ln(predicted / measured), and a prior pulls
each parameter towards its start, so that a factor that few points speak of stays near it.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

Array = NDArray[np.float64]
EVIDENCE = Path(__file__).resolve().parent.parent / "tests" / "evidence" / "points"
ERRORS = EVIDENCE.parent / "errors"
FOLDS = 5
# Residuals beyond this many log units count linearly: first-day support and copied tables exist.
ROBUST = 0.15
STEP = 1e-4  # of a logarithm, for differences


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
    found = least_squares(
        stacked, begin, jacobian, (low, high), x_scale=sd, ftol=1e-5, xtol=1e-4, max_nfev=60
    )
    return dict(zip(names, (float(v) for v in np.exp(found.x)), strict=True))


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


def write_errors(name: str, rows: Iterable[Mapping[str, object]]) -> None:
    """What the table of errors is made of: a row a point, logarithms of predicted over measured."""
    found = list(rows)
    with (ERRORS / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def error(ratios: Array) -> tuple[float, float]:
    """Median and 90th percentile of |predicted - measured| / measured, of ln(predicted / measured)."""
    ape = np.abs(np.expm1(ratios))
    return float(np.median(ape)), float(np.quantile(ape, 0.9))


def spread(ratios: Array) -> float:
    """Factor either side of a prediction that holds 80 % of the points."""
    return float(np.exp(np.quantile(np.abs(ratios), 0.8)))


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
