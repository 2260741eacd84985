"""Factors over many cells are those of one stack at a time."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from selector.cli.session import study
from selector.decide.calibrated import FACTORS
from selector.decide.measured_rows import of_row
from selector.iterate.calibrate import read
from selector.iterate.measurements import Point
from selector.needs.load import load_document
from selector.packs.catalog import load
from selector.types.calibration import Book

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
