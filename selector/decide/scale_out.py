"""More replicas where those that carry the rate answer too late: each then waits for fewer others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from selector.decide.generate import answer_ms
from selector.decide.spare import Spare, with_spare
from selector.estimate import sizing
from selector.types.load import Load
from selector.types.requirement import LatencyLimits

# Times the replicas that the rate asks for; the last rung tells whether more would help at all.
LADDER = (1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


def scale_out(
    found: dict[str, Any],
    cell: Any,
    load: Load,
    limits: LatencyLimits,
    spare: Spare,
    caps: Any,
    p: Mapping[str, float],
) -> None:
    """Raise replicas of cells that fit step by step until the tail of the first token and of the
    request keep their limits, within `caps` devices; what no step helps stays as it is.

    `found` holds the columns of `size.Sized` over the cells and is changed in place.
    """
    if load.scenario == "single_stream":
        return
    first = limits.first_token_p95_ms or np.inf
    whole = limits.request_p95_ms or np.inf
    base = found["replicas"] - found["spare"]
    had = np.floor(caps / (cell.tp * cell.pp))
    most = np.maximum(had - (spare.count if spare.stated else 0), 1.0)
    most = np.minimum(most, load.concurrency or np.inf)

    def late(columns: Mapping[str, Any]) -> Any:
        """Which cells break a limit, with the doubt that it must leave room for."""
        by = load.limit_share
        slow = columns["first_token_p95_ms"] * columns["first_token_spread"] ** by > first
        return slow | (columns["request_p95_ms"] * columns["request_spread"] ** by > whole)

    def step(chosen: Any, factor: float) -> tuple[Any, dict[str, Any]]:
        """Which of the chosen cells keep the limits at a rung, and their new columns."""
        replicas = np.minimum(np.ceil(base[chosen] * factor), most[chosen])
        asked = replace(load, kv_bits=found["kv_bits"][chosen])
        columns = _columns(cell.take(chosen), asked, replicas, p)
        total = with_spare(replicas, had[chosen], spare)
        return ~late(columns), columns | {"replicas": total, "spare": total - replicas}

    left = np.nonzero(late(found))[0]
    if len(left):
        left = left[step(left, LADDER[-1])[0]]
    for factor in LADDER:
        if not len(left):
            return
        good, columns = step(left, factor)
        done = left[good]
        found["requests_per_s"][done] *= columns["replicas"][good] / found["replicas"][done]
        for name, column in columns.items():
            found[name][done] = column[good]
        left = left[~good]


def _columns(c: Any, load: Load, replicas: Any, p: Mapping[str, float]) -> dict[str, Any]:
    """Milliseconds of one of `replicas` that share the load."""
    mem = sizing.ledger(np, c, load, p)
    rate = (0.0 if load.concurrency else load.peak_requests_per_second or 0.0) / replicas
    batch = np.ceil((load.concurrency or 1.0) / replicas)
    return answer_ms(c, load, mem, rate, batch, p)
