"""What must hold of training estimates whatever the numbers."""

import math
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from selector.decide import train, train_memory
from selector.decide.cells import shape
from selector.estimate import training, training_memory
from selector.estimate.numeric import SCALAR
from selector.packs.catalog import load
from selector.types.training import TrainingRun

CAT = load()
P = {k: v.value for k, v in CAT.parameters.items()}
MODELS = sorted(m.id for m in CAT.models.values() if m.model_class == "llm" and m.params_b)
DEVICES = sorted(
    d.id
    for d in CAT.devices.values()
    if d.kind in ("gpu", "tpu")
    and d.gb_per_s
    and {"bf16", "fp16"} & set(d.tflops_dense)
    and "fp32" in d.tflops_dense
)
FORMATS = ("fp32", "bf16", "fp8", "nvfp4")
CASES: dict[str, Any] = {
    "model": st.sampled_from(MODELS),
    "device": st.sampled_from(DEVICES),
    "run": st.builds(
        TrainingRun,
        method=st.sampled_from(["pretrain", "full", "lora", "qlora"]),
        seq_len=st.sampled_from([128.0, 2048.0, 8192.0, 131072.0]),
        devices=st.sampled_from([1, 8, 64, 1024]),
        precision=st.sampled_from(FORMATS),
        base_bits=st.sampled_from([4.13, 4.5, 8.5, 16.0]),
        micro_batch=st.one_of(st.none(), st.floats(1, 64)),
        global_batch=st.one_of(st.none(), st.floats(1, 4096)),
        sharding=st.sampled_from([None, "ddp", "zero1", "zero2", "zero3"]),
        recompute=st.sampled_from([None, "full", "selective", "none"]),
    ),
}


def seconds(cell: Any) -> float:
    return float(training.token_seconds(SCALAR, cell))


def cell(model: str, device: str, run: TrainingRun) -> Any:
    return train.cell(shape(CAT.models[model], P), CAT.devices[device], run, P)


def states(model: str, run: TrainingRun) -> float:
    shp = shape(CAT.models[model], P)
    return sum(train_memory.states(shp, train_memory.embeddings(shp, P), run))


def held(model: str, run: TrainingRun) -> float:
    return float(training_memory.total_bytes(train_memory.cell(shape(CAT.models[model], P), run, P)))


@given(**CASES)
@settings(max_examples=150, deadline=None)
def test_figures_are_positive_and_finite(model: str, device: str, run: TrainingRun) -> None:
    c = cell(model, device, run)
    for value in (seconds(c), held(model, run), c.rate_spread):
        assert math.isfinite(value)
        assert value > 0.0
    assert c.rate_spread > 1.0


@given(**CASES)
@settings(max_examples=150, deadline=None)
def test_no_token_is_faster_than_its_operations(model: str, device: str, run: TrainingRun) -> None:
    c = cell(model, device, run)
    assert seconds(c) >= (c.gemm_flops / c.narrow_gain + c.attention_flops) / c.peak


@given(**CASES, more=st.floats(1.0, 8.0))
@settings(max_examples=150, deadline=None)
def test_a_better_device_is_never_slower(model: str, device: str, run: TrainingRun, more: float) -> None:
    c = cell(model, device, run)
    for name in ("bandwidth", "peak", "gather_rate", "exchange_rate"):
        assert seconds(replace(c, **{name: getattr(c, name) * more})) <= seconds(c) * (1 + 1e-12)


@given(**CASES)
@settings(max_examples=150, deadline=None)
def test_more_devices_never_hold_more_nor_work_less(model: str, device: str, run: TrainingRun) -> None:
    more = replace(run, devices=run.devices * 2)
    assert held(model, more) <= held(model, run) * (1 + 1e-12)
    # Weights that are gathered over a slow link, and a fixed batch over more devices, do cost speed.
    if run.global_batch is None and run.sharding is None:
        whole = run.devices / seconds(cell(model, device, run))
        assert more.devices / seconds(cell(model, device, more)) >= whole * (1 - 1e-12)


@given(**CASES, factor=st.sampled_from([2.0, 4.0]))
@settings(max_examples=150, deadline=None)
def test_longer_sequences_and_larger_batches_never_hold_less(
    model: str, device: str, run: TrainingRun, factor: float
) -> None:
    del device
    assert held(model, replace(run, seq_len=run.seq_len * factor)) >= held(model, run)
    larger = replace(run, micro_batch=(run.micro_batch or 1.0) * factor)
    assert held(model, larger) >= held(model, replace(run, micro_batch=run.micro_batch or 1.0))


@given(**CASES)
@settings(max_examples=150, deadline=None)
def test_fewer_bits_never_hold_more(model: str, device: str, run: TrainingRun) -> None:
    del device
    for narrow, wide in ((4.13, 4.5), (4.5, 8.5), (8.5, 16.0)):
        few, many = replace(run, base_bits=narrow), replace(run, base_bits=wide)
        assert states(model, few) <= states(model, many)
    by_format = [held(model, replace(run, precision=f)) for f in FORMATS]
    assert by_format == sorted(by_format, reverse=True)
    assert held(model, replace(run, method="lora", base_bits=16.0)) <= held(
        model, replace(run, method="full", base_bits=16.0)
    )


@given(**CASES)
@settings(max_examples=80, deadline=None)
def test_sharding_further_never_holds_more_states(model: str, device: str, run: TrainingRun) -> None:
    del device
    kept = [states(model, replace(run, sharding=k)) for k in ("ddp", "zero1", "zero2", "zero3")]
    assert kept == sorted(kept, reverse=True)


@given(**CASES)
@settings(max_examples=40, deadline=None)
def test_arrays_and_numbers_agree(model: str, device: str, run: TrainingRun) -> None:
    import numpy as np

    c = cell(model, device, run)
    columns = type(c)(**{f: np.array([getattr(c, f)]) for f in c.__dataclass_fields__})
    many = float(training.token_seconds(np, columns)[0])
    assert abs(many - seconds(c)) <= 1e-12 * many
