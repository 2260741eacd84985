"""How a model is adapted, what that asks of people, and what trains it."""

from __future__ import annotations

from collections.abc import Callable

from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable, born, newest
from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]
LABELS = "application: {task: text-classification}\nworkload: {scale: low}\n"


def months(found: Recommendation) -> float:
    effort = found.stacks[0].estimates["effort_person_months"]
    assert effort is not None
    return effort.p50


def test_without_examples_nothing_is_trained(ranked: Ranked) -> None:
    found = ranked(LABELS + "data: {training_examples: 0, labels: {source: none}}")
    assert {s.slots.adaptation for s in found.stacks} == {"prompt"}
    assert any("ADP-001" in e.reason for e in found.excluded)


def test_labels_that_change_ask_for_people(ranked: Ranked) -> None:
    pinned = "pins: {model: [microsoft/deberta-v3-base]}\n"
    kept = ranked(
        LABELS + pinned + "data: {training_examples: 5000, labels: {source: existing, change: never}}"
    )
    moved = ranked(
        LABELS + pinned + "data: {training_examples: 5000, labels: {source: existing, change: weekly}}"
    )
    assert months(moved) > months(kept) + 1.0


def test_skill_counts_where_something_is_run_or_trained(ranked: Ranked) -> None:
    text = LABELS + "pins: {model: [microsoft/deberta-v3-base]}\nteam: {skills: {ml: %s}}\n"
    assert months(ranked(text % "none")) > months(ranked(text % "high"))


def test_many_labels_are_tuned_and_few_are_told(ranked: Ranked) -> None:
    text = "application: {{task: extraction}}\ndeployment: {{hosting: [self_hosted]}}\n"
    text += "workload: {{scale: medium}}\ndata: {{training_examples: 5000, labels: {{count: {n}}}}}\n"
    assert ranked(text.format(n=5000)).stacks[0].slots.adaptation == "lora"
    assert ranked(text.format(n=5)).stacks[0].slots.adaptation == "prompt"


def test_what_trains_a_model_follows_its_device(ranked: Ranked) -> None:
    own = "deployment: {{hosting: [on_prem], inventory: [{{hardware: {device}, count: 8}}]}}\n"
    text = (
        "application: {{task: chat}}\nadaptation: {{method: {method}}}\npins: {{model: [Qwen/Qwen3-8B]}}\n"
        + own
    )
    gpu = ranked(text.format(device="h100-sxm-80gb", method="lora")).stacks[0].facts["training_framework"]
    npu = ranked(text.format(device="ascend-910b-64gb", method="full")).stacks[0].facts["training_framework"]
    assert isinstance(gpu, list)
    assert gpu[:3] == ["trl", "llama-factory", "pytorch"]
    assert "peft" in gpu
    assert "torchtune" not in gpu
    assert isinstance(npu, list)
    assert "torch-npu" in npu
    assert "deepspeed" not in npu
    told = ranked(text.format(device="h100-sxm-80gb", method="prompt")).stacks[0]
    assert "training_framework" not in told.facts


def test_classes_that_were_removed_are_a_risk(ranked: Ranked) -> None:
    text = LABELS + "adaptation: {method: full}\nproposed: {training_framework: [%s]}\n"
    shown = ranked(text % "flax").stacks[0].risks
    assert "R-UNMAINTAINED" in {r.id for r in shown}
    assert "R-UNMAINTAINED" not in {r.id for r in ranked(text % "pytorch").stacks[0].risks}


def test_an_engine_does_not_know_a_family_that_came_later(catalogue: Catalogue) -> None:
    dates = {f.id: f.released for f in catalogue.frameworks.values() if f.released}
    table = SupportTable(
        catalogue.support, newest(catalogue.frameworks), dates, born(catalogue.models.values())
    )
    assert "older than" in (table.too_old("tensorrt-llm", catalogue.models["Qwen/Qwen3.8-27B"]) or "")
    assert table.too_old("vllm", catalogue.models["Qwen/Qwen3.8-27B"]) is None
    assert table.too_old("tensorrt-llm", catalogue.models["Qwen/Qwen3-8B"]) is None
