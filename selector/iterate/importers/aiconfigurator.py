"""Tables that a run of AIConfigurator, or of AISimulate in its place, writes (`best_config_topn.csv`,
`pareto.csv`): what a simulator says, not what was measured; each row is flagged so and counts with a wider
error."""

from __future__ import annotations

import csv
import io
from typing import Any

from selector.iterate.importers.base import FINITE, Foreign, Row, rows

NAME = "aiconfigurator"
NEEDED = ("isl", "osl", "ttft", "tpot", "tokens/s", "system", "backend")
NUMBERS = (
    "isl",
    "osl",
    "concurrency",
    "ttft",
    "tpot",
    "tokens/s",
    "num_total_gpus",
    "tp",
    "pp",
    "dp",
    "moe_ep",
)


def detect(given: Foreign) -> bool:
    """True for a table of aggregated serving of either tool."""
    head = given.text.lstrip().split("\n", 1)[0].split(",")
    return all(name in [h.strip() for h in head] for name in NEEDED)


def read(given: Foreign) -> list[Row]:
    """Times and tokens a second of every configuration."""
    reader = csv.DictReader(io.StringIO(given.text.lstrip()))
    found: list[Row] = []
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise given.fail(f"no columns {', '.join(missing)}")
    for raw in reader:
        line = reader.line_num
        if None in raw or None in raw.values():
            raise given.fail("a row with another number of cells than the header", line)
        found += _row(raw, given, line)
    if not found:
        raise given.fail("the table has no rows")
    return found


def _row(raw: dict[str, Any], given: Foreign, line: int) -> list[Row]:
    n = {name: _number(raw.get(name), name, given, line) for name in NUMBERS}
    copies = n["dp"] or 1.0
    told = {
        "model": raw.get("model") or None,
        "engine": raw["backend"] or None,
        "engine_version": raw.get("version") or None,
        "hardware": raw["system"] or None,
        "n_devices": n["num_total_gpus"] or (n["tp"] or 1.0) * (n["pp"] or 1.0) * copies,
        "tp": n["tp"],
        "pp": n["pp"],
        "ep": n["moe_ep"],
        "precision_weights": raw.get("gemm") or None,
        "precision_kv": {"float16": "fp16", "bfloat16": "bf16"}.get(
            raw.get("kvcache") or "", raw.get("kvcache") or None
        ),
        "input_tokens": n["isl"],
        "output_tokens": n["osl"],
        "concurrency_or_batch": n["concurrency"],
        "scenario": "online",
        "flags": "simulated",
    }
    return rows(
        told,
        {
            "output_tok_s": (n["tokens/s"], "tok/s", "mean"),
            "ttft_ms": (n["ttft"], "ms", "mean"),
            "tpot_ms": (n["tpot"], "ms", "mean"),
        },
    )


def _number(value: Any, name: str, given: Foreign, line: int) -> float | None:
    if value in (None, ""):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise given.fail(f"{name} is not a number: {value!r}", line) from None
    if not 0.0 <= found <= FINITE:
        raise given.fail(f"{name} is impossible: {value!r}", line)
    return found
