"""Reports of GuideLLM (`benchmarks.json`): one benchmark for each strategy; `request_latency` is in seconds,
the other times say milliseconds in their names."""

from __future__ import annotations

from typing import Any

from selector.iterate.importers.base import Foreign, Row, inner, number, objects, opens, rows, text

NAME = "guidellm"


def detect(given: Foreign) -> bool:
    """True for a report of this tool."""
    runs = opens(given).get("benchmarks")
    first = runs[0] if isinstance(runs, list) and runs else None
    return isinstance(inner(first, "metrics", "requests_per_second"), dict)


def read(given: Foreign) -> list[Row]:
    """Throughput and times of the requests that succeeded, for every strategy."""
    found = []
    for line, report in objects(given):
        runs = report.get("benchmarks")
        if not isinstance(runs, list) or not runs:
            raise given.fail("no benchmarks in the report", line)
        for place, run in enumerate(runs):
            if not isinstance(inner(run, "metrics"), dict):
                raise given.fail(f"benchmarks[{place}] has no metrics", line)
            found += _run(run, report, given, line)
    return found


def _run(run: dict[str, Any], report: dict[str, Any], given: Foreign, line: int) -> list[Row]:
    def stat(name: str, which: str) -> float | None:
        values = inner(run, "metrics", name, "successful")
        return number(values, which, given, line) if isinstance(values, dict) else None

    def time(name: str) -> tuple[float | None, str, str]:
        for which in ("median", "mean"):
            if found := stat(name, which):
                return found, "ms", which
        return None, "ms", "median"

    told = {
        "model": _model(run, report),
        "input_tokens": stat("prompt_token_count", "mean"),
        "output_tokens": stat("output_token_count", "mean"),
        "concurrency_or_batch": stat("request_concurrency", "mean") or _streams(run),
        "scenario": "online",
    }
    # inter_token_latency leaves the first token out, as the metric of points does.
    each = time("inter_token_latency_ms")
    tokens = stat("output_tokens_per_second", "mean")
    return rows(
        told,
        {
            "output_tok_s": (tokens, "tok/s", "mean"),
            "ttft_ms": time("time_to_first_token_ms"),
            "tpot_ms": each,
        },
    )


def _streams(run: dict[str, Any]) -> float | None:
    strategy = inner(run, "config", "strategy") or inner(run, "args", "strategy")
    if inner(strategy, "type_") == "synchronous":
        return 1.0
    found = inner(strategy, "streams") or inner(strategy, "max_concurrency")
    return float(found) if isinstance(found, int | float) and found > 0 else None


def _model(run: dict[str, Any], report: dict[str, Any]) -> str | None:
    tries = (
        inner(run, "config", "backend", "model"),
        inner(run, "worker", "backend_model"),
        inner(run, "benchmarker", "backend", "model"),
        inner(report, "args", "model"),
    )
    return next((text(t) for t in tries if text(t)), None)
