"""Bicep, and parameters of Bicep and azd: accounts and deployments of models, machines with accelerators."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from selector.check.detect import foreign, terraform
from selector.check.detect.blocks import Block, Value
from selector.check.detect.foreign import steps
from selector.check.detect.offers import ACCELERATED
from selector.check.detect.pods import Path_, inner, text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

OFFERS = frozenset({"vmSize", "instanceType", "agentVMSize"})
KINDS = frozenset({"OpenAI", "AIServices"})
_MODEL = re.compile(r"model(?:name|id)?$", re.IGNORECASE)


def reads(file: File) -> bool:
    """True for Bicep and the files of its parameters."""
    return file.base.lower().endswith((".bicep", ".bicepparam", ".parameters.json"))


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of the parameters, and of each resource and module."""
    text = tree.text(file)
    if text is None:
        return
    if file.suffix == ".json":
        yield from _parameters(text, file, tree, tables)
        return
    yield from _fallbacks(text, file, tables)
    root = terraform.parsed(file, tree)
    known = {
        b.labels[0]: v.texts[0][0]
        for b in root.blocks
        if b.kind in ("param", "var") and b.labels and (v := b.values.get("=")) is not None
        if v.texts and v.raw == f"'{v.texts[0][0]}'"
    }
    for block in root.blocks:
        if block.kind in ("resource", "module") and block.labels:
            yield from _resource(block, file, tables, known)


def _parameters(text: str, file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Parameters of Bicep and of azd that name models: `"value": "${VARIABLE=default}"`."""
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    teller = Teller(file.name, file.name, tables)
    for document in documents:
        rows = inner(document.data, ("parameters",))
        for name, row in rows.items() if isinstance(rows, dict) else ():
            where: Path_ = ("parameters", name, "value")
            value, at = text_of(inner(row, ("value",))), At(*document.at(where), name, steps(where))
            if _MODEL.search(name):
                teller.say("embedding_model" if "emb" in name.lower() else "model", value, at)
            elif value and ACCELERATED.search(value):
                teller.say("offer", value, at)
    return teller.told()


def _fallbacks(text: str, file: File, tables: Tables) -> Iterable[Seen]:
    """Names of models that Bicep falls back on: the text at the end of `modelName: ... : 'gpt-4o'`."""
    teller = Teller(file.name, file.name, tables)
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(
            r"\s*(?:param\s+|var\s+)?(\w*model(?:name|id)?)\b[^'\n]*[:=].*?'([\w.:/-]{3,})'\s*$", line, re.I
        )
        if match:
            key = "embedding_model" if "embed" in f"{match[1]} {match[2]}".lower() else "model"
            teller.say(key, match[2], At(number, match.start(2) + 1, match[1]))
    return teller.told()


def _resource(block: Block, file: File, tables: Tables, known: Mapping[str, str]) -> Iterable[Seen]:
    teller = Teller(f"{file.name}#{block.labels[0]}", file.name, tables)
    account: Value | None = None
    place: Value | None = None
    for inside in block.all():
        # All blocks inside one that is bound by `=` bear its words; their own are their keys.
        for word, found in inside.values.items():
            text, at = _text(found, known), At(found.line, found.column, word)
            if word in OFFERS and text and ACCELERATED.search(text):
                teller.say("offer", text, at)
            elif word == "kind" and text in KINDS:
                account = found
            elif word == "location":
                place = place or found
        if inside.kind == "model" and {"name", "format"} <= set(inside.values):
            _model(inside, teller, known)
    if account is not None:
        at = At(account.line, account.column, "kind")
        teller.add("provider", "azure_openai", at, Certainty.INFERRED)
        teller.add("hosting", "api", at, Certainty.INFERRED)
    if teller.told() and place is not None:
        _say("region", place, "location", teller, known)
    return teller.told()


def _model(block: Block, teller: Teller, known: Mapping[str, str]) -> None:
    """`model: { format: 'OpenAI', name: 'gpt-4o' }` of a deployment."""
    name = _text(block.values["name"], known) or ""
    _say("embedding_model" if "embed" in name else "model", block.values["name"], "model.name", teller, known)
    if _text(block.values["format"], known) == "OpenAI":
        found = block.values["format"]
        teller.add(
            "provider", "azure_openai", At(found.line, found.column, "model.format"), Certainty.INFERRED
        )


def _say(key: str, found: Value, how: str, teller: Teller, known: Mapping[str, str]) -> None:
    at, text = At(found.line, found.column, how), _text(found, known)
    if text is None:
        teller.add(key, found.raw[:80], at, Certainty.UNRESOLVED)
    else:
        teller.say(key, text, at)


def _text(found: Value, known: Mapping[str, str]) -> str | None:
    """A text, or a parameter or variable with a text; None for other expressions."""
    if found.raw in known:
        return known[found.raw]
    if len(found.texts) == 1 and found.raw == f"'{found.texts[0][0]}'":
        filled = re.sub(r"\$\{(\w+)\}", lambda m: known.get(m[1], m[0]), found.texts[0][0])
        return None if "${" in filled else filled
    return None
