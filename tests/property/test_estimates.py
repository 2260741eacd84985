"""What must hold of estimates whatever the numbers."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from selector.decide import cells, tuning
from selector.estimate import sizing
from selector.estimate.numeric import SCALAR
from selector.packs.catalog import load
from selector.types.load import Load

CAT = load()
P = {k: v.value for k, v in CAT.parameters.items()}
MODELS = sorted(m.id for m in CAT.models.values() if m.model_class == "llm" and m.kv_bytes_per_token_16bit)
DEVICES = sorted(d.id for d in CAT.devices.values() if d.kind == "gpu" and d.tflops_dense and d.gb_per_s)
CASES = {
    "model": st.sampled_from(MODELS),
    "device": st.sampled_from(DEVICES),
    "tp": st.sampled_from([1, 2, 4, 8]),
    "batch": st.floats(1, 256),
}


def cell(model: str, device: str, tp: int, precision: str = "bf16") -> Any:
    m, d = CAT.models[model], CAT.devices[device]
    shp = cells.shape(m, P)
    return cells.scalar_cell(
        [
            cells.model_part(shp),
            cells.device_part(d, "vllm", None, False, P),
            cells.format_part(m, d, CAT.precisions[precision], None),
            cells.layout_part(tp, 1),
            tuning.tuning_part(d, "vllm", shp, tp, CAT.precisions[precision], P),
        ]
    )


@given(**CASES)
@settings(max_examples=80, deadline=None)
def test_no_step_is_faster_than_its_bytes(model: str, device: str, tp: int, batch: float) -> None:
    c = cell(model, device, tp)
    load_ = Load(1000, 1000, 200, 1200)
    times = sizing.times(SCALAR, c, load_, batch, 0.0, P)
    assert times.per_output_token >= times.floor
    assert times.step >= times.floor


@given(**CASES)
@settings(max_examples=80, deadline=None)
def test_longer_context_never_needs_less_and_fewer_bits_never_more(
    model: str, device: str, tp: int, batch: float
) -> None:
    short, long = Load(1000, 1000, 200, 4096), Load(1000, 1000, 200, 65536)
    wide = sizing.ledger(SCALAR, cell(model, device, tp), short, P)
    assert sizing.ledger(SCALAR, cell(model, device, tp), long, P).per_sequence >= wide.per_sequence
    narrow = sizing.ledger(SCALAR, cell(model, device, tp, "int4-awq"), short, P)
    if not CAT.models[model].weights_gb:
        assert narrow.weights <= wide.weights
    del batch


@given(**CASES, more=st.floats(1.0, 4.0))
@settings(max_examples=80, deadline=None)
def test_more_bandwidth_is_never_slower(model: str, device: str, tp: int, batch: float, more: float) -> None:
    c = cell(model, device, tp)
    load_ = Load(1000, 1000, 200, 1200)
    faster = replace(c, bandwidth=float(c.bandwidth) * more)
    step, _ = sizing.step_at(SCALAR, c, load_, batch)
    quicker, _ = sizing.step_at(SCALAR, faster, load_, batch)
    assert quicker <= step * (1 + 1e-12)


@given(**CASES)
@settings(max_examples=40, deadline=None)
def test_arrays_and_numbers_agree(model: str, device: str, tp: int, batch: float) -> None:
    import numpy as np

    c = cell(model, device, tp)
    load_ = Load(1000, 1000, 200, 1200)
    columns = type(c)(**{f: np.array([getattr(c, f)]) for f in c.__dataclass_fields__})
    one, _ = sizing.step_at(SCALAR, c, load_, batch)
    many, _ = sizing.step_at(np, columns, load_, np.array([batch]))
    assert abs(float(many[0]) - one) <= 1e-12 * one
