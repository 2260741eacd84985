"""Settings of applications that name a vendor and a model side by side, whatever their schema.

Frameworks for agents, retrieval and guard rails each have a file of their own for this. Common to them is a
mapping with the vendor under one of a few keys and the model under another; only known vendors count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from selector.check.detect import foreign
from selector.check.detect.foreign import Foreign, Path_, steps
from selector.check.detect.pods import text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

VENDORS = ("provider", "llm_provider", "model_provider", "engine", "_type", "type", "vendor")
MODELS = ("model", "model_name", "model_id", "deployment_name", "name")
ENDPOINTS = ("base_url", "api_base", "endpoint", "openai_api_base", "url")
# Manifests of other forms, and the files of this program.
SKIPPED = ("selector.", "compose", "values", "package", "tsconfig", "lock", "openapi", "swagger", "mkdocs")
MOST_DEPTH = 8
_SCHEMA = re.compile(r"# yaml-language-server: \$schema=\S*\bschemas/([a-z_]+)\.json\s")
_PACK = re.compile(r"^pack:.*\bpoints_budget\b", re.MULTILINE | re.DOTALL)
_HINT = re.compile(rf"\b(?:{'|'.join(VENDORS)})\b[\"']?\s*:")
_ROLE = re.compile(r"[_-](chat|llm|completion|embedding|embeddings|embedder|rerank|reranker)$")


def reads(file: File) -> bool:
    """True for YAML that is no manifest of something else."""
    name = file.base.lower()
    return name.endswith((".yaml", ".yml")) and not any(word in name for word in SKIPPED) and name[0] != "."


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of each such mapping, a unit each."""
    text = tree.text(file)
    if text is None or not _HINT.search(text) or not re.search(r"\b(?:model|deployment)", text):
        return
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    for document in documents:
        data = document.data
        if not isinstance(data, dict) or _facts_of_a_pack(data, text, file, tree, tables):
            continue
        if not {"apiVersion", "services", "model_list", "Resources"} & set(data):
            for path, inside in _mappings(data, (), 0):
                yield from _told(inside, path, document, file, tables)


def _facts_of_a_pack(data: Mapping[str, Any], text: str, file: File, tree: Tree, tables: Tables) -> bool:
    """True for a file of facts for this program: what its entries offer is not what runs here.

    Nothing but one kind of entries stands in it, and the first line or a `pack.yaml` beside it says so.
    """
    if not data or not set(data) <= tables.kinds:
        return False
    schema = _SCHEMA.match(text)
    if schema and {schema[1]} == set(data):
        return True
    pack = tree.beside(file, "pack.yaml")
    return pack is not None and bool(_PACK.search(tree.text(pack) or ""))


def _mappings(data: Any, path: Path_, depth: int) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    if depth > MOST_DEPTH:
        return
    if isinstance(data, dict):
        yield path, data
        for key, value in data.items():
            yield from _mappings(value, (*path, key), depth + 1)
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _mappings(value, (*path, i), depth + 1)


def _told(
    data: Mapping[str, Any], path: Path_, document: Foreign, file: File, tables: Tables
) -> Iterable[Seen]:
    """`{provider: openai, model: gpt-4o}`, or `{provider: openai, config: {model: gpt-4o}}`."""
    key, vendor, suffix = _vendor(data, tables)
    if key is None:
        return []
    inner, where = data.get("config"), (*path, "config")
    held, base = (inner, where) if isinstance(inner, dict) and "model" in inner else (data, path)
    name = next((k for k in MODELS if text_of(held.get(k)) and (k != "name" or key != "type")), None)
    if name is None:
        return []
    teller = Teller(f"{file.name}#{steps(path)}" if path else file.name, file.name, tables)
    role = _role(f"{steps(path)} {suffix} {text_of(data.get('type')) or ''}")
    model: Path_ = (*base, name)
    teller.say(role, text_of(held[name]), At(*document.at(model), steps(model), steps(model)))
    base_url = next((k for k in ENDPOINTS if text_of(held.get(k))), None)
    if base_url:
        at: Path_ = (*base, base_url)
        teller.say("endpoint", text_of(held[base_url]), At(*document.at(at), steps(at), steps(at)))
    elif vendor:
        of: Path_ = (*path, key)
        here = At(*document.at(of), steps(of), steps(of))
        teller.add("provider", vendor, here, Certainty.DECLARED)
        teller.add("hosting", "api", here, Certainty.INFERRED)
    return teller.told()


def _vendor(data: Mapping[str, Any], tables: Tables) -> tuple[str | None, str, str]:
    """The key that names a vendor, the vendor, and what its word ends in (`openai_embedding`)."""
    for key in VENDORS:
        word = (text_of(data.get(key)) or "").lower().replace("-", "_")
        role = _ROLE.search(word)
        plain = _ROLE.sub("", word)
        found = tables.words("vendors_of_settings").get(plain, tables.words("routes").get(plain))
        if word and found is not None:
            return key, found, role[1] if role else ""
    return None, "", ""


def _role(text: str) -> str:
    lower = text.lower()
    return "embedding_model" if "embed" in lower else "reranker_model" if "rerank" in lower else "model"
