"""Settings of a run agree with the plan, with each other and with the tool that reads them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from selector.plan import fragments, launchers
from selector.types.decision import Recommendation
from selector.types.estimate import Estimate
from selector.types.plan import Plan, PlanLine, TrainingPlan

Ranked = Callable[..., Recommendation]

OWN = "deployment: {{hosting: [on_prem], inventory: [{{hardware: {device}, count: {n}}}]}}\n"
CHAT = "application: {{task: chat}}\npins: {{model: [{model}]}}\nadaptation: {{method: {method}}}\n"
LABELS = "application: {task: text-classification}\npins: {model: [microsoft/deberta-v3-base]}\n"
DATA = "data: {training_examples: 20000}\n"
FULL = CHAT.format(model="meta-llama/Llama-3.1-8B-Instruct", method="full")
SHARDED = FULL + OWN.format(device="l40-48gb", n=4) + DATA
LARGE = CHAT.format(model="meta-llama/Llama-3.3-70B-Instruct", method="qlora")
QLORA = LARGE + OWN.format(device="rtx-4090-24gb", n=8) + DATA
LORA = CHAT.format(model="Qwen/Qwen3-8B", method="lora") + OWN.format(device="h100-sxm-80gb", n=8) + DATA
ENCODER = LABELS + OWN.format(device="l4-24gb", n=2) + DATA


@pytest.fixture
def made(ranked: Ranked) -> Callable[[str], tuple[Plan, TrainingPlan, dict[str, Any]]]:
    """Plan, run and settings by the name of their file."""

    def run(text: str) -> tuple[Plan, TrainingPlan, dict[str, Any]]:
        plan = ranked(text, top=1).plan
        assert plan is not None
        assert plan.training is not None
        files = {f.name: f.text for f in plan.fragments}
        read = {k: yaml.safe_load(v) if k.endswith((".yaml", ".json")) else v for k, v in files.items()}
        return plan, plan.training, read

    return run


Made = Callable[[str], tuple[Plan, TrainingPlan, dict[str, Any]]]


def line(**settings: Any) -> PlanLine:
    return PlanLine("tuning", "", "", "TEC-0", (), "2026-11-27", settings)


def option(role: str = "llm", method: str = "full", name: str = "any/model") -> Any:
    return SimpleNamespace(id=name, role=role, method=method)


def hours(value: float) -> Estimate:
    return Estimate(value, value, value, "h", "training.wall_hours")


def text_of(found: Any, name: str) -> str:
    texts: dict[str, str] = {f.name: f.text for f in found}
    return texts[name]


def settings(of: Any, plan: TrainingPlan, *lines: PlanLine, name: str) -> Any:
    return yaml.safe_load(text_of(fragments.of(of, None, plan, None, None, lines), name))


def test_under_fsdp_activations_are_computed_again_by_fsdp_alone(made: Made) -> None:
    _, run, files = made(SHARDED)
    assert (run.strategy, run.recompute) == ("zero3", "full")
    assert files["accelerate.yaml"]["fsdp_config"]["fsdp_activation_checkpointing"]
    assert "gradient_checkpointing" not in files["trainer.yaml"]


def test_fsdp_stores_4_bit_weights_in_the_type_it_computes_in(made: Made) -> None:
    four_bit = made(QLORA)[2]["quantization.yaml"]
    assert four_bit["bnb_4bit_quant_storage"] == four_bit["bnb_4bit_compute_dtype"] == "bfloat16"


def test_a_run_shorter_than_the_time_between_saves_saves_at_every_epoch(made: Made) -> None:
    _, run, files = made(SHARDED)
    assert run.estimates["wall_hours"].p50 > 8  # type: ignore[union-attr]
    assert run.checkpoint_hours is None
    told = files["trainer.yaml"]
    assert (told["save_strategy"], told["eval_strategy"]) == ("epoch", "epoch")
    assert "save_steps" not in told


def test_adapters_are_saved_as_often_as_their_few_bytes_allow(made: Made) -> None:
    _, run, files = made(QLORA)
    assert run.checkpoint_hours is not None
    assert run.steps is not None
    assert run.checkpoint_hours < 3  # 40 where all weights are written
    assert 0 < files["trainer.yaml"]["save_steps"] < run.steps


def test_runs_that_a_search_compares_are_evaluated_when_they_are_saved(made: Made) -> None:
    run = made(QLORA)[1]
    long = replace(run, checkpoint_hours=2.0, steps=100, estimates={"wall_hours": hours(20.0)})
    saves = line(trainer={"save_strategy": "steps"})
    told = fragments.trainer(long, [saves], tried=True)
    assert (told["save_strategy"], told["save_steps"]) == ("steps", 10)
    assert (told["eval_strategy"], told["eval_steps"]) == ("steps", 10)
    over = replace(long, checkpoint_hours=30.0)
    assert fragments.trainer(over, [saves])["save_steps"] == 100


@pytest.mark.parametrize(("share", "steps", "expected"), [(0.03, 1306, 39), (0.03, 20, 1), (0.03, None, 0.03), (50, 1306, 50)])  # fmt: skip
def test_warm_up_is_in_whole_steps_where_they_are_known(
    made: Made, share: float, steps: int | None, expected: float
) -> None:
    run = replace(made(LORA)[1], steps=steps, frameworks=("trl",))
    of_share = line(trainer={"warmup_steps": share})
    text = text_of(fragments.of(option(), None, run, None, None, [of_share]), "trainer.yaml")
    assert yaml.safe_load(text)["warmup_steps"] == expected
    assert ("transformers" in text) == (steps is None)  # which version reads a share


def test_encoders_are_not_packed_and_read_no_more_than_they_can(made: Made) -> None:
    plan, run, files = made(ENCODER)
    assert run.seq_len == 512
    assert run.global_batch is not None
    assert run.epochs == 4
    assert run.steps == 4 * math.ceil(20000 / run.global_batch)
    assert f"batch: {run.global_batch} sequences a step" in run.assumptions
    assert not any("are packed" in x for x in run.assumptions)
    assert "sft.yaml" not in files
    assert plan.training is run


@pytest.mark.parametrize(("role", "kind"), [("encoder", "SEQ_CLS"), ("embedding", "FEATURE_EXTRACTION"), ("llm", "CAUSAL_LM")])  # fmt: skip
def test_adapters_are_told_what_the_model_is_for(made: Made, role: str, kind: str) -> None:
    adapters = line(peft={"r": 16, "task_type": "CAUSAL_LM"})
    run = replace(made(ENCODER)[1], frameworks=("pytorch",))
    assert settings(option(role, "lora"), run, adapters, name="lora.yaml")["task_type"] == kind


def test_halved_lengths_cut_examples_and_count_fewer_tokens(made: Made) -> None:
    long = "workload: {input_tokens: 6000, output_tokens: 500}\n"
    whole = made(FULL + OWN.format(device="h100-sxm-80gb", n=8) + DATA + long)[1]
    short = made(FULL + OWN.format(device="l40-48gb", n=4) + DATA + long)[1]
    for run in (whole, short):
        assert run.seq_len
        assert run.global_batch
        each = min(6500.0, run.seq_len)
        assert run.steps == 3 * math.ceil(math.ceil(20000 * each / run.seq_len) / run.global_batch)
        cut = any("examples are cut at" in x for x in run.assumptions)
        assert cut == (run.seq_len < 6500.0)


def test_packing_is_in_the_settings_and_can_be_worked_out_again(made: Made) -> None:
    _, run, files = made(LORA)
    assert files["sft.yaml"] == {"packing": True, "max_length": run.seq_len}
    told = next(x for x in run.assumptions if "are packed" in x)
    each = float(told.split(" of an example")[0].split()[-1])
    assert run.seq_len
    assert run.global_batch
    whole = math.ceil(3 * math.ceil(20000 * each / run.seq_len / run.global_batch))
    assert run.steps == pytest.approx(whole, abs=3)


def test_a_rate_that_is_stated_for_a_batch_follows_the_batch(made: Made) -> None:
    run = replace(made(ENCODER)[1], global_batch=64)
    told = fragments.trainer(run, [line(trainer={"learning_rate": 0.1}, limits={"batch_of_rate": 256})])
    assert told["learning_rate"] == pytest.approx(0.025)


def test_arguments_of_megatron(made: Made) -> None:
    run = replace(made(LORA)[1], n_devices=16, recompute="full", steps=500, layout={"tp": 8, "pp": 2, "cp": 1, "ep": 1})  # fmt: skip
    told = {"learning_rate": 3e-4, "lr_scheduler_kwargs": {"min_lr_rate": 0.1}, "warmup_steps": 50}
    text = launchers.megatron(run, told)
    assert "--recompute-granularity full --recompute-method uniform --recompute-num-layers 1" in text
    assert "--min-lr 3e-05" in text
    assert "--train-iters 500" in text
    assert "--lr-warmup-iters 50" in text
    bare = launchers.megatron(
        replace(run, recompute="selective", steps=None), {"learning_rate": 1e-4, "warmup_steps": 0.03}
    )
    assert "--recompute-granularity selective" in bare
    assert not any(x in bare for x in ("--min-lr", "--train-iters", "--recompute-method"))
    assert "--lr-warmup-fraction 0.03" in bare


@pytest.mark.parametrize(("method", "stage"), [("full", "sft"), ("continued_pretrain", "pt"), ("pretrain", "pt")])  # fmt: skip
def test_llama_factory_keeps_what_the_rules_say(made: Made, method: str, stage: str) -> None:
    run = replace(made(LORA)[1], frameworks=("llama-factory",), epochs=1.0, estimates={}, steps=None)
    rules = line(
        trainer={"optim": "adamw_torch", "weight_decay": 0.1, "save_strategy": "epoch", "warmup_steps": 0.1}
        | {"eval_strategy": "epoch", "lr_scheduler_kwargs": {"min_lr_rate": 0.1}},
        peft={"r": 16, "lora_alpha": 32, "lora_dropout": 0.05},
    )
    told = settings(option(method=method), run, rules, name="llama-factory.yaml")
    assert told["stage"] == stage
    assert (told["optim"], told["weight_decay"], told["lora_dropout"]) == ("adamw_torch", 0.1, 0.05)
    assert (told["save_strategy"], told["eval_strategy"]) == ("epoch", "epoch")
    assert told["lr_scheduler_kwargs"] == {"min_lr_rate": 0.1}
    assert told["warmup_ratio"] == 0.1
    assert settings(option(), replace(run, steps=100), rules, name="llama-factory.yaml")["warmup_steps"] == 10


def test_launchers_start_as_many_processes_as_a_machine_has_devices(made: Made) -> None:
    run = made(LORA)[1]
    four = replace(run, n_devices=16, per_machine=4, strategy="ddp", frameworks=("trl",))
    assert "--nproc_per_node=4 --nnodes=4" in launchers.command(four, "trl")
    assert "NPROC_PER_NODE=4 NNODES=4" in launchers.command(four, "llama-factory")
    assert launchers.accelerate(replace(four, strategy="zero3"))["num_machines"] == 4
    split = replace(four, layout={"tp": 4, "pp": 2, "cp": 1, "ep": 1})
    assert "--nproc_per_node=4 --nnodes=4" in launchers.megatron(split, {})


def test_devices_of_a_machine_are_those_of_the_place(made: Made) -> None:
    spread = "deployment: {hosting: [on_prem], inventory: [{hardware: l40-48gb, count: 8, nodes: 2}]}\n"
    assert made(FULL + spread + DATA)[1].per_machine == 4
    assert made(SHARDED)[1].per_machine == 4
