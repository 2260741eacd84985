"""`prediction.json` of `aisimulate predict` (0.13): the report of one simulated run. It does not say what was
deployed, so model, hardware and engine come from flags; a simulator's figures count with a wider error."""

from __future__ import annotations

from typing import Any

from selector.iterate.importers.base import (
    Foreign,
    Row,
    each_request,
    in_flight,
    number,
    objects,
    opens,
    rows,
)

NAME = "aisimulate"
OTHERS = ("mean_tpot_ms", "mean_itl_ms", "num_total_gpus")
NEEDED = ("completed_requests", "request_throughput_rps", "output_throughput_tok_s", "mean_ttft_ms")


def detect(given: Foreign) -> bool:
    """True for a report of this tool."""
    return all(k in opens(given) for k in NEEDED)


def read(given: Foreign) -> list[Row]:
    """Throughput and mean times of every run."""
    return [row for line, run in objects(given) for row in _one(run, given, line)]


def _one(run: dict[str, Any], given: Foreign, line: int) -> list[Row]:
    missing = [k for k in NEEDED if k not in run]
    if missing:
        raise given.fail(f"no {', '.join(missing)}: not a report of a simulated run", line)
    said = {k: number(run, k, given, line) for k in (*NEEDED, *OTHERS)}
    tokens = each_request(run, said["completed_requests"], given, line)
    # Older reports have the time between tokens only, which is the same mean where each step gives one.
    each = said["mean_tpot_ms"] if said["mean_tpot_ms"] is not None else said["mean_itl_ms"]
    told = {
        "n_devices": said["num_total_gpus"],
        "input_tokens": tokens[0],
        "output_tokens": tokens[1],
        "concurrency_or_batch": in_flight(
            said["request_throughput_rps"], said["mean_ttft_ms"], each, tokens[1]
        ),
        "scenario": "online",
        "flags": "simulated",
    }
    return rows(
        told,
        {
            "output_tok_s": (said["output_throughput_tok_s"], "tok/s", "mean"),
            "ttft_ms": (said["mean_ttft_ms"], "ms", "mean"),
            "tpot_ms": (each, "ms", "mean"),
        },
    )
