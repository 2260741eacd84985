"""Fit what engines hold beside weights and cache to the shipped points of inference memory.

Writes `rules/frameworks/parameters-live-memory.yaml` to stdout; a table of errors goes to stderr.
Errors are left out by model x device in five folds, and intervals are their 80 % quantiles.

    python scripts/fit_memory.py > new.yaml  # then: mv new.yaml rules/frameworks/parameters-live-memory.yaml
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fitting
import numpy as np
from fitting import Array, Base, Factors

from selector.decide import cells, passes
from selector.iterate import predict_memory
from selector.iterate.measurements import MEMORY, Point, PointError
from selector.iterate.predict import Predictor
from selector.iterate.predict_training import is_training
from selector.packs.catalog import load as load_catalogue

AS_OF = "2026-11-27"
SOURCE = "project.memory-fit"
WHERE = "tests/evidence/points, memory of inference"
LEFT_OUT = "left out by model x device, five folds"
FEW = 5
FACTOR_SD = 0.6
# Small, so that what no point speaks of stays next to nothing.
BASES = {
    "memory.cache_copies": Base(1.0, 0.01, ("period",), "copies of the cache"),
    "memory.prompt_tensors": Base(0.05, 0.5, ("period",), "feed-forward results a token"),
    "memory.logits_bytes": Base(0.05, 0.5, ("engine", "period"), "bytes a word of the vocabulary and token"),
    "memory.context_gb": Base(0.1, 0.5, ("engine", "bits", "period"), "GB a device"),
}
# What releases did: results of the feed-forward network in 2025, 16-bit logits and a 32-bit copy of
# all of a prompt before, a copy of the cache for each token in 2023; MLX 16-bit logits of a chunk.
STARTS = {
    "memory.prompt_tensors.period.transformers.2025": 60.0,
    "memory.logits_bytes.period.transformers.2024": 120.0,
    "memory.cache_copies.period.transformers.2023": 1.8,
    "memory.logits_bytes.engine.autoawq": 120.0,
    "memory.logits_bytes.engine.mlx-lm": 40.0,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A point with its stack."""

    file: str
    point: Point
    case: predict_memory.Case
    shape: cells.Shape
    per: int
    value: float


def measured() -> tuple[list[Measured], dict[str, float]]:
    """The points that the fit rests on, and the parameters of the registry with starts for what it
    writes, so that an empty file can be filled."""
    cat = load_catalogue()
    predictor = Predictor(cat)
    p = {name: b.start for name, b in BASES.items()} | {"memory.width.live": 0.2} | dict(predictor.p)
    predictor.p = p
    found = []
    for kind in ("memory", "serving"):
        for file, row in fitting.rows(kind):
            point = Point(row["id"], {k: v or None for k, v in row.items()})
            if (
                point.metric not in MEMORY
                or not point.metric.startswith(("gpu_mem", "memory_gb"))
                or point.apart
                or is_training(point)
            ):
                continue
            try:
                predictor.predict(point)
                case = predictor.held(point)
            except PointError:
                continue
            if passes.role_of(case.model) != "llm" or f"memory.preallocated.{case.engine}" in p:
                continue
            unit = predict_memory.UNITS[point.metric.rpartition("_")[2]]
            value = float(point.number("value") or 0.0) * unit
            shape = cells.shape(case.model, p)
            sharers = 1 if predict_memory.summed(point) else case.devices
            found.append(Measured(file, point, case, shape, sharers, value))
    return found, p


def main() -> None:
    """Fit, report, write."""
    rows, p = measured()
    keys = [r.case.keys for r in rows]
    factors = Factors(BASES, keys, FEW, FACTOR_SD, STARTS)
    value = np.array([r.value for r in rows])

    def residuals(values: Mapping[str, float], chosen: Any = slice(None)) -> Array:
        found = dict(p) | values
        index = np.arange(len(rows))[chosen]
        whole = [predict_memory.live(rows[i].case, rows[i].shape, found) / rows[i].per for i in index]
        return np.asarray(np.log(np.array(whole) / value[index]), dtype=np.float64)

    def fit(chosen: Any) -> dict[str, float]:
        return fitting.fit(factors.priors, lambda v: residuals(v, chosen))

    full = fit(slice(None))
    inside, out = residuals(full), np.zeros(len(rows))
    groups = [f"{r.case.model.id} on {r.point.text('hardware')}" for r in rows]
    for values, where in fitting.left_out(groups, fit):
        out[where] = residuals(values)[where]
    report(rows, inside, out)
    text = [
        "# yaml-language-server: $schema=../schemas/parameters.json",
        "# Written by scripts/fit_memory.py; do not edit.",
        "parameters:",
        *factors.lines(full, WHERE, AS_OF, SOURCE),
        *fitting.width_lines(
            fitting.widths(
                "memory.width", ["live"] * len(rows), keys, ("bits.", "engine.", "period."), out, FEW
            ),
            LEFT_OUT,
            AS_OF,
            SOURCE,
        ),
    ]
    print("\n".join(text))
    columns = {"fitted": inside, "stack_left_out": out}
    fitting.write_errors("memory", rows, told, columns, fitting.printed_widths(rows))


def told(r: Measured) -> dict[str, str]:
    """What the table of errors groups a point by."""
    return {"what": "inference", "engine": r.case.engine}


def report(rows: Sequence[Measured], inside: Array, out: Array) -> None:
    """Errors by metric, engine and width of weights."""
    for by in ("metric", "engine", "bits", "source", "all"):
        names = [
            {
                "metric": r.point.metric,
                "engine": r.case.keys[-1] if len(r.case.keys) > 2 else r.case.keys[0],
                "bits": r.case.keys[1],
                "source": r.point.text("source") or "?",
                "all": "all",
            }[by]
            for r in rows
        ]
        print(f"\nby {by}", file=sys.stderr)
        fitting.report(names, {"fitted": inside, "left out": out})


if __name__ == "__main__":
    main()
