"""Settings as trainers, launchers and compressors read them, out of the plan and of its lines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from selector.types.plan import CompressionPlan, Fragment, PlanLine, SearchPlan, TrainingPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.types.catalog import Precision

MACHINE = 8  # devices of one machine
SHARDED = ("zero1", "zero2", "zero3")
NO_TOOL = "none"  # of a search by hand
# Optional devices of the trainer that a short run does without.
ALWAYS = {"seed": 0, "logging_steps": 10, "report_to": "none", "output_dir": "out"}


def of(
    option: ModelOption,
    precision: Precision | None,
    plan: TrainingPlan | None,
    search: SearchPlan | None,
    compression: CompressionPlan | None,
    lines: Sequence[PlanLine],
) -> tuple[Fragment, ...]:
    """Every fragment that the plan calls for."""
    found: list[Fragment] = []
    if plan is not None and plan.micro_batch is not None:
        found += _training(option, plan, lines)
    if search is not None and search.space and search.tool != NO_TOOL:
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
    if (
        compression is not None
        and precision is not None
        and compression.tool == "llm-compressor"
        and precision.scheme
    ):
        found.append(Fragment("recipe.yaml", "llm-compressor", _yaml(_recipe(precision.scheme))))
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


def _training(option: ModelOption, plan: TrainingPlan, lines: Sequence[PlanLine]) -> list[Fragment]:
    main = plan.frameworks[0] if plan.frameworks else "pytorch"
    if plan.layout["tp"] * plan.layout["pp"] > 1:
        return [Fragment("launch.sh", main, _split(plan, lines))]
    if main == "llama-factory":
        found = [Fragment("llama-factory.yaml", main, _yaml(_llama_factory(option, plan, lines)))]
    else:
        found = [Fragment("trainer.yaml", "transformers TrainingArguments", _yaml(trainer(plan, lines)))]
        if adapters := merged(lines, "peft"):
            found.append(Fragment("lora.yaml", "peft LoraConfig", _yaml(adapters)))
        if quantised := merged(lines, "quantization"):
            compute = {"bnb_4bit_compute_dtype": "bfloat16" if plan.precision == "bf16" else "float16"}
            found.append(
                Fragment("quantization.yaml", "transformers BitsAndBytesConfig", _yaml(quantised | compute))
            )
    if steps := transforms(lines):
        found.append(Fragment("augmentation.yaml", "torchvision.transforms.v2", _yaml({"transforms": steps})))
    if plan.strategy == "zero3":
        found.append(Fragment("accelerate.yaml", "accelerate", _yaml(_accelerate(plan))))
    if plan.strategy in SHARDED:
        found.append(Fragment("deepspeed.json", "deepspeed", json.dumps(_deepspeed(plan), indent=2) + "\n"))
    found.append(Fragment("launch.sh", "shell", _launch(plan, main)))
    return found


def trainer(plan: TrainingPlan, lines: Sequence[PlanLine]) -> dict[str, Any]:
    """Arguments of the Hugging Face Trainer."""
    found = {
        **ALWAYS,
        "per_device_train_batch_size": plan.micro_batch,
        "gradient_accumulation_steps": plan.accumulation,
        "num_train_epochs": plan.epochs,
        **merged(lines, "trainer"),
    }
    found |= _warmed(plan, lines, found)
    if plan.checkpoint_hours and plan.steps and (wall := plan.estimates.get("wall_hours")):
        found["save_steps"] = max(math.floor(plan.steps * plan.checkpoint_hours / wall.p50), 1)
    if found.get("lr_scheduler_type") == "reduce_lr_on_plateau":
        found |= {"eval_strategy": "epoch", "save_strategy": "epoch", "load_best_model_at_end": True}
    return found


def _warmed(plan: TrainingPlan, lines: Sequence[PlanLine], found: Mapping[str, Any]) -> dict[str, Any]:
    """Steps of warm-up within the share of a short run that a line allows."""
    share, steps = merged(lines, "limits").get("warmup_share"), found.get("warmup_steps", 0)
    if share is None or plan.steps is None or steps <= share * plan.steps:
        return {}
    return {"warmup_steps": max(math.floor(share * plan.steps), 1)}


def _llama_factory(option: ModelOption, plan: TrainingPlan, lines: Sequence[PlanLine]) -> dict[str, Any]:
    base = trainer(plan, lines)
    adapters = merged(lines, "peft")
    kept = (
        *("per_device_train_batch_size", "gradient_accumulation_steps", "num_train_epochs", "learning_rate"),
        *("lr_scheduler_type", "bf16", "fp16", "output_dir", "logging_steps", "seed"),
    )
    found: dict[str, Any] = {
        "model_name_or_path": option.id,
        "stage": "pt" if (plan.epochs or 0.0) <= 1 and not adapters else "sft",
        "do_train": True,
        "dataset": "train",  # by its name in dataset_info.json
        "finetuning_type": "lora" if adapters else "full",
        "cutoff_len": int(plan.seq_len or 0),
        "packing": True,
        **{k: base[k] for k in kept if k in base},
        "warmup_ratio": base.get("warmup_steps", 0.0),
    }
    if adapters:
        found |= {
            "lora_rank": adapters.get("r"),
            "lora_alpha": adapters.get("lora_alpha"),
            "lora_target": "all",
        }
    if plan.base_precision:
        found |= {"quantization_bit": 4, "quantization_method": "bnb"}
    if plan.strategy in SHARDED:
        found["deepspeed"] = "deepspeed.json"
    return found


def _accelerate(plan: TrainingPlan) -> dict[str, Any]:
    """FSDP2 by the launcher of accelerate."""
    across = plan.layout["cp"]
    split = {
        "use_parallelism_config": True,
        "parallelism_config": {
            "parallelism_config_dp_shard_size": plan.n_devices // across,
            "parallelism_config_cp_size": across,
        },
    }
    return {
        **(split if across > 1 else {}),
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": "FSDP",
        "mixed_precision": plan.precision,
        "num_machines": math.ceil(plan.n_devices / MACHINE),
        "num_processes": plan.n_devices,
        "machine_rank": 0,
        "main_training_function": "main",
        "use_cpu": False,
        "fsdp_config": {
            "fsdp_version": 2,
            "fsdp_reshard_after_forward": True,
            "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "fsdp_activation_checkpointing": plan.recompute != "none",
            "fsdp_state_dict_type": "SHARDED_STATE_DICT",
            "fsdp_cpu_ram_efficient_loading": True,
        },
    }


def _deepspeed(plan: TrainingPlan) -> dict[str, Any]:
    """ZeRO by DeepSpeed; what the trainer knows it fills in itself."""
    return {
        "train_micro_batch_size_per_gpu": plan.micro_batch,
        "gradient_accumulation_steps": plan.accumulation,
        "gradient_clipping": 1.0,
        "bf16": {"enabled": plan.precision == "bf16"},
        "fp16": {"enabled": plan.precision == "fp16"},
        "zero_optimization": {
            "stage": int(plan.strategy[-1]),
            "overlap_comm": True,
            "contiguous_gradients": True,
            "stage3_gather_16bit_weights_on_model_save": plan.strategy == "zero3",
        },
    }


def _launch(plan: TrainingPlan, main: str) -> str:
    each = min(plan.n_devices, MACHINE)
    nodes = math.ceil(plan.n_devices / MACHINE)
    if main == "llama-factory":
        spread = f"FORCE_TORCHRUN=1 NPROC_PER_NODE={each} NNODES={nodes}"
        return f"{spread} llamafactory-cli train llama-factory.yaml\n"
    if plan.strategy == "zero3":
        return "accelerate launch --config_file accelerate.yaml train.py --config trainer.yaml\n"
    extra = " --deepspeed deepspeed.json" if plan.strategy in SHARDED else ""
    rendezvous = ' --rdzv_backend=c10d --rdzv_endpoint="$HEAD:29500"' if nodes > 1 else ""
    spread = f"--nproc_per_node={each} --nnodes={nodes}{rendezvous}"
    return f"torchrun {spread} train.py --config trainer.yaml{extra}\n"


def _split(plan: TrainingPlan, lines: Sequence[PlanLine]) -> str:
    """Arguments of Megatron for a run that splits layers."""
    rate = trainer(plan, lines)
    each = min(plan.n_devices, MACHINE)
    found = [
        f"torchrun --nproc_per_node={each} --nnodes={math.ceil(plan.n_devices / MACHINE)} pretrain_gpt.py",
        f"--tensor-model-parallel-size {plan.layout['tp']} --sequence-parallel",
        f"--pipeline-model-parallel-size {plan.layout['pp']}",
        f"--context-parallel-size {plan.layout['cp']} --expert-model-parallel-size {plan.layout['ep']}",
        f"--micro-batch-size {plan.micro_batch} --global-batch-size {plan.global_batch}",
        f"--seq-length {int(plan.seq_len or 0)} --use-distributed-optimizer --{plan.precision}",
        f"--lr {rate.get('learning_rate', 0)} --lr-decay-style cosine",
        f"--lr-warmup-iters {rate.get('warmup_steps', 0)}",
        f"--weight-decay {rate.get('weight_decay', 0)} --clip-grad {rate.get('max_grad_norm', 1.0)}",
    ]
    if plan.recompute != "none":
        found.append(f"--recompute-granularity {plan.recompute}")
    return " \\\n  ".join(found) + "\n"


def _recipe(scheme: str) -> dict[str, Any]:
    kind = (
        "AWQModifier"
        if scheme.endswith("_ASYM")
        else "GPTQModifier"
        if scheme in ("W4A16", "W8A8", "W4A8")
        else "QuantizationModifier"
    )
    modifiers: dict[str, Any] = {kind: {"targets": ["Linear"], "scheme": scheme, "ignore": ["lm_head"]}}
    if scheme == "W8A8":
        modifiers = {"SmoothQuantModifier": {"smoothing_strength": 0.8}, **modifiers}
    return {"quant_stage": {"quant_modifiers": modifiers}}


def _yaml(value: object) -> str:
    return yaml.safe_dump(_plain(value), sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
