"""Fit what frameworks and devices achieve in training, and its memory, to the shipped points.

Writes `rules/adaptation/parameters.yaml` to stdout; tables of errors go to stderr. Each quantity
(`selector/decide/train.py`, `selector/decide/train_memory.py`) is a base times factors of tier and
name of the framework, architecture, method and precision; a factor that few points speak of stays
near 1 by its prior. Errors are left out by model x device in five folds, and by whole sources.

    python scripts/fit_training.py > rules/adaptation/parameters.yaml
    python scripts/fit_training.py --warm --fast   # start from the file, no folds: what tests compare
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

import fitting
import numpy as np
from fitting import Array, Prior

from selector.decide import train
from selector.estimate import training
from selector.iterate import predict_training as predict
from selector.iterate.measurements import TRAINING, Point, PointError
from selector.iterate.predict import Predictor
from selector.packs.catalog import load as load_catalogue
from selector.types.training import TrainingCell

AS_OF = "2026-11-27"
SOURCE = "project.training-fit"
FEW = 4
FACTOR_SD = 0.35
LEFT_OUT = "left out by model x device, five folds"
NAMES = {
    "tier": 0.35,
    "framework": 0.2,
    "arch": 0.3,
    "device": 0.15,
    "precision": 0.35,
}

# Base -> start, standard deviation of its logarithm, kinds of factors, unit.
BASES: dict[str, tuple[float, float, tuple[str, ...], str]] = {
    "training.compute_fraction": (
        0.6,
        0.2,
        (
            "tier",
            "submission",
            "framework",
            "arch",
            "device",
            "adapter",
            "moe",
            "encoder",
            "early",
            "compiled",
            "no_padding",
            "unpacked",
        ),
        "fraction of dense 16-bit peak",
    ),
    "training.attention_fraction": (0.35, 0.3, ("encoder",), "fraction of dense 16-bit peak"),
    "training.narrow_gain": (1.0, 0.01, ("precision",), "factor on products"),
    "training.value_bytes": (
        60.0,
        0.5,
        ("tier", "submission", "compiled"),
        "bytes per layer and hidden value",
    ),
    "training.layer_us": (
        200.0,
        0.7,
        ("tier", "submission", "moe", "adapter", "qlora"),
        "us per layer and micro-step",
    ),
    "training.unpack_bytes": (8.0, 0.5, (), "bytes per 4-bit weight and micro-step"),
    "training.link_fraction": (
        0.6,
        0.4,
        ("tier", "link", "offload"),
        "fraction of the published rate one way",
    ),
    "training.exchange_fraction": (0.6, 0.4, ("link", "moe"), "fraction of the published rate one way"),
    "training.sparsity_exponent": (0.2, 0.5, (), "exponent of parameters over active parameters"),
    "training.scale_loss": (0.01, 0.7, (), "share of time per doubling beyond eight devices"),
    "training.goodput": (0.8, 0.2, ("tier", "submission"), "fraction of device hours that train"),
}
SCALES = {base: scale for base, scale in train.QUANTITIES.values()}
GOODPUT = "training.goodput"
COLUMNS = {base: column for column, (base, _scale) in train.QUANTITIES.items()}


@dataclass(frozen=True, slots=True)
class Measured:
    """A point with its run, the factors that apply to it, and its figure times token seconds."""

    file: str
    point: Point
    case: predict.TrainingCase
    cell: TrainingCell
    keys: tuple[str, ...]
    share: float  # what one over, or for hours the seconds of a token are multiplied with
    hours: bool
    value: float

    @property
    def group(self) -> str:
        """What is left out together."""
        return f"{self.case.name} on {self.case.device.id if self.case.device else '?'}"

    @property
    def source(self) -> str:
        """Where the point comes from, rounds of one benchmark together."""
        return (self.point.text("source") or "?").split("_results_")[0]


def points(kind: str) -> list[tuple[str, Point]]:
    """Shipped points of a kind that stand inside the targets and carry no warning."""
    found = [(f, Point(r["id"], {k: v or None for k, v in r.items()})) for f, r in fitting.rows(kind)]
    return [(f, q) for f, q in found if not q.apart]


def measured(predictor: Predictor, p: Mapping[str, float]) -> list[Measured]:
    """The points of training rates and device hours that the fit rests on."""
    found = []
    for file, point in points("training"):
        if point.metric not in TRAINING or point.flags:
            continue
        try:
            case = predictor.training_case(point)
            cell = predict.cell_of(case, p)
            hours = point.metric == "device_hours"
            share = predict.tokens_of(point, case.run) / 3600.0 if hours else predict.rate_of(point, case)
            value = point.number("value")
        except PointError:
            continue
        assert case.device is not None and value
        found.append(
            Measured(
                file, point, case, cell, train.keys(case.shape, case.device, case.run), share, hours, value
            )
        )
    return found


class Table:
    """The points as columns, and the rows of factors that each quantity of a point multiplies."""

    def __init__(self, rows: Sequence[Measured]) -> None:
        self.rows = rows
        numbers = [f.name for f in fields(TrainingCell)]
        self.cell = {n: np.array([getattr(r.cell, n) for r in rows], float) for n in numbers}
        self.hours = np.array([r.hours for r in rows])
        self.share = np.array([r.share for r in rows])
        self.value = np.array([r.value for r in rows])
        # Fifty rows of one sweep tell hardly more than ten.
        counts = Counter((r.group, r.source, r.point.text("framework")) for r in rows)
        size = np.array([counts[(r.group, r.source, r.point.text("framework"))] for r in rows])
        self.weight = np.minimum(1.0, np.sqrt(8.0 / size))
        self.priors, self.matrix = self._factors()

    def _factors(self) -> tuple[dict[str, Prior], dict[str, Array]]:
        counts = Counter(k for r in self.rows for k in r.keys)
        priors: dict[str, Prior] = {}
        uses: dict[str, list[str]] = {}
        for base, (start, sd, kinds, _unit) in BASES.items():
            priors[base] = Prior(start, sd)
            uses[base] = [k for k, n in sorted(counts.items()) if k.partition(".")[0] in kinds and n >= FEW]
            for k in uses[base]:
                priors[f"{base}.{k}"] = Prior(1.0, NAMES.get(k.partition(".")[0], FACTOR_SD))
        place = {name: i for i, name in enumerate(priors)}
        matrix = {}
        for base, used in uses.items():
            rows = np.zeros((len(self.rows), len(place)))
            rows[:, place[base]] = 1.0
            for k in used:
                rows[[k in r.keys for r in self.rows], place[f"{base}.{k}"]] = 1.0
            matrix[base] = rows
        matrix[GOODPUT] = matrix[GOODPUT] * self.hours[:, None]
        return priors, matrix

    def residuals(self, values: Mapping[str, float], chosen: Any = slice(None)) -> Array:
        """ln(predicted / measured) of the chosen rows."""
        logs = np.log([values[name] for name in self.priors])
        tuned = {}
        for base, rows in self.matrix.items():
            if base in COLUMNS:
                value = np.exp(rows[chosen] @ logs) * SCALES[base]
                column = COLUMNS[base]
                tuned[column] = np.maximum(value, 1.0) if column == train.NARROW else value
                if column in train.FRACTIONS:
                    tuned[column] = np.minimum(value, 1.0)
        cell: Any = SimpleNamespace(**{k: v[chosen] for k, v in self.cell.items()} | tuned)
        seconds = training.token_seconds(np, cell)
        goodput = np.minimum(np.exp(self.matrix[GOODPUT][chosen] @ logs), 1.0)
        share = self.share[chosen]
        predicted = np.where(self.hours[chosen], share * seconds / goodput, share / seconds)
        return np.asarray(np.log(predicted / self.value[chosen]))

    def weighted(self, values: Mapping[str, float], chosen: Any = slice(None)) -> Array:
        """The residuals as the fit counts them."""
        return self.residuals(values, chosen) * self.weight[chosen]

    @property
    def touches(self) -> Any:
        """Which points a parameter moves."""
        return sum(rows for rows in self.matrix.values()) > 0.0
