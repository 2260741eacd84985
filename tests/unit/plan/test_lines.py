"""Each technique: the requirement that brings it into the plan, the one that does not, its line and source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from selector.report import plan as report
from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]

OWN = "deployment: {{hosting: [on_prem], inventory: [{{hardware: {device}, count: {n}}}]}}\n"
IMAGES = "application: {{task: image-classification, domain: {domain}}}\npins: {{model: [{model}]}}\n"
TEXTS = "application: {task: text-classification}\npins: {model: [microsoft/deberta-v3-base]}\n"
CHAT = "application: {{task: chat}}\nadaptation: {{method: {method}}}\npins: {{model: [{model}]}}\n"


def own(device: str, n: int = 1) -> str:
    return OWN.format(device=device, n=n)


def images(model: str = "timm/resnet50.a1_in1k", domain: str = "manufacturing", more: str = "") -> str:
    text = IMAGES.format(model=model, domain=domain) + own("l4-24gb")
    return f"{text}data: {{training_examples: 5000}}\n{more}"


def texts(data: str = "training_examples: 20000", where: str = "l4-24gb", more: str = "") -> str:
    return f"{TEXTS}{own(where)}data: {{{data}}}\n{more}"


def chat(method: str, where: str, n: int, model: str = "Qwen/Qwen3-8B", more: str = "") -> str:
    text = CHAT.format(method=method, model=model) + own(where, n)
    return f"{text}data: {{training_examples: 20000}}\n{more}"


@dataclass(frozen=True)
class Case:
    name: str
    rule: str
    words: str
    source: str
    with_it: str
    without: str


MODEL_LABELS = "training_examples: 20000, labels: {source: model}"
OWN_LABELS = "training_examples: 20000, labels: {source: existing}"
QUICK = "priorities: [latency]\n"
CASES = (
    Case("augmentation", "TEC-142", "flip half", "techniques.augmentation-survey", images(), images(domain="health")),
    Case("unsafe flips", "TEC-144", "UNSAFE", "techniques.laterality", images(domain="health"), images()),
    Case("road flips", "TEC-145", "UNSAFE", "techniques.augmentation-survey", images(domain="driving"), images()),
    Case("distributed", "TEC-173", "FSDP", "techniques.fsdp", chat("full", "l40-48gb", 4), chat("lora", "h100-sxm-80gb", 1)),
    Case("learning rate", "TEC-101", "cosine", "techniques.sgdr", chat("lora", "h100-sxm-80gb", 1), texts()),
    Case("batch normalisation", "TEC-131", "batch normalisation", "techniques.batch-norm", images(),
         images(model="timm/vit_base_patch16_224.augreg_in21k_ft_in1k")),
    Case("initialisation", "TEC-123", "He (Kaiming)", "techniques.kaiming", images(more="adaptation: {method: pretrain}\n"), images()),
    Case("pruning", "TEC-303", "prune 80 to 90 %", "techniques.obert", texts(where="cpu-xeon-8480", more=QUICK), texts(more=QUICK)),
    Case("quantisation", "TEC-301", "quantise after training", "techniques.recoveries",
         chat("prompt", "h100-sxm-80gb", 1, more="").replace("]}\n", "], precision: [fp8-w8a8]}\n", 1),
         chat("prompt", "h100-sxm-80gb", 1).replace("]}\n", "], precision: [bf16]}\n", 1)),
    Case("distillation", "TEC-302", "distil", "techniques.distilbert", texts(MODEL_LABELS), texts(OWN_LABELS)),
    Case("grid search", "TEC-201", "grid search", "techniques.bert", texts(), chat("lora", "h100-sxm-80gb", 1)),
    Case("bayesian optimisation", "TEC-203", "Bayesian", "techniques.tpe", chat("lora", "h100-sxm-80gb", 1), texts()),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_technique_follows_from_the_requirement(case: Case, ranked: Ranked) -> None:
    rows = {row[2]: row for row in report.brief(ranked(case.with_it, top=1)).rows}
    assert case.words in rows[case.rule][1]
    assert case.source in rows[case.rule][3]
    assert case.rule not in {row[2] for row in report.brief(ranked(case.without, top=1)).rows}
