"""Files of measured points: YAML or CSV, one form for evidence, `validate` and `calibrate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selector.errors import InputError, Position, Problem
from selector.packs.reader import parse, read_text

SERVING = frozenset(
    (
        *("output_tok_s", "total_tok_s", "req_s", "ttft_ms", "tpot_ms", "prefill_tok_s", "decode_tok_s"),
        *("latency_ms", "latency_s", "energy_j_per_output_tok"),
    )
)
TRAINING = frozenset(("tok_s_per_device", "tflops_per_device", "mfu", "samples_s", "device_hours"))
MEMORY = frozenset(
    (
        *("gpu_mem_gb", "gpu_mem_gib", "weights_gib", "weights_gb", "weights_mb", "host_mem_gb"),
        *("memory_gb", "fits", "min_devices"),
    )
)
# Points that their gatherers found impossible or wrong; they stand outside all targets.
SET_APART = frozenset(
    ("implausible_outlier", "copied_from_a100_page", "unrepresentative_slow", "partial_offload")
)
LARGEST = 1e18  # no field of a point is larger
# Units that points may state, by the end of the metric's name; others are of another quantity.
UNITS = {
    "ms": ("ms", "msec", "milliseconds"),
    "latency_s": ("s", "sec", "seconds"),
    "tok_s": ("tok/s", "tokens/s", "token/s", "tok_s", "tokens_s", "t/s", "tokens/sec", "tokens per second"),
    "req_s": (
        "req/s",
        "requests/s",
        "request/s",
        "req_s",
        "requests/sec",
        "requests per second",
        "rps",
        "qps",
    ),
    "output_tok": ("j/tok", "j/token", "joules/token"),
    "_gb": ("gb",),
    "gib": ("gib",),
    "_mb": ("mb",),
}
MOST_MFU = 2.0  # narrow formats pass the 16-bit peak, not twice
TRUTH = {"true": True, "false": False, "yes": True, "no": False}


class PointError(ValueError):
    """A point that cannot be predicted; the text says why."""


class ImpossibleError(PointError):
    """A point that no run can have given."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measured point; `fields` keeps every column, None where empty; `line` is that of its file."""

    id: str
    fields: Mapping[str, Any]
    line: int = 1

    def text(self, name: str) -> str | None:
        """A field as text; None where it is empty."""
        found = self.fields.get(name)
        return None if found is None else str(found)

    def number(self, name: str, low: float = 0.0) -> float | None:
        """A finite number of at least `low`; None where it is empty; raises `PointError`."""
        found = self.fields.get(name)
        if found is None:
            return None
        try:
            value = float(found)
        except (TypeError, ValueError):
            raise ImpossibleError(f"{name} is not a number: {found!r}") from None
        if isinstance(found, bool) or not low <= value <= LARGEST:
            raise ImpossibleError(f"{name} is impossible: {found!r}")
        return value

    @property
    def metric(self) -> str:
        """What was measured."""
        return self.text("metric") or "(no metric)"

    @property
    def flags(self) -> frozenset[str]:
        """Warnings about the point."""
        found = self.fields.get("flags") or ""
        words = found if isinstance(found, list) else str(found).strip("[]").replace(";", ",").split(",")
        return frozenset(str(w).strip() for w in words if str(w).strip())

    @property
    def apart(self) -> bool:
        """True where the point stands outside the targets."""
        return bool(self.flags & SET_APART)


def check_unit(point: Point) -> None:
    """Raises `PointError` where a point states another unit than its metric has."""
    unit = (point.text("unit") or "").lower()
    known = next((words for end, words in UNITS.items() if point.metric.endswith(end)), ())
    if unit and known and unit not in known:
        raise ImpossibleError(f"unit {unit} is not that of {point.metric}, which is {known[0]}")
    if point.metric == "mfu" and (point.number("value") or 0.0) > MOST_MFU:
        raise ImpossibleError("mfu is a fraction, not a percentage")


def read(path: Path) -> list[Point]:
    """All points of a file; raises `InputError` with a position where it is malformed."""
    text = read_text(path)
    rows = _csv(path, text) if path.suffix.lower() == ".csv" else _yaml(path, text)
    if not rows:
        raise InputError(Problem("holds no points", Position(str(path), 1, 1)))
    return [Point(str(r.get("id") or f"{path.name}:{i + 1}"), r, line) for i, (line, r) in enumerate(rows)]


def _csv(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    import csv
    import io

    reader = csv.DictReader(io.StringIO(text), strict=True)
    rows: list[tuple[int, dict[str, Any]]] = []
    try:
        for row in reader:
            if None in row or None in row.values():
                what = "a row with another number of cells than the header"
                raise InputError(Problem(what, Position(str(path), reader.line_num, 1)))
            rows.append((reader.line_num, {k: _cell(v) for k, v in row.items()}))
    except csv.Error as error:
        raise InputError(Problem(f"not CSV: {error}", Position(str(path), reader.line_num, 1))) from None
    if rows and not {"metric", "value"} <= set(rows[0][1]):
        fix = "the header names id, model, hardware, metric, value and the fields of the kind"
        raise InputError(Problem("no columns metric and value", Position(str(path), 1, 1), fix))
    return rows


def _cell(text: str) -> Any:
    text = text.strip()
    if text in ("", "null", "None"):
        return None
    return TRUTH.get(text.lower(), text)


def _yaml(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    document = parse(text, str(path))
    named = isinstance(document.data, dict)
    data = document.data.get("points") if named else document.data
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        fix = (
            "write points: and below it a list of points; `selector calibrate` reads files of benchmark tools"
        )
        raise InputError(Problem("not a list of points", Position(str(path), 1, 1), fix))
    base = ("points",) if named else ()
    return [(document.where((*base, i)).line, row) for i, row in enumerate(data)]
