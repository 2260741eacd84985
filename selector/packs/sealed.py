"""Saved decisions as files: whole by their digest, so that an edited one is known, and part by part."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selector.errors import InputError, Position, Problem
from selector.packs.reader import Document, parse, read_text
from selector.packs.schema import validate

VERSION = 1
AGAIN = "write it anew: selector recommend REQS --save FILE"


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 over everything but the digest, whatever the order of keys and the layout."""
    rest = {k: v for k, v in content.items() if k != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read(path: Path) -> dict[str, Any]:
    """A saved decision that is whole; raises `InputError` with the place of every fault."""
    text = read_text(path)
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as problem:
        where = Position(str(path), problem.lineno, problem.colno)
        raise InputError(Problem(f"not JSON: {problem.msg}", where, AGAIN)) from None
    except (ValueError, RecursionError) as problem:
        raise InputError(Problem(f"not JSON: {problem}", Position(str(path)), AGAIN)) from None
    if not isinstance(found, dict) or found.get("kind") != "recommendation":
        kind = f" but {found['kind']}" if isinstance(found, dict) and "kind" in found else ""
        raise InputError(Problem(f"not a saved decision{kind}", Position(str(path)), AGAIN))
    if not {"requirements", "digest"} & set(found):
        what = "this is what `selector recommend --format json` prints: it lacks the requirements"
        fix = "explain and diff take what `selector recommend REQS --save FILE` writes"
        raise InputError(Problem(what, Position(str(path)), fix))
    if found.get("schema_version") != VERSION:
        what = f"schema version {found.get('schema_version')} is not read here, only {VERSION}"
        raise InputError(Problem(what, Position(str(path)), f"with this version of selector {AGAIN}"))
    if validate(Document(str(path), found), "decision"):
        # JSON is YAML: the places are read only for the message.
        raise InputError(validate(parse(text, str(path)), "decision"))
    if digest(found) != found["digest"]:
        where = parse(text, str(path)).where(("digest",))
        what = "the content is not what was saved: its digest is another, so the file was edited"
        raise InputError(Problem(what, where, f"undo the change, or {AGAIN}"))
    return found


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not a number of JSON")


def parts(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Components by name, the first or the only application as the empty name; each with the stack at
    its head that the application takes: its first, or another with which all together keep the budget."""
    taken = {s["component"]: s["id"] for s in (found.get("joint") or {}).get("stacks", ())}
    whole = {"": found, **{c["name"]: c for c in found.get("components", ())}}
    return {n: _headed(part, taken.get(n or found.get("component"))) for n, part in whole.items()}


def _headed(part: Mapping[str, Any], id_: str | None) -> Mapping[str, Any]:
    ahead = [s for s in part["stacks"] if id_ is not None and s["id"] == id_]
    return {**part, "stacks": [*ahead, *(s for s in part["stacks"] if s not in ahead)]} if ahead else part
