"""Logs of MLPerf inference (LoadGen): `mlperf_log_summary.txt`, or the lines `:::MLLOG` of
`mlperf_log_detail.txt`. Times are nanoseconds."""

from __future__ import annotations

import json
import re
from typing import Any

from selector.iterate.importers.base import Foreign, Row, rows

NAME = "mlperf"
LINE = re.compile(r"^\s*(.+?)\s*:\s*(.+?)\s*$")
DETAIL = {
    "result_samples_per_second": "samples per second",
    "result_completed_samples_per_sec": "completed samples per second",
    "result_tokens_per_second": "tokens per second",
    "result_completed_tokens_per_second": "completed tokens per second",
    "result_first_token_mean_latency_ns": "mean first token latency (ns)",
    "result_time_per_output_token_mean": "mean time to output token (ns)",
    "result_validity": "result is",
    "effective_scenario": "scenario",
}
RATES = ("completed tokens per second", "tokens per second")
SAMPLES = ("completed samples per second", "samples per second")
SCENARIOS = {
    "offline": "offline",
    "server": "online",
    "interactive": "online",
    "singlestream": "single_stream",
}


def detect(given: Foreign) -> bool:
    """True for a summary or a detailed log."""
    return "MLPerf Results Summary" in given.text[:2000] or ":::MLLOG" in given.text[:4000]


def read(given: Foreign) -> list[Row]:
    """Rates, and the mean times of a server; an invalid run is flagged."""
    told = _detail(given) if ":::MLLOG" in given.text else _summary(given)
    scenario = SCENARIOS.get(str(told.get("scenario", "")).lower().replace(" ", ""))
    if scenario is None:
        raise given.fail(
            f"scenario {told.get('scenario')!r} is not known", 1, f"one of: {', '.join(SCENARIOS)}"
        )
    valid = str(told.get("result is", "")).upper() == "VALID"
    run = {"scenario": scenario, "flags": None if valid else "implausible_outlier;run_is_invalid"}
    tokens, samples = _first(told, RATES, given), _first(told, SAMPLES, given)
    figures = {
        "output_tok_s": (tokens, "tok/s", "mean"),
        "req_s": (None if tokens else samples, "req/s", "mean"),
    }
    if scenario != "offline":
        for metric, what in (("ttft_ms", "first token latency"), ("tpot_ms", "time to output token")):
            nanoseconds = _first(told, (f"mean {what} (ns)",), given)
            figures[metric] = (nanoseconds / 1e6 if nanoseconds else None, "ms", "mean")
    found = rows(run, figures)
    if not found:
        raise given.fail("no rate in the log: was it an accuracy run?")
    return found


def _summary(given: Foreign) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in given.text.splitlines():
        if match := LINE.match(line):
            found.setdefault(match[1].lower(), match[2])
    return found


def _detail(given: Foreign) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number_, line in enumerate(given.text.splitlines(), 1):
        if not line.startswith(":::MLLOG"):
            continue
        try:
            entry = json.loads(line.removeprefix(":::MLLOG").strip())
            key, value = entry["key"], entry["value"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise given.fail("not a line of MLLOG with key and value", number_) from None
        if key in DETAIL:
            found[DETAIL[key]] = value
    return found


def _first(told: dict[str, Any], names: tuple[str, ...], given: Foreign) -> float | None:
    for name in names:
        if name in told:
            try:
                value = float(told[name])
            except (TypeError, ValueError):
                raise given.fail(f"{name} is not a number: {told[name]!r}") from None
            if not 0.0 <= value < float("inf"):
                raise given.fail(f"{name} is impossible: {value!r}")
            return value or None
    return None
