"""A small catalogue, so that these tests do not change with the packs."""

from __future__ import annotations

from typing import Any

import pytest

from selector.packs.catalog import Catalogue
from selector.packs.compiled import Raw

SOURCED = {"source": ["t"], "as_of": "2026"}


def device(identity: str, family: str, memory: float | None, **more: Any) -> dict[str, Any]:
    base = {"id": identity, "name": identity, "family": family, "vendor": "NVIDIA", "kind": "gpu"}
    return {**base, "status": "current", "memory_gb": memory, **SOURCED, **more}


def soc(identity: str, family: str, memory: float) -> dict[str, Any]:
    return device(identity, family, memory, vendor="Apple", kind="soc", unified_memory=True)


def npu(identity: str, family: str, memory: float, vendor: str) -> dict[str, Any]:
    return device(identity, family, memory, vendor=vendor, kind="npu")


def model(identity: str, *aliases: str) -> dict[str, Any]:
    return {
        "id": identity,
        "vendor": identity.partition("/")[0],
        "tasks": ["chat"],
        "model_class": "llm",
        "licence": "apache-2.0",
        "languages": ["en"],
        "aliases": list(aliases),
        **SOURCED,
    }


def precision(identity: str, base: str, weights: float, acts: float, **more: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "base": base,
        "bits_weights": weights,
        "bits_activations": acts,
        "compute": [base],
        "source": "t",
        "as_of": "2026",
        **more,
    }


def framework(identity: str) -> dict[str, Any]:
    return {"id": identity, "kind": "serving", "status": "active", "licence": "x", **SOURCED}


DEVICES = [
    device("h100-sxm-80gb", "h100", 80),
    device("h100-pcie-80gb", "h100", 80),
    device("a100-sxm-80gb", "a100", 80),
    device("a100-sxm-40gb", "a100", 40),
    device("a10-24gb", "a10", 24),
    device("a10g-24gb", "a10g", 24),
    device("t4-16gb", "t4", 16, aliases=["Tesla T4"]),
    device("rtx-4090-24gb", "rtx-4090", 24),
    device("rtx-6000-ada-48gb", "rtx-6000-ada", 48),
    device("mi300x-192gb", "mi300x", 192, vendor="AMD"),
    npu("ascend-910b-64gb", "ascend-910b", 64, "Huawei"),
    npu("gaudi2-96gb", "gaudi2", 96, "Intel"),
    npu("gaudi3-128gb", "gaudi3", 128, "Intel"),
    npu("trn2-96gb", "trn2", 96, "AWS"),
    device("tpu-v5e-16gb", "tpu-v5e", 16, vendor="Google", kind="tpu"),
    soc("apple-m2-24gb", "apple-m2", 24),
    soc("apple-m3-max-128gb", "apple-m3-max", 128),
    device("cpu-xeon-8480", "cpu-xeon-8480", None, vendor="Intel", kind="cpu"),
]
MODELS = [
    model("meta-llama/Llama-3.1-8B-Instruct"),
    model("meta-llama/Llama-3.1-70B-Instruct"),
    model("Qwen/Qwen3-32B", "qwen3:32b"),
    model("nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16"),
]
APIS = [
    {
        "id": "openai/gpt-4o",
        "vendor": "openai",
        "provider": "openai",
        "model": "gpt-4o",
        "tasks": ["chat"],
        "model_class": "llm",
        "regions": ["us"],
        "prices": [],
        **SOURCED,
    }
]
PRECISIONS = [
    precision("bf16", "bf16", 16, 16),
    precision("fp16", "fp16", 16, 16),
    precision("fp8", "fp8", 8, 8),
    precision("fp8-w8a8", "fp8", 8, 8),
    precision("fp8-w8a16", "fp8", 8, 16),
    precision("mxfp8", "mxfp8", 8.25, 8),
    precision("int8", "int8", 8, 8),
    precision("int8-w8a8", "int8", 8, 8),
    precision("int4-awq", "int4", 4.25, 16, method="awq"),
    precision("int4-gptq", "int4", 4.25, 16, method="gptq"),
    precision("int4-gguf", "int4", 4.8, 16, method="gguf", aliases=["Q4_K_M"]),
    precision("nf4-bnb", "nf4", 4.5, 16, method="bnb"),
    precision("nvfp4", "nvfp4", 4.5, 4),
    precision("nvfp4-w4a16", "nvfp4", 4.5, 16),
    precision("fp4fp8-mixed", "fp4fp8-mixed", 4.8, 8),
]


@pytest.fixture(scope="session")
def cat() -> Catalogue:
    kinds = {
        "devices": DEVICES,
        "models": MODELS,
        "apis": APIS,
        "precisions": PRECISIONS,
        "frameworks": [framework(n) for n in ("vllm", "tensorrt-llm", "llama.cpp", "sglang")],
    }
    return Catalogue(Raw(entries={k: {row["id"]: row for row in v} for k, v in kinds.items()}))
