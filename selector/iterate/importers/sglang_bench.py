"""Results of `python -m sglang.bench_serving --output-file`: one JSON object a line."""

from __future__ import annotations

from typing import Any

from selector.iterate.importers import vllm_bench
from selector.iterate.importers.base import Foreign, Row, inner, number, objects, opens, text

NAME = "sglang-bench"
OWN = ("total_output_tokens_retokenized", "mean_e2e_latency_ms")


def detect(given: Foreign) -> bool:
    """True for a result of this tool."""
    found = opens(given)
    return "request_throughput" in found and any(k in found for k in OWN)


def read(given: Foreign) -> list[Row]:
    """Throughput and times of every run; what the server said of itself where it did."""
    found = []
    for line, run in objects(given):
        server = run.get("server_info") if isinstance(run.get("server_info"), dict) else {}
        told = {k: v for k, v in _server(run, server).items() if v is not None}
        for row in vllm_bench.one(run, given, line):
            held = row["concurrency_or_batch"] or number(run, "concurrency", given, line)
            found.append({**row, "concurrency_or_batch": held, **told})
    return found


def _server(run: dict[str, Any], server: Any) -> dict[str, Any]:
    backend = (text(run.get("backend")) or "").lower()
    drafts = inner(run, "accept_length")
    return {
        "model": text(inner(server, "model_path")) or text(run.get("model")),
        "engine": "sglang" if backend.startswith("sglang") else None,
        "engine_version": text(inner(server, "version")),
        "tp": inner(server, "tp_size"),
        "precision_weights": text(inner(server, "quantization")),
        "flags": "speculative" if isinstance(drafts, int | float) and drafts > 1.0 else None,
    }
