"""A time of one pass that the source of a model publishes, and what it tells of other stacks."""

import math
from dataclasses import replace

import pytest

from selector.decide import cells, passes
from selector.estimate import encoder
from selector.estimate.numeric import SCALAR
from selector.iterate.measurements import Point
from selector.iterate.validate import validate
from selector.packs.catalog import Catalogue
from selector.types.catalog import Device, Model

ONE = passes.Item()
ORIN = "jetson-agx-orin-64gb"


@pytest.fixture(scope="module")
def p(catalogue: Catalogue) -> dict[str, float]:
    return {k: v.value for k, v in catalogue.parameters.items()}


def made(
    cat: Catalogue,
    model: Model,
    device: Device,
    p: dict[str, float],
    form: str = "fp16",
    engine: str = "tensorrt",
    told: bool = True,
) -> passes.Pass:
    known = cat.published(model) if told else None
    shp, bits = cells.shape(model, p), passes.BITS[form]
    return passes.make(model, shp, device, engine, form, bits, ONE, p, published=known)


def ms(c: passes.Pass) -> float:
    return float(encoder.batch_seconds(SCALAR, c, 1.0)) * 1e3


def detectors(cat: Catalogue) -> list[Model]:
    return [m for m in cat.models.values() if m.measured_ms and m.gflops_per_item]


def test_the_formulas() -> None:
    assert encoder.carried(0.012, 0.012, 0.3) == pytest.approx(1.0)
    assert encoder.carried(0.012, 0.006, 1.0) == pytest.approx(2.0)
    assert encoder.carried(0.012, 0.006, 0.5) == pytest.approx(math.sqrt(2.0))
    assert encoder.carried(0.012, 0.006, 0.0) == pytest.approx(1.0)
    assert encoder.no_faster(SCALAR, 1.1, 0.012, 0.010) == pytest.approx(1.2)
    assert encoder.no_faster(SCALAR, 1.3, 0.012, 0.010) == pytest.approx(1.3)


def test_the_stack_that_was_measured_takes_what_was_measured(
    catalogue: Catalogue, p: dict[str, float]
) -> None:
    assert len(detectors(catalogue)) >= 9
    for model in detectors(catalogue):
        told = catalogue.published(model)
        assert told is not None
        form = passes.form_of(told.precision, told.device)
        assert ms(made(catalogue, model, told.device, p, form)) == pytest.approx(told.ms, rel=1e-9)


def test_a_device_with_less_of_all_is_not_faster(catalogue: Catalogue, p: dict[str, float]) -> None:
    for model in detectors(catalogue):
        told = catalogue.published(model)
        assert told is not None
        for device in catalogue.devices.values():
            c = made(catalogue, model, device, p)
            if passes.peak(device, "fp16", p) <= passes.peak(told.device, "fp16", p) and (
                device.gb_per_s or math.inf
            ) <= (told.device.gb_per_s or 0.0):
                assert math.isnan(ms(c)) or ms(c) >= told.ms * (1 - 1e-9), device.id


def test_a_share_shows_on_other_architectures(catalogue: Catalogue, p: dict[str, float]) -> None:
    model, l4 = catalogue.models["D-FINE-m"], catalogue.devices["l4-24gb"]
    told = catalogue.published(model)
    assert told is not None
    off = told.ms / ms(made(catalogue, model, told.device, p, told=False))
    with_it, alone = made(catalogue, model, l4, p), made(catalogue, model, l4, p, told=False)
    assert ms(with_it) / ms(alone) == pytest.approx(off ** p["encoder.published_share"])
    assert with_it.latency_spread < alone.latency_spread
    assert with_it.latency_spread > made(catalogue, model, told.device, p).latency_spread ** 0.5


@pytest.mark.parametrize(
    ("engine", "form"), [("pytorch", "fp16"), ("tensorrt", "int8"), ("tensorrt", "fp32")]
)
def test_other_engines_and_formats_are_told_nothing(
    catalogue: Catalogue, p: dict[str, float], engine: str, form: str
) -> None:
    model, device = catalogue.models["D-FINE-x"], catalogue.devices["l4-24gb"]
    c = made(catalogue, model, device, p, form, engine)
    assert c == made(catalogue, model, device, p, form, engine, told=False)


def test_16_bit_formats_run_alike(catalogue: Catalogue, p: dict[str, float]) -> None:
    model, device = catalogue.models["D-FINE-x"], catalogue.devices[ORIN]
    assert ms(made(catalogue, model, device, p, "bf16")) == pytest.approx(
        ms(made(catalogue, model, device, p))
    )


def test_a_time_without_its_stack_tells_nothing(catalogue: Catalogue) -> None:
    model = catalogue.models["D-FINE-x"]
    assert catalogue.published(replace(model, measured_with={})) is None
    assert catalogue.published(replace(model, measured_ms={"abacus": 1.0})) is None
    assert catalogue.published(replace(model, measured_with={"engine": "x", "precision": "fp16"})) is None


def test_an_unknown_architecture_takes_the_mean_of_its_vendor(
    catalogue: Catalogue, p: dict[str, float]
) -> None:
    model = catalogue.models["timm/resnet50.tv_in1k"]
    base = "encoder.compute_fraction"
    archs = [f"arch.sm{n}" for n in (70, 75, 80, 89, 90, 100)]
    mean = math.exp(sum(math.log(p[f"{base}.{a}"]) for a in archs) / len(archs))
    assert p[f"{base}.vendor.nvidia"] == pytest.approx(mean, rel=2e-3)
    known = made(catalogue, model, catalogue.devices["l4-24gb"], p)
    unknown = made(catalogue, model, catalogue.devices[ORIN], p)
    assert unknown.compute_fraction / known.compute_fraction == pytest.approx(
        p[f"{base}.vendor.nvidia"] / p[f"{base}.arch.sm89"]
    )
    assert unknown.compute_fraction < 1.0


def test_launches_stand_in_only_where_layers_are_not_published(
    catalogue: Catalogue, p: dict[str, float]
) -> None:
    detector, classifier = catalogue.models["D-FINE-x"], catalogue.models["timm/resnet50.tv_in1k"]
    count = p["encoder.launches.object-detection"]
    assert passes.launches(detector, cells.shape(detector, p), p) == count
    assert passes.launches(classifier, cells.shape(classifier, p), p) == 50


def test_validate_predicts_with_it(catalogue: Catalogue) -> None:
    point = {
        "model": "D-FINE-x",
        "precision_weights": "fp16",
        "engine": "TensorRT",
        "hardware": "T4",
        "n_devices": 1,
        "scenario": "single_stream",
        "concurrency_or_batch": 1,
        "metric": "latency_ms",
        "value": 24.7,
    }
    found = validate([Point("p", point)], catalogue)[0]
    assert found.guess is not None
    assert found.guess.p50 == pytest.approx(12.35)
    assert found.ape == pytest.approx(0.5)  # the error is told, not taken away
