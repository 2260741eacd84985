"""Fit what engines and devices achieve in token generation to the shipped serving points.

Writes `rules/frameworks/parameters.yaml` to stdout; a table of errors goes to stderr. Each
quantity (`selector/decide/tuning.py`) is a base times factors of engine, architecture, kind of
model and interconnect; a factor that few points speak of stays near 1 by its prior. Errors are
left out by model x device in five folds, and intervals are their 80 % quantiles.

    python scripts/fit_serving.py > rules/frameworks/parameters.yaml
    python scripts/fit_serving.py --warm    # start from the file; what CI compares
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

import fitting
import numpy as np
import yaml
from fitting import Array, Prior

from selector.decide import tuning
from selector.decide.cells import shape
from selector.estimate import sizing
from selector.iterate.measurements import Point, PointError
from selector.iterate.predict import Predictor
from selector.iterate.predict_serving import Case, circumstances, figures, in_flight, quantity, timed
from selector.packs.catalog import load as load_catalogue
from selector.types.load import Cell

AS_OF = "2026-11-27"
SOURCE = "project.serving-fit"
FITTED = (
    *("tpot_ms", "ttft_ms", "output_tok_s", "total_tok_s", "req_s", "decode_tok_s", "prefill_tok_s"),
    "energy_j_per_output_tok",
)
# First tokens are few beside tens of rates that tell the same; those under load wait for what
# nobody recorded, and shall not bend the rest.
WEIGHTS = {"first_token": 2.0, "prefill": 2.0, "first_token_loaded": 0.2}
FEW = 8  # points below which a factor is not fitted
FACTOR_SD = 0.35
SLIGHT = 0.05  # of a logarithm: factors nearer to 1 are dropped
# Floors differ by how a thing is measured: an engine alone, or through a server.
WIDE_SD = {
    "serving.first_token_floor_ms": 1.0,
    "serving.prefill_layer_us": 0.7,
}
# Where a search starts that documentation tells: max_num_batched_tokens of vLLM, max_num_tokens
# of TensorRT-LLM, the ubatch of llama.cpp.
DOCUMENTED = {
    "serving.chunk_tokens.engine.vllm": 0.5,
    "serving.chunk_tokens.engine.tensorrt-llm": 2.0,
    "serving.chunk_tokens.engine.llama.cpp": 0.125,
}
LEFT_OUT = "left out by model x device and by source, five folds each"

# Base -> start, standard deviation of its logarithm, kinds of factors, unit.
BASES: dict[str, tuple[float, float, tuple[str, ...], str]] = {
    "serving.bandwidth_fraction": (0.8, 0.15, ("engine", "arch", "early", "weights"), "fraction of peak"),
    "serving.cache_fraction": (0.7, 0.2, (), "fraction of peak"),
    "serving.compute_fraction": (
        0.4,
        0.3,
        ("engine", "arch", "moe", "early", "weights", "expert_weights"),
        "fraction of dense peak",
    ),
    "serving.prefill_fraction": (
        0.55,
        0.3,
        ("engine", "arch", "moe", "geforce", "early", "weights"),
        "fraction of dense peak",
    ),
    "serving.link_fraction": (0.5, 0.5, (), "fraction of the published rate one way"),
    "serving.layer_us": (
        40.0,
        0.5,
        (
            "engine",
            "arch",
            "moe",
            "attention",
            "early",
            "eager",
            "expert_parallel",
            "weights",
            "expert_weights",
        ),
        "us per layer and step",
    ),
    "serving.reduce_us": (8.0, 0.7, ("link", "arch", "engine"), "us per sum over two devices"),
    "serving.step_us": (500.0, 1.0, ("engine", "early"), "us per step"),
    "serving.sequence_us": (10.0, 1.0, ("engine", "early"), "us per sequence and step"),
    "serving.prefill_layer_us": (60.0, 1.0, ("engine", "moe"), "us per layer and prompt"),
    "serving.interference": (1.0, 0.3, ("engine",), "factor on prefill beside decoding"),
    "serving.steady_fraction": (0.9, 0.1, ("engine",), "fraction of the closed-form rate"),
    "serving.chunk_tokens": (4096.0, 0.3, ("engine",), "prompt tokens a step"),
    "serving.most_sequences": (256.0, 0.7, ("engine",), "sequences a device"),
    "serving.first_token_floor_ms": (5.0, 1.0, ("engine", "moe", "link"), "ms"),
    "serving.burst": (0.3, 0.7, (), "share of the callers in flight"),
    "serving.power_fraction": (0.6, 0.2, ("arch",), "fraction of the rated power"),
    "serving.rows_half": (32.0, 0.7, (), "rows of a matrix product"),
}
SCALES = {base: scale for base, scale in tuning.QUANTITIES.values()}
COLUMNS = {base: column for column, (base, _scale) in tuning.QUANTITIES.items()}


@dataclass(frozen=True, slots=True)
class Measured:
    """A point with its stack and the factors that apply to it."""

    file: str
    point: Point
    case: Case
    keys: tuple[str, ...]
    value: float
    what: str  # is predicted

    @property
    def group(self) -> str:
        """What is left out together."""
        return f"{self.case.model.id} on {self.case.device.id}"


def measured() -> tuple[list[Measured], dict[str, float]]:
    """The points that the fit rests on, and the parameters of the registry."""
    predictor = Predictor(load_catalogue())
    p = dict(predictor.p)
    found = []
    for file, row in fitting.rows("serving"):
        point = Point(row["id"], {k: v or None for k, v in row.items()})
        if point.metric not in FITTED or point.apart:
            continue
        try:
            predictor.predict(point)
            case, value = predictor.case(point), point.number("value")
        except PointError:
            continue
        if not value:
            continue
        also = circumstances(point, case.device)
        precision = predictor.cat.precisions[case.choice.precision]
        shp = shape(case.model, p)
        keys = tuning.keys(case.device, case.choice.engine, shp, case.devices, precision, also)
        found.append(Measured(file, point, case, keys, value, quantity(point, case)))
    return found, p


class Table:
    """The points as columns, and the rows of factors that each quantity of a point multiplies."""

    def __init__(self, rows: Sequence[Measured], p: Mapping[str, float], kept: Container[str]) -> None:
        self.rows, self.p = rows, p
        cells = [r.case.choice.cell for r in rows]
        self.cell = {f.name: np.array([getattr(c, f.name) for c in cells], float) for f in fields(Cell)}
        names = ("input_tokens", "input_tokens_p95", "output_tokens", "context_tokens", "kv_bits")
        self.load = {n: np.array([getattr(r.case.load, n) for r in rows], float) for n in names}
        limits = [r.case.load.per_output_token_limit_s or math.inf for r in rows]
        self.load["per_output_token_limit_s"] = np.array(limits)
        self.held = np.array([r.case.held or 0.0 for r in rows])
        self.replicas = np.array([r.case.replicas for r in rows], float)
        share = [
            r.case.count if r.point.text("per") == "device" and not timed(r.point.metric) else 1 for r in rows
        ]
        self.share = np.array(share, float)
        self.value = np.array([r.value for r in rows])
        self.metric = np.array([r.point.metric for r in rows])
        self.weight = np.array([WEIGHTS.get(r.what, 1.0) for r in rows])
        self.priors, self.matrix = self._factors(kept)

    def _factors(self, kept: Container[str]) -> tuple[dict[str, Prior], dict[str, Array]]:
        counts = Counter(k for r in self.rows for k in r.keys)
        priors: dict[str, Prior] = {}
        uses: dict[str, list[str]] = {}
        for base, (start, sd, kinds, _unit) in BASES.items():
            priors[base] = Prior(start, sd)
            told = [k for k, n in sorted(counts.items()) if k.partition(".")[0] in kinds and n >= FEW]
            uses[base] = [k for k in told if f"{base}.{k}" in kept]
            for name in (f"{base}.{k}" for k in uses[base]):
                priors[name] = Prior(DOCUMENTED.get(name, 1.0), WIDE_SD.get(base, FACTOR_SD))
        place = {name: i for i, name in enumerate(priors)}
        matrix = {}
        for base, used in uses.items():
            rows = np.zeros((len(self.rows), len(place)))
            rows[:, place[base]] = 1.0
            for k in used:
                rows[[k in r.keys for r in self.rows], place[f"{base}.{k}"]] = 1.0
            matrix[base] = rows
        return priors, matrix

    def residuals(self, values: Mapping[str, float], chosen: Any = slice(None)) -> Array:
        """ln(predicted / measured) of the chosen rows."""
        logs = np.log([values[name] for name in self.priors])
        tuned = {}
        for base, rows in self.matrix.items():
            value = np.exp(rows[chosen] @ logs) * SCALES[base]
            column = COLUMNS[base]
            tuned[column] = np.minimum(value, 1.0) if column in tuning.FRACTIONS else value
        index = np.arange(len(self.rows))[chosen]
        predicted = np.zeros(len(index))
        # Only where the batch is not stated is it looked for, which costs a step for each size.
        for part in (self.held[index] > 0.0, self.held[index] <= 0.0):
            where = index[part]
            cell: Any = SimpleNamespace(
                **{k: v[where] for k, v in self.cell.items()} | {k: v[part] for k, v in tuned.items()}
            )
            load: Any = SimpleNamespace(
                **{k: v[where] for k, v in self.load.items()}, scenario="online", cached_prefix_fraction=0.0
            )
            mem = sizing.ledger(np, cell, load, self.p)
            held = self.held[where] if len(where) and self.held[where[0]] > 0.0 else None
            batch = in_flight(np, cell, load, mem, held, self.p)
            found = figures(np, cell, load, batch, self.replicas[where], self.p)
            for name in FITTED:
                predicted[part] = np.where(self.metric[where] == name, found[name], predicted[part])
        return np.asarray(np.log(predicted / self.share[index] / self.value[index]))

    def weighted(self, chosen: Any = slice(None)) -> Callable[..., Array]:
        """The residuals of the chosen rows as the fit counts them, or of some of those."""
        index = np.arange(len(self.rows))[chosen]

        def residuals(values: Mapping[str, float], where: Any = slice(None)) -> Array:
            return self.residuals(values, index[where]) * self.weight[index[where]]

        return residuals

    @property
    def touches(self) -> Any:
        """Which points a parameter moves."""
        return sum(rows for rows in self.matrix.values()) > 0.0


def kind(r: Measured) -> str:
    """Group of an interval: what is predicted, and of which kind of model."""
    return f"{r.what}.{'moe' if 'moe' in r.keys else 'dense'}"


def report(rows: Sequence[Measured], found: Mapping[str, Array], by: Callable[[Measured], str]) -> None:
    """Median and 90th percentile of errors by group, to stderr."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, r in enumerate(rows):
        groups[by(r)].append(i)
    for name, where in sorted(groups.items()):
        cells = [
            f"{what} {a:6.1%} {b:7.1%}" for what, v in found.items() for a, b in [fitting.error(v[where])]
        ]
        print(f"{name:42s} n {len(where):5d}  {'  '.join(cells)}", file=sys.stderr)


def all_names() -> Container[str]:
    """Every factor that enough points speak of."""

    class Everything:
        def __contains__(self, _name: object) -> bool:
            return True

    return Everything()


def fitted(rows: Sequence[Measured], p: Mapping[str, float], warm: bool) -> tuple[Table, dict[str, float]]:
    """The table and its values. From nothing, factors that stay near 1 are dropped and the rest is
    fitted again; warm, the factors are those of the registry, which is where the search starts."""
    if warm:
        table = Table(rows, p, p)
        start = {n: p[n] for n in table.priors if n in p}
        return table, fitting.fit(table.priors, table.weighted(), table.touches, start)
    table = Table(rows, p, all_names())
    first = fitting.fit(table.priors, table.weighted(), table.touches)
    table = Table(rows, p, {n for n, v in first.items() if abs(math.log(v)) > SLIGHT})
    return table, fitting.fit(table.priors, table.weighted(), table.touches, first)


def left_out(table: Table, full: Mapping[str, float], group: Callable[[Measured], str]) -> Array:
    """Residuals of each point under the values fitted without its group."""

    def without(chosen: Any) -> Mapping[str, float]:
        return fitting.fit(table.priors, table.weighted(chosen), table.touches[chosen], full)

    out = np.zeros(len(table.rows))
    for values, left in fitting.left_out([group(r) for r in table.rows], without):
        out[left] = table.residuals(values, left)
    return out


def main() -> None:
    """Fit, report, print."""
    rows, p = measured()
    table, full = fitted(rows, p, "--warm" in sys.argv)
    inside = table.residuals(full)
    stacks = sources = inside
    if "--fast" not in sys.argv:
        stacks = left_out(table, full, lambda r: r.group)
        sources = left_out(table, full, lambda r: r.file)
    for by in (kind, lambda r: r.point.metric, lambda r: f"{r.file} {r.point.metric}"):
        report(rows, {"fitted": inside, "stack left out": stacks, "source left out": sources}, by)
    found = lines(rows, full, np.stack([stacks, sources]))
    print("\n".join(found))
    if "--fast" not in sys.argv:
        fitting.write_errors("serving", errors(rows, inside, stacks, sources, spreads(found, rows)))


def spreads(written: Sequence[str], rows: Sequence[Measured]) -> list[float]:
    """Logarithm of p90 over p50 that the file as written gives each point."""
    p = {e["id"]: float(e["value"]) for e in yaml.safe_load("\n".join(written))["parameters"]}
    unlisted = {"serving.width.unlisted": load_catalogue().parameters["serving.width.unlisted"].value}
    return [tuning.width(r.what, r.keys, p | unlisted) for r in rows]


def errors(
    rows: Sequence[Measured], inside: Array, stacks: Array, sources: Array, widths_: Sequence[float]
) -> Iterable[dict[str, object]]:
    """A row a point for the table of errors."""
    for r, a, b, c, width in zip(rows, inside, stacks, sources, widths_, strict=True):
        yield {
            "id": r.point.id,
            "source": r.file,
            "metric": r.point.metric,
            "what": r.what,
            "class": "moe" if "moe" in r.keys else "dense",
            "engine": r.case.choice.engine,
            "vendor": r.case.device.vendor,
            "device": r.case.device.id,
            "precision": r.case.choice.precision,
            "fitted": f"{a:.4f}",
            "stack_left_out": f"{b:.4f}",
            "source_left_out": f"{c:.4f}",
            "width": f"{width:.4f}",
        }


def lines(rows: Sequence[Measured], full: Mapping[str, float], out: Array) -> list[str]:
    """The parameters file."""
    found = [
        "# yaml-language-server: $schema=../schemas/parameters.json",
        "# Written by scripts/fit_serving.py; do not edit.",
        "parameters:",
    ]
    counts = Counter(k for r in rows for k in r.keys)
    for name, value in full.items():
        base = next(b for b in BASES if name == b or name.startswith(b + "."))
        key = name[len(base) + 1 :]
        n = counts[key] if key else len(rows)
        sd = WIDE_SD.get(base, FACTOR_SD) if key else BASES[base][1]
        width = math.exp(1.28 * sd * math.sqrt(FEW / (FEW + n)))
        unit = f"factor on {base}" if key else BASES[base][3]
        text = f"tests/evidence/points/serving, {key}" if key else "tests/evidence/points/serving"
        found.append(fitting.line(name, value, value / width, value * width, unit, text, n, AS_OF, SOURCE))
    return found + widths(rows, out)


def widths(rows: Sequence[Measured], out: Array) -> list[str]:
    """Logarithms of p90 over p50 from left-out residuals: by kind, and factors of engine and architecture.

    A factor is shrunk towards 1 as if `FEW` x 4 further points spoke for it.
    """
    size = np.abs(out)  # once with the stack left out, once with the source
    kinds = np.array([kind(r) for r in rows])
    base = {k: float(np.quantile(size[:, kinds == k], 0.8)) for k in sorted(set(kinds))}
    scaled = size / np.array([base[k] for k in kinds])
    found = []

    def add(name: str, value: float, unit: str, n: int) -> None:
        doubt = 1.0 + 1.28 / math.sqrt(2.0 * n)
        found.append(
            fitting.line(name, value, value / doubt, value * doubt, unit, LEFT_OUT, n, AS_OF, SOURCE)
        )

    for name, value in base.items():
        add(f"serving.width.{name}", value, "ln(p90 / p50)", int(np.sum(kinds == name)))
    for sort in ("engine.", "arch."):
        names = sorted({k for r in rows for k in r.keys if k.startswith(sort)})
        ratio = np.ones(len(rows))
        for name in names:
            where = np.array([name in r.keys for r in rows])
            n = int(where.sum())
            if n < FEW:
                continue
            raw = float(np.quantile(scaled[:, where], 0.8))
            value = math.exp(math.log(raw) * n / (n + 4.0 * FEW))
            ratio[where] = value
            add(f"serving.width.{name}", value, "factor on serving.width", n)
        scaled = scaled / ratio
    return found


if __name__ == "__main__":
    main()
