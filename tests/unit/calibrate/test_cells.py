"""Factors over many cells are those of one stack at a time."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from selector.cli.session import study
from selector.decide import show, single
from selector.decide.calibrated import FACTORS
from selector.decide.measured_rows import of_row
from selector.estimate import serving
from selector.estimate.numeric import SCALAR
from selector.iterate.calibrate import read
from selector.iterate.measurements import Point
from selector.needs.load import load_document
from selector.packs.catalog import Catalogue, load
from selector.types.calibration import Book
from selector.types.estimate import Estimate

from .test_calibrate import POINT

NEED: dict[str, Any] = {
    "application": {"task": "chat", "languages": ["en"]},
    "workload": {"peak_requests_per_second": 4, "input_tokens": 900, "output_tokens": 250},
    "deployment": {"hosting": ["self_hosted"], "clouds": ["aws"]},
    "pins": {"model": ["meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-32B", "Qwen/Qwen3-8B"]},
}
POINTS: list[dict[str, Any]] = [
    {},
    {"metric": "output_tok_s", "value": 300.0},
    {"model": "Qwen/Qwen3-32B", "n_devices": 4, "tp": 4, "value": 45.0},
    {"model": "Qwen/Qwen3-8B", "precision_weights": "fp8", "metric": "gpu_mem_gb", "value": 12.0},
]


def test_arrays_give_what_scalars_give() -> None:
    cat = load()
    found = read([("f", Point(f"p{i}", POINT | p)) for i, p in enumerate(POINTS)], cat)
    cat.measured = Book(found.readings, accepted=frozenset({"f"}))
    made = study(load_document(NEED, "reqs"), cat, 10, False, False, date(2026, 11, 27))
    run = made.run
    assert run.index.cell is not None
    own = np.nonzero(np.asarray(run.stacks.cell) >= 0)[0]
    rows = np.random.default_rng(1).choice(own, min(400, len(own)), replace=False)
    cells = run.index.cell.take(np.asarray(run.stacks.cell)[rows].astype(int))
    moved = 0
    for place, row in enumerate(rows.tolist()):
        beliefs = of_row(run, row, here=False)
        for quantity, (factor, spread) in FACTORS.items():
            got = float(np.broadcast_to(getattr(cells, factor), len(rows))[place])
            wanted = beliefs[quantity].value.factor if quantity in beliefs else 1.0
            assert got == pytest.approx(wanted, rel=1e-9)
            if spread is not None and quantity in beliefs:
                assert float(getattr(cells, spread)[place]) == pytest.approx(
                    beliefs[quantity].spread, rel=1e-9
                )
            moved += quantity in beliefs
    assert moved > 20


ONE: dict[str, Any] = {
    "application": {"task": "chat", "languages": ["en"]},
    "deployment": {"hosting": ["self_hosted"]},
    "pins": {
        "model": ["meta-llama/Llama-3.1-8B-Instruct"],
        "hardware": ["l40s"],
        "engine": ["vllm"],
        "precision": ["bf16"],
        "layout": [{"tp": 1, "pp": 1}],
    },
}
LONE = {"scenario": "single_stream", "concurrency_or_batch": 1}
TIMES = ("first_token_ms", "first_token_p95_ms", "per_output_token_ms", "request_p95_ms", "requests_per_s")


def _first(cat: Catalogue, load_: dict[str, Any]) -> tuple[dict[str, Estimate], float, single.Sizing]:
    """Estimates of the first stack for a load, what its replicas hold, and the same stack sized alone."""
    workload = {"input_tokens": 900, "output_tokens": 250, "requests_per_month": 20_000, **load_}
    made = study(
        load_document({**ONE, "workload": workload}, "reqs"), cat, 1, False, False, date(2026, 11, 27)
    )
    run = made.run
    best = show.stacks(run, made.ranking.scored, made.rows[:1], None)[0]
    device = cat.devices[best.slots.hardware or ""]
    sized = single.size(
        cat, cat.models[best.slots.model], device, 1, run.load, engines=["vllm"], precisions=["bf16"]
    )
    assert run.sized is not None
    estimates = {n: e for n in TIMES if (e := best.estimates[n]) is not None}
    return estimates, float(run.sized.held[0]), sized


def _spread(e: Estimate) -> float:
    return e.p90 / e.p50


@pytest.mark.parametrize(
    ("point", "workload", "moved"),
    [
        ({**LONE, "metric": "ttft_ms", "value": 120.0}, {"concurrency": 1}, "first_token_ms"),
        ({**LONE, "metric": "ttft_ms", "value": 120.0}, {"peak_requests_per_second": 0.01}, "first_token_ms"),
        ({"metric": "ttft_ms", "value": 120.0}, {"concurrency": 2}, "first_token_ms"),
        ({**LONE, "metric": "ttft_ms", "value": 120.0}, {"peak_requests_per_second": 1}, None),
        ({"metric": "tpot_ms", "value": 25.0}, {"peak_requests_per_second": 1}, "per_output_token_ms"),
    ],
)
def test_a_measurement_moves_and_narrows_its_own_time(
    point: dict[str, Any], workload: dict[str, Any], moved: str | None
) -> None:
    cat = load()
    before, held, sized = _first(cat, workload)
    for name in ("first_token_ms", "first_token_p95_ms", "per_output_token_ms"):
        alone = sized.estimates[name]
        assert alone is not None
        assert (before[name].p50, before[name].p90) == pytest.approx((alone.p50, alone.p90), rel=1e-6)
    found = read([("f", Point("p", POINT | {"concurrency_or_batch": held} | point))], cat)
    cat.measured = Book(found.readings, accepted=frozenset({"f"}))
    after, _, sized = _first(cat, workload)
    own = {"first_token_ms", "first_token_p95_ms"} if moved == "first_token_ms" else {moved}
    for name in set(TIMES) - {"request_p95_ms"}:
        if name in own:
            assert after[name].inputs["method"] == "measured"
            assert _spread(after[name]) < 1.1 < _spread(before[name])
            alone = sized.estimates[name]
            assert alone is not None
            assert (after[name].p50, after[name].p90) == pytest.approx((alone.p50, alone.p90), rel=1e-6)
        else:
            assert "method" not in after[name].inputs
            assert _spread(after[name]) == pytest.approx(_spread(before[name]), rel=1e-9)
    first, token = after["first_token_p95_ms"], after["per_output_token_ms"]
    whole = after["request_p95_ms"]
    assert whole.p50 == pytest.approx(first.p50 + 250 * token.p50, rel=1e-6)
    assert whole.p90 == pytest.approx(first.p90 + 250 * token.p90, rel=1e-6)


def test_parts_of_a_request_are_late_together() -> None:
    assert serving.request_spread(SCALAR, 1.0, 3.0, 3.0, 1.5) == pytest.approx((3.0 + 4.5) / 4.0)
    assert serving.request_spread(SCALAR, 0.0, 3.0, 0.0, 1.5) == 1.0
