"""Rows of the support table that were too wide once, against the pages they cite."""

import pytest

from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable, newest


@pytest.mark.parametrize(
    ("engine", "device", "precision", "model", "status"),
    [
        ("lmdeploy", "a100-sxm-80gb", "int4-awq", "deepseek-ai/DeepSeek-R1", "no"),
        ("lmdeploy", "a100-sxm-80gb", "int4-awq", "Qwen/Qwen3-8B", "yes"),
        ("lmdeploy", "v100-sxm-32gb", "int4-awq", "meta-llama/Llama-3.1-8B-Instruct", "yes"),
        ("lmdeploy", "a100-sxm-80gb", "int4-awq", "google/gemma-3-27b-it", "unknown"),
        ("tensorrt-llm", "a100-sxm-80gb", "int4-awq", "deepseek-ai/DeepSeek-R1", "no"),
        ("tensorrt-llm", "a100-sxm-80gb", "int4-awq", "Qwen/Qwen3-8B", "yes"),
        ("tensorrt-llm", "h200-sxm-141gb", "fp8", "deepseek-ai/DeepSeek-R1", "yes"),
        ("vllm", "a100-sxm-80gb", "int4-awq", "deepseek-ai/DeepSeek-R1", "yes"),
    ],
)
def test_status(
    engine: str, device: str, precision: str, model: str, status: str, catalogue: Catalogue
) -> None:
    table = SupportTable(catalogue.support, newest(catalogue.frameworks))
    found = table.look_up(engine, catalogue.devices[device], precision, catalogue.models[model], "llm")
    assert found.status == status


def test_published_awq_checkpoints_of_r1_are_known(catalogue: Catalogue) -> None:
    assert "int4-awq" in catalogue.models["deepseek-ai/DeepSeek-R1"].checkpoints
