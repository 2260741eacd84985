"""Settings as trainers, launchers and compressors read them, out of the plan and of its lines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from selector.decide import trainable
from selector.plan import launchers
from selector.plan.launchers import SHARDED
from selector.types.plan import CompressionPlan, Fragment, PlanLine, SearchPlan, TrainingPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.types.catalog import Precision, Recipe

NO_TOOL = "none"  # of a search by hand
# Words of PEFT's own format (`TaskType`).
TASK_TYPES = {"encoder": "SEQ_CLS", "reranker": "SEQ_CLS", "embedding": "FEATURE_EXTRACTION"}
SHARE_NOTE = "# warmup_steps below 1 is a share of the run, which transformers reads from version 5 on\n"
# Arguments of the trainer that say nothing of the run: where it writes and what it reports.
ALWAYS = {"seed": 0, "logging_steps": 10, "report_to": "none", "output_dir": "out"}


def of(
    option: ModelOption,
    precision: Precision | None,
    plan: TrainingPlan | None,
    search: SearchPlan | None,
    compression: CompressionPlan | None,
    lines: Sequence[PlanLine],
    recipe: Recipe | None = None,
) -> tuple[Fragment, ...]:
    """Every fragment that the plan calls for; `recipe` is of the tool that compresses."""
    found: list[Fragment] = []
    searched = search is not None and bool(search.space) and search.tool != NO_TOOL
    if plan is not None and plan.micro_batch is not None:
        found += _training(option, plan, search if searched else None, lines)
    if search is not None and searched:
        found.append(
            Fragment(
                "search.yaml",
                search.tool or "any",
                _yaml(
                    {
                        "method": search.method,
                        "trials": search.trials,
                        "parallel": search.parallel,
                        "space": search.space,
                    }
                ),
            )
        )
    if compression is not None and recipe is not None and precision is not None and precision.scheme:
        found.append(
            Fragment("recipe.yaml", compression.tool or "", _yaml(_recipe(precision.scheme, recipe)))
        )
    return tuple(found)


def merged(lines: Sequence[PlanLine], part: str) -> dict[str, Any]:
    """Settings of one fragment over all lines, later ones over earlier ones."""
    found: dict[str, Any] = {}
    for line in lines:
        own = line.settings.get(part)
        if isinstance(own, Mapping):
            found |= own
    return found


def transforms(lines: Sequence[PlanLine]) -> list[Any]:
    """Augmentations of all lines without those that any line calls unsafe."""
    banned = {name for line in lines for name in _list(line.settings.get("transforms_without"))}
    found = [step for line in lines for step in _list(line.settings.get("transforms"))]
    return [step for step in found if not banned & set(step)]


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _training(
    option: ModelOption, plan: TrainingPlan, search: SearchPlan | None, lines: Sequence[PlanLine]
) -> list[Fragment]:
    main = plan.frameworks[0] if plan.frameworks else "pytorch"
    told = trainer(plan, lines, tried=search is not None)
    if plan.layout["tp"] * plan.layout["pp"] > 1:
        return [Fragment("launch.sh", main, launchers.megatron(plan, told))]
    if main == "llama-factory":
        found = [Fragment("llama-factory.yaml", main, _yaml(_llama_factory(option, plan, lines, told)))]
    else:
        found = _hugging_face(option, plan, lines, told)
    if steps := transforms(lines):
        found.append(Fragment("augmentation.yaml", "torchvision.transforms.v2", _yaml({"transforms": steps})))
    if _by_fsdp(plan):
        found.append(Fragment("accelerate.yaml", "accelerate", _yaml(launchers.accelerate(plan))))
    if plan.strategy in SHARDED:
        text = json.dumps(launchers.deepspeed(plan), indent=2) + "\n"
        found.append(Fragment("deepspeed.json", "deepspeed", text))
    found.append(Fragment("launch.sh", "shell", launchers.command(plan, main)))
    return found


def _hugging_face(
    option: ModelOption, plan: TrainingPlan, lines: Sequence[PlanLine], told: Mapping[str, Any]
) -> list[Fragment]:
    """Settings of the Trainer, of adapters, of 4-bit weights and of packing, a file each."""
    note = SHARE_NOTE if 0 < told.get("warmup_steps", 0) < 1 else ""
    found = [Fragment("trainer.yaml", "transformers TrainingArguments", note + _yaml(told))]
    if option.role == "llm" and plan.seq_len:
        packed = {"packing": True, "max_length": int(plan.seq_len)}
        found.append(Fragment("sft.yaml", "trl SFTConfig, with trainer.yaml", _yaml(packed)))
    if adapters := merged(lines, "peft"):
        kind = {"task_type": TASK_TYPES[option.role]} if option.role in TASK_TYPES else {}
        found.append(Fragment("lora.yaml", "peft LoraConfig", _yaml(adapters | kind)))
    if quantised := merged(lines, "quantization"):
        found.append(
            Fragment(
                "quantization.yaml",
                "transformers BitsAndBytesConfig",
                _yaml(quantised | _computed(plan)),
            )
        )
    return found


def _by_fsdp(plan: TrainingPlan) -> bool:
    return plan.strategy == "zero3" and plan.frameworks[:1] != ("llama-factory",)


def _computed(plan: TrainingPlan) -> dict[str, str]:
    """Types of 4-bit weights; FSDP shards what is stored only where that is of the type computed in."""
    kind = "bfloat16" if plan.precision == "bf16" else "float16"
    stored = {"bnb_4bit_quant_storage": kind} if _by_fsdp(plan) else {}
    return {"bnb_4bit_compute_dtype": kind, **stored}


def trainer(plan: TrainingPlan, lines: Sequence[PlanLine], *, tried: bool = False) -> dict[str, Any]:
    """Arguments of the Hugging Face Trainer; `tried` where a search compares runs by their evaluation."""
    found = {
        **ALWAYS,
        "per_device_train_batch_size": plan.micro_batch,
        "gradient_accumulation_steps": plan.accumulation,
        "num_train_epochs": plan.epochs,
        **merged(lines, "trainer"),
    }
    found |= _warmed(plan, lines, found)
    if (for_batch := merged(lines, "limits").get("batch_of_rate")) and plan.global_batch:
        found["learning_rate"] = float(f"{found['learning_rate'] * plan.global_batch / for_batch:.6g}")
    if _by_fsdp(plan):
        found.pop("gradient_checkpointing", None)  # FSDP computes again by itself; both are refused
    return found | _saved(plan, found, tried)


def _saved(plan: TrainingPlan, found: Mapping[str, Any], tried: bool) -> dict[str, Any]:
    """When to save and to evaluate: by steps where the plan says how often, else at every epoch."""
    wall = plan.estimates.get("wall_hours")
    plateau = found.get("lr_scheduler_type") == "reduce_lr_on_plateau"
    if plan.checkpoint_hours and plan.steps and wall and not plateau:
        every = min(max(math.floor(plan.steps * plan.checkpoint_hours / wall.p50), 1), plan.steps)
        judged = {"eval_strategy": "steps", "eval_steps": every, "load_best_model_at_end": True}
        return {"save_strategy": "steps", "save_steps": every, **(judged if tried else {})}
    if plateau:
        return {"eval_strategy": "epoch", "save_strategy": "epoch", "load_best_model_at_end": True}
    return {}


def _warmed(plan: TrainingPlan, lines: Sequence[PlanLine], found: Mapping[str, Any]) -> dict[str, Any]:
    """Whole steps of warm-up, within the share of a short run that a line allows."""
    share, steps = merged(lines, "limits").get("warmup_share"), found.get("warmup_steps", 0)
    if plan.steps is None or not steps:
        return {}
    if 0 < steps < 1:
        steps *= plan.steps
    elif share is not None:
        steps = min(steps, share * plan.steps)
    return {"warmup_steps": max(math.floor(steps), 1)}


def _llama_factory(
    option: ModelOption, plan: TrainingPlan, lines: Sequence[PlanLine], told: Mapping[str, Any]
) -> dict[str, Any]:
    adapters = merged(lines, "peft")
    raw = trainable.COSTS_AS.get(option.method, option.method) == "pretrain"
    warm = told.get("warmup_steps", 0)
    found: dict[str, Any] = {
        "model_name_or_path": option.id,
        "stage": "pt" if raw else "sft",
        "do_train": True,
        "dataset": "train",  # by its name in dataset_info.json
        **({"eval_dataset": "validation"} if told.get("eval_strategy") else {}),
        "finetuning_type": "lora" if adapters else "full",
        "cutoff_len": int(plan.seq_len or 0),
        "packing": True,
        **{k: v for k, v in told.items() if k not in ("warmup_steps", "gradient_checkpointing", "report_to")},
        ("warmup_ratio" if 0 < warm < 1 else "warmup_steps"): warm,
    }
    if adapters:
        found |= {
            "lora_rank": adapters.get("r"),
            "lora_alpha": adapters.get("lora_alpha"),
            "lora_dropout": adapters.get("lora_dropout", 0.0),
            "lora_target": "all",
        }
    if plan.base_precision:
        found |= {"quantization_bit": 4, "quantization_method": "bnb"}
    if plan.strategy in SHARDED:
        found["deepspeed"] = "deepspeed.json"
    return found


def _recipe(scheme: str, recipe: Recipe) -> dict[str, Any]:
    kind = (
        "AWQModifier"
        if scheme.endswith("_ASYM")
        else "GPTQModifier"
        if scheme in ("W4A16", "W8A8", "W4A8")
        else "QuantizationModifier"
    )
    modifiers: dict[str, Any] = {kind: {"targets": ["Linear"], "scheme": scheme, "ignore": recipe.ignore}}
    if scheme == "W8A8":
        modifiers = {"SmoothQuantModifier": {"smoothing_strength": recipe.smoothing_strength}, **modifiers}
    return {"quant_stage": {"quant_modifiers": modifiers}}


def _yaml(value: object) -> str:
    return yaml.safe_dump(_plain(value), sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
