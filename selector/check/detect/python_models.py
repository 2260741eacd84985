"""Calls in Python that load, quantise, fetch or train a model."""

from __future__ import annotations

import ast
import re

from selector.check.detect import normal
from selector.check.detect.constants import UNKNOWN, value
from selector.check.detect.python_call import Call
from selector.check.detect.teller import At
from selector.types.detected import Certainty

# Classes of which an instance holds no weights.
NO_MODEL = ("Tokenizer", "Processor", "Config", "Extractor", "Scheduler", "Dataset", "Template", "Callback")
DTYPES = ("torch_dtype", "dtype")
# Loaders of files of any kind, which name no data set.
FILE_LOADERS = frozenset(
    {"json", "csv", "parquet", "text", "imagefolder", "audiofolder", "arrow", "pandas", "webdataset"}
)


def tell(call: Call) -> bool:
    """Facts of a call that loads or trains a model; False where it is none."""
    known = _BY_NAME.get(call.last)
    if call.name in call.teller.tables.words("python_engines"):
        engine(call)
    elif call.name == "torch.load":
        call.add("weight_format", "pickle", Certainty.INFERRED)
    elif call.last in call.teller.tables.words("python_quantisers"):
        _quantiser(call)
    elif call.last.endswith("Trainer") and call.teller.tables.words("python_trainers").get(call.last):
        _trainer(call)
    elif known is not None:
        known(call)
    else:
        return False
    return True


def role(name: str, call: Call) -> str:
    """In which role a model is asked, by the name of what is called."""
    found = call.teller.tables.words("model_roles")
    return next((k for word, k in found.items() if word in name), "model")


def engine(call: Call) -> None:
    """An engine that is started from code, or a pipeline."""
    teller, words = call.teller, call.teller.tables.words("python_keywords")
    teller.framework = teller.tables.words("python_engines")[call.name]
    call.add("framework", teller.framework)
    if call.name == "transformers.pipeline":
        tasks = teller.tables.words("python_tasks")
        key, position = tasks.get(call.text("task", position=0) or "", "model"), 1
    else:
        key, position = role(call.name, call), 0
    named = next((w for w in call.given if words.get(w) == "model"), None)
    if named is None and call.spreads and len(call.node.args) <= position:
        call.add(key, "**", Certainty.UNRESOLVED, f"arguments of {call.name}")
    else:
        call.say(key, call.argument(*([named] if named else []), position=position), f"model of {call.name}")
    quantised = call.text("quantization") or call.argument("quantization_config")
    for word, node in call.given.items():
        known = words.get(word)
        if known and known != "model" and not (quantised and word in DTYPES):
            call.say(known, node, f"argument {word}")
    if call.value("enable_expert_parallel") is True:
        teller.expert(call.at("argument enable_expert_parallel", call.given["enable_expert_parallel"]))


def _pretrained(call: Call) -> None:
    """`X.from_pretrained(id, ...)`: tokenizers and configurations are no models."""
    owner = call.owner
    if any(word in owner for word in NO_MODEL):
        return
    first = call.argument("pretrained_model_name_or_path", "model_name", "repo_id", "model_id", position=0)
    key = "adapter" if owner in ("PeftModel", "AutoPeftModelForCausalLM") else role(owner, call)
    if owner == "PeftModel":
        first = call.argument("model_id", position=1) or first
    call.say(key, first, f"{owner}.from_pretrained")
    _file_name(call, "filename")
    call.say("model_revision", call.argument("revision"), "argument revision")
    safe = call.value("use_safetensors")
    if isinstance(safe, bool):
        call.add("weight_format", "safetensors" if safe else "pickle", how="argument use_safetensors")
    for word, kind in (("load_in_4bit", "nf4"), ("load_in_8bit", "int8")):
        if call.value(word) is True:
            call.add("precision", kind, how=word)
            return
    if "quantization_config" not in call.given:
        call.say("precision", call.argument(*DTYPES), "argument dtype")


def _file_name(call: Call, word: str, position: int | None = None) -> None:
    """Format of the weights by the name of the file that is fetched."""
    text = call.text(word, position=position)
    named = normal.precision_of_name(text.lstrip("*"), call.teller.tables) if text else None
    if named:
        call.add("precision", named, Certainty.INFERRED, "name of the file")
    if text and text.lower().endswith(".gguf"):
        call.add("weight_format", "gguf", Certainty.INFERRED, "name of the file")


def _fetched(call: Call) -> None:
    """`snapshot_download(repo_id)`, `hf_hub_download(repo_id, filename)`."""
    kind = call.text("repo_type") or "model"
    if kind not in ("model", "dataset"):
        return
    call.say(kind, call.argument("repo_id", position=0), f"argument of {call.last}")
    if kind == "model":
        call.say("model_revision", call.argument("revision"), "argument revision")
        if call.last == "hf_hub_download":
            _file_name(call, "filename", 1)


def _bits(call: Call) -> None:
    if call.value("load_in_4bit") is True:
        call.add("precision", call.text("bnb_4bit_quant_type") or "fp4", how=call.last)
    elif call.value("load_in_8bit") is True:
        call.add("precision", "int8", how=call.last)


def _quantiser(call: Call) -> None:
    """`GPTQConfig(bits=4)` and its like."""
    kind = call.teller.tables.words("python_quantisers")[call.last]
    bits = call.value("bits", "nbits", "n_bits", "w_bit")
    plain = f"int{bits}" if isinstance(bits, int) and bits != 4 else kind
    call.add("precision", normal.precision(plain, call.teller.tables) or plain, how=call.last)


def _trainer(call: Call) -> None:
    """Trainers of TRL, with the model by its id where it is given as one."""
    node = call.argument("model", position=0)
    found = value(node, call.names)
    if isinstance(found, str):
        call.say("model", node, f"model of {call.last}")
    method = call.teller.tables.words("python_trainers")[call.last]
    if method != "-":
        call.add("training_method", method)


def _arguments(call: Call) -> None:
    """`TrainingArguments` and the classes that extend it."""
    for word in ("bf16", "fp16"):
        if call.value(word) is True:
            call.teller.arithmetic(word, call.at(f"argument {word}", call.given[word]))
    stage = re.search(r"z(?:ero)?[_-]?(\d)", call.text("deepspeed") or "")
    if stage:
        call.add("training_strategy", f"zero-{stage[1]}", Certainty.INFERRED, "argument deepspeed")
    inside = value(call.entries("deepspeed").get("zero_optimization"), call.names)
    if call.value("fsdp") or inside is not UNKNOWN:
        call.add("training_strategy", "fsdp" if call.value("fsdp") else "deepspeed", how="argument fsdp")


def _lora(call: Call) -> None:
    if call.last in ("get_peft_model",) or "peft" in call.name or "." not in call.name:
        call.add("training_method", "lora", how=call.last)


def _dataset(call: Call) -> None:
    name = call.text(position=0) or call.text("path")
    if name and name not in FILE_LOADERS and not normal.is_path(name) and not name.endswith(".py"):
        call.say("dataset", call.argument("path", position=0), "argument of load_dataset")


def _adapter(call: Call) -> None:
    call.say("adapter", call.argument("lora_path", "lora_local_path", position=2), "argument of LoRARequest")


def remote_code(keyword: ast.keyword, call: Call) -> None:
    """`trust_remote_code=` of any call."""
    found = value(keyword.value, call.names)
    if isinstance(found, bool):
        at = At(keyword.value.lineno, keyword.value.col_offset + 1, "argument trust_remote_code")
        call.teller.add("trust_remote_code", found, at, Certainty.DECLARED)


_BY_NAME = {
    "from_pretrained": _pretrained,
    "BitsAndBytesConfig": _bits,
    "LoraConfig": _lora,
    "LoRAConfig": _lora,
    "get_peft_model": _lora,
    "snapshot_download": _fetched,
    "hf_hub_download": _fetched,
    "load_dataset": _dataset,
    "LoRARequest": _adapter,
    "TrainingArguments": _arguments,
    "Seq2SeqTrainingArguments": _arguments,
    "SFTConfig": _arguments,
    "DPOConfig": _arguments,
    "GRPOConfig": _arguments,
    "RewardConfig": _arguments,
}
