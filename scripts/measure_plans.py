"""How the spread that the plan chooses compares with the measured runs of training.

For each shipped point of tokens per second: the point's own run as `validate` predicts it, and the run that
the plan would choose on the same devices for the same lengths and batch. A plan that finds no room where
a run was measured is a wrong verdict; a plan whose rate lies further off than that of the point's own
layout says that its layout is another than the one measured, or that its formulas do not agree.

    python scripts/measure_plans.py
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from pathlib import Path

from selector.decide import train
from selector.decide.runs.spreads import Hardware, Wish, fastest
from selector.iterate import measurements as files
from selector.iterate import predict_training as told
from selector.iterate.measurements import TRAINING, Point, PointError
from selector.iterate.predict import Predictor
from selector.packs.catalog import Catalogue, load

POINTS = Path(__file__).resolve().parent.parent / "tests" / "evidence" / "points" / "training"
Row = tuple[
    float, float, float
]  # logs of predicted over measured: own run, plan; log of p90 over p50 of that
SHARE = 0.80
RATES = ("tok_s_per_device", "samples_s", "tflops_per_device", "mfu")


def compared(points: list[Point], cat: Catalogue) -> tuple[dict[str, list[Row]], Counter[str]]:
    """Rows by method, and what was left out."""
    predictor = Predictor(cat)
    p = predictor.p
    found: dict[str, list[Row]] = defaultdict(list)
    left: Counter[str] = Counter()
    for point in points:
        if point.metric not in RATES or point.metric not in TRAINING or not point.number("value"):
            continue
        try:
            case = predictor.training_case(point)
            own, _ = told.figure(point, case, p)
        except PointError:
            left["not predicted at all"] += 1
            continue
        run = case.run
        if run.precision not in ("bf16", "fp16"):
            left["measured in other bits than plans use"] += 1
            continue
        if run.encoder or case.device is None or run.method not in ("pretrain", "full", "lora", "qlora"):
            left["not the plan's subject"] += 1
            continue
        batch = run.global_batch or (run.micro_batch or 1.0) * max(
            run.devices // (run.tp * run.pp * run.cp), 1
        )
        tier = tuple(k for k in run.keys if k.startswith(("tier.", "framework.")))
        wish = Wish(run.method, run.seq_len, max(round(batch), 1), run.states, keys=tier or ("tier.stock",))
        spread = fastest(case.shape, Hardware(case.device, run.devices, run.devices), wish, p)
        if spread is None:
            left[f"{run.method}: no room found"] += 1
            continue
        measured = point.number("value") or math.nan
        rate = told.rate_of(point, case) * spread.rate / spread.run.devices
        band = train.width("rate", train.keys(case.shape, case.device, spread.run), p)
        found[run.method].append((math.log(own / measured), math.log(rate / measured), band))
    return found, left


def shipped() -> list[Point]:
    """The points of training that come with the project."""
    return [point for path in sorted(POINTS.iterdir()) for point in files.read(path)]


def fitted(rows: list[Row]) -> float:
    """The least width of layouts by which enough points lie inside."""
    return next(w / 100 for w in range(200) if covered(rows, w / 100) >= SHARE)


def covered(rows: list[Row], width: float) -> float:
    """Share of the points within the plan's band, which adds a width for its choice of a layout."""
    return statistics.mean(abs(off) <= math.hypot(band, width) for _, off, band in rows)


def main() -> None:
    """Print by method the medians, and the least width for layouts by which 80 % lie inside."""
    cat = load([])
    p = {name: parameter.value for name, parameter in cat.parameters.items()}
    found, left = compared(shipped(), cat)
    for method, pairs in {**found, "all": [x for rows in found.values() for x in rows]}.items():
        own, plan = ([abs(math.expm1(x[i])) for x in pairs] for i in (0, 1))
        faster = statistics.median(math.exp(b - a) for a, b, _ in pairs)
        print(
            f"{method}: n {len(pairs)}, median error own layout {100 * statistics.median(own):.1f} %, "
            f"the plan's {100 * statistics.median(plan):.1f} %; the plan is {faster:.2f}x as fast in the median"
        )
        if method in found:
            inside = covered(pairs, p[f"plan.layout_width.{method}"])
            print(
                f"  {100 * inside:.0f} % inside its band; width by which {100 * SHARE:.0f} % are: {fitted(pairs)}"
            )
    for why, n in left.most_common():
        print(f"left out: {n} {why}")


if __name__ == "__main__":
    main()
