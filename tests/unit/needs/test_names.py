from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from selector.errors import InputError
from selector.needs import names
from selector.packs.catalog import Catalogue


@pytest.mark.parametrize(
    ("text", "count", "devices"),
    [
        ("h100", None, {"h100-sxm-80gb", "h100-pcie-80gb"}),
        ("8xH100-SXM", 8, {"h100-sxm-80gb"}),
        ("8x h100-sxm5-80gb", 8, {"h100-sxm-80gb"}),
        ("H100 PCIe 80GB", None, {"h100-pcie-80gb"}),
        ("H100 x 8", 8, {"h100-sxm-80gb", "h100-pcie-80gb"}),
        ("nvidia-t4", None, {"t4-16gb"}),
        ("NVIDIA Tesla T4", None, {"t4-16gb"}),
        ("a100-40gb", None, {"a100-sxm-40gb"}),
        ("a10", None, {"a10-24gb"}),
        ("4090", None, {"rtx-4090-24gb"}),
        ("RTX4090", None, {"rtx-4090-24gb"}),
        ("GeForce RTX 4090", None, {"rtx-4090-24gb"}),
        ("rtx6000", None, {"rtx-6000-ada-48gb"}),
        ("mi300", None, {"mi300x-192gb"}),
        ("gaudi", None, {"gaudi2-96gb", "gaudi3-128gb"}),
        ("trainium", None, {"trn2-96gb"}),
        ("ascend", None, {"ascend-910b-64gb"}),
        ("16xascend-910b-64gb", 16, {"ascend-910b-64gb"}),
        ("v5e", None, {"tpu-v5e-16gb"}),
        ("tpu", None, {"tpu-v5e-16gb"}),
        ("1xcpu", 1, {"cpu-xeon-8480"}),
        ("gpu-16gb", None, {"t4-16gb"}),
        ("apple-silicon-24gb", None, {"apple-m2-24gb"}),
        ("npu", None, {"ascend-910b-64gb", "gaudi2-96gb", "gaudi3-128gb", "trn2-96gb"}),
    ],
)
def test_devices(cat: Catalogue, text: str, count: int | None, devices: set[str]) -> None:
    query = names.match_devices(text, cat)
    assert (query.count, set(query.devices)) == (count, devices)
    assert query.memory_gb is None


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("Xeon Platinum 8480+ (1 socket, 4 cores x14 inst., bs1)", "cpu-xeon-8480"),
        ("2x Xeon Platinum 8592+", "cpu-xeon-8592"),
        ("AMD Ryzen AI Max+ 395 (Strix Halo, 128GB)", "strix-halo-128gb"),
    ],
)
def test_a_plus_inside_a_name_is_no_and(catalogue: Catalogue, text: str, device: str) -> None:
    assert names.match_devices(text, catalogue).devices == (device,)


def test_hardware_of_the_evidence_resolves_or_is_listed(catalogue: Catalogue, root: Path) -> None:
    unknown = {row["name"] for row in catalogue.raw.single["unresolved"]}
    found = set()
    for path in sorted((root / "tests" / "evidence" / "points").rglob("*.csv")):
        with path.open(encoding="utf-8") as rows:
            found |= {row["hardware"] for row in csv.DictReader(rows) if row.get("hardware")}
    cases = yaml.safe_load((root / "tests" / "decisions" / "cases.yaml").read_text(encoding="utf-8"))["cases"]
    for case in cases:
        needs = case["requirements"]
        found |= {item["hardware"] for item in needs.get("deployment", {}).get("inventory", [])}
        found |= set(needs.get("pins", {}).get("hardware", []))
    assert len(found) > 200
    lost = []
    for name in sorted(found - unknown):
        try:
            names.match_devices(name, catalogue)
        except InputError:
            lost.append(name)
    assert lost == []


def test_unified_memory_is_sold_in_smaller_sizes(cat: Catalogue) -> None:
    query = names.match_devices("m3-max-64gb", cat)
    assert query.devices == ("apple-m3-max-128gb",)
    assert query.memory_gb == 64


def test_devices_together(cat: Catalogue) -> None:
    query = names.match_devices("t4+tpu", cat)
    assert set(query.devices) == {"t4-16gb", "tpu-v5e-16gb"}


@pytest.mark.parametrize("text", ["h1000", "a100-96gb", "0xh100", "", "xx", "h100-oam", "m3-max-512gb"])
def test_unknown_devices(cat: Catalogue, text: str) -> None:
    with pytest.raises(InputError) as caught:
        names.match_devices(text, cat)
    assert caught.value.problems[0].fix


def test_near_misses_are_named(cat: Catalogue) -> None:
    with pytest.raises(InputError, match="did you mean 'h100"):
        names.match_devices("h1000", cat)
    with pytest.raises(InputError, match=r"Llama-3\.1-70B-Instruct"):
        names.match_models("llama3.1", cat)
    with pytest.raises(InputError, match="did you mean 'sglang'"):
        names.match_engines("sglan", cat)
    with pytest.raises(InputError, match="int4-awq"):
        names.match_precisions("int4-awqq", cat)


@pytest.mark.parametrize(
    ("text", "models", "apis", "precision"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "", None),
        ("llama-3.1-8b-instruct", "meta-llama/Llama-3.1-8B-Instruct", "", None),
        ("LLAMA_3.1_8B", "meta-llama/Llama-3.1-8B-Instruct", "", None),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "", None),
        ("qwen3:32b", "Qwen/Qwen3-32B", "", None),
        ("Qwen/Qwen3-32B-AWQ", "Qwen/Qwen3-32B", "", "int4-awq"),
        ("Qwen3-32B-FP8", "Qwen/Qwen3-32B", "", "fp8"),
        ("Qwen3-32B-GPTQ-Int8", "Qwen/Qwen3-32B", "", "int8-w8a16"),
        ("Qwen3-32B-MLX-8bit", "Qwen/Qwen3-32B", "", "int8-mlx"),
        ("NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16",
         "nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16", "", None),
        ("GPT-4o", "", "openai/gpt-4o", None),
    ],
)  # fmt: skip
def test_models(cat: Catalogue, text: str, models: str, apis: str, precision: str | None) -> None:
    query = names.match_models(text, cat)
    assert query.models == ((models,) if models else ())
    assert query.apis == ((apis,) if apis else ())
    assert query.precision == precision
    assert list(query) == [n for n in (models, apis) if n]


@pytest.mark.parametrize(
    ("text", "engine", "versions"),
    [
        ("vllm", "vllm", ""),
        ("vLLM<0.7.0", "vllm", "<0.7.0"),
        ("vllm >=0.6, <0.8", "vllm", ">=0.6, <0.8"),
        ("tensorrt_llm", "tensorrt-llm", ""),
        ("TRT-LLM", "tensorrt-llm", ""),
        ("llamacpp", "llama.cpp", ""),
    ],
)
def test_engines(cat: Catalogue, text: str, engine: str, versions: str) -> None:
    query = names.match_engines(text, cat)
    assert (list(query), query.versions) == ([engine], versions)


@pytest.mark.parametrize("text", ["vllm<", "<1", "vllm=1", "nothing", ""])
def test_wrong_engines(cat: Catalogue, text: str) -> None:
    with pytest.raises(InputError):
        names.match_engines(text, cat)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("int4", {"int4-awq", "int4-gptq", "int4-gguf"}),
        ("int4-awq", {"int4-awq"}),
        ("AWQ", {"int4-awq"}),
        ("int8", {"int8", "int8-w8a8"}),
        ("fp8", {"fp8", "fp8-w8a8", "fp8-w8a16"}),
        ("FP8-W8A8", {"fp8-w8a8"}),
        ("mxfp8", {"mxfp8"}),
        ("nvfp4", {"nvfp4", "nvfp4-w4a16"}),
        ("nvfp4-w4a4", {"nvfp4"}),
        ("fp4fp8-mixed", {"fp4fp8-mixed"}),
        ("nf4", {"nf4-bnb"}),
        ("q4_k_m", {"int4-gguf"}),
        ("bfloat16", {"bf16"}),
        ("half", {"fp16"}),
    ],
)
def test_precisions(cat: Catalogue, text: str, found: set[str]) -> None:
    assert set(names.match_precisions(text, cat)) == found


@pytest.mark.parametrize(
    ("name", "device"), [("B300-SXM-270GB", "b300-sxm-288gb"), ("GH200-480GB", "gh200-96gb")]
)
def test_an_alias_may_state_another_memory(catalogue: Catalogue, name: str, device: str) -> None:
    assert names.match_devices(f"8x{name}", catalogue).devices == (device,)
