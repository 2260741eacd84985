"""Model repositories of Triton: `config.pbtxt`, and `model.json` of its vLLM backend."""

from __future__ import annotations

import re
from collections.abc import Iterable

from selector.check.detect import foreign
from selector.check.detect.argv import Word
from selector.check.detect.foreign import steps
from selector.check.detect.pods import text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen


def reads(file: File) -> bool:
    """True for the files of a model repository."""
    return file.base == "config.pbtxt" or (file.base == "model.json" and file.folder.isdigit())


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one model."""
    text = tree.text(file)
    if text is None:
        return []
    teller = Teller(file.name, file.name, tables)
    if file.base == "config.pbtxt":
        _config(text, teller)
    else:
        _engine(text, file, tree, teller)
    return teller.told()


_PATH = re.compile(
    r'key\s*:\s*"(?:gpt_model_path|engine_dir|model_path)"\s*value\s*:\s*\{\s*string_value\s*:\s*"([^"]*)"'
)


def _config(text: str, teller: Teller) -> None:
    for found in _PATH.finditer(text):
        row = text.count("\n", 0, found.start(1)) + 1
        teller.say(
            "model", found[1], At(row, found.start(1) - text.rfind("\n", 0, found.start(1)), "parameter")
        )
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*(backend|platform|name|kind|count)\s*:\s*"?([\w./-]+)"?', line)
        if not match:
            continue
        key, value = match[1], match[2]
        at = At(number, match.start(2) + 1, key)
        framework = teller.tables.words(f"triton_{key}").get(value)
        if framework:
            teller.add("framework", "triton-inference-server", at, Certainty.INFERRED)
            teller.add("framework", framework, at, Certainty.DECLARED)
        elif key == "kind" and value == "KIND_GPU":
            teller.add("accelerator", "nvidia", at, Certainty.INFERRED)


def _engine(text: str, file: File, tree: Tree, teller: Teller) -> None:
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(troubles)
    data = documents[0].data if documents else None
    if not isinstance(data, dict) or "model" not in data:
        return
    at = At(*documents[0].at(("model",)), "model.json", "model")
    teller.framework = "vllm"
    teller.add("framework", "triton-inference-server", at, Certainty.INFERRED)
    teller.add("framework", "vllm", at, Certainty.INFERRED)
    for key, value in data.items():
        line, column = documents[0].at((key,))
        option = Word(f"--{key.replace('_', '-')}", line, column, steps((key,)))
        teller.command([option, Word(text_of(value) or "", line, column, steps((key,)))])
