"""The plan of a stack: what is missing is named, the run fits its machines, settings follow the plan."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml

from selector.estimate.quality import examples_to_see
from selector.estimate.training import save_every_hours
from selector.types.decision import Recommendation
from selector.types.plan import Plan

Ranked = Callable[..., Recommendation]

HEAD = "application: {task: chat}\n"
OWN = "deployment: {{hosting: [on_prem], inventory: [{{hardware: {device}, count: {n}}}]}}\n"
EIGHT = "pins: {model: [Qwen/Qwen3-8B]}\n"


def planned(ranked: Ranked, text: str) -> Plan:
    found = ranked(text, top=1).plan
    assert found is not None
    return found


def own(device: str, n: int = 1) -> str:
    return OWN.format(device=device, n=n)


def test_training_without_a_volume_is_named(ranked: Ranked) -> None:
    plan = planned(ranked, f"{HEAD}{EIGHT}{own('h100-sxm-80gb')}adaptation: {{method: lora}}")
    assert any("without data.training_examples" in p for p in plan.problems)
    assert plan.training is not None
    assert plan.training.estimates["usd"] is None


def test_what_the_devices_cannot_hold_is_named_with_what_would_fit(ranked: Ranked) -> None:
    found = ranked(f"{HEAD}{EIGHT}{own('rtx-3090-24gb')}adaptation: {{method: full}}", top=1)
    assert not found.stacks
    assert found.plan is None
    assert any("training does not fit" in e.reason and "would fit" in e.reason for e in found.excluded)


def test_a_budget_that_buys_no_trial_is_named(ranked: Ranked) -> None:
    text = f"{HEAD}{EIGHT}deployment: {{hosting: [self_hosted]}}\nadaptation: {{method: full}}\n"
    plan = planned(ranked, text + "data: {training_examples: 3000000}\nbudget: {upfront_usd: 20}")
    assert any("buy no run" in p and "raise budget.upfront_usd" in p for p in plan.problems)
    assert plan.search is None


def test_an_endpoint_does_not_serve_tuned_weights(ranked: Ranked) -> None:
    plan = planned(ranked, f"{HEAD}deployment: {{hosting: [api]}}\nadaptation: {{method: lora}}")
    assert plan.training is None
    assert any("weights of its vendor" in p for p in plan.problems)


def test_facts_that_change_are_looked_up(ranked: Ranked) -> None:
    own_ = f"{HEAD}{EIGHT}{own('h100-sxm-80gb')}"
    assert planned(ranked, own_ + "data: {knowledge_change: daily}").method == "rag"
    still = planned(ranked, own_ + "data: {knowledge_change: rare}")
    assert still.method == "prompt"
    assert {m.method for m in still.methods} >= {"rag", "lora", "qlora", "full", "distill", "pretrain"}


def test_lora_that_would_be_split_over_slow_links_becomes_qlora(ranked: Ranked) -> None:
    text = f"{HEAD}adaptation: {{method: sft}}\npins: {{model: [Qwen/Qwen3-14B]}}\n"
    plan = planned(ranked, text + own("a10-24gb", 2) + "data: {training_examples: 5000}")
    assert plan.method == "qlora"
    assert plan.training is not None
    assert plan.training.strategy in ("single", "ddp")
    assert plan.axes["training_precision"] == "nf4-bnb"


@pytest.mark.parametrize(("method", "device", "n"), [("full", "l40-48gb", 4), ("lora", "h100-sxm-80gb", 1), ("pretrain", "h100-sxm-80gb", 8)])  # fmt: skip
def test_the_run_fits_and_its_settings_follow(ranked: Ranked, method: str, device: str, n: int) -> None:
    text = (
        f"{HEAD}{EIGHT}{own(device, n)}adaptation: {{method: {method}}}\ndata: {{training_examples: 100000}}"
    )
    plan = planned(ranked, text)
    run = plan.training
    assert run is not None
    assert run.memory is not None
    assert run.memory["total"] <= run.memory["usable"]
    copies = run.n_devices // (run.layout["tp"] * run.layout["pp"] * run.layout["cp"])
    assert run.global_batch == run.micro_batch * run.accumulation * copies
    files = {f.name: f.text for f in plan.fragments}
    settings = yaml.safe_load(files["trainer.yaml"])
    assert settings["per_device_train_batch_size"] == run.micro_batch
    assert settings["gradient_accumulation_steps"] == run.accumulation
    if run.strategy.startswith("zero"):
        assert json.loads(files["deepspeed.json"])["zero_optimization"]["stage"] == int(run.strategy[-1])
    assert f"--nproc_per_node={run.n_devices}" in files["launch.sh"] or "accelerate" in files["launch.sh"]


def test_frameworks_that_cannot_load_the_weights_do_not_train_them(ranked: Ranked) -> None:
    text = "application: {task: image-classification}\npins: {model: [timm/resnet50.a1_in1k]}\n"
    text += own("l4-24gb") + "adaptation: {method: full}\ndata: {training_examples: 5000}"
    tuned = planned(ranked, text).training
    assert tuned is not None
    assert tuned.frameworks[0] == "pytorch"
    assert "tensorflow" not in tuned.frameworks


def test_formulas() -> None:
    assert save_every_hours(0.02, 4.0) == pytest.approx(0.4)
    # 2 p q (z / d)^2 with p = 0.8, d = 0.04: 2 x 0.16 x (1.96 / 0.04)^2
    assert examples_to_see(0.05, 0.8) == pytest.approx(769, abs=1)
