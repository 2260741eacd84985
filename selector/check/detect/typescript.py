"""TypeScript and JavaScript by their words: clients of APIs, models asked for, instance types of the CDK.

There is no parser of the language here: comments are blanked, and only forms that leave no doubt are
read. A model is what stands behind `model:` as a text, or the one argument of a provider of the AI SDK.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

SUFFIXES = (".ts", ".tsx", ".js", ".mjs", ".cjs", ".jsx")
NOT_DEPLOYED = frozenset({"test", "tests", "__tests__", "docs", "dist", "build", "fixtures", "e2e"})
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\w])//[^\n]*", re.S)
_IMPORT = re.compile(r"(?:from\s+|require\(\s*|import\(\s*)[\"']([^\"'\n]+)[\"']")
_MODEL = re.compile(
    r"\b(?:model|modelName|modelId|model_name|embeddingModel)\s*:\s*[\"'`]([^\"'`\n$]{2,120})[\"'`]"
)
_VARIABLE = re.compile(
    r"\b(?:model|modelName|modelId)\s*:\s*(process\.env\.[A-Z0-9_]+)\s*(?:(?:\|\||\?\?)\s*[\"'`]([^\"'`\n$]+)[\"'`])?"
)
_SDK = re.compile(
    r"\b(openai|anthropic|google|mistral|bedrock|azure|groq|xai|deepseek|cohere)(?:\.\w+)?\(\s*[\"'`]([^\"'`\n$]{2,120})[\"'`]"
)
_CALL = re.compile(
    r"\.(?:chatModel|languageModel|textEmbeddingModel|embeddingModel)\(\s*[\"'`]([^\"'`\n$]{2,120})[\"'`]"
)
_BASE = re.compile(r"\b(?:baseURL|baseUrl|basePath|endpoint)\s*:\s*[\"'`]([^\"'`\n]+)[\"'`]")
_INSTANCE = re.compile(
    r"\b(ML_[A-Z0-9]+_[0-9]*(?:X?LARGE|METAL))\b|[\"'](ml\.[a-z0-9-]+\.[0-9]*x?large)[\"']"
)
_HUB = re.compile(r"\b(?:modelId|HF_MODEL_ID|modelRepo)\s*:\s*[\"'`]([\w.-]+/[\w.-]+)[\"'`]")


def reads(path: PurePosixPath) -> bool:
    """True for sources that may be deployed."""
    if path.suffix not in SUFFIXES or path.name.endswith((".d.ts", ".min.js")):
        return False
    return not (NOT_DEPLOYED & set(path.parts)) and not re.search(r"\.(test|spec|config)\.\w+$", path.name)


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one file, a unit of its own."""
    text = tree.text(file)
    if text is None or not _IMPORT.search(text):
        return []
    plain = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    packages = {m[1]: m.start(1) for m in _IMPORT.finditer(plain)}
    known = {n: tables.packages[f"npm:{n}"] for n in packages if f"npm:{n}" in tables.packages}
    cdk = re.search(r"aws-cdk|generative-ai-cdk|\bSageMakerModel\b|SageMakerEndpoint\b", plain) is not None
    if not known and not cdk:
        return []
    teller = Teller(file.name, file.name, tables)

    def at(place: int, how: str) -> At:
        line = plain.count("\n", 0, place)
        return At(line + 1, place - plain.rfind("\n", 0, place), how)

    base = [m for m in _BASE.finditer(plain)]
    for match in base:
        teller.say("endpoint", match[1], at(match.start(1), "baseURL"))
    for name, package in known.items():
        if package.get("provider") and not base:
            teller.add(
                "provider", package["provider"], at(packages[name], f"import {name}"), Certainty.INFERRED
            )
            teller.add("hosting", "api", at(packages[name], f"import {name}"), Certainty.INFERRED)
    _models(plain, teller, at)
    if cdk:
        _containers(plain, teller, at)
        for match in _INSTANCE.finditer(plain):
            word = match[1] or match[2]
            offer = word if match[2] else "ml." + ".".join(word.removeprefix("ML_").lower().rsplit("_", 1))
            teller.say("offer", offer, at(match.start(), "instance type"))
    return teller.told()


def _containers(plain: str, teller: Teller, at: object) -> None:
    """Containers of SageMaker by the name of their constant, and the format that their variables ask for."""
    assert callable(at)
    match = re.search(r"\bContainerImages?\.(\w*TGI\w*)", plain)
    if match:
        teller.framework = "tgi"
        teller.say("framework", "tgi", at(match.start(1), f"container {match[1]}"))
    for match in re.finditer(r"\bSM_NUM_GPUS\s*:\s*(?:JSON\.stringify\()?[\"'`]?(\d+)", plain):
        teller.say("n_devices", match[1], at(match.start(1), "variable SM_NUM_GPUS"))
    for match in re.finditer(r"\b(?:HF_MODEL_)?QUANTIZE\s*:\s*[\"'`]([\w-]+)", plain):
        teller.say("quantization", match[1], at(match.start(1), "variable HF_MODEL_QUANTIZE"))


def _models(plain: str, teller: Teller, at: object) -> None:
    assert callable(at)
    seen: set[str] = set()
    for pattern, group in ((_MODEL, 1), (_SDK, 2), (_CALL, 1), (_HUB, 1)):
        for match in pattern.finditer(plain):
            name = match[group]
            if name in seen or " " in name:
                continue
            seen.add(name)
            key = "embedding_model" if "embed" in name.lower() or "embed" in match[0].lower() else "model"
            teller.say(key, name, at(match.start(group), "model"))
    for match in _VARIABLE.finditer(plain):
        value = match[2] or "${" + match[1].removeprefix("process.env.") + "}"
        teller.say("model", value, at(match.start(2 if match[2] else 1), f"model, {match[1]}"))
