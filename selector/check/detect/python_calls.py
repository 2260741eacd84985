"""Calls in Python that name a model, an endpoint, an engine or a device."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from selector.check.detect import normal, packages
from selector.check.detect.argv import Word
from selector.check.detect.constants import UNKNOWN, dotted, entries, value
from selector.check.detect.teller import At, Teller
from selector.types.detected import Certainty

MODEL_ARGUMENTS = ("model", "model_name", "model_id", "modelId", "azure_deployment", "deployment_name")


def tell(call: ast.Call, names: Mapping[str, ast.expr], imported: Mapping[str, str], teller: Teller) -> None:
    """Facts of one call."""
    name = full(call.func, imported)
    last = name.rsplit(".", 1)[-1]
    if name in teller.tables.words("python_engines"):
        _engine(call, name, names, teller)
    elif last == "from_pretrained":
        _pretrained(call, name, names, teller)
    elif last == "LLMConfig" and name.startswith("ray."):
        _ray(call, names, teller)
    elif last == "BitsAndBytesConfig":
        _bits(call, names, teller)
    elif last in ("LoraConfig", "LoRAConfig") and ("peft" in name or "." not in name):
        teller.add("training_method", "lora", _at(call, last), Certainty.DECLARED)
    elif last in ("client", "resource") and name.startswith("boto3"):
        _bedrock(call, names, teller)
    elif last in ("pip_install", "uv_pip_install"):
        packages.listed(words_of(call, names), f"argument of {last}", teller)
    elif name.startswith("modal.") or (last in ("function", "cls") and "gpu" in _given(call)):
        _modal(call, names, teller)
    else:
        _client(call, name, last, names, teller)


def full(node: ast.expr, imported: Mapping[str, str]) -> str:
    """Name of what is called, with what its first parts were imported or made from."""
    name = dotted(node)
    for _ in range(4):
        parts = name.split(".")
        for stop in range(len(parts), 0, -1):
            known = imported.get(".".join(parts[:stop]))
            if known and known != ".".join(parts[:stop]):
                name = ".".join([known, *parts[stop:]])
                break
        else:
            return name
    return name


def _given(call: ast.Call, names: Mapping[str, ast.expr] | None = None) -> dict[str, ast.expr]:
    """Arguments by name; with `names`, those of `**mapping` too where the file writes it out."""
    spread = [entries(k.value, names) for k in call.keywords if k.arg is None] if names else []
    found = {k.arg: k.value for k in call.keywords if k.arg}
    return {key: v for one in spread for key, v in one.items()} | found


def _at(node: ast.expr, how: str) -> At:
    return At(node.lineno, node.col_offset + 1, how)


def _say(key: str, node: ast.expr | None, names: Mapping[str, ast.expr], how: str, teller: Teller) -> None:
    """A value that an expression has; the expression itself where it is not known, unresolved."""
    if node is None:
        return
    found = value(node, names)
    if found is UNKNOWN:
        if key in ("model", "embedding_model", "tp", "accelerator"):
            teller.add(key, ast.unparse(node)[:80], _at(node, how), Certainty.UNRESOLVED)
    elif isinstance(found, str | int | float):
        teller.say(key, found, _at(node, how))


def _engine(call: ast.Call, name: str, names: Mapping[str, ast.expr], teller: Teller) -> None:
    teller.framework = teller.tables.words("python_engines")[name]
    teller.add("framework", teller.framework, _at(call, f"call of {name}"), Certainty.DECLARED)
    role = _role(name, teller)
    given = _given(call, names)
    if call.args and "model" not in given and name != "transformers.pipeline":
        _say(role, call.args[0], names, f"argument of {name}", teller)
    if any(k.arg is None for k in call.keywords) and "model" not in given and not call.args:
        teller.add(role, "**", _at(call, f"arguments of {name}"), Certainty.UNRESOLVED)
    for word, node in given.items():
        key = teller.tables.words("python_keywords").get(word)
        if key:
            _say(role if key == "model" else key, node, names, f"argument {word}", teller)


def _ray(call: ast.Call, names: Mapping[str, ast.expr], teller: Teller) -> None:
    """`LLMConfig` of Ray Serve: it runs vLLM with `engine_kwargs`."""
    given = _given(call, names)
    teller.framework = "vllm"
    teller.add("framework", "ray-serve", _at(call, "call of LLMConfig"), Certainty.DECLARED)
    teller.add("framework", "vllm", _at(call, "LLMConfig runs vLLM"), Certainty.INFERRED)
    loading = entries(given.get("model_loading_config"), names)
    source = loading.get("model_source") or loading.get("model_id")
    _say("model", source, names, "model_loading_config", teller)
    _say("accelerator", given.get("accelerator_type"), names, "argument accelerator_type", teller)
    for word, node in entries(given.get("engine_kwargs"), names).items():
        key = teller.tables.words("python_keywords").get(word)
        if key and key != "model":
            _say(key, node, names, f"engine_kwargs {word}", teller)


def _pretrained(call: ast.Call, name: str, names: Mapping[str, ast.expr], teller: Teller) -> None:
    """`X.from_pretrained(id, ...)`: tokenizers and configurations are no models."""
    owner = name.rsplit(".", 2)[-2] if "." in name else ""
    if any(word in owner for word in ("Tokenizer", "Processor", "Config", "Extractor", "Scheduler")):
        return
    given = _given(call)
    first = (
        call.args[0] if call.args else given.get("pretrained_model_name_or_path") or given.get("model_name")
    )
    key = "adapter" if owner == "PeftModel" else "model"
    if owner != "PeftModel":
        _say(key, first, names, f"{owner}.from_pretrained", teller)
    for word in ("torch_dtype", "dtype", "revision"):
        _say(teller.tables.words("python_keywords")[word], given.get(word), names, f"argument {word}", teller)
    if value(given.get("load_in_4bit"), names) is True:
        teller.add("precision", "nf4", _at(call, "load_in_4bit"), Certainty.DECLARED)
    if value(given.get("load_in_8bit"), names) is True:
        teller.add("precision", "int8", _at(call, "load_in_8bit"), Certainty.DECLARED)


def _role(name: str, teller: Teller) -> str:
    """In which role a model is asked, by the name of what is called."""
    return next((k for word, k in teller.tables.words("model_roles").items() if word in name), "model")


def _bits(call: ast.Call, names: Mapping[str, ast.expr], teller: Teller) -> None:
    given = {k: value(v, names) for k, v in _given(call).items()}
    if given.get("load_in_4bit") is True:
        kind = given.get("bnb_4bit_quant_type", "fp4")
        teller.add("precision", str(kind), _at(call, "BitsAndBytesConfig"), Certainty.DECLARED)
    elif given.get("load_in_8bit") is True:
        teller.add("precision", "int8", _at(call, "BitsAndBytesConfig"), Certainty.DECLARED)


def remote_code(keyword: ast.keyword, names: Mapping[str, ast.expr], teller: Teller) -> None:
    """`trust_remote_code=` of any call."""
    found = value(keyword.value, names)
    if isinstance(found, bool):
        at = At(keyword.value.lineno, keyword.value.col_offset + 1, "argument trust_remote_code")
        teller.add("trust_remote_code", found, at, Certainty.DECLARED)


def _bedrock(call: ast.Call, names: Mapping[str, ast.expr], teller: Teller) -> None:
    service = value(call.args[0], names) if call.args else None
    if isinstance(service, str) and service.startswith("bedrock"):
        teller.add("provider", "aws_bedrock", _at(call, f"client {service}"), Certainty.DECLARED)
        teller.add("hosting", "api", _at(call, f"client {service}"), Certainty.INFERRED)
        _say("region", _given(call).get("region_name"), names, "argument region_name", teller)


def _modal(call: ast.Call, names: Mapping[str, ast.expr], teller: Teller) -> None:
    gpu = value(_given(call).get("gpu"), names)
    if isinstance(gpu, str):
        kind, count = normal.counted(gpu)
        at = _at(call, "argument gpu")
        teller.add("accelerator", kind, at, Certainty.DECLARED)
        teller.say("n_devices", count or 1, at)
        teller.add("cloud", "modal", at, Certainty.INFERRED)
    elif "gpu" in _given(call) and gpu is UNKNOWN:
        _say("accelerator", _given(call)["gpu"], names, "argument gpu", teller)


def _client(call: ast.Call, name: str, last: str, names: Mapping[str, ast.expr], teller: Teller) -> None:
    """A client of an API, or a call that asks a model something."""
    known = teller.tables.words("python_clients")
    found = max((p for p in known if name.startswith(p)), key=len, default=None)
    vendor = known[found] if found else ""
    litellm, bedrock = name.startswith("litellm."), last in ("invoke_model", "converse", "converse_stream")
    if found is None and not litellm and not bedrock and last != "init_chat_model":
        return
    given = _given(call)
    base = (
        given.get("base_url") or given.get("api_base") or given.get("azure_endpoint") or given.get("endpoint")
    )
    if base is not None:
        _say("endpoint", base, names, "argument base_url", teller)
    if "Azure" in last:
        vendor = "azure_openai"
    if vendor and base is None and last[:1].isupper():
        teller.add("provider", vendor, _at(call, f"call of {name}"), Certainty.DECLARED)
        teller.add("hosting", "api", _at(call, f"call of {name}"), Certainty.INFERRED)
    role = _role(name, teller)
    node = next(
        (
            given[k]
            for k in ("model", "model_name", "model_id", "modelId", "azure_deployment", "deployment_name")
            if k in given
        ),
        None,
    )
    if node is None and last in ("GenerativeModel", "init_chat_model") and call.args:
        node = call.args[0]
    if node is not None and (last in teller.tables.words("python_calls") or last[:1].isupper()):
        _say(role, node, names, f"model of {last}", teller)


def words_of(call: ast.Call, names: Mapping[str, ast.expr]) -> list[Word]:
    """Texts of the arguments of a call, as words with places."""
    found: list[Word] = []
    for node in call.args:
        for one in node.elts if isinstance(node, ast.List | ast.Tuple) else [node]:
            text = value(one, names)
            if isinstance(text, str):
                found.append(Word(text, one.lineno, one.col_offset + 1))
    return found


def commands(module: ast.Module, names: Mapping[str, ast.expr]) -> list[list[Word]]:
    """Lists of words that a program may be started with, those that grow by `+=` in one."""
    grown: dict[str, list[ast.List]] = {}
    alone: list[ast.List] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            if isinstance(node.targets[0], ast.Name):
                grown[node.targets[0].id] = [node.value]
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            if node.target.id in grown and isinstance(node.value, ast.List):
                grown[node.target.id].append(node.value)
        elif isinstance(node, ast.Call):
            alone += [a for a in node.args if isinstance(a, ast.List)]
    rows = [*grown.values(), *([a] for a in alone)]
    found = [[w for one in parts for w in _listed(one, names)] for parts in rows]
    return [words for words in found if len(words) > 1]


def _listed(node: ast.List, names: Mapping[str, ast.expr]) -> list[Word]:
    """Words of a list; one that is not known stands as a variable without a value."""
    texts = [(value(one, names), one) for one in node.elts]
    return [Word(t if isinstance(t, str) else "${_}", o.lineno, o.col_offset + 1) for t, o in texts]
