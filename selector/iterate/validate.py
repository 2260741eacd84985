"""Predicted against measured: errors and interval coverage of points, by group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from selector.iterate.measurements import Point, PointError
from selector.iterate.predict import Guess, Predictor
from selector.packs.catalog import Catalogue

TRUTHS = ("fits",)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One point beside its prediction; errors are fractions. `reason` says why there is none."""

    point: Point
    measured: float | bool | None
    guess: Guess | None
    ape: float | None = None  # |p50 - value| / value
    inside: bool | None = None  # between p10 and p90; for true-or-false metrics: right
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Errors of a group of points; n counts those with a prediction."""

    group: str
    n: int
    unsupported: int
    median_ape: float | None
    p90_ape: float | None
    coverage_80: float | None
    accuracy: float | None


def validate(points: Iterable[Point], cat: Catalogue) -> list[Outcome]:
    """Predict every point; none is skipped in silence."""
    predictor = Predictor(cat)
    return [_outcome(point, predictor) for point in points]


def _outcome(point: Point, predictor: Predictor) -> Outcome:
    measured: float | bool | None = None
    try:
        if point.metric in TRUTHS:
            measured = _truth(point)
            guess = predictor.predict(point)
            if guess.truth is None:
                raise PointError("the formulas give no answer for it")
            return Outcome(point, measured, guess, inside=guess.truth == measured)
        measured = point.number("value")
        if not measured:
            raise PointError("value is missing" if measured is None else "value is 0")
        guess = predictor.predict(point)
        if not 0.0 < guess.p50 < math.inf:
            raise PointError("the formulas give no figure for it")
    except PointError as why:
        return Outcome(point, measured, None, reason=str(why))
    except (ArithmeticError, ValueError):
        return Outcome(point, measured, None, reason="a field is beyond what the formulas can hold")
    inside = guess.p50 / guess.spread <= measured <= guess.p50 * guess.spread
    return Outcome(point, measured, guess, abs(guess.p50 - measured) / measured, inside)


def _truth(point: Point) -> bool:
    value = point.fields.get("value")
    words = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    found = words.get(str(value).lower())
    if found is None:
        raise PointError(f"value is neither true nor false: {value!r}")
    return found


def summary(outcomes: Sequence[Outcome], by: str | None = None) -> list[Group]:
    """Groups by metric, then by metric and a field; points that are set apart form their own."""
    found: dict[str, list[Outcome]] = {}
    for o in outcomes:
        name = o.point.metric + (" (set apart)" if o.point.apart else "")
        found.setdefault(name, []).append(o)
        if by is not None:
            found.setdefault(f"{name} {by}={o.point.text(by) or '?'}", []).append(o)
    return [_group(name, rows) for name, rows in sorted(found.items())]


def _group(name: str, rows: Sequence[Outcome]) -> Group:
    done = [o for o in rows if o.guess is not None]
    errors = sorted(o.ape for o in done if o.ape is not None)
    hits = [o.inside for o in done if o.ape is not None]
    truths = [o.inside for o in done if o.ape is None]
    return Group(
        name,
        len(done),
        len(rows) - len(done),
        _quantile(errors, 0.5),
        _quantile(errors, 0.9),
        sum(map(bool, hits)) / len(hits) if hits else None,
        sum(map(bool, truths)) / len(truths) if truths else None,
    )


def _quantile(values: Sequence[float], q: float) -> float | None:
    """Linear between order statistics; None of nothing."""
    if not values:
        return None
    place = q * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)
