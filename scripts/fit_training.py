"""Fit what frameworks and devices achieve in training, and its memory, to the shipped points.

Writes `rules/adaptation/parameters.yaml` to stdout; tables of errors go to stderr. Each quantity
(`selector/decide/train.py`, `selector/decide/train_memory.py`) is a base times factors of tier and
name of the framework, architecture, method and precision; a factor that few points speak of stays
near 1 by its prior. Errors are left out by model x device in five folds, and intervals are their
80 % quantiles.

    python scripts/fit_training.py > new.yaml  # then: mv new.yaml rules/adaptation/parameters.yaml
    python scripts/fit_training.py --warm --fast    # start from the file, no folds; what tests compare
    python scripts/fit_training.py --sources        # errors with whole sources left out as well, and
                                                    # what the table of errors is made of
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
SD = {"framework": 0.2, "device": 0.15, "chunked_loss": 0.7, "recompute": 0.5, "qlora": 0.1}
STARTS = {"chunked_loss": 0.2}
FACTOR_SD = 0.33

Base = tuple[float, float, tuple[str, ...], str]
# Base -> start, standard deviation of its logarithm, kinds of factors, unit.
RATE: dict[str, Base] = {
    "training.compute_fraction": (
        0.6,
        0.12,
        (*WORDS, "early", "compiled", "no_padding", "unpacked"),
        "fraction of dense 16-bit peak",
    ),
    "training.attention_fraction": (0.3, 0.2, ("encoder",), "fraction of dense 16-bit peak"),
    "training.narrow_gain": (1.0, 0.01, ("precision",), "factor on matrix products"),
    "training.value_bytes": (
        90.0,
        0.3,
        ("tier", "submission", "compiled"),
        "bytes per token, layer and hidden value",
    ),
    "training.layer_us": (
        1000.0,
        0.4,
        ("tier", "submission", "moe", "adapter", "qlora"),
        "us per layer and micro-step",
    ),
    "training.unpack_bytes": (8.0, 0.3, (), "bytes per 4-bit weight and micro-step"),
    "training.link_fraction": (
        0.6,
        0.4,
        ("tier", "link", "offload"),
        "fraction of the published rate one way",
    ),
    "training.exchange_fraction": (0.6, 0.25, ("link", "moe"), "fraction of the published rate one way"),
    "training.sparsity_exponent": (0.2, 0.3, (), "exponent of parameters over active parameters"),
    "training.scale_loss": (0.01, 0.4, (), "share of time per doubling beyond eight devices"),
    GOODPUT: (0.8, 0.12, ("tier", "submission"), "fraction of device hours that train"),
}
MEMORY: dict[str, Base] = {
    "training_memory.worked_bytes": (34.0, 0.3, ("recompute", "framework"), "bytes per token, layer and hidden value"),
    "training_memory.logits_bytes": (10.0, 0.2, ("chunked_loss", "framework"), "bytes per token and word"),
    "training_memory.reserve_gb": (1.5, 0.5, ("framework", "tier", "split"), "GB"),
    "training_memory.slack": (1.05, 0.05, ("framework", "qlora"), "factor on what is held"),
}  # fmt: skip
OWN_SD = {
    "training_memory.slack": {"framework": 0.04, "qlora": 0.04},
    "training_memory.reserve_gb": {"framework": 0.5, "split": 1.0},
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
    """The points as columns, and the rows of factors that each quantity of a point multiplies."""

    def __init__(
        self,
        rows: Sequence[Measured],
        bases: Mapping[str, Base],
        columns: Mapping[str, tuple[str, float]],
        most: float,
    ) -> None:
        self.rows, self.bases, self.columns = rows, bases, columns
        self.cell = {
            f.name: np.array([getattr(r.cell, f.name) for r in rows], float) for f in fields(rows[0].cell)
        }
        self.hours = np.array([r.kind.startswith("hours") for r in rows])
        self.share = np.array([r.share for r in rows])
        self.value = np.array([r.value for r in rows])
        sweep = [(r.group, r.source, r.point.text("framework")) for r in rows]
        counts = Counter(sweep)
        self.weight = np.sqrt(np.minimum(1.0, most / np.array([counts[s] for s in sweep])))
        self.priors, self.matrix = self._factors()

    def _factors(self) -> tuple[dict[str, Prior], dict[str, Array]]:
        counts = Counter(k for r in self.rows for k in r.keys)
        priors: dict[str, Prior] = {}
        uses: dict[str, list[str]] = {}
        for base, (start, sd, kinds, _unit) in self.bases.items():
            priors[base] = Prior(start, sd)
            uses[base] = [k for k, n in sorted(counts.items()) if k.partition(".")[0] in kinds and n >= FEW]
            for k in uses[base]:
                word = k.partition(".")[0]
                wide = OWN_SD.get(base, {}).get(word, SD.get(word, FACTOR_SD))
                priors[f"{base}.{k}"] = Prior(STARTS.get(word, 1.0), wide)
        place = {name: i for i, name in enumerate(priors)}
        matrix = {}
        for base, used in uses.items():
            rows = np.zeros((len(self.rows), len(place)))
            rows[:, place[base]] = 1.0
            for k in used:
                rows[[k in r.keys for r in self.rows], place[f"{base}.{k}"]] = 1.0
            matrix[base] = rows
        if GOODPUT in matrix:
            matrix[GOODPUT] = matrix[GOODPUT] * self.hours[:, None]
        return priors, matrix

    def predicted(self, cell: Any, goodput: Any, chosen: Any) -> Array:
        """The figures of the chosen rows, of cells with their quantities."""
        if GOODPUT not in self.bases:
            return np.asarray(training_memory.total_bytes(cell) * self.share[chosen])
        seconds, share = training.token_seconds(np, cell), self.share[chosen]
        return np.where(self.hours[chosen], share * seconds / goodput, share / seconds)

    def residuals(self, values: Mapping[str, float], chosen: Any = slice(None)) -> Array:
        """ln(predicted / measured) of the chosen rows."""
        logs = np.log([values[name] for name in self.priors])
        found = {base: np.exp(rows[chosen] @ logs) for base, rows in self.matrix.items()}
        tuned = {
            column: train.capped(np, column, found[base] * scale)
            for column, (base, scale) in self.columns.items()
        }
        cell = SimpleNamespace(**{k: v[chosen] for k, v in self.cell.items()} | tuned)
        goodput = np.minimum(found.get(GOODPUT, 1.0), 1.0)
        return np.asarray(np.log(self.predicted(cell, goodput, chosen) / self.value[chosen]))

    def weighted(self, values: Mapping[str, float], chosen: Any = slice(None)) -> Array:
        """The residuals as the fit counts them."""
        return self.residuals(values, chosen) * self.weight[chosen] * SHARPNESS

    def fit(self, start: Mapping[str, float] | None, chosen: Any = slice(None)) -> dict[str, float]:
        """Values fitted on the chosen rows."""
        touches = sum(rows for rows in self.matrix.values()) > 0.0  # type: ignore[operator]
        index = np.arange(len(self.rows))[chosen]

        def some(values: Mapping[str, float], where: Any = slice(None)) -> Array:
            return self.weighted(values, index[where])

        return fitting.fit(self.priors, some, touches[chosen], start)

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


def report(name: str, rows: Sequence[Measured], columns: Mapping[str, Array]) -> None:
    """Errors by group to stderr."""
    groupings: list[Callable[[Measured], str]] = [
        lambda _: "all",
        lambda r: r.point.metric,
        lambda r: r.kind,
        lambda r: r.case.device.vendor if r.case.device else "-",
        lambda r: r.source,
    ]
    for by in groupings:
        groups: dict[str, list[int]] = defaultdict(list)
        for i, r in enumerate(rows):
            groups[by(r)].append(i)
        for group, where in sorted(groups.items()):
            errors = "  ".join(
                "{} {:6.1%} p90 {:7.1%}".format(what, *fitting.error(found[where]))
                for what, found in columns.items()
            )
            bias = math.exp(float(np.median(columns["left out"][where])))
            print(
                f"{name} {group:38s} n {len(where):5d}  {errors}  predicted/measured {bias:5.2f}",
                file=sys.stderr,
            )


def lines(table: Table, full: Mapping[str, float], where: str) -> list[str]:
    """The fitted parameters in the form of the packs."""
    found = []
    counts = Counter(k for r in table.rows for k in r.keys)
    for name, value in full.items():
        base = next(b for b in table.bases if name == b or name.startswith(b + "."))
        key = name[len(base) + 1 :]
        n = counts[key] if key else len(table.rows)
        spread = math.exp(1.28 * table.priors[name].sd * math.sqrt(FEW / (FEW + n)))
        unit = f"factor on {base}" if key else table.bases[base][3]
        text = f"{POINTS}/{where}, {key}" if key else f"{POINTS}/{where}"
        found.append(fitting.line(name, value, value / spread, value * spread, unit, text, n, AS_OF, SOURCE))
    return found


def widths(table: Table, size: Array, prefix: str, by: tuple[str, ...]) -> list[str]:
    """Logarithms of p90 over p50: by kind, and factors of `by`.

    `size` is of left-out residuals over the doubt that is added to an interval. A factor is shrunk
    towards 1 as if `FEW` x 8 further points spoke for it.
    """
    rows = table.rows
    kinds = np.array([r.kind for r in rows])
    found = []

    def add(name: str, value: float, unit: str, n: int) -> None:
        doubt = 1.0 + 1.28 / math.sqrt(2.0 * n)
        found.append(
            fitting.line(name, value, value / doubt, value * doubt, unit, LEFT_OUT, n, AS_OF, SOURCE)
        )

    scaled = size.copy()
    for kind in sorted(set(kinds)):
        value = float(np.quantile(size[kinds == kind], 0.8))
        add(f"{prefix}.{kind}", value, "ln(p90 / p50)", int(np.sum(kinds == kind)))
        scaled[kinds == kind] /= value
    for sort in by:
        ratio = np.ones(len(rows))
        for name in sorted({k for r in rows for k in r.keys if k.startswith(sort)}):
            where = np.array([name in r.keys for r in rows])
            n = int(where.sum())
            if n < FEW:
                continue
            value = math.exp(math.log(float(np.quantile(scaled[where], 0.8))) * n / (n + 8.0 * FEW))
            ratio[where] = value
            add(f"{prefix}.{name}", value, f"factor on {prefix}", n)
        scaled = scaled / ratio
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
        report(name, rows, found)
        doubts = np.array([room.doubt(r.keys, p | full) for r in rows])
        size = np.abs(found["left out"]) / doubts
        print("\n".join(lines(table, full, name) + widths(table, size, prefix, by)))
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
