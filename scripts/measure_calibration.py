"""How much three measurements of a group lower the error of its other points, and what a band is made of.

Groups are engine x device x precision x model family of one source and quantity, with at least five shipped
points; predictions are those of fits that leave the point's model x device out (`tests/evidence/errors`).

    python scripts/measure_calibration.py            # draws of three points, by quantity
    python scripts/measure_calibration.py --shares   # shares of family, stack and load in the variance
    python scripts/measure_calibration.py --pairs    # what groups that differ in so many of the four lie apart
"""

from __future__ import annotations

import csv
import itertools
import math
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from selector.decide.calibrated import Applied, Stack
from selector.estimate.numeric import Z90
from selector.iterate import measurements as files
from selector.iterate.calibrate import TOLD, read
from selector.packs.catalog import load
from selector.types.calibration import Book, Group, Reading
from selector.types.load import Load

EVIDENCE = Path(__file__).resolve().parent.parent / "tests" / "evidence"
SERVED = ("token", "first_token", "first_token_loaded", "rate")
DRAWS, DRAWN, LEAST = 20, 3, 5
LARGE, THIRD, HARM = 0.20, 1.0 / 3.0, 0.02
WINSOR = 3.0  # standard deviations
TODAY = date(2000, 1, 1)  # before every point: nothing ages

Key = tuple[object, ...]


def left_out() -> list[tuple[str, Reading]]:
    """Readings of the shipped points against predictions from fits without their model x device."""
    with (EVIDENCE / "errors" / "serving.csv").open(encoding="utf-8", newline="") as handle:
        errors = {r["id"]: r for r in csv.DictReader(handle)}
    paths = sorted((EVIDENCE / "points" / "serving").iterdir())
    points = [(p.name, point) for p in paths for point in files.read(p) if point.id in errors]
    found = []
    for r in read(points, load([])).readings:
        row = errors[r.id]
        log = -float(row["stack_left_out"]) * TOLD[r.metric][1]
        width = float(row["width"]) / Z90
        found.append((row["source"], replace(r, log=log, prior_sd=width, dated=None)))  # nothing ages
    return found


def groups(found: Sequence[tuple[str, Reading]]) -> dict[Key, list[Reading]]:
    """Readings by source, quantity and group."""
    by: dict[Key, list[Reading]] = defaultdict(list)
    for source, r in found:
        by[(source, r.quantity, r.group)].append(r)
    return by


def load_of(r: Reading) -> Load:
    """The load of a reading."""
    size = r.input_tokens or 0.0
    return Load(size, size, r.output_tokens or 1.0, size, concurrency=r.held)


def error(r: Reading, log_factor: float) -> float:
    """|predicted - measured| / measured, in the sense of the metric."""
    return abs(math.expm1(TOLD[r.metric][1] * (log_factor - r.log)))


@dataclass(frozen=True, slots=True)
class Draw:
    """Median errors of the other points of a group, before and after; share of them within the new band."""

    quantity: str
    before: float
    after: float
    inside: float


def draws(rows: list[Reading], seed: int, p: dict[str, float]) -> Draw:
    """One seeded draw of a group."""
    chosen = set(random.Random(seed).sample(range(len(rows)), DRAWN))
    applied = Applied(Book(tuple(rows[i] for i in sorted(chosen))), p, TODAY)
    before, after, inside = [], [], []
    for i, r in enumerate(rows):
        if i in chosen:
            continue
        belief = applied.belief(r.quantity, Stack(r.group, r.model, r.tp, r.pp), r.prior_sd, load_of(r))
        mean, sd = (belief.value.mean, belief.value.sd) if belief else (0.0, r.prior_sd)
        before.append(error(r, 0.0))
        after.append(error(r, mean))
        inside.append(abs(r.log - mean) <= Z90 * sd)
    return Draw(
        rows[0].quantity, statistics.median(before), statistics.median(after), sum(inside) / len(inside)
    )


def judged(found: Sequence[Draw]) -> tuple[float, float]:
    """Median share of the error that goes where it was above 20 %, median points added elsewhere."""
    large = [1.0 - d.after / d.before for d in found if d.before > LARGE]
    small = [d.after - d.before for d in found if d.before <= LARGE]
    return tuple(statistics.median(x) if x else math.nan for x in (large, small))  # type: ignore[return-value]


def run(p: dict[str, float], found: Sequence[tuple[str, Reading]]) -> list[Draw]:
    """All draws of all groups that are large enough; nothing ages."""
    p = p | {"calibration.undated_months": 0.0}
    return [
        draws(rows, seed, p)
        for (_, quantity, _), rows in groups(found).items()
        if quantity in SERVED and len(rows) >= LEAST
        for seed in range(DRAWS)
    ]


def shares(found: Sequence[tuple[str, Reading]]) -> tuple[float, float, float]:
    """Shares of family, stack and load in the variance of readings, by moments, each reading in units of
    the estimator's band and no further than three of them."""
    loads: list[tuple[float, int]] = []
    stacks: list[tuple[list[float], float]] = []
    for rows in groups([x for x in found if x[1].quantity in SERVED]).values():
        by: dict[Key, list[float]] = defaultdict(list)
        for r in rows:
            by[(r.model, r.tp, r.pp)].append(max(-WINSOR, min(WINSOR, r.log / r.prior_sd)))
        loads += [(statistics.variance(v), len(v) - 1) for v in by.values() if len(v) > 1]
        stacks.append(
            ([statistics.fmean(v) for v in by.values()], statistics.fmean(1.0 / len(v) for v in by.values()))
        )
    load_ = sum(v * n for v, n in loads) / sum(n for _, n in loads)
    several = [(statistics.variance(m) - load_ * inverse, len(m) - 1) for m, inverse in stacks if len(m) > 1]
    stack = sum(v * n for v, n in several) / sum(n for _, n in several)
    family = statistics.fmean(
        statistics.fmean(m) ** 2 - (stack + load_ * inverse) / len(m) for m, inverse in stacks
    )
    total = family + stack + load_
    return family / total, stack / total, load_ / total


def apart(found: Sequence[tuple[str, Reading]], differing: int) -> tuple[int, float]:
    """Pairs of groups of a quantity that differ in so many of the four, and how far their means lie apart
    beyond what few stacks and loads explain: root of the mean excess, in ln."""
    by: dict[str, list[tuple[Group, float, float]]] = defaultdict(list)
    for (_, quantity, group), rows in groups([x for x in found if x[1].quantity in SERVED]).items():
        if len(rows) >= LEAST:
            logs = [max(-WINSOR * r.prior_sd, min(WINSOR * r.prior_sd, r.log)) for r in rows]
            by[str(quantity)].append((group, statistics.fmean(logs), statistics.variance(logs) / len(logs)))
    excess = [
        (m - n) ** 2 - v - w
        for known in by.values()
        for (a, m, v), (b, n, w) in itertools.combinations(known, 2)
        if a.differing(b) == differing
    ]
    return len(excess), math.sqrt(max(statistics.fmean(excess), 0.0))


def lines(found: Sequence[Draw]) -> Iterator[str]:
    """The table."""
    for name in ("all", *SERVED):
        rows = [d for d in found if name in ("all", d.quantity)]
        less, more = judged(rows)
        large = [d for d in rows if d.before > LARGE]
        inside = statistics.fmean(d.inside for d in rows)
        yield (
            f"{name:20} {len(large):5} draws above 20 %: median error {100 * statistics.median(d.before for d in large):.1f} -> "
            f"{100 * statistics.median(d.after for d in large):.1f} %, a median {100 * less:.1f} % less; "
            f"{len(rows) - len(large):5} others: {100 * more:+.2f} points in the median; {100 * inside:.0f} % inside p10 to p90"
        )


def main() -> int:
    """Print the table; exit 1 where the aims are missed."""
    found = left_out()
    if "--shares" in sys.argv:
        print("family {:.3f}, stack {:.3f}, load {:.3f}".format(*shares(found)))
        return 0
    if "--pairs" in sys.argv:
        print("\n".join("{} differing: {} pairs, {:.3f}".format(n, *apart(found, n)) for n in range(5)))
        return 0
    made = run({k: v.value for k, v in load([]).parameters.items()}, found)
    print("\n".join(lines(made)))
    less, more = judged(made)
    return int(less < THIRD or more > HARM)


if __name__ == "__main__":
    sys.exit(main())
