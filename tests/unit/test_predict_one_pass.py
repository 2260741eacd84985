"""Points of encoders, vision, speech and diffusion, and of memory: predicted, or refused with the reason."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selector.iterate.measurements import Point
from selector.iterate.predict_encoder import engine_of, form_of
from selector.iterate.predict_memory import machine
from selector.iterate.validate import Outcome, validate
from selector.packs.catalog import Catalogue

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BERT: dict[str, Any] = {
    "id": "p",
    "model": "BERT-large",
    "precision_weights": "int8",
    "engine": "TensorRT",
    "hardware": "L40S",
    "n_devices": 1,
    "scenario": "offline",
    "metric": "req_s",
    "per": "system",
    "value": 3000,
}
WHISPER = BERT | {
    "model": "Whisper-large-v3",
    "metric": "output_tok_s",
    "output_tokens": 64,
    "precision_weights": "fp16",
}
HELD: dict[str, Any] = {
    "id": "m",
    "model": "Qwen3-14B",
    "precision": "BF16",
    "method": "inference",
    "framework": "transformers",
    "hardware": "H20-96GB",
    "n_devices": 1,
    "input_len": 6144,
    "output_len": 2048,
    "metric": "gpu_mem_gib",
    "date": "2025-05",
    "value": 28.8,
}


def one(catalogue: Catalogue, base: dict[str, Any], **changes: Any) -> Outcome:
    return validate([Point("p", base | changes)], catalogue)[0]


def p50(catalogue: Catalogue, base: dict[str, Any] = BERT, **changes: Any) -> float:
    outcome = one(catalogue, base, **changes)
    assert outcome.guess is not None, outcome.reason
    return outcome.guess.p50


def test_units_agree(catalogue: Catalogue) -> None:
    assert p50(catalogue, n_devices=4) == pytest.approx(4 * p50(catalogue))
    assert p50(catalogue, n_devices=4, per="device") == pytest.approx(p50(catalogue))
    eight: dict[str, Any] = {"concurrency_or_batch": 8}
    ms = p50(catalogue, metric="latency_ms", **eight)
    assert p50(catalogue, metric="latency_s", **eight) * 1e3 == pytest.approx(ms)
    assert p50(catalogue, **eight) == pytest.approx(8 / ms * 1e3)
    assert p50(catalogue, WHISPER) == pytest.approx(64 * p50(catalogue, WHISPER | {"metric": "req_s"}))


def test_arrivals_and_power_limits_cost(catalogue: Catalogue) -> None:
    assert p50(catalogue, scenario="online") < p50(catalogue)
    assert p50(catalogue, flags="[power_limited]") < p50(catalogue)
    step: dict[str, Any] = {
        "model": "SDXL-base-1.0",
        "flags": "[value_is_unet_steps_per_s]",
        "precision_weights": "fp16",
    }
    whole = p50(catalogue, **(step | {"flags": None}))
    assert whole < p50(catalogue, **step) <= 21 * whole


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "DLRM-v2"}, "recommender"),
        ({"model": "FLUX.1-dev"}, "operations of an item of black-forest-labs/FLUX.1-dev"),
        ({"metric": "ttft_ms"}, "ttft_ms of encoder models"),
        ({"precision_weights": "q17"}, "precision q17"),
        ({"hardware": "TPU v5e", "precision_weights": "fp32"}, "peak in fp32 of tpu-v5e"),
        ({"model": "whisper-small", "metric": "latency_s"}, "length of the audio"),
        ({"model": "whisper-small", "metric": "output_tok_s"}, "output_tokens is missing"),
        ({"input_tokens": "many"}, "input_tokens is not a number"),
        ({"concurrency_or_batch": 0}, "concurrency_or_batch is impossible"),
        ({"hardware": "abacus"}, "hardware abacus"),
        ({"metric": "fits", "value": True}, "fits of encoder models"),
    ],
)
def test_every_point_without_a_prediction_says_why(
    catalogue: Catalogue, changes: dict[str, Any], words: str
) -> None:
    outcome = one(catalogue, BERT, **changes)
    assert outcome.guess is None
    assert words in (outcome.reason or "")


def test_names_of_formats_and_engines(catalogue: Catalogue) -> None:
    def form(text: str | None, **more: Any) -> str:
        return form_of(Point("x", {"precision_weights": text, "engine": "TensorRT"} | more), "diffusion")

    assert form("fp32 with bf16 matmul") == "bf16"
    assert form("clip1:fp32,clip2:fp32,unet:fp8,vae:fp32") == "fp8"
    assert form("unstated (NVIDIA: fp8 or fp4)") == "fp8"
    assert form("fp32", flags="precision_field_unreliable") == "fp8"
    assert form("fp32", flags="precision_field_unreliable", engine="ONNX Runtime") == "fp32"
    assert engine_of("Vanilla PyTorch (2.1.0)", catalogue) == "pytorch"
    assert engine_of("HF Transformers (SDPA)", catalogue) == "transformers"
    assert engine_of("something of our own", catalogue) == "generic"


def test_memory_follows_what_is_held(catalogue: Catalogue) -> None:
    base = p50(catalogue, HELD)
    assert base == pytest.approx(28.8, rel=0.05)
    assert p50(catalogue, HELD, output_len=8192) > base
    assert p50(catalogue, HELD, micro_batch=4) > base
    assert p50(catalogue, HELD, precision="FP8") < base
    assert p50(catalogue, HELD, precision="bf16 weights, int8 KV") < base
    # Releases before kept logits of the whole prompt.
    assert p50(catalogue, HELD, date="2024-06") > base
    two = {"n_devices": 2, "value_scope": "sum over GPUs"}
    assert p50(catalogue, HELD, **two) == pytest.approx(2 * p50(catalogue, HELD, n_devices=2))
    assert p50(catalogue, HELD, framework="vLLM") > 2 * base  # takes its share of the device


def test_a_model_that_the_catalogue_lacks_is_sized_by_its_parameters(catalogue: Catalogue) -> None:
    known, stub = one(catalogue, HELD), one(catalogue, HELD, model="Acme-14B", params_b=14.8)
    assert known.guess
    assert stub.guess
    assert stub.guess.spread > known.guess.spread
    assert one(catalogue, HELD, model="Acme-14B").reason == "model Acme-14B is not in the catalogue"


def test_weights_need_no_device(catalogue: Catalogue) -> None:
    file = {"metric": "weights_gib", "hardware": None, "model": "Llama-2-70B"}
    assert p50(catalogue, HELD, **file, precision="Q4_K_M") == pytest.approx(38.54, rel=0.05)
    assert p50(catalogue, HELD, **file, precision="Q2_K") < p50(catalogue, HELD, **file, precision="Q3_K_S")
    assert "hardware is missing" in (one(catalogue, HELD, hardware=None, framework="vLLM").reason or "")
    assert "precision wide" in (one(catalogue, HELD, **file, precision="wide").reason or "")


def test_least_devices_come_from_machines_of_the_catalogue(catalogue: Catalogue) -> None:
    assert machine(catalogue, catalogue.devices["h100-sxm-80gb"]) == 8
    least = {"metric": "min_devices", "model": "Qwen3-32B", "value": 2}
    found = p50(catalogue, HELD, **least, hardware="L4")
    assert found == 4.0
    assert p50(catalogue, HELD, **least, hardware="H100-SXM") <= found


def test_estimate_of_an_encoder(cli: Run) -> None:
    def found(*args: object) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(cli("estimate", *args, "--format", "json").stdout)
        return result

    bert = found(
        "BERT-large", "--on", "1xL40S", "--input", 384, "--engine", "tensorrt", "--precision", "fp16"
    )
    assert bert["fits"] is True
    assert bert["items_per_s"]["formula"] == "encoder.rate"
    assert bert["latency_ms"]["p10"] <= bert["latency_ms"]["p50"] <= bert["latency_ms"]["p90"]
    assert bert["memory_gib_per_device"]["kv_cache"] == 0
    long = found(
        "BERT-large", "--on", "1xL40S", "--input", 512, "--engine", "tensorrt", "--precision", "fp16"
    )
    assert long["latency_ms"]["p50"] > bert["latency_ms"]["p50"]
    small = found("resnet-50", "--on", "1xL40S", "--input", 0.05)
    assert (
        small["items_per_s"]["p50"] > found("resnet-50", "--on", "1xL40S", "--input", 1)["items_per_s"]["p50"]
    )
    short, spoken = (found("whisper-small", "--on", "l4", "--input", s)["latency_ms"]["p50"] for s in (5, 30))
    assert short < spoken


def test_estimate_and_explain_name_a_published_time(cli: Run, tmp_path: Path) -> None:
    sized = cli("estimate", "D-FINE-x", "--on", "jetson-agx-orin-64gb", "--engine", "tensorrt")
    assert "from 12.35 ms on t4-16gb, tensorrt fp16, batch 1 (models.dfine)" in sized.stdout
    reqs = tmp_path / "reqs.yaml"
    reqs.write_text(
        "version: 1\napplication: {task: object-detection}\nworkload: {peak_requests_per_second: 20}\n"
        "pins: {model: [D-FINE-x], engine: [tensorrt], precision: [fp16]}\n"
        "deployment:\n  hosting: [self_hosted]\n  inventory: [{hardware: jetson-agx-orin-64gb, count: 1}]\n",
        encoding="utf-8",
    )
    told = cli("explain", reqs, "--number", "estimates.first_token_ms", "--format", "json")
    nodes = {n["id"]: n for n in json.loads(told.stdout)["nodes"]}
    (fact,) = (n for k, n in nodes.items() if k.startswith("measured_ms.t4-16gb"))
    assert fact["value"] == 12.35
    assert fact["origin"]["source"] == ["models.dfine"]
    assert fact["origin"]["where"] == "rules/models/vision.yaml: D-FINE-x"


def test_estimate_refuses_and_says_what_fits(cli: Run) -> None:
    flux = cli("estimate", "FLUX.1-dev", "--on", "l4", "--format", "json")
    assert flux.returncode == 1
    assert json.loads(flux.stdout)["limits"][0].startswith("memory")
    fast = cli("estimate", "bge-m3", "--on", "t4", "--rate", 1000)
    assert fast.returncode == 1
    assert "items a second at most" in fast.stdout
    tree = json.loads(cli("estimate", "XGBoost", "--on", "l4", "--format", "json").stdout)
    assert tree["fits"] is None
    assert tree["items_per_s"] is None
    assert "unsupported" in cli("estimate", "BERT-large", "--on", "l4", "--engine", "llama.cpp").stdout


@pytest.mark.parametrize(
    ("script", "file"),
    [
        ("fit_encoder.py", "models/parameters-one-pass.yaml"),
        ("fit_memory.py", "frameworks/parameters-live-memory.yaml"),
    ],
)
def test_files_are_what_the_scripts_give(root: Path, script: str, file: str) -> None:
    import sys

    done = subprocess.run(
        [sys.executable, str(root / "scripts" / script)], capture_output=True, text=True, check=True
    )
    assert done.stdout == (root / "rules" / file).read_text(encoding="utf-8")
