"""Exports of GenAI-Perf and of AIPerf: `profile_export_genai_perf.json`, `profile_export_aiperf.json`, and
their CSV files. Units stand beside each figure and are converted from them."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from selector.iterate.importers.base import Foreign, Row, in_flight, inner, number, objects, opens, rows, text

NAME = "genai-perf"
TIMES = {"ms": 1.0, "sec": 1e3, "s": 1e3, "us": 1e-3, "ns": 1e-6}
RATES = ("tokens/sec", "tokens/s", "requests/sec", "requests/s", "per sec", "tokens", "requests")
FIGURES = {
    "time to first token": "time_to_first_token",
    "inter token latency": "inter_token_latency",
    "output token throughput": "output_token_throughput",
    "request throughput": "request_throughput",
    "input sequence length": "input_sequence_length",
    "output sequence length": "output_sequence_length",
}
HEAD = re.compile(r"^(.*?)\s*\(([^()]*)\)\s*$")


def detect(given: Foreign) -> bool:
    """True for an export of either tool, JSON or CSV."""
    if given.text.lstrip().lower().startswith("metric,"):
        return "inter token latency" in given.text.lower() or "request throughput" in given.text.lower()
    found = opens(given)
    return isinstance(inner(found, "request_throughput"), dict) and "unit" in found["request_throughput"]


def read(given: Foreign) -> list[Row]:
    """Throughput and times of a profile."""
    if given.text.lstrip()[:1] in ("{", "["):
        return [row for line, run in objects(given) for row in _run(run, given, line)]
    return _run(_table(given), given, 1)


def _table(given: Foreign) -> dict[str, Any]:
    """The two tables of a CSV export as the JSON has them."""
    found: dict[str, Any] = {}
    head: list[str] = []
    for number_, cells in enumerate(csv.reader(io.StringIO(given.text)), 1):
        if not cells or not cells[0].strip():
            continue
        if cells[0].strip().lower() == "metric":
            head = [c.strip().lower() for c in cells]
            continue
        match = HEAD.match(cells[0])
        name = FIGURES.get((match[1] if match else cells[0]).strip().lower())
        if name is None or not head:
            continue
        if len(cells) != len(head):
            raise given.fail("a row with another number of cells than the header", number_)
        values = {
            ("avg" if k == "value" else k): _cell(v, given, number_)
            for k, v in zip(head[1:], cells[1:], strict=True)
        }
        found[name] = {"unit": match[2] if match else "", **values}
    if not found:
        raise given.fail("no figures of a profile")
    return found


def _cell(value: str, given: Foreign, line: int) -> float | None:
    plain = value.replace(",", "").strip()
    try:
        return float(plain) if plain else None
    except ValueError:
        raise given.fail(f"not a number: {value!r}", line) from None


def _run(run: dict[str, Any], given: Foreign, line: int) -> list[Row]:
    first, each = (_time(run, k, given, line) for k in ("time_to_first_token", "inter_token_latency"))
    lengths = [_plain(run, f"{side}_sequence_length", given, line) for side in ("input", "output")]
    rate = _plain(run, "request_throughput", given, line)
    config = run.get("input_config")
    held = _concurrency(config)
    means = [_time(run, k, given, line, ("avg",))[0] for k in ("time_to_first_token", "inter_token_latency")]
    told = {
        "model": _model(config),
        "input_tokens": lengths[0],
        "output_tokens": lengths[1],
        "concurrency_or_batch": held or in_flight(rate, means[0], means[1], lengths[1]),
        "scenario": "online",
    }
    tokens = _plain(run, "output_token_throughput", given, line)
    return rows(told, {"output_tok_s": (tokens, "tok/s", "mean"), "ttft_ms": first, "tpot_ms": each})


def _time(
    run: dict[str, Any], key: str, given: Foreign, line: int, stats: tuple[str, ...] = ("p50", "avg")
) -> tuple[float | None, str, str]:
    values = run.get(key)
    if not isinstance(values, dict):
        return None, "ms", "median"
    unit = str(values.get("unit", "ms"))
    if unit not in TIMES:
        raise given.fail(
            f"{key} is in {unit!r}, which is no unit of time", line, f"one of: {', '.join(TIMES)}"
        )
    for stat in stats:
        found = number(values, stat, given, line)
        if found:
            return found * TIMES[unit], "ms", "median" if stat == "p50" else "mean"
    return None, "ms", "median"


def _plain(run: dict[str, Any], key: str, given: Foreign, line: int) -> float | None:
    values = run.get(key)
    if not isinstance(values, dict):
        return None
    unit = str(values.get("unit", ""))
    if unit and unit not in RATES:
        raise given.fail(f"{key} is in {unit!r}", line, f"one of: {', '.join(RATES)}")
    return number(values, "avg", given, line)


def _concurrency(config: Any) -> float | None:
    for path in (("loadgen", "concurrency"), ("perf_analyzer", "stimulus", "concurrency"), ("concurrency",)):
        found = inner(config, *path)
        if isinstance(found, int | float) and not isinstance(found, bool) and found > 0:
            return float(found)
    return None


def _model(config: Any) -> str | None:
    for path in (("endpoint", "model_names"), ("model_names",), ("model",)):
        found = inner(config, *path)
        if isinstance(found, list) and found:
            found = found[0]
        if text(found):
            return text(found)
    return None
