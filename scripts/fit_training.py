"""Fit what frameworks and devices achieve in training, and its memory, to the shipped points.

Writes `rules/adaptation/parameters.yaml` to stdout; tables of errors go to stderr. Each quantity
(`selector/decide/train.py`, `selector/decide/train_memory.py`) is a base times factors of tier and
name of the framework, architecture, method and precision; a factor that few points speak of stays
near 1 by its prior. Errors are left out by model x device in five folds, and intervals are their
80 % quantiles.

    python scripts/fit_training.py > new.yaml  # then: mv new.yaml rules/adaptation/parameters.yaml
    python scripts/fit_training.py --warm --fast    # start from the file, no folds; what tests compare
    python scripts/fit_training.py --warm --sources --errors    # with whole sources left out as well,
                                                                # and what the table of errors is made of
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

import fitting
import numpy as np
from fitting import Array, Base, Factors

from selector.decide import train, train_memory
from selector.estimate import training, training_memory
from selector.iterate import predict_training as predict
from selector.iterate.measurements import TRAINING, Point, PointError
from selector.iterate.predict import Predictor
from selector.packs.catalog import load as load_catalogue

AS_OF = "2026-11-27"
SOURCE = "project.training-fit"
POINTS = "tests/evidence/points"
LEFT_OUT = "left out by model x device, five folds"
MANY = 12  # points from which a source is left out on its own; smaller ones together
FEW = 4  # points below which a factor is not fitted
# Fifty rows of one sweep tell hardly more than this many.
SWEEP = {"training": 3.0, "memory": 8.0}
# Residuals count softly from two thirds of what the fit of serving takes.
SHARPNESS = 1.5
GOODPUT = "training.goodput"
WORDS = ("tier", "submission", "framework", "arch", "device", "geforce", "adapter", "moe", "encoder")
FACTOR_SD = 0.33
SD = {"framework": 0.2, "device": 0.15, "chunked_loss": 0.7, "recompute": 0.5, "qlora": 0.1}
STARTS = {
    "training_memory.logits_bytes.chunked_loss": 0.2,
    # Products on vector units reach four fifths of their rate.
    "training.compute_fraction.vector_units": 1.8,
}


def base(start: float, sd: float, kinds: Sequence[str], unit: str, **own: float) -> Base:
    """A quantity whose factors move as `SD` says, or as `own` does for this one."""
    return Base(start, sd, {k: own.get(k, SD.get(k, FACTOR_SD)) for k in kinds}, unit)


RATE: dict[str, Base] = {
    "training.compute_fraction": base(
        0.6,
        0.12,
        (*WORDS, "early", "compiled", "unpacked", "vector_units"),
        "fraction of dense 16-bit peak",
    ),
    "training.attention_fraction": base(0.3, 0.2, ("encoder",), "fraction of dense 16-bit peak"),
    "training.narrow_gain": base(1.0, 0.01, ("precision",), "factor on matrix products"),
    "training.value_bytes": base(
        90.0,
        0.3,
        ("tier", "submission", "compiled"),
        "bytes per token, layer and hidden value",
    ),
    "training.layer_us": base(
        1000.0,
        0.4,
        ("tier", "submission", "moe", "adapter", "qlora"),
        "us per layer and micro-step",
    ),
    "training.unpack_bytes": base(8.0, 0.3, (), "bytes per 4-bit weight and micro-step"),
    "training.link_fraction": base(
        0.6,
        0.4,
        ("tier", "link", "offload"),
        "fraction of the published rate one way",
    ),
    "training.exchange_fraction": base(0.6, 0.25, ("link", "moe"), "fraction of the published rate one way"),
    "training.sparsity_exponent": base(0.2, 0.3, (), "exponent of parameters over active parameters"),
    "training.scale_loss": base(0.01, 0.4, (), "share of time per doubling beyond eight devices"),
    GOODPUT: base(0.8, 0.12, ("tier", "submission"), "fraction of device hours that train"),
}
MEMORY: dict[str, Base] = {
    "training_memory.worked_bytes": base(
        34.0, 0.3, ("recompute", "framework"), "bytes per token, layer and hidden value"
    ),
    "training_memory.logits_bytes": base(
        10.0, 0.2, ("chunked_loss", "framework"), "bytes per token and word"
    ),
    "training_memory.reserve_gb": base(
        1.5, 0.5, ("framework", "tier", "split"), "GB", framework=0.5, split=1.0
    ),
    "training_memory.slack": base(
        1.05, 0.05, ("framework", "qlora"), "factor on what is held", framework=0.04, qlora=0.04
    ),
}
WIDTHS = (
    *(f"training.width.{what}.{kind}" for what in ("rate", "hours") for kind in ("dense", "moe", "adapter")),
    *(f"training_memory.width.{kind}" for kind in ("pretrain", "full", "lora", "qlora")),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A point with its run, the factors that apply to it, and what its figure is made of."""

    file: str
    point: Point
    case: predict.TrainingCase
    cell: Any
    keys: tuple[str, ...]
    kind: str  # group of its interval
    share: float  # what one over, or for hours the seconds of a token are multiplied with
    value: float

    @property
    def group(self) -> str:
        """What is left out together."""
        return f"{self.case.name} on {self.point.text('hardware')}"

    @property
    def source(self) -> str:
        """Where the point comes from, rounds of one benchmark together."""
        return (self.point.text("source") or "?").split("_results_")[0]


def points(kind: str) -> list[tuple[str, Point]]:
    """Shipped points of a kind that stand inside the targets and carry no warning."""
    found = [(f, Point(r["id"], {k: v or None for k, v in r.items()})) for f, r in fitting.rows(kind)]
    return [(f, q) for f, q in found if not q.flags]


def rates(predictor: Predictor, p: Mapping[str, float]) -> list[Measured]:
    """The points of training rates and device hours that the fit rests on."""
    found = []
    for file, point in points("training"):
        if point.metric not in TRAINING:
            continue
        try:
            case = predictor.training_case(point)
            cell, value = predict.cell_of(case, p), point.number("value") or 0.0
            hours = point.metric == "device_hours"
            share = predict.tokens_of(point, case.run) / 3600.0 if hours else predict.rate_of(point, case)
        except PointError:
            continue
        assert case.device is not None
        keys = train.keys(case.shape, case.device, case.run)
        kind = f"{'hours' if hours else 'rate'}.{train.kind(keys, hours)}"
        found.append(Measured(file, point, case, cell, keys, kind, share, value))
    return found


def memories(predictor: Predictor, p: Mapping[str, float]) -> list[Measured]:
    """The points of training memory that the fit rests on; their figures as bytes of a device."""
    found = []
    for file, point in points("memory"):
        if not predict.is_training(point) or point.metric not in predict.BYTES:
            continue
        try:
            case = predictor.training_case(point)
            cell, value = train_memory.cell(case.shape, case.run, p), point.number("value") or 0.0
        except PointError:
            continue
        keys = train_memory.keys(case.shape, case.run)
        kind = train_memory.group(case.run)
        found.append(Measured(file, point, case, cell, keys, kind, predict.share_of(point, case), value))
    return found


class Table:
    """The points as columns, and the factors that each quantity of a point multiplies."""

    def __init__(
        self,
        rows: Sequence[Measured],
        bases: Mapping[str, Base],
        columns: Mapping[str, tuple[str, float]],
        most: float,
    ) -> None:
        self.rows, self.columns = rows, columns
        self.cell = {
            f.name: np.array([getattr(r.cell, f.name) for r in rows], float) for f in fields(rows[0].cell)
        }
        self.hours = np.array([r.kind.startswith("hours") for r in rows])
        self.share = np.array([r.share for r in rows])
        self.value = np.array([r.value for r in rows])
        sweep = [(r.group, r.source, r.point.text("framework")) for r in rows]
        counts = Counter(sweep)
        self.weight = np.sqrt(np.minimum(1.0, most / np.array([counts[s] for s in sweep])))
        self.factors = Factors(bases, [r.keys for r in rows], FEW, FACTOR_SD, STARTS)
        self.priors, self.touches = self.factors.priors, self.factors.touches

    def predicted(self, cell: Any, goodput: Array | None, chosen: Any) -> Array:
        """The figures of the chosen rows, of cells with their quantities."""
        if goodput is None:
            return np.asarray(training_memory.total_bytes(cell) * self.share[chosen])
        seconds, share = training.token_seconds(np, cell), self.share[chosen]
        return np.where(self.hours[chosen], share * seconds / goodput, share / seconds)

    def residuals(self, values: Mapping[str, float], chosen: Any = slice(None)) -> Array:
        """ln(predicted / measured) of the chosen rows."""
        found = self.factors.values(values, chosen)
        tuned = {
            column: train.capped(np, column, found[base] * scale)
            for column, (base, scale) in self.columns.items()
        }
        cell = SimpleNamespace(**{k: v[chosen] for k, v in self.cell.items()} | tuned)
        goodput = np.minimum(found[GOODPUT], 1.0) if GOODPUT in found else None
        return np.asarray(np.log(self.predicted(cell, goodput, chosen) / self.value[chosen]))

    def fit(self, start: Mapping[str, float] | None, chosen: Any = slice(None)) -> dict[str, float]:
        """Values fitted on the chosen rows."""
        index = np.arange(len(self.rows))[chosen]

        def weighted(values: Mapping[str, float], where: Any = slice(None)) -> Array:
            some = index[where]
            return self.residuals(values, some) * self.weight[some] * SHARPNESS

        return fitting.fit(self.priors, weighted, self.touches[chosen], start)

    def without(self, labels: Sequence[str], full: Mapping[str, float]) -> Array:
        """Residuals of each label's rows, fitted without them.

        Each fit starts from the priors: one that starts from the full fit and stops early still
        knows what was left out.
        """
        found, names = self.residuals(full), np.array(labels)
        for label in sorted(set(labels)):
            left = names == label
            found[left] = self.residuals(self.fit(None, ~left), left)
        return found


def main() -> None:
    """Fit, report, print."""
    predictor = Predictor(load_catalogue())
    # The first time there is no file: the cells want some value for what is fitted.
    p = dict.fromkeys((*RATE, *MEMORY, *WIDTHS), 1.0) | dict(predictor.p)
    predictor.p = p
    print("# yaml-language-server: $schema=../schemas/parameters.json")
    print("# Written by scripts/fit_training.py; do not edit.\nparameters:")
    jobs = (
        ("training", rates(predictor, p), RATE, train, "training.width", ("tier.", "arch.")),
        ("memory", memories(predictor, p), MEMORY, train_memory, "training_memory.width", ()),
    )
    for name, rows, bases, room, prefix, by in jobs:
        table = Table(rows, bases, room.QUANTITIES, SWEEP[name])
        full = table.fit({n: p[n] for n in table.priors if n in p} if "--warm" in sys.argv else None)
        found = {"fitted": table.residuals(full)}
        folds = [str(fitting.fold_of(r.group)) for r in rows]
        found["left out"] = found["fitted"] if "--fast" in sys.argv else table.without(folds, full)
        if "--sources" in sys.argv:
            counts = Counter(r.source for r in rows)
            sources = [r.source if counts[r.source] >= MANY else "small ones" for r in rows]
            found["source left out"] = table.without(sources, full)
        for names in (
            [name] * len(rows),
            [r.kind for r in rows],
            [f"{r.file} {r.point.metric}" for r in rows],
        ):
            fitting.report(names, found)
        doubts = np.array([room.doubt(r.keys, p | full) for r in rows])
        size = np.abs(found["left out"]) / doubts
        keys, kinds = [r.keys for r in rows], [r.kind for r in rows]
        spread = fitting.widths(prefix, kinds, keys, by, size, 2 * FEW)
        print("\n".join(table.factors.lines(full, f"{POINTS}/{name}", AS_OF, SOURCE)))
        print("\n".join(fitting.width_lines(spread, LEFT_OUT, AS_OF, SOURCE)))
        if "--sources" in sys.argv:
            order = ("fitted", "left out", "source left out")
            heads = ("fitted", "stack_left_out", "source_left_out")
            columns = {head: found[key] for head, key in zip(heads, order, strict=True)}
            title = "training" if name == "training" else "training-memory"
            fitting.write_errors(title, rows, told, columns, fitting.printed_widths(rows))


def told(r: Measured) -> dict[str, str]:
    """What the table of errors groups a point by."""
    vendor = r.case.device.vendor if r.case.device else ""
    return {"what": r.kind, "engine": r.point.text("framework") or "", "vendor": vendor}


if __name__ == "__main__":
    main()
