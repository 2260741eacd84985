"""Fit what engines and devices achieve with models that do not stream tokens to the shipped points.

Writes `rules/models/parameters-one-pass.yaml` to stdout; a table of errors goes to stderr. Errors are
left out by model x device in five folds, and intervals are their 80 % quantiles.

    python scripts/fit_encoder.py > new.yaml  # then: mv new.yaml rules/models/parameters-one-pass.yaml
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import fitting
import numpy as np
import published
from fitting import Array, Base, Factors

from selector.decide import cells, passes
from selector.iterate import predict_encoder
from selector.iterate.measurements import Point, PointError
from selector.iterate.predict import Predictor
from selector.packs.catalog import load as load_catalogue

AS_OF = "2026-11-27"
SOURCE = "project.one-pass-fit"
WHERE = "tests/evidence/points/serving, one-pass models"
LEFT_OUT = "left out by model x device, five folds; unlisted: all of a key left out"
FEW = 5
FACTOR_SD = 0.45
COMPUTE = "encoder.compute_fraction"
FEW_ARCHITECTURES = 3
# Most roles have one model at hand: what is common to them goes to the role, which others share.
SDS = {"model": 0.25}
BASES = {
    "encoder.compute_fraction": Base(
        0.35,
        0.3,
        ("engine", "arch", "format", "role", "model", "geforce", "power_limited"),
        "fraction of dense peak",
    ),
    "encoder.bandwidth_fraction": Base(0.7, 0.2, (), "fraction of peak"),
    "encoder.launch_us": Base(30.0, 0.7, ("engine", "role"), "us per layer and pass"),
    "encoder.served_fraction": Base(0.88, 0.1, ("role", "engine"), "fraction of the offline rate"),
    # Only where the point does not say.
    "encoder.tokens_unstated": Base(220.0, 0.3, (), "tokens of a text whose length is not stated"),
    "encoder.windows_per_volume": Base(60.0, 0.7, (), "windows of a volume"),
}
COLUMNS = {base: (column, scale) for column, (base, scale) in passes.QUANTITIES.items()}


@dataclass(frozen=True, slots=True)
class Measured:
    """A point with its stack and the factors that apply to it."""

    file: str
    point: Point
    case: predict_encoder.Case
    keys: tuple[str, ...]
    value: float

    @property
    def group(self) -> str:
        """What is left out together."""
        return f"{self.case.model.id} on {self.case.device.id}"

    @property
    def kind(self) -> str:
        """Group of an interval."""
        return "latency" if "latency" in self.point.metric else "rate"


def measured() -> tuple[list[Measured], dict[str, float]]:
    """The points that the fit rests on, and the parameters of the registry with starts for what it
    writes, so that an empty file can be filled."""
    cat = load_catalogue()
    predictor = Predictor(cat)
    p = {name: b.start for name, b in BASES.items()}
    p |= {
        "encoder.width.rate": 0.5,
        "encoder.width.latency": 0.5,
        published.SHARE: 0.5,
        published.WIDTH: 1.0,
    } | dict(predictor.p)
    found = []
    for file, row in fitting.rows("serving"):
        point = Point(row["id"], {k: v or None for k, v in row.items()})
        if point.metric not in predict_encoder.METRICS or point.apart:
            continue
        try:
            model, device, count = predictor.stack(point)
            if passes.role_of(model) == "llm":
                continue
            case = predict_encoder.case_of(point, cat, model, device, count, p)
            predict_encoder.columns(case, p)
            value = point.number("value")
        except PointError:
            continue
        names = passes.keys(model, device, case.engine, case.form, case.also)
        if value:
            found.append(Measured(file, point, case, names, value))
    return found, p


class Table:
    """The points as columns."""

    def __init__(self, rows: Sequence[Measured], p: Mapping[str, float]) -> None:
        self.rows, self.p = rows, p
        self.factors = Factors(BASES, [r.keys for r in rows], FEW, FACTOR_SD, sds=SDS)
        self.shapes = [cells.shape(r.case.model, p) for r in rows]
        fixed = [predict_encoder.columns(r.case, p) for r in rows]
        names = ("flops", "passes", "weight_bytes", "peak", "bandwidth", "parts", "published")
        self.fixed = {n: np.array([getattr(c, n) for c in fixed], float) for n in names}
        self.layers = np.array(
            [passes.launches(r.case.model, s, p) for r, s in zip(rows, self.shapes, strict=True)]
        )
        self.kin = self._kin()
        self.batch = np.array([r.case.batch for r in rows])
        self.count = np.array([1 if r.point.text("per") == "device" else r.case.count for r in rows], float)
        self.served = np.array([r.case.served for r in rows])
        self.tokens = np.array([r.case.item.output_tokens or 1.0 for r in rows])
        self.metric = np.array([r.point.metric for r in rows])
        self.value = np.array([r.value for r in rows])
        per_group = {g: sum(r.group == g for r in rows) for g in {r.group for r in rows}}
        # Entries of one benchmark on one device repeat each other.
        self.weight = np.array([per_group[r.group] ** -0.25 for r in rows])

    def _kin(self) -> dict[str, tuple[str, ...]]:
        """Architectures of a vendor that points speak of, where they are not too few for a mean."""
        known: dict[str, set[str]] = {}
        for r in self.rows:
            arch, vendor = (next(k for k in r.keys if k.startswith(sort)) for sort in ("arch.", "vendor."))
            if f"{COMPUTE}.{arch}" in self.factors.priors:
                known.setdefault(vendor, set()).add(arch)
        return {v: tuple(sorted(a)) for v, a in sorted(known.items()) if len(a) >= FEW_ARCHITECTURES}

    def of_kin(self, values: Mapping[str, float], vendor: str, unseen: str = "") -> Array:
        """Logarithms of the factors of a vendor's architectures but one."""
        return np.log([values[f"{COMPUTE}.{a}"] for a in self.kin[vendor] if a != unseen])

    def stand_in(self, values: Mapping[str, float], unseen: str) -> Array:
        """What multiplies the compute fraction of rows whose architecture no point speaks of, or is
        `unseen`: the geometric mean of its vendor's."""
        found = np.ones(len(self.rows))
        for i, r in enumerate(self.rows):
            arch = next(k for k in r.keys if k.startswith("arch."))
            vendor = next(k for k in r.keys if k.startswith("vendor."))
            own = f"{COMPUTE}.{arch}"
            if vendor in self.kin and (arch == unseen or own not in self.factors.priors):
                found[i] = math.exp(self.of_kin(values, vendor, unseen).mean()) / values.get(own, 1.0)
        return found

    def residuals(self, values: Mapping[str, float], chosen: Any = slice(None), unseen: str = "") -> Array:
        """ln(predicted / measured) of the chosen rows, an architecture taken for `unseen`."""
        tuned = {}
        found = self.factors.values(values)
        found[COMPUTE] = found[COMPUTE] * self.stand_in(values, unseen)
        for base, (column, scale) in COLUMNS.items():
            value = found[base] * scale
            tuned[column] = np.minimum(value, 1.0) if column in passes.FRACTIONS else value
        tuned["launch_seconds"] = tuned["launch_seconds"] * self.layers
        p = dict(self.p) | {k: values[k] for k in BASES if k not in COLUMNS}
        flops = np.array(
            [
                passes.flops_of(r.case.model, s, r.case.item, p)
                for r, s in zip(self.rows, self.shapes, strict=True)
            ]
        )
        c: Any = SimpleNamespace(**(self.fixed | tuned | {"flops": flops}))
        every = predict_encoder.figures(np, c, self.batch, self.count, self.served, self.tokens)
        predicted = np.select([self.metric == m for m in every], list(every.values()))
        return np.asarray(np.log(predicted / self.value))[chosen]


def intervals(
    rows: Sequence[Measured], out: Array, without: Callable[[Any], Array]
) -> dict[str, fitting.Width]:
    """Widths of the intervals, and what widens them for a model, engine or architecture without points."""
    keys, kinds = [r.keys for r in rows], [r.kind for r in rows]
    found = fitting.widths("encoder.width", kinds, keys, ("role.", "engine.", "arch."), out, FEW)
    for sort in passes.LISTED:
        known = [
            math.prod(
                found[f"encoder.width.{k}"].value
                for k in (kind, *each)
                if f"encoder.width.{k}" in found and not k.startswith(f"{sort}.")
            )
            for kind, each in zip(kinds, keys, strict=True)
        ]
        names = {k for each in keys for k in each if k.startswith(f"{sort}.")}
        if (
            sort == "model"
        ):  # a new model has a role that points speak of, so it is judged where others share it
            role = {k: r for each in keys for k in each for r in each if k in names and r.startswith("role.")}
            names = {k for k in names if Counter(role.values())[role[k]] > 1}
        wider = fitting.unlisted(keys, sorted(names), np.array(known), without, FEW)
        found[f"encoder.width.unlisted.{sort}"] = wider
    return found


def kin_lines(table: Table, values: Mapping[str, float]) -> list[str]:
    """Factors for architectures that no point speaks of, in the form of the packs."""
    found = []
    for vendor, archs in table.kin.items():
        logs = table.of_kin(values, vendor)
        low, middle, high = (math.exp(logs.mean() + z * logs.std(ddof=1)) for z in (-1.28, 0.0, 1.28))
        told = f"geometric mean and spread of {len(archs)} architectures above"
        unit = f"factor on {COMPUTE} of others"
        found.append(
            fitting.line(f"{COMPUTE}.{vendor}", middle, low, high, unit, told, len(archs), AS_OF, SOURCE)
        )
    return found


def stacks(rows: Sequence[Measured]) -> list[published.Stack]:
    """The points by model, architecture, engine and format, of roles that other models share: a new model
    has a role that points speak of."""
    families = {(passes.role_of(r.case.model), r.case.model.family) for r in rows}
    shared = {role for role, n in Counter(role for role, _ in families).items() if n > 1}
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for i, r in enumerate(rows):
        if passes.role_of(r.case.model) not in shared:
            continue
        form = passes.ALIKE.get(r.case.form, r.case.form)
        found.setdefault((r.case.model.id, str(r.case.device.arch), r.case.engine, form), []).append(i)
    return [
        published.Stack(
            model,
            str(rows[where[0]].case.model.family),
            arch,
            (engine, form),
            np.array([rows[i].case.batch for i in where]),
            np.array(where),
        )
        for (model, arch, engine, form), where in found.items()
    ]


def main() -> None:
    """Fit, report, write."""
    rows, p = measured()
    table = Table(rows, p)

    def fit(chosen: Any) -> dict[str, float]:
        return fitting.fit(table.factors.priors, lambda v: table.residuals(v, chosen) * table.weight[chosen])

    full = fit(slice(None))
    inside, out = table.residuals(full), np.zeros(len(rows))
    for values, where in fitting.left_out([r.group for r in rows], fit):
        out[where] = table.residuals(values)[where]
    for by in ("metric", "engine", "role", "model", "arch", "file", "all"):
        names = [
            {
                "metric": r.point.metric,
                "engine": r.case.engine,
                "role": passes.role_of(r.case.model),
                "model": r.case.model.id,
                "arch": str(r.case.device.arch),
                "file": r.file,
                "all": "all",
            }[by]
            for r in rows
        ]
        print(f"\nby {by}", file=sys.stderr)
        fitting.report(names, {"fitted": inside, "left out": out})
    slower = np.array([1.0 if r.kind == "latency" else -1.0 for r in rows])

    def without_family(family: str) -> Array:
        return slower * table.residuals(fit(np.array([r.case.model.family != family for r in rows])))

    def without(left: Any) -> Array:
        archs = [{k for k in r.keys if k.startswith("arch.")} for r in rows]
        whole = set[str]().union(*(a for a, gone in zip(archs, left, strict=True) if gone))
        whole -= set[str]().union(*(a for a, gone in zip(archs, left, strict=True) if not gone))
        return table.residuals(fit(~left), unseen=min(whole, default=""))

    widths = intervals(rows, out, without)
    known = np.array(
        [
            math.prod(
                widths[k].value for k in map("encoder.width.{}".format, (r.kind, *r.keys)) if k in widths
            )
            for r in rows
        ]
    )
    text = [
        "# yaml-language-server: $schema=../schemas/parameters.json",
        "# Written by scripts/fit_encoder.py; do not edit.",
        "parameters:",
        *table.factors.lines(full, WHERE, AS_OF, SOURCE),
        *kin_lines(table, full),
        *published.lines(
            load_catalogue(), dict(p) | full, stacks(rows), without_family, known, AS_OF, SOURCE
        ),
        *fitting.width_lines(widths, LEFT_OUT, AS_OF, SOURCE),
    ]
    print("\n".join(text))
    columns = {"fitted": inside, "stack_left_out": out}
    fitting.write_errors("one-pass", rows, told, columns, fitting.printed_widths(rows))


def told(r: Measured) -> dict[str, str]:
    """What the table of errors groups a point by."""
    return {"what": passes.role_of(r.case.model), "engine": r.case.engine, "vendor": r.case.device.vendor}


if __name__ == "__main__":
    main()
