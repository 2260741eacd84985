"""Results of `vllm bench serve --save-result` and of its ancestor `benchmark_serving.py`: a JSON object, or
one a line with --append-result."""

from __future__ import annotations

from typing import Any

from selector.iterate.importers.base import (
    Foreign,
    Row,
    each_request,
    in_flight,
    middle,
    number,
    objects,
    opens,
    rows,
    text,
)

NAME = "vllm-bench"
ENGINES = frozenset(("vllm", "sglang", "tensorrt-llm", "lmdeploy"))
NEEDED = ("request_throughput", "completed")


def detect(given: Foreign) -> bool:
    """True for a result of this tool."""
    found = opens(given)
    own = "model_id" in found or "tokenizer_id" in found or "total_token_throughput" in found
    return all(k in found for k in NEEDED) and own and "total_output_tokens_retokenized" not in found


def read(given: Foreign) -> list[Row]:
    """Throughput and times of every run."""
    return [row for line, run in objects(given) for row in one(run, given, line)]


def one(run: dict[str, Any], given: Foreign, line: int) -> list[Row]:
    """Figures of one run; token counts are means over the requests that were completed."""
    missing = [k for k in NEEDED if k not in run]
    if missing:
        raise given.fail(f"no {', '.join(missing)}: not a result of a serving benchmark", line)
    tokens = each_request(run, number(run, "completed", given, line), given, line)
    first, each = middle(run, "ttft", given, line), middle(run, "tpot", given, line)
    means = [number(run, f"mean_{name}_ms", given, line) for name in ("ttft", "tpot")]
    rate = number(run, "request_throughput", given, line)
    backend = (text(run.get("backend")) or text(run.get("endpoint_type")) or "").lower()
    told = {
        "model": text(run.get("model_id")),
        "engine": backend if backend in ENGINES else None,
        "input_tokens": tokens[0],
        "output_tokens": tokens[1],
        "concurrency_or_batch": number(run, "max_concurrency", given, line)
        or in_flight(rate, means[0], means[1], tokens[1]),
        "scenario": "online",
        "date": day(run.get("date")),
    }
    return rows(
        told,
        {
            "output_tok_s": (number(run, "output_throughput", given, line), "tok/s", "mean"),
            "ttft_ms": first,
            "tpot_ms": each,
        },
    )


def day(stamp: Any) -> str | None:
    """20260314-101500 as 2026-03-14."""
    found = text(stamp) or ""
    return f"{found[:4]}-{found[4:6]}-{found[6:8]}" if found[:8].isdigit() and len(found) >= 8 else None
