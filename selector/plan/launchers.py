"""How the run of a plan is started over its devices: accelerate, DeepSpeed, torchrun, Megatron."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from selector.types.plan import TrainingPlan

SHARDED = ("zero1", "zero2", "zero3")


def spread(plan: TrainingPlan) -> tuple[int, int]:
    """Machines, and devices that each of them gives."""
    each = min(plan.n_devices, plan.per_machine)
    return math.ceil(plan.n_devices / each), each


def accelerate(plan: TrainingPlan) -> dict[str, Any]:
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
        "num_machines": spread(plan)[0],
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


def deepspeed(plan: TrainingPlan) -> dict[str, Any]:
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


def command(plan: TrainingPlan, main: str) -> str:
    """The line that starts the run."""
    nodes, each = spread(plan)
    if main == "llama-factory":
        how = f"FORCE_TORCHRUN=1 NPROC_PER_NODE={each} NNODES={nodes}"
        return f"{how} llamafactory-cli train llama-factory.yaml\n"
    if plan.strategy == "zero3":
        return "accelerate launch --config_file accelerate.yaml train.py --config trainer.yaml\n"
    extra = " --deepspeed deepspeed.json" if plan.strategy in SHARDED else ""
    rendezvous = ' --rdzv_backend=c10d --rdzv_endpoint="$HEAD:29500"' if nodes > 1 else ""
    how = f"--nproc_per_node={each} --nnodes={nodes}{rendezvous}"
    return f"torchrun {how} train.py --config trainer.yaml{extra}\n"


def megatron(plan: TrainingPlan, told: Mapping[str, Any]) -> str:
    """Arguments of Megatron for a run that splits layers; `told` are those of the trainer."""
    nodes, each = spread(plan)
    rate = told.get("learning_rate", 0)
    found = [
        f"torchrun --nproc_per_node={each} --nnodes={nodes} pretrain_gpt.py",
        f"--tensor-model-parallel-size {plan.layout['tp']} --sequence-parallel",
        f"--pipeline-model-parallel-size {plan.layout['pp']}",
        f"--context-parallel-size {plan.layout['cp']} --expert-model-parallel-size {plan.layout['ep']}",
        f"--micro-batch-size {plan.micro_batch} --global-batch-size {plan.global_batch}",
        f"--seq-length {int(plan.seq_len or 0)} --use-distributed-optimizer --{plan.precision}",
        *([f"--train-iters {plan.steps}"] if plan.steps else []),
        f"--lr {rate} --lr-decay-style cosine{_floor(rate, told)}",
        _warmed(told.get("warmup_steps", 0)),
        f"--weight-decay {told.get('weight_decay', 0)} --clip-grad {told.get('max_grad_norm', 1.0)}",
        *RECOMPUTED.get(plan.recompute, ()),
    ]
    return " \\\n  ".join(found) + "\n"


# Whole layers are computed again one by one; parts of layers need no count.
RECOMPUTED = {
    "full": ("--recompute-granularity full --recompute-method uniform --recompute-num-layers 1",),
    "selective": ("--recompute-granularity selective",),
}


def _floor(rate: float, told: Mapping[str, Any]) -> str:
    share = dict(told.get("lr_scheduler_kwargs") or {}).get("min_lr_rate")
    return "" if share is None else f" --min-lr {share * rate:g}"


def _warmed(steps: float) -> str:
    return f"--lr-warmup-fraction {steps}" if 0 < steps < 1 else f"--lr-warmup-iters {int(steps)}"
