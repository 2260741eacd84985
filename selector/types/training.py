"""A training run, and the same as the formulas see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """What is trained how; None where nobody says. Lengths are tokens, sizes of batches sequences."""

    method: str  # pretrain | full | lora | qlora
    seq_len: float
    devices: int = 1
    precision: str = "bf16"  # of the arithmetic: bf16 fp16 tf32 fp32 fp8 mxfp8 nvfp4 narrowest
    base_bits: float = 16.0  # of weights that are not trained
    micro_batch: float | None = None
    global_batch: float | None = None
    tp: int = 1
    pp: int = 1
    cp: int = 1
    ep: int | None = None
    stages: int = 1  # virtual pipeline stages of a device
    sharding: str | None = None  # ddp zero1 zero2 zero3; fsdp is zero3
    shards: int | None = None  # devices that share the states; None: all of the data-parallel ones
    recompute: str | None = None  # full | selective | none
    optimizer: str = "adam"  # adam | adam8bit
    states: str = "mixed"  # mixed: 32-bit master weights; pure: all of them 16-bit
    chunked_loss: bool = False
    sequence_split: bool = True  # tensor parallel devices share what lies between layers
    gradients_kept: bool = True  # False: the optimizer runs inside the backward pass
    offload: str = "none"  # none | states | activations
    lora_rank: float = 16.0
    embeddings_trained: bool = False  # with LoRA, the embeddings and the head as well
    encoder: bool = False  # each token sees all others
    keys: tuple[str, ...] = ()  # what else changes a factor: tier, framework, age


@dataclass(frozen=True, slots=True)
class TrainingCell:
    """A run as the formulas see it; every field is a number or an array of equal shape.

    Operations, bytes and seconds are those of one token on one device unless the name says
    otherwise. `peak` is operations per second at 16 bit, rates are bytes per second one way.
    """

    gemm_flops: object  # forward and backward, recompute counted
    attention_flops: object
    peak: object
    bandwidth: object
    width_bytes: object  # layers x hidden, values that pass between operators
    launches: object  # layers run per token
    unpacked: object  # 4-bit weights opened per token
    updated: object  # bytes of the optimizer's states per token
    gathered: object  # bytes of sharded weights and gradients per token
    gather_rate: object
    exchanged: object  # bytes of tensor and expert parallelism per token
    exchange_rate: object
    sparsity: object  # parameters over active parameters
    bubble: object  # time over time without idle pipeline stages
    doublings: object  # of the devices beyond eight
    # What the run achieves (decide/train_tuning.py): fractions, bytes, seconds, factors.
    compute_fraction: object
    attention_fraction: object
    narrow_gain: object
    passes: object
    layer_seconds: object
    unpack_bytes: object
    link_fraction: object
    exchange_fraction: object
    sparsity_exponent: object
    scale_loss: object
    rate_spread: object


@dataclass(frozen=True, slots=True)
class TrainingMemoryCell:
    """What a device of a run holds; every field is a number or an array of equal shape.

    Bytes, except for `checkpoints`, `worked` and `logits`, which are counts of values.
    """

    weights: object
    gradients: object
    optimizer: object
    opened: object  # sharded weights that are gathered to work on, two layers at once
    checkpoints: object  # inputs of layers that are kept
    worked: object  # tokens x hidden x layers whose inner values are held at once
    logits: object  # tokens x vocabulary
    # What frameworks take (decide/train_memory.py).
    worked_bytes: object
    logits_bytes: object
    reserve: object
    slack: object
    memory_spread: object
