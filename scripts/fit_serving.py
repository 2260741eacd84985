"""Fit what engines and devices achieve in token generation to the shipped serving points.

Writes `rules/frameworks/parameters.yaml` to stdout; a table of errors goes to stderr. Each
quantity (`selector/decide/tuning.py`) is a base times factors of engine, architecture, kind of
model and interconnect; a factor that few points speak of stays near 1 by its prior. Errors are
left out by model x device in five folds, and intervals are their 80 % quantiles.

    python scripts/fit_serving.py > new.yaml  # then: mv new.yaml rules/frameworks/parameters.yaml
    python scripts/fit_serving.py --warm    # start from the file; what CI compares
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

import fitting
import numpy as np
import yaml
from fitting import Array, Base, Factors

from selector.decide import tuning
from selector.decide.cells import shape
from selector.decide.passes import role_of
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
CACHED = frozenset(("shared_prefix_prompts", "includes_cache_hits"))
WEIGHTS = {"first_token": 2.0, "prefill": 2.0, "first_token_loaded": 0.2}
FEW = 8  # points below which a factor is not fitted
# Where a search starts that documentation tells: max_num_batched_tokens of vLLM, max_num_tokens
# of TensorRT-LLM, the ubatch of llama.cpp.
DOCUMENTED = {
    "serving.chunk_tokens.engine.vllm": 0.5,
    "serving.chunk_tokens.engine.tensorrt-llm": 2.0,
    "serving.chunk_tokens.engine.llama.cpp": 0.125,
    # TensorRT-LLM reads 2,048 tokens at .68 of the 16-bit peak of A100 and .47 of the 8-bit peak of
    # H100, L40S and H200 (tables at hand); four bits take this further.
    "serving.prefill_fraction.weights.fp8": 0.7,
    "serving.prefill_fraction.weights.fp4": 0.5,
    "serving.layer_us.moe": 2.0,
}
# Narrow weights may have to be opened; they are read no faster than wide ones.
OPENED = [f"serving.bandwidth_fraction.weights.{bits}" for bits in ("fp8", "int8", "fp4", "int4")]
SLIGHT = 0.05  # of a logarithm: factors nearer to 1 are dropped
# Floors differ by how a thing is measured: an engine alone, or through a server.
WIDE_SD = {
    "serving.first_token_floor_ms": 1.0,
    "serving.prefill_layer_us": 0.7,
}
LEFT_OUT = "left out by model x device and by source, five folds each"

FREE, NEAR, CLOSE = 0.35, 0.2, 0.1  # standard deviations of a factor's logarithm
# Base -> start, standard deviation of its logarithm, kinds of factors with theirs, unit. What reading
# a prompt costs shows in three places that trade off (its fraction, the reading of cached
# tokens, the steady rate), so these stay close to what hardware allows.
BASES = {
    "serving.bandwidth_fraction": Base(
        0.8,
        0.15,
        # Routing is not even: fewer experts are read than an even one touches.
        {"engine": NEAR, "arch": NEAR, "weights": NEAR, "moe": NEAR},
        "fraction of peak",
    ),
    "serving.cache_fraction": Base(
        0.8, 0.1, {"engine": NEAR, "early": FREE, "arch": NEAR}, "fraction of peak"
    ),
    "serving.compute_fraction": Base(
        0.4,
        0.3,
        {"engine": FREE, "arch": FREE, "moe": FREE, "early": FREE, "weights": NEAR, "expert_weights": NEAR},
        "fraction of dense peak",
    ),
    "serving.prefill_fraction": Base(
        0.6,
        0.1,
        {"engine": NEAR, "arch": NEAR, "moe": FREE, "geforce": FREE, "early": FREE, "weights": CLOSE},
        "fraction of dense peak",
    ),
    "serving.link_fraction": Base(0.5, 0.5, {}, "fraction of the published rate one way"),
    # Some ten launches of 2 to 3 us in a dense layer, whatever its weights; routing doubles them.
    "serving.layer_us": Base(
        30.0,
        0.3,
        {
            **{"engine": FREE, "arch": FREE, "moe": FREE, "attention": FREE, "early": FREE, "eager": FREE},
            **{"expert_parallel": FREE, "expert_weights": FREE, "moe_engine": FREE},
        },
        "us per layer and step",
    ),
    "serving.reduce_us": Base(
        8.0,
        0.7,
        {"link": FREE, "arch": FREE, "engine": FREE},
        "us per sum over two devices",
    ),
    "serving.step_us": Base(500.0, 1.0, {"engine": FREE, "early": FREE}, "us per step"),
    "serving.sequence_us": Base(10.0, 1.0, {"engine": FREE, "early": FREE}, "us per sequence and step"),
    "serving.prefill_layer_us": Base(60.0, 1.0, {"engine": 0.7, "moe": 0.7}, "us per layer and prompt"),
    "serving.steady_fraction": Base(0.9, 0.1, {"engine": CLOSE}, "fraction of the closed-form rate"),
    "serving.chunk_tokens": Base(4096.0, 0.3, {"engine": FREE}, "prompt tokens a step"),
    "serving.most_sequences": Base(256.0, 0.7, {"engine": FREE}, "sequences a device"),
    # Floors differ by how a thing is measured: an engine alone, or through a server.
    "serving.first_token_floor_ms": Base(5.0, 1.0, {"engine": 1.0, "moe": 1.0, "link": 1.0}, "ms"),
    "serving.burst": Base(0.3, 0.7, {}, "share of the callers in flight"),
    "serving.power_fraction": Base(0.6, 0.2, {"arch": FREE}, "fraction of the rated power"),
    "serving.rows_half": Base(32.0, 0.7, {}, "rows of a matrix product"),
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
        if not value or role_of(case.model) != "llm":
            continue
        also = circumstances(point, case.device)
        precision = predictor.cat.precisions[case.choice.precision]
        shp = shape(case.model, p)
        keys = tuning.keys(case.device, case.choice.engine, shp, case.devices, precision, also)
        found.append(Measured(file, point, case, keys, value, quantity(point, case)))
    return found, p


class Table:
    """The points as columns, and the rows of factors that each quantity of a point multiplies."""

    def __init__(self, rows: Sequence[Measured], p: Mapping[str, float], kept: Container[str] | None) -> None:
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
        self.weight = np.array([0.0 if r.point.flags & CACHED else WEIGHTS.get(r.what, 1.0) for r in rows])
        keys = [r.keys for r in rows]
        self.found = np.zeros(len(rows))  # batch of each row when last looked for
        self.most = np.zeros(len(rows))  # and the sequences that its engine held at most
        self.factors = Factors(BASES, keys, FEW, FREE, DOCUMENTED, kept=kept, at_most_one=OPENED)
        self.priors, self.touches = self.factors.priors, self.factors.touches

    def residuals(self, values: Mapping[str, float], chosen: Any = slice(None), near: bool = False) -> Array:
        """ln(predicted / measured) of the chosen rows.

        `near` the values of the call before, batches stay as they were found then, unless the most
        that an engine holds moves: at the best batch the rate does not change with it.
        """
        tuned = {}
        for base, found in self.factors.values(values, chosen).items():
            column = COLUMNS[base]
            value = found * SCALES[base]
            tuned[column] = np.minimum(value, 1.0) if column in tuning.FRACTIONS else value
        index = np.arange(len(self.rows))[chosen]
        predicted = np.zeros(len(index))
        # Only where the batch is not stated is it looked for, which costs a step for each size.
        stated = self.held[index] > 0.0
        known = stated | (near & np.isclose(self.most[index], tuned["most_sequences"], rtol=1e-9))
        for part in (known, ~known):
            where = index[part]
            if not len(where):
                continue
            cell: Any = SimpleNamespace(
                **{k: v[where] for k, v in self.cell.items()} | {k: v[part] for k, v in tuned.items()}
            )
            load: Any = SimpleNamespace(
                limit_share=0.0,
                input_tokens_p50=None,
                **{k: v[where] for k, v in self.load.items()},
                scenario="online",
                cached_prefix_fraction=0.0,
            )
            mem = sizing.ledger(np, cell, load, self.p)
            held = np.where(stated, self.held[index], self.found[index])[part] if known[part][0] else None
            batch = in_flight(np, cell, load, mem, held, self.p)
            if not near:
                self.found[where], self.most[where] = batch, tuned["most_sequences"][part]
            found = figures(np, cell, load, batch, self.replicas[where], self.p)
            for name in FITTED:
                predicted[part] = np.where(self.metric[where] == name, found[name], predicted[part])
        return np.asarray(np.log(predicted / self.share[index] / self.value[index]))

    def weighted(self, chosen: Any = slice(None)) -> Callable[..., Array]:
        """The residuals of the chosen rows as the fit counts them, or of some of those."""
        index = np.arange(len(self.rows))[chosen]

        def residuals(values: Mapping[str, float], where: Any = None) -> Array:
            """Of some rows the fit asks only for differences from the call before."""
            some = index if where is None else index[where]
            return self.residuals(values, some, where is not None) * self.weight[some]

        return residuals


def kind(r: Measured) -> str:
    """Group of an interval: what is predicted, and of which kind of model."""
    return f"{r.what}.{'moe' if 'moe' in r.keys else 'dense'}"


def fitted(rows: Sequence[Measured], p: Mapping[str, float], warm: bool) -> tuple[Table, dict[str, float]]:
    """The table and its values. From nothing, factors that stay near 1 are dropped and the rest is
    fitted again; warm, the factors are those of the registry, which is where the search starts."""
    if warm:
        table = Table(rows, p, p)
        start = {n: p[n] for n in table.priors if n in p}
        return table, fitting.fit(table.priors, table.weighted(), table.touches, start)
    table = Table(rows, p, None)
    first = fitting.fit(table.priors, table.weighted(), table.touches)
    table = Table(rows, p, {n for n, v in first.items() if abs(math.log(v)) > SLIGHT})
    return table, fitting.fit(table.priors, table.weighted(), table.touches, first)


def left_out(table: Table, group: Callable[[Measured], str]) -> Array:
    """Residuals of each point under the values fitted without its group, from the priors on: a
    search that starts at the full fit would stop near what the group told it."""

    def without(chosen: Any) -> Mapping[str, float]:
        return fitting.fit(table.priors, table.weighted(chosen), table.touches[chosen])

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
        stacks = left_out(table, lambda r: r.group)
        sources = left_out(table, lambda r: r.file)
    for by in (kind, lambda r: r.point.metric, lambda r: f"{r.file} {r.point.metric}"):
        names = [by(r) for r in rows]
        fitting.report(names, {"fitted": inside, "stack left out": stacks, "source left out": sources})
    found = lines(table, full, stacks, sources)
    print("\n".join(found))
    if "--fast" not in sys.argv:
        columns = {"fitted": inside, "stack_left_out": stacks, "source_left_out": sources}
        fitting.write_errors("serving", rows, told, columns, spreads(found, rows))


def spreads(written: Sequence[str], rows: Sequence[Measured]) -> list[float]:
    """Logarithm of p90 over p50 that the file as written gives each point."""
    p = {e["id"]: float(e["value"]) for e in yaml.safe_load("\n".join(written))["parameters"]}
    unlisted = {"serving.width.unlisted": load_catalogue().parameters["serving.width.unlisted"].value}
    return [tuning.width(r.what, r.keys, p | unlisted) for r in rows]


def told(r: Measured) -> dict[str, str]:
    """What the table of errors groups a point by."""
    kind_ = "moe" if "moe" in r.keys else "dense"
    engine, vendor = r.case.choice.engine, r.case.device.vendor
    return {"what": r.what, "class": kind_, "engine": engine, "vendor": vendor}


def lines(table: Table, full: Mapping[str, float], stacks: Array, sources: Array) -> list[str]:
    """The parameters file."""
    head = [
        "# yaml-language-server: $schema=../schemas/parameters.json",
        "# Written by scripts/fit_serving.py; do not edit.",
        "parameters:",
    ]
    values = table.factors.lines(full, "tests/evidence/points/serving", AS_OF, SOURCE)
    return head + values + width_lines(table.rows, stacks, sources)


def width_lines(rows: Sequence[Measured], stacks: Array, sources: Array) -> list[str]:
    """Widths from what was left out, with the stack (counted twice) and with the source: users bring
    new stacks more often than new ways to measure."""
    kinds, keys = [kind(r) for r in rows], [r.keys for r in rows]
    out = np.concatenate([stacks, stacks, sources])
    found = fitting.widths("serving.width", kinds * 3, keys * 3, ("engine.", "arch."), out, 3 * FEW)
    return fitting.width_lines(found, LEFT_OUT, AS_OF, SOURCE)


if __name__ == "__main__":
    main()
