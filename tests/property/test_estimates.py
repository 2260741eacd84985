"""What must hold of estimates whatever the numbers."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from selector.decide import cells, tuning
from selector.estimate import sizing
from selector.estimate.numeric import SCALAR
from selector.packs.catalog import load
from selector.types.load import Cell, Load

CAT = load()
P = {k: v.value for k, v in CAT.parameters.items()}
MODELS = sorted(m.id for m in CAT.models.values() if m.model_class == "llm" and m.kv_bytes_per_token_16bit)
DEVICES = sorted(d.id for d in CAT.devices.values() if d.kind == "gpu" and d.tflops_dense and d.gb_per_s)
ENGINES = ("vllm", "sglang", "tensorrt-llm", "llama.cpp", "generic")
FORMATS = sorted(
    ("bf16", "fp8-w8a8", "int8-w8a16", "int4-awq", "nvfp4"), key=lambda f: -CAT.precisions[f].bits_weights
)
CASES = {
    "model": st.sampled_from(MODELS),
    "device": st.sampled_from(DEVICES),
    "engine": st.sampled_from(ENGINES),
    "tp": st.sampled_from([1, 2, 4, 8]),
    "batch": st.floats(1, 256),
}
LOADS = st.builds(
    lambda given, written: Load(given, given, written, given + written),
    st.floats(1, 100_000),
    st.floats(1, 8_000),
)
SLACK = 1.0 + 1e-9


def cell(model: str, device: str, engine: str, tp: int, precision: str = "bf16") -> Any:
    m, d, q = CAT.models[model], CAT.devices[device], CAT.precisions[precision]
    shp = cells.shape(m, P)
    return cells.scalar_cell(
        [
            cells.model_part(shp),
            cells.device_part(d, engine, None, False, P),
            cells.format_part(m, d, q, None),
            cells.layout_part(tp, 1),
            tuning.tuning_part(d, engine, shp, tp, q, P),
        ]
    )


def times(c: Any, load_: Load, batch: float) -> sizing.Times:
    return sizing.times(SCALAR, c, load_, batch, 0.0, P)


@given(**CASES, load_=LOADS, precision=st.sampled_from(FORMATS))
@settings(max_examples=200, deadline=None)
def test_no_time_below_the_physical_floor(
    model: str, device: str, engine: str, tp: int, batch: float, load_: Load, precision: str
) -> None:
    """The floor is worked out here from published totals, not taken from the estimate."""
    c = cell(model, device, engine, tp, precision)
    t = times(c, load_, batch)
    m, d, q = CAT.models[model], CAT.devices[device], CAT.precisions[precision]
    assert d.gb_per_s
    active = (m.active_params_b or m.params_b or 0.0) * 1e9
    tables = 2.0 * float(c.head_params)  # the input table is not read; both where the model has two
    bytes_read = max(active - tables, 0.0) * q.bits_weights / 8.0 / tp
    assert t.per_output_token >= bytes_read / (d.gb_per_s * 1e9) / SLACK
    flops = 2.0 * max(active - tables, 0.0) * load_.input_tokens
    peak = max(d.tflops_dense.values()) * 1e12 * tp
    assert not t.first_token < flops / peak / SLACK


@given(**CASES)
@settings(max_examples=80, deadline=None)
def test_longer_context_never_needs_less_and_fewer_bits_never_more(
    model: str, device: str, engine: str, tp: int, batch: float
) -> None:
    short, long = Load(1000, 1000, 200, 4096), Load(1000, 1000, 200, 65536)
    wide = sizing.ledger(SCALAR, cell(model, device, engine, tp), short, P)
    assert sizing.ledger(SCALAR, cell(model, device, engine, tp), long, P).per_sequence >= wide.per_sequence
    half = replace(short, kv_bits=8.0)
    assert sizing.ledger(SCALAR, cell(model, device, engine, tp), half, P).per_sequence <= wide.per_sequence
    if not CAT.models[model].weights_gb:
        sizes = [sizing.ledger(SCALAR, cell(model, device, engine, tp, f), short, P).weights for f in FORMATS]
        assert sizes == sorted(sizes, reverse=True)
    del batch


@given(
    **CASES,
    load_=LOADS,
    more=st.floats(1.0, 4.0),
    what=st.sampled_from(["bandwidth", "peak", "link_bytes_per_s", "memory_bytes"]),
)
@settings(max_examples=200, deadline=None)
def test_better_hardware_is_never_worse(
    model: str, device: str, engine: str, tp: int, batch: float, load_: Load, more: float, what: str
) -> None:
    c = cell(model, device, engine, tp)
    better = replace(c, **{what: float(getattr(c, what)) * more})
    before, after = times(c, load_, batch), times(better, load_, batch)
    assert after.per_output_token <= before.per_output_token * SLACK
    assert after.prefill <= before.prefill * SLACK
    memory, larger = sizing.ledger(SCALAR, c, load_, P), sizing.ledger(SCALAR, better, load_, P)
    assert larger.batch >= memory.batch
    slow = sizing.capacity(SCALAR, c, load_, memory, P)
    assert sizing.capacity(SCALAR, better, load_, larger, P) >= slow / SLACK


@given(**CASES, load_=LOADS, more=st.floats(1.0, 8.0))
@settings(max_examples=200, deadline=None)
def test_more_load_never_lowers_latency(
    model: str, device: str, engine: str, tp: int, batch: float, load_: Load, more: float
) -> None:
    c = cell(model, device, engine, tp)
    few, many = times(c, load_, batch), times(c, load_, batch * more)
    assert many.step >= few.step / SLACK
    assert many.per_output_token >= few.per_output_token / SLACK
    slow = sizing.times(SCALAR, c, load_, batch, 0.1, P)
    assert sizing.times(SCALAR, c, load_, batch, 0.1 * more, P).first_token >= slow.first_token / SLACK
    longer = replace(load_, input_tokens=load_.input_tokens * more)
    assert times(c, longer, batch).prefill >= few.prefill / SLACK


@given(**CASES, load_=LOADS)
@settings(max_examples=60, deadline=None)
def test_devices_are_added_without_harm_to_memory(
    model: str, device: str, engine: str, tp: int, batch: float, load_: Load
) -> None:
    one, two = cell(model, device, engine, tp), cell(model, device, engine, 2 * tp)
    few, many = sizing.ledger(SCALAR, one, load_, P), sizing.ledger(SCALAR, two, load_, P)
    assert many.weights + many.activations <= few.weights + few.activations
    assert many.per_sequence <= few.per_sequence
    del batch


@given(**CASES, load_=LOADS)
@settings(max_examples=60, deadline=None)
def test_arrays_and_numbers_agree(
    model: str, device: str, engine: str, tp: int, batch: float, load_: Load
) -> None:
    """`recommend` runs the formulas on arrays, `estimate` on one stack: the same code, the same figures."""
    import numpy as np

    c = cell(model, device, engine, tp)
    columns = type(c)(**{f.name: np.array([getattr(c, f.name)]) for f in fields(Cell)})
    memory = sizing.ledger(SCALAR, c, load_, P)
    many = sizing.ledger(np, columns, load_, P)
    assert float(many.batch[0]) == memory.batch
    one, all_ = times(c, load_, batch), sizing.times(np, columns, load_, np.array([batch]), 0.0, P)
    for name in ("step", "per_output_token", "prefill", "first_token", "first_token_p95", "rate"):
        value = getattr(one, name)
        assert abs(float(getattr(all_, name)[0]) - value) <= 1e-12 * value
    held = sizing.settled(SCALAR, c, load_, memory, 0.5, batch, P)
    array = sizing.settled(np, columns, load_, many, 0.5, np.array([batch]), P)
    assert abs(float(array[0]) - held) <= 1e-9 * held
    best = sizing.capacity(SCALAR, c, load_, memory, P)
    assert abs(float(sizing.capacity(np, columns, load_, many, P)[0]) - best) <= 1e-9 * max(best, 1.0)
