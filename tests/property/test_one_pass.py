"""What must hold of models that do not stream tokens, whatever the numbers."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selector.decide import cells, passes, tuning
from selector.decide.axes import Axes, DeviceOption, EngineOption, ModelOption, PrecisionOption
from selector.decide.enumerate import CellIndex
from selector.decide.single_pass import ESTIMATED
from selector.decide.size import size_cells
from selector.decide.spare import Spare
from selector.estimate import encoder
from selector.estimate.numeric import SCALAR
from selector.packs.catalog import load
from selector.types.load import Load
from selector.types.requirement import LatencyLimits

CAT = load()
P = {k: v.value for k, v in CAT.parameters.items()}
MODELS = sorted(
    m.id for m in CAT.models.values() if m.params_b and passes.role_of(m) in ESTIMATED - {"tts", "diffusion"}
)
DEVICES = sorted(d.id for d in CAT.devices.values() if "bf16" in d.tflops_dense and d.gb_per_s)
PLAIN = passes.Item()
ENGINES = ["tensorrt", "pytorch", "onnxruntime", "generic"]
CASES = {
    "model": st.sampled_from(MODELS),
    "device": st.sampled_from(DEVICES),
    "engine": st.sampled_from(ENGINES),
    "batch": st.floats(1, 256),
}


def made(model: str, device: str, engine: str, item: passes.Item = PLAIN, form: str = "bf16") -> passes.Pass:
    m = CAT.models[model]
    shp = cells.shape(m, P)
    return passes.make(m, shp, CAT.devices[device], engine, form, passes.BITS[form], item, P)


def seconds(c: passes.Pass, batch: float) -> float:
    found = float(encoder.batch_seconds(SCALAR, c, batch))
    return 0.0 if math.isnan(found) else found  # nobody publishes the operations of an item


@given(**CASES, more=st.floats(1.0, 4.0))
@settings(max_examples=80, deadline=None)
def test_more_bandwidth_or_compute_is_never_slower(
    model: str, device: str, engine: str, batch: float, more: float
) -> None:
    c = made(model, device, engine)
    for what in ("bandwidth", "peak"):
        assert seconds(replace(c, **{what: getattr(c, what) * more}), batch) <= seconds(c, batch) * (
            1 + 1e-12
        )


@given(
    model=st.sampled_from([m for m in MODELS if CAT.models[m].measured_ms and CAT.models[m].gflops_per_item]),
    less=st.floats(0.05, 1.0),
    narrower=st.floats(0.05, 1.0),
    arch=st.sampled_from(["sm75", "sm89", "sm87", "new"]),
)
@settings(max_examples=80, deadline=None)
def test_a_slower_device_is_not_faster_than_the_published_time(
    model: str, less: float, narrower: float, arch: str
) -> None:
    m = CAT.models[model]
    told = CAT.published(m)
    assert told is not None
    there = told.device
    slower = replace(
        there,
        arch=arch,
        gb_per_s=(there.gb_per_s or 0.0) * narrower,
        tflops_dense={k: v * less for k, v in there.tflops_dense.items()},
    )
    shp = cells.shape(m, P)
    bits = told.precision.bits_weights
    c = passes.make(m, shp, slower, told.engine, "fp16", bits, PLAIN, P, published=told)
    assert seconds(c, 1.0) * 1e3 >= told.ms * (1 - 1e-9)


@given(**CASES, more=st.floats(1.0, 8.0))
@settings(max_examples=80, deadline=None)
def test_a_larger_batch_never_lowers_the_rate_nor_the_latency(
    model: str, device: str, engine: str, batch: float, more: float
) -> None:
    c = made(model, device, engine)
    assert seconds(c, batch * more) >= seconds(c, batch) * (1 - 1e-12)
    assert seconds(c, batch * more) / more <= seconds(c, batch) * (1 + 1e-9)


@given(**CASES, size=st.floats(8, 2048), more=st.floats(1.0, 4.0))
@settings(max_examples=80, deadline=None)
def test_a_longer_input_never_takes_less(
    model: str, device: str, engine: str, batch: float, size: float, more: float
) -> None:
    role = passes.role_of(CAT.models[model])
    short, long = (made(model, device, engine, passes.Item.of(role, s)) for s in (size, size * more))
    assert seconds(long, batch) >= seconds(short, batch) * (1 - 1e-12)


@given(**CASES)
@settings(max_examples=80, deadline=None)
def test_no_batch_is_faster_than_its_operations_and_bytes(
    model: str, device: str, engine: str, batch: float
) -> None:
    c = made(model, device, engine)
    floor = max(batch * c.flops / c.peak, c.weight_bytes / c.bandwidth)
    assert not seconds(c, batch) or seconds(c, batch) >= floor * (1 - 1e-12)


@given(**CASES)
@settings(max_examples=40, deadline=None)
def test_fewer_bits_never_need_more_memory_and_devices_share_it(
    model: str, device: str, engine: str, batch: float
) -> None:
    def held(c: passes.Pass) -> float:
        return float(encoder.memory_bytes(c, batch, 1e9, 1.1))

    wide = made(model, device, engine)
    assert (
        held(made(model, device, engine, form="int8"))
        <= held(wide)
        <= held(made(model, device, engine, form="fp32"))
    )
    assert held(wide.over(2.0)) <= held(wide)
    assert held(wide) <= float(encoder.memory_bytes(wide, batch + 1, 1e9, 1.1))


@given(**CASES)
@settings(max_examples=40, deadline=None)
def test_arrays_and_numbers_agree(model: str, device: str, engine: str, batch: float) -> None:
    c = made(model, device, engine)
    columns = passes.Pass(**{f.name: np.array([getattr(c, f.name)]) for f in fields(c)})
    many = float(encoder.batch_seconds(np, columns, np.array([batch]))[0])
    one = seconds(c, batch)
    assert one == 0.0 or abs(many - one) <= 1e-12 * one


def test_recommend_and_estimate_size_a_stack_alike() -> None:
    model, device = CAT.models["BAAI/bge-m3"], CAT.devices["l4-24gb"]
    shp = cells.shape(model, P)
    precision = CAT.precisions["fp16"]
    framework = next(f for f in CAT.frameworks.values() if f.id == "tensorrt")
    axes = Axes(
        models=[ModelOption(model.id, model, None, "embedding", {})],
        engines=[EngineOption("tensorrt", framework, {})],
        precisions=[PrecisionOption("fp16", precision, {})],
        devices=[DeviceOption(device.id, device, {})],
    )
    zero = np.zeros(1, dtype=int)
    table = cells.CellTable(
        [
            (cells.columns([part]), zero)
            for part in (
                cells.model_part(shp),
                cells.device_part(device, "tensorrt", None, False, P),
                cells.format_part(model, device, precision, None),
                cells.layout_part(1, 1),
                tuning.tuning_part(device, "tensorrt", shp, 1, precision, P),
            )
        ]
    )
    index = CellIndex(zero, zero, zero, zero, zero + 1, zero + 1, zero > 0, table, {model.id: shp})
    load_ = Load(512.0, 512.0, 1.0, 512.0, scenario="offline")
    sized = size_cells(index, axes, load_, LatencyLimits(), Spare(0, True), np.array([np.inf]), "auto", P)
    c = made(model.id, device.id, "tensorrt", passes.Item(tokens=512.0), "fp16")
    rate = float(encoder.items_per_second(SCALAR, c, P["encoder.batch"]))
    assert float(sized.requests_per_s[0]) == pytest.approx(rate)
    assert float(sized.first_token_ms[0]) == pytest.approx(seconds(c, 1.0) * 1e3)
    assert bool(sized.fits[0])
