"""Files that an engine takes its options from (`vllm serve --config FILE`): options as keys, no dashes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from selector.check.detect import foreign
from selector.check.detect.argv import Word
from selector.check.detect.foreign import steps
from selector.check.detect.pods import text_of
from selector.check.detect.tables import Command, Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

LEAST = 3  # options of an engine that make a mapping its configuration, the model among them
_HINT = re.compile(
    r"^[\"']?(?:max[-_]model[-_]len|gpu[-_]memory[-_]utilization|mem[-_]fraction[-_]static|context[-_]length)"
    r"[\"']?:",
    re.MULTILINE,
)


def reads(file: File) -> bool:
    """True for YAML; its keys say whether an engine reads it."""
    return file.base.endswith((".yaml", ".yml")) and "values" not in file.base


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of the options, a unit for the file."""
    text = tree.text(file)
    if text is None or not _HINT.search(text):
        return
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    for document in documents:
        data = document.data
        known = _engine(data, tables) if isinstance(data, dict) else None
        if known is None:
            continue
        teller = Teller(file.name, file.name, tables)
        first = next(iter(data))
        at = At(*document.at((first,)), f"options of {known.framework}", first)
        teller.add("framework", known.framework, at, Certainty.INFERRED)
        teller.framework = known.framework
        teller.command([w for key, value in data.items() for w in _words(key, value, document)])
        yield from teller.told()


def _engine(data: Mapping[str, Any], tables: Tables) -> Command | None:
    """The engine most of whose options are keys, the one that names the model among them."""
    names = {f"--{str(key).replace('_', '-')}" for key in data}
    found = {
        known.framework: (len(names & (known.options.keys() | known.switches.keys())), known)
        for known in tables.commands
        if any(known.options.get(name) == "model" for name in names)
    }
    counts = sorted((count for count, _ in found.values()), reverse=True)
    if not counts or counts[0] < LEAST or counts[0] in counts[1:]:
        return None
    return max(found.values(), key=lambda one: one[0])[1]


def _words(key: str, value: Any, document: foreign.Foreign) -> Iterable[Word]:
    """A key and its value as an option of the command line has them."""
    text = text_of(value)
    line, column = document.at((key,))
    if text is not None and text != "":
        yield Word(f"--{key.replace('_', '-')}", line, column, steps((key,)))
        yield Word(text, line, column, steps((key,)))
