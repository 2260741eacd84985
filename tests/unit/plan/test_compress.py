"""Compression: the tool whose weights the engine reads, and a test that sees the loss that is tolerated."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import pytest
import yaml

from selector.estimate.quality import examples_to_see
from selector.types.decision import Recommendation
from selector.types.plan import CompressionPlan, Plan

Ranked = Callable[..., Recommendation]

CHAT = "application: {task: chat}\n"
EIGHT = "Qwen/Qwen3-8B"
OWN = "deployment: {{hosting: [on_prem], inventory: [{{hardware: {device}, count: {n}}}]}}\n"


@pytest.fixture
def made(ranked: Ranked) -> Callable[[str], Plan]:
    def run(text: str) -> Plan:
        plan = ranked(text, top=1).plan
        assert plan is not None
        return plan

    return run


Made = Callable[[str], Plan]
TUNED = "adaptation: {method: lora}\ndata: {training_examples: 20000}\n"


def pins(precision: str, engine: str = "", model: str = EIGHT) -> str:
    served = f", engine: [{engine}]" if engine else ""
    return f"pins: {{model: ['{model}'], precision: [{precision}]{served}}}\n"


def compressed(plan: Plan) -> CompressionPlan:
    assert plan.compression is not None
    return plan.compression


def test_examples_see_a_loss_four_times_in_five() -> None:
    before, after = 0.85, 0.833
    n = examples_to_see(before, after)
    error = ((before * (1 - before) + after * (1 - after)) / n) ** 0.5
    assert NormalDist().cdf((before - after) / error - 1.959964) == pytest.approx(0.8, abs=0.002)


@pytest.mark.parametrize("precision", ["fp8-w8a8", "int4-awq"])
def test_the_tolerated_loss_does_not_follow_what_was_published(made: Made, precision: str) -> None:
    plan = made(CHAT + pins(precision) + OWN.format(device="h100-sxm-80gb", n=1))
    found = compressed(plan)
    assert found.precision == precision
    assert found.recovery is not None
    assert "at most 2.0 % less" in found.acceptance
    assert f"on {examples_to_see(0.85, 0.85 * 0.98):,} of your own examples" in found.acceptance


def test_16_bit_needs_no_acceptance(made: Made) -> None:
    plan = made(CHAT + pins("bf16") + OWN.format(device="h100-sxm-80gb", n=1))
    assert compressed(plan).acceptance == ""


@pytest.mark.parametrize(("quality", "words"), [
    ("{metric: wer, minimum: 0.1}", f"wer on {examples_to_see(0.1, 0.102):,} words of your own, against 16 bit: at most 2.0 % more errors, and at most 0.1"),
    ("{metric: log_loss}", "log_loss on all examples that were kept out of training, against 16 bit: at most 2.0 % more;"),
    ("{metric: accuracy, minimum: 0.9}", "at most 2.0 % less, and at least 0.9"),
])  # fmt: skip
def test_what_is_tolerated_is_worded_by_the_direction_of_the_metric(
    made: Made, quality: str, words: str
) -> None:
    text = CHAT + pins("fp8-w8a8") + OWN.format(device="h100-sxm-80gb", n=1) + f"quality: {quality}\n"
    assert words in compressed(made(text)).acceptance


def test_trees_are_not_compressed(made: Made) -> None:
    text = "application: {task: tabular, domain: finance, area: credit_scoring}\n"
    assert made(text + OWN.format(device="epyc-9654", n=1) + "data: {training_examples: 400000}").compression is None  # fmt: skip


@pytest.mark.parametrize(("precision", "engine", "tool"), [
    ("fp8-w8a8", "vllm", "llm-compressor"),
    ("fp8-w8a8", "tensorrt-llm", "nvidia-modelopt"),
    ("int4-awq", "tensorrt-llm", "nvidia-modelopt"),
])  # fmt: skip
def test_the_tool_makes_weights_that_the_engine_reads(
    made: Made, precision: str, engine: str, tool: str
) -> None:
    lora = "adaptation: {method: lora}\ndata: {training_examples: 2000}\n"  # weights that nobody publishes
    device = "h100-sxm-80gb" if precision.startswith("fp8") else "a100-sxm-80gb"
    plan = made(CHAT + pins(precision, engine) + OWN.format(device=device, n=1) + lora)
    assert compressed(plan).tool == tool
    assert any(f.name == "recipe.yaml" for f in plan.fragments) == (tool == "llm-compressor")


@pytest.mark.parametrize(("engine", "device", "tool"), [
    ("onnxruntime", "epyc-9654", "onnxruntime"),
    ("openvino", "epyc-9654", "nncf"),
    ("tensorrt", "l4-24gb", "nvidia-modelopt"),
])  # fmt: skip
def test_each_runtime_has_its_own_quantiser(made: Made, engine: str, device: str, tool: str) -> None:
    text = "application: {task: text-classification}\n" + pins("int8", engine, "microsoft/deberta-v3-base")
    assert compressed(made(text + OWN.format(device=device, n=1))).tool == tool


def test_routers_and_vision_towers_keep_16_bit(made: Made) -> None:
    lora = "adaptation: {method: lora}\ndata: {training_examples: 2000}\n"
    plan = made(CHAT + pins("fp8-w8a8", "vllm") + OWN.format(device="h100-sxm-80gb", n=1) + lora)
    recipe: Any = yaml.safe_load(next(f.text for f in plan.fragments if f.name == "recipe.yaml"))
    (modifier,) = recipe["quant_stage"]["quant_modifiers"].values()
    assert {"lm_head", "re:.*mlp.gate$", "re:.*vision.*"} <= set(modifier["ignore"])


@pytest.mark.parametrize(
    ("precision", "tuned", "rule"),
    [("fp8", "", "TEC-309"), ("fp8", TUNED, "TEC-301"), ("int4-gptq", "", "TEC-301")],
)
def test_what_the_maker_publishes_is_not_calibrated(
    made: Made, precision: str, tuned: str, rule: str
) -> None:
    plan = made(CHAT + pins(precision) + OWN.format(device="h100-sxm-80gb", n=2) + tuned)
    assert {x.rule for x in plan.lines} & {"TEC-301", "TEC-309"} == {rule}
