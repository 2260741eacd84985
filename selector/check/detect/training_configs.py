"""Configurations of trainers: Axolotl, LLaMA-Factory, DeepSpeed, Accelerate, arguments of the HF Trainer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from selector.check.detect import foreign
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.pods import inner, text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

Path_ = tuple[str | int, ...]
_HINT = re.compile(
    r"base_model|model_name_or_path|zero_optimization|distributed_type|finetuning_type|adapter_name_or_path"
    r"|_component_: *torchtune"
)
YES = (True, "true", "True", "auto_bf16")


def reads(file: File) -> bool:
    """True for YAML and JSON files that may configure a trainer."""
    name = file.base
    return name.endswith((".yaml", ".yml", ".json")) and name not in ("package.json", "package-lock.json")


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one configuration."""
    text = tree.text(file)
    if text is None or not _HINT.search(text):
        return []
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    teller = Teller(file.name, file.name, tables)
    for document in documents:
        data = document.data
        if not isinstance(data, dict) or "apiVersion" in data:
            continue
        if "base_model" in data:
            _axolotl(data, document, teller)
        elif "zero_optimization" in data:
            _deepspeed(data, document, teller)
        elif "distributed_type" in data:
            _accelerate(data, document, teller)
        elif "torchtune" in str(inner(data, ("model", "_component_"))):
            _torchtune(data, document, teller)
        elif "model_name_or_path" in data:
            _arguments(data, document, teller)
    return teller.told()


def _at(document: Foreign, *path: str | int) -> At:
    return At(*document.at(path), steps(path), steps(path))


def _flag(data: Mapping[str, Any], key: str) -> bool:
    return data.get(key) in YES


def _axolotl(data: Mapping[str, Any], document: Foreign, teller: Teller) -> None:
    teller.add("framework", "axolotl", _at(document, "base_model"), Certainty.INFERRED)
    teller.say("model", text_of(data.get("base_model")), _at(document, "base_model"))
    teller.say("model_revision", text_of(data.get("revision_of_model")), _at(document, "revision_of_model"))
    adapter = text_of(data.get("adapter"))
    method = adapter or ("dpo" if data.get("rl") == "dpo" else "full")
    teller.add(
        "training_method",
        method,
        _at(document, "adapter"),
        Certainty.DECLARED if adapter else Certainty.INFERRED,
    )
    _formats(data, document, teller)
    if _flag(data, "trust_remote_code"):
        teller.add("trust_remote_code", True, _at(document, "trust_remote_code"), Certainty.DECLARED)
    teller.say("context", text_of(data.get("sequence_len")), _at(document, "sequence_len"))
    sharded = next((k for k in ("fsdp", "fsdp_config") if data.get(k)), None)
    if sharded:
        teller.add("training_strategy", "fsdp", _at(document, sharded), Certainty.DECLARED)
    deepspeed = text_of(data.get("deepspeed")) or ""
    stage = re.search(r"zero-?(\d)", deepspeed)
    if stage:
        teller.add("training_strategy", f"zero-{stage[1]}", _at(document, "deepspeed"), Certainty.INFERRED)
    teller.say("tp", text_of(data.get("tensor_parallel_size")), _at(document, "tensor_parallel_size"))
    rows = data.get("datasets")
    for i, row in enumerate(rows if isinstance(rows, list) else ()):
        teller.say("dataset", text_of(inner(row, ("path",))), _at(document, "datasets", i, "path"))


def _formats(data: Mapping[str, Any], document: Foreign, teller: Teller) -> None:
    """Format of the weights that are trained on: quantised ones count before the arithmetic."""
    if _flag(data, "load_in_4bit"):
        teller.add("precision", "nf4", _at(document, "load_in_4bit"), Certainty.DECLARED)
    elif _flag(data, "load_in_8bit"):
        teller.add("precision", "int8", _at(document, "load_in_8bit"), Certainty.DECLARED)
    else:
        for key in ("bf16", "fp16", "pure_bf16"):
            if _flag(data, key):
                teller.add("precision", key.removeprefix("pure_"), _at(document, key), Certainty.DECLARED)
                return
        for key in ("torch_dtype", "dtype"):
            teller.say("precision", text_of(data.get(key)), _at(document, key))


def _arguments(data: Mapping[str, Any], document: Foreign, teller: Teller) -> None:
    """LLaMA-Factory and scripts of the HF Trainer."""
    factory = "finetuning_type" in data or "stage" in data
    if _flag(data, "use_vllm"):  # generates with it while it trains
        teller.add("framework", "vllm", _at(document, "use_vllm"), Certainty.INFERRED)
    if factory:
        teller.add("framework", "llama-factory", _at(document, "finetuning_type"), Certainty.INFERRED)
    teller.say("model", text_of(data.get("model_name_or_path")), _at(document, "model_name_or_path"))
    bits = text_of(data.get("quantization_bit"))
    method = text_of(data.get("finetuning_type"))
    if method:
        name = "qlora" if method == "lora" and bits == "4" else method
        teller.add("training_method", name, _at(document, "finetuning_type"), Certainty.DECLARED)
    elif _flag(data, "use_peft"):
        teller.add("training_method", "lora", _at(document, "use_peft"), Certainty.DECLARED)
    if bits:
        kind = "nf4" if bits == "4" else f"int{bits}"
        teller.add("precision", kind, _at(document, "quantization_bit"), Certainty.DECLARED)
    else:
        _formats(data, document, teller)
    if _flag(data, "trust_remote_code"):
        teller.add("trust_remote_code", True, _at(document, "trust_remote_code"), Certainty.DECLARED)
    stage = re.search(r"z(?:ero)?[_-]?(\d)", text_of(data.get("deepspeed")) or "")
    if stage:
        teller.add("training_strategy", f"zero-{stage[1]}", _at(document, "deepspeed"), Certainty.INFERRED)
    if data.get("fsdp"):
        teller.add("training_strategy", "fsdp", _at(document, "fsdp"), Certainty.DECLARED)
    for key in ("dataset", "dataset_name"):
        for one in (text_of(data.get(key)) or "").split(","):
            teller.say("dataset", one.strip(), _at(document, key))
    teller.say("context", text_of(data.get("cutoff_len")), _at(document, "cutoff_len"))
    teller.say("model_revision", text_of(data.get("model_revision")), _at(document, "model_revision"))
    if data.get("infer_backend") in ("vllm", "sglang"):
        teller.add("framework", data["infer_backend"], _at(document, "infer_backend"), Certainty.DECLARED)
    teller.say("adapter", text_of(data.get("adapter_name_or_path")), _at(document, "adapter_name_or_path"))


def _deepspeed(data: Mapping[str, Any], document: Foreign, teller: Teller) -> None:
    stage = inner(data, ("zero_optimization", "stage"))
    teller.add("framework", "deepspeed", _at(document, "zero_optimization"), Certainty.INFERRED)
    if isinstance(stage, int):
        teller.add(
            "training_strategy",
            f"zero-{stage}",
            _at(document, "zero_optimization", "stage"),
            Certainty.DECLARED,
        )
    size = text_of(inner(data, ("tensor_parallel", "autotp_size")))
    teller.say("tp", size, _at(document, "tensor_parallel", "autotp_size"))
    for key in ("bf16", "fp16"):
        if inner(data, (key, "enabled")) is True:
            teller.add("precision", key, _at(document, key, "enabled"), Certainty.DECLARED)


def _torchtune(data: Mapping[str, Any], document: Foreign, teller: Teller) -> None:
    """A recipe of torchtune: the builder of the model says the method, the checkpointer where weights lie."""
    builder = str(inner(data, ("model", "_component_"))).rsplit(".", 1)[-1]
    at = _at(document, "model", "_component_")
    teller.add("framework", "torchtune", at, Certainty.INFERRED)
    for key in ("checkpoint_dir", "path"):
        teller.say("model", text_of(inner(data, ("checkpointer", key))), _at(document, "checkpointer", key))
    method = next((m for m in ("qlora", "lora") if builder.startswith(f"{m}_")), "full")
    teller.add("training_method", method, at, Certainty.INFERRED)
    teller.say("precision", text_of(data.get("dtype")), _at(document, "dtype"))
    teller.say("context", text_of(inner(data, ("tokenizer", "max_seq_len"))), _at(document, "tokenizer"))


def _accelerate(data: Mapping[str, Any], document: Foreign, teller: Teller) -> None:
    teller.add("framework", "accelerate", _at(document, "distributed_type"), Certainty.INFERRED)
    kind = str(data.get("distributed_type")).upper()
    if kind == "DEEPSPEED":
        teller.add("framework", "deepspeed", _at(document, "distributed_type"), Certainty.INFERRED)
    stage = inner(data, ("deepspeed_config", "zero_stage"))
    strategy = {"FSDP": "fsdp", "MULTI_GPU": "ddp"}.get(kind) or (
        f"zero-{stage}" if isinstance(stage, int) else None
    )
    if strategy:
        teller.add("training_strategy", strategy, _at(document, "distributed_type"), Certainty.DECLARED)
    teller.say("precision", text_of(data.get("mixed_precision")), _at(document, "mixed_precision"))
    teller.say("n_devices", text_of(data.get("num_processes")), _at(document, "num_processes"))
    teller.say("n_nodes", text_of(data.get("num_machines")), _at(document, "num_machines"))
