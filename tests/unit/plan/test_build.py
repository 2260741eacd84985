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
    text += "data: {training_examples: 3000000}\n"
    none = ranked(text + "budget: {upfront_usd: 20}", top=1)
    assert not none.stacks
    assert any(e.reason == "budget.upfront_usd" for e in none.excluded)
    assert any(m.startswith("budget.upfront_usd 20 -> ") for r in none.relaxations for m in r.moves)
    run = planned(ranked, text).training
    assert run is not None
    usd = run.estimates["usd"]
    assert usd is not None
    plan = planned(ranked, text + f"budget: {{upfront_usd: {round(usd.p50 * 1.5)}}}")
    assert any("buy no trial" in p and "raise budget.upfront_usd" in p for p in plan.problems)
    assert plan.search is None


def test_an_endpoint_does_not_serve_tuned_weights(ranked: Ranked) -> None:
    found = ranked(f"{HEAD}deployment: {{hosting: [api]}}\nadaptation: {{method: lora}}", top=1)
    assert not found.stacks
    assert any("training is not offered" in e.reason and "of its vendor" in e.reason for e in found.excluded)
    assert any("prompt or rag" in m for r in found.relaxations for m in r.moves)


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
    assert run.micro_batch
    assert run.global_batch == run.micro_batch * run.accumulation * copies
    files = {f.name: f.text for f in plan.fragments}
    settings = yaml.safe_load(files["trainer.yaml"])
    assert settings["per_device_train_batch_size"] == run.micro_batch
    assert settings["gradient_accumulation_steps"] == run.accumulation
    if run.strategy.startswith("zero"):
        assert json.loads(files["deepspeed.json"])["zero_optimization"]["stage"] == int(run.strategy[-1])
    assert f"--nproc_per_node={run.n_devices}" in files["launch.sh"] or "accelerate" in files["launch.sh"]


DRIVE = """
application: {task: object-detection, domain: driving}
latency: {request_p95_ms: 33}
data: {training_examples: 150000, may_leave_premises: false}
deployment: {hosting: [on_prem], inventory: [{hardware: jetson-agx-orin-64gb, count: 1}]}
"""


def test_machines_that_train_need_not_serve(ranked: Ranked) -> None:
    served = planned(ranked, DRIVE)
    assert any("train on a GPU elsewhere" in p for p in served.problems)
    found = ranked(DRIVE + "adaptation: {inventory: [{hardware: l40s, count: 4}]}", top=1)
    assert found.plan is not None
    assert found.plan.training is not None
    assert (found.plan.training.hardware, found.plan.training.n_devices) == ("l40s-48gb", 4)
    assert found.stacks[0].slots.hardware == "jetson-agx-orin-64gb"
    assert not any("elsewhere" in p for p in found.plan.problems)


def test_a_tuned_llm_is_trained_on_the_machines_stated_for_it(ranked: Ranked) -> None:
    text = f"{HEAD}{EIGHT}{own('l40s-48gb')}data: {{training_examples: 5000}}\n"
    plan = planned(ranked, text + "adaptation: {method: full, inventory: [{hardware: 8xh100}]}")
    assert plan.training is not None
    assert plan.training.hardware.startswith("h100")
    short = ranked(text + "adaptation: {method: full, inventory: [{hardware: t4, count: 1}]}", top=1)
    assert any("training does not fit" in e.reason and "t4-16gb" in e.reason for e in short.excluded)


def test_weights_and_states_alone_can_rule_a_machine_out(ranked: Ranked) -> None:
    text = "application: {task: time-series}\npins: {model: [Datadog/Toto-2.0-2.5B]}\n"
    data = "data: {training_examples: 200000, may_leave_premises: false}\n"
    wide = planned(ranked, text + own("l4-24gb") + data)
    assert wide.training is not None
    assert wide.training.optimiser == "adam8bit"  # 40 GB in 32 bit
    small = ranked(text + own("gpu-8gb") + data, top=1)
    assert any("training does not fit" in e.reason for e in small.excluded)


@pytest.mark.parametrize(
    ("examples", "task", "rule", "strategy"),
    [
        (400000, "chat", "TEC-181", "steps"),  # days, with saves on the way
        (20000, "chat", "TEC-182", "epoch"),  # over before the first save would be due
        (50000000, "image-classification", "TEC-182", "epoch"),  # long, of unknown size on disk
    ],
)
def test_the_line_on_checkpoints_says_what_the_settings_do(
    examples: int, task: str, rule: str, strategy: str, ranked: Ranked
) -> None:
    model = EIGHT if task == "chat" else "pins: {model: [timm/resnet50.a1_in1k]}\n"
    text = f"application: {{task: {task}}}\n{model}{own('l40-48gb', 4)}adaptation: {{method: full}}\n"
    plan = planned(ranked, text + f"data: {{training_examples: {examples}}}")
    assert plan.training is not None
    wall = plan.training.estimates["wall_hours"]
    assert wall is not None
    assert wall.p50 > 8
    assert [line.rule for line in plan.lines if line.topic == "checkpoints"] == [rule]
    told = yaml.safe_load(next(f.text for f in plan.fragments if f.name == "trainer.yaml"))
    assert told["save_strategy"] == strategy
    assert ("save_steps" in told) == (strategy == "steps")


def test_trees_are_fitted_and_not_batched(ranked: Ranked) -> None:
    text = "application: {task: tabular, domain: finance, area: credit_scoring}\n"
    plan = planned(ranked, text + own("epyc-9654") + "data: {training_examples: 400000, drift: monthly}")
    assert plan.training is not None
    assert plan.training.micro_batch is None
    assert [line.rule for line in plan.lines if line.topic == "validation"] == ["TEC-421", "TEC-423"]
    assert not any(f.name == "trainer.yaml" for f in plan.fragments)


def test_hours_of_detection_are_not_told_from_classification(ranked: Ranked) -> None:
    labelled = "data: {training_examples: 50000}\n" + own("l4-24gb")
    known = planned(ranked, "application: {task: image-classification}\n" + labelled)
    assert known.training is not None
    assert known.training.estimates["wall_hours"] is not None
    assert any("memory of training vision models is not estimated" in p for p in known.problems)
    fine = planned(ranked, "application: {task: object-detection}\n" + labelled)
    assert fine.training is not None
    assert fine.training.estimates["wall_hours"] is None


def test_frameworks_that_cannot_load_the_weights_do_not_train_them(ranked: Ranked) -> None:
    text = "application: {task: image-classification}\npins: {model: [timm/resnet50.a1_in1k]}\n"
    text += own("l4-24gb") + "adaptation: {method: full}\ndata: {training_examples: 5000}"
    tuned = planned(ranked, text).training
    assert tuned is not None
    assert tuned.frameworks[0] == "pytorch"
    assert "tensorflow" not in tuned.frameworks


def test_formulas() -> None:
    assert save_every_hours(0.02, 4.0) == pytest.approx(0.4)
    # (p q + r s) (z / d)^2 with p = 0.8, r = 0.76: (0.16 + 0.1824) x ((1.96 + 0.8416) / 0.04)^2
    assert examples_to_see(0.8, 0.76) == pytest.approx(1680, abs=1)
