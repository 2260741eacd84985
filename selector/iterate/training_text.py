"""Words of a measured training run, as fields of a `TrainingRun`."""

from __future__ import annotations

import re

from selector.iterate.measurements import Point, PointError
from selector.needs.tables import spelled
from selector.types.training import TrainingRun

METHODS = {
    **dict.fromkeys(("pretrain", "pretraining", "pre-train"), "pretrain"),
    **dict.fromkeys(("full_ft", "full", "sft", "full_finetune", "finetune"), "full"),
    **dict.fromkeys(("lora", "dora", "lora+embeddings", "adapter"), "lora"),
    "qlora": "qlora",
}
# Adapters of other kinds cost about what LoRA does: no gradients of the base.
OTHER_ADAPTERS = re.compile(r"peft:|prompt_tuning$")
FORMATS = ("nvfp4", "mxfp8", "mxfp4", "fp8", "tf32", "fp32")
FOUR_BITS = {"nf4-dq": 4.13, "nf4 dq": 4.13, "nf4": 4.5, "int4": 4.5, "4-bit": 4.5, "2-bit": 2.5}
FEW_BITS = FOUR_BITS | {"8-bit": 8.5, "8bit": 8.5}
PATCHES = re.compile(r"(?:vit|deit|beit)\w*_patch(\d+)_")
ENCODERS = re.compile(r"\bbert|roberta", re.IGNORECASE)
# Frameworks that keep all activations unless told otherwise.
CHUNKED = frozenset({"torchtune", "unsloth"})  # compute the loss in pieces of the sequence
KEEPS_ALL = frozenset({"litgpt", "lit-gpt"})
ROWS = re.compile(r"\brows_s$")  # a rate of rows of a data set as they are, neither cut nor packed
# Before this month there was no fused attention and no framework tuned to the devices at hand.
EARLY = "2023"
# Logs of the GPT-3 benchmark count tokens where the others count sequences.
TOKENS = 1e9


def run_of(point: Point, p: dict[str, float] | None = None) -> TrainingRun:
    """What a point says of its run; raises `PointError` where a field that matters is missing."""
    method = method_of(point)
    precision, bits = precision_of(point)
    if bits < 8.0 and method == "lora":
        method = "qlora"
    words = f"{point.text('strategy') or ''} {point.text('note') or ''}".lower()
    pp, sharding, micro = _count(words, "pp") or 1, _sharding(words), _batch(point, "micro_batch")
    if sharding == "zero3" and micro and micro >= pp > 1:
        micro = micro / pp  # stated for the whole pipeline, which splits it
    return TrainingRun(
        method=method,
        seq_len=length(point, p or {}),
        devices=int(point.number("n_devices", 1.0) or 1),
        precision=precision,
        base_bits=_base_bits(method, bits, words),
        micro_batch=micro,
        global_batch=_sequences(point, p or {}),
        tp=_count(words, "tp") or 1,
        pp=pp,
        cp=_count(words, "cp") or 1,
        ep=_count(words, "ep"),
        stages=_count(words, "vp") or _count(words, "vpp") or (2 if "interleaved" in words else 1),
        sharding=sharding,
        shards=_count(words, "fsdp"),
        recompute=_recompute(words) or _usual(point, words),
        optimizer="adam8bit" if re.search(r"8-?bit adam|adam8bit|mostly 8-", words) else "adam",
        states="pure" if _pure(point, method) else "mixed",
        chunked_loss="chunked" in words or _framework(point) in CHUNKED or "unsloth" in words,
        sequence_split=not _early(point),
        gradients_kept="opt in bwd" not in words,
        offload=_offload(words),
        lora_rank=point.number("lora_rank", 1.0) or 16.0,
        embeddings_trained=(point.text("method") or "") == "lora+embeddings",
        encoder=bool(ENCODERS.search(point.text("model") or "") or _patches(point)),
        keys=circumstances(point, words),
    )


def method_of(point: Point) -> str:
    """Pretraining, full, LoRA or QLoRA; raises `PointError` for what is not modelled."""
    text = (point.text("method") or "pretrain").lower()
    if found := METHODS.get(text):
        return found
    if OTHER_ADAPTERS.match(text):
        return "lora"
    raise PointError(f"method {text} is not estimated")


def precision_of(point: Point) -> tuple[str, float]:
    """Format of the arithmetic, and bits of weights that stay as they are."""
    text = (point.text("precision") or "").lower()
    bits = next((b for name, b in FEW_BITS.items() if name in text), 16.0)
    if "submitter choice" in text or (text == "mixed" and _submitted(point)):
        return "narrowest", bits
    named = [f for f in FORMATS if f in text]
    # "bf16 with fp32 optimizer" multiplies in 16 bits.
    if re.search("bf16|fp16", text):
        named = [f for f in named if f not in ("fp32", "tf32")]
    return next(iter(named), "bf16"), bits


def length(point: Point, p: dict[str, float]) -> float:
    """Tokens of a sequence; of an image its patches. Raises `PointError` where a sample's is not known."""
    if stated := point.number("seq_len", 1.0):
        if ROWS.search(point.text("unit") or "") and point.metric == "samples_s":
            raise PointError("seq_len bounds rows of text that vary, so the work of one is not known")
        return stated * (p.get("training.filled_share", 1.0) if _packed(point) else 1.0)
    if found := _patches(point):
        side = point.number("img_size", 1.0)
        if side is None:
            raise PointError("img_size is missing, so the work of a sample is not known")
        return (side / found) ** 2 + 1.0
    if point.metric == "samples_s" and point.text("unit") != "tokens_s":
        raise PointError("seq_len is missing, so the work of a sample is not known")
    return p.get("training.seq_len_unstated", 2048.0)


def circumstances(point: Point, words: str) -> tuple[str, ...]:
    """Keys that a run's source tells: tier and name of the framework, age, compiled or not."""
    text = point.text("framework") or ""
    found = []
    known = spelled("training", text)
    if _submitted(point):
        found += ["tier.tuned", "submission"]
    elif known:
        found += [f"tier.{known[1]}", f"framework.{known[0]}"]
    else:
        found.append("tier.stock")
    if _early(point):
        found.append("early")
    if "compile" in words or "compile" in text.lower():
        found.append("compiled")
    if "offload" in words:
        found.append("offload")
    if "unpacked" in words:
        found.append("unpacked")
    return tuple(found)


def _packed(point: Point) -> bool:
    """Submissions of BERT leave out the padding of its sequences."""
    return _submitted(point) and bool(ENCODERS.search(point.text("model") or ""))


def _submitted(point: Point) -> bool:
    """True of a benchmark entry that a maker tuned."""
    known = spelled("training", point.text("framework") or "")
    return "mlcommons" in (point.text("source") or "") and (known is None or known[1] != "plain")


def _patches(point: Point) -> float | None:
    found = PATCHES.match(point.text("model") or "")
    return float(found[1]) if found else None


def _count(words: str, name: str) -> int | None:
    found = re.search(rf"\b{name}[ =]?(\d+)", words)
    return int(found[1]) if found else None


def _batch(point: Point, name: str) -> float | None:
    """A batch size; None where it is a remark rather than a number."""
    text = (point.text(name) or "").strip()
    return point.number(name, 1.0) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _sequences(point: Point, p: dict[str, float]) -> float | None:
    """Sequences of an optimizer step."""
    if stated := point.number("global_batch", 1.0):
        return stated
    if tokens := point.number("global_batch_tokens", 1.0):
        return max(tokens / length(point, p), 1.0)
    accumulated, micro = point.number("grad_accum", 1.0), _batch(point, "micro_batch")
    devices = point.number("n_devices", 1.0) or 1.0
    return accumulated * micro * devices if accumulated and micro else None


def _sharding(words: str) -> str | None:
    if found := re.search(r"zero-?(\d)", words):
        return {"0": "ddp", "1": "zero1", "2": "zero2"}.get(found[1], "zero3")
    if "fsdp" in words or "hsdp" in words:
        return "zero3"
    if "zero" in words:
        return "zero3"
    return "ddp" if re.search(r"\bd?dp|single", words) else None


def _recompute(words: str) -> str | None:
    off = r"(no|without|disabled)[ -](grad ckpt|gradient checkpoint|ac\b|recompute)|act_ckpt=false"
    if re.search(off, words):
        return "none"
    if re.search(r"\bsac\b|selective", words):
        return "selective"
    full = r"full-ac|act_ckpt=true|grad ckpt|gradient checkpoint|act ckpt|full recompute"
    return "full" if re.search(full, words) else None


def _usual(point: Point, words: str) -> str | None:
    """What a framework recomputes where nobody says otherwise."""
    if _early(point) and method_of(point) == "pretrain" and (_count(words, "tp") or _count(words, "pp")):
        return "full"
    return "none" if _framework(point) in KEEPS_ALL and "fsdp" not in words else None


def _early(point: Point) -> bool:
    return (point.text("date") or "9") < EARLY


def _framework(point: Point) -> str | None:
    known = spelled("training", point.text("framework") or "")
    return known[0] if known else None


def _offload(words: str) -> str:
    if "act offload" in words or "unsloth" in words:
        return "activations"
    return "states" if "offload" in words else "none"


def _pure(point: Point, method: str) -> bool:
    """Fine-tuning that keeps no 32-bit copy of the weights."""
    stated = f"{point.text('framework') or ''} {point.text('precision') or ''}".lower()
    names = r"torchtune|litgpt|axolotl|llama-factory|bf16-true|bfloat16|pure"
    return method == "full" and bool(re.search(names, stated)) and "32-bit" not in stated


def _base_bits(method: str, bits: float, words: str) -> float:
    if method == "qlora":
        return bits if bits < 16.0 else 4.5
    if method == "lora" and (bits < 16.0 or "8bit" in words):
        return min(bits, 8.5)
    return 16.0
