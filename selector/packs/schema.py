"""Check documents against the JSON Schemas in `rules/schemas`, all errors at once, with positions."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from selector.errors import Problem
from selector.packs.locate import schema_path
from selector.packs.reader import Document

NEAR = 0.6
REFERENCE = re.compile(r'"\$ref": "([a-z_-]+)\.json')


@cache
def load(name: str) -> dict[str, Any]:
    """One JSON Schema, complete: files that it refers to are embedded under their own `$id`."""
    text = schema_path(name).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    others = dict.fromkeys(REFERENCE.findall(text))
    if not others:
        return found
    embedded: dict[str, Any] = {}
    for other in others:
        inner = load(other)
        embedded |= {k: v for k, v in inner.get("$defs", {}).items() if k.endswith(".json")}
        own = {k: v for k, v in inner.get("$defs", {}).items() if not k.endswith(".json")}
        embedded[f"{other}.json"] = {**inner, "$id": f"{other}.json", **({"$defs": own} if own else {})}
    return {**found, "$id": f"{name}.json", "$defs": {**found.get("$defs", {}), **embedded}}


def exists(name: str) -> bool:
    """True when there is a schema of this name."""
    return name in names()


def names() -> list[str]:
    """Names of all schemas; parts that others share begin with an underscore and have no name."""
    return sorted(p.stem for p in schema_path("x").parent.glob("[a-z]*.json"))


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(load(name))


def validate(document: Document, name: str) -> list[Problem]:
    """All problems of a document, in the order of their positions."""
    found = [
        problem
        for error in _leaves(_validator(name).iter_errors(document.data))
        for problem in _problems(document, error)
    ]
    unique = {str(p): p for p in found}
    return sorted(unique.values(), key=lambda p: (p.where.line, p.where.column) if p.where else (0, 0))


def near(word: str, known: Iterable[str]) -> str | None:
    """Advice with the nearest known words, or None."""
    pool = {str(k).lower(): str(k) for k in known}
    hits = difflib.get_close_matches(word.lower(), list(pool), n=3, cutoff=NEAR)
    if not hits:
        hits = [k for k in pool if word and word.lower() in k][:3]
    return "did you mean " + " or ".join(f'"{pool[h]}"' for h in hits) + "?" if hits else None


def _leaves(errors: Iterable[Any]) -> Iterator[Any]:
    """For a choice between forms, the errors of the form that came closest."""
    for error in errors:
        if error.validator in ("oneOf", "anyOf") and error.context:
            branches: dict[int, list[Any]] = {}
            for child in error.context:
                branches.setdefault(child.schema_path[0], []).append(child)
            wrong_type = [b for b in branches.values() if any(_type_at_top(error, c) for c in b)]
            rest = [b for b in branches.values() if b not in wrong_type]
            if len(rest) == 1:
                yield from _leaves(rest[0])
                continue
        yield error


def _type_at_top(parent: Any, child: Any) -> bool:
    return child.validator == "type" and list(child.absolute_path) == list(parent.absolute_path)


def _problems(document: Document, error: Any) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    where = document.where(path)
    dotted = ".".join(str(p) for p in path) or "document"
    if error.validator == "additionalProperties":
        known = set(error.schema.get("properties", {}))
        for key in error.instance:
            if key not in known:
                fix = near(str(key), known) or f"known keys: {', '.join(sorted(known))}"
                yield Problem(f'unknown key "{key}" in {dotted}', document.where((*path, key)), fix)
    elif error.validator == "enum":
        values = [str(v) for v in error.validator_value]
        fix = near(str(error.instance), values) or f"one of: {', '.join(values)}"
        yield Problem(f'{dotted}: "{error.instance}" is not known', where, fix)
    elif error.validator == "required":
        missing = [k for k in error.validator_value if k not in error.instance]
        yield Problem(f"{dotted} lacks {', '.join(missing)}", where, f"add {', '.join(missing)}")
    elif error.validator == "type":
        wanted = error.validator_value
        text = " or ".join(wanted) if isinstance(wanted, list) else wanted
        yield Problem(f"{dotted}: {_short(error.instance)} is not of type {text}", where, None)
    elif error.validator in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        word = {
            "minimum": "at least",
            "maximum": "at most",
            "exclusiveMinimum": "more than",
            "exclusiveMaximum": "less than",
        }[error.validator]
        yield Problem(f"{dotted}: {error.instance} must be {word} {error.validator_value}", where, None)
    elif error.validator == "maxProperties":
        what = f"{dotted} holds {' and '.join(map(str, error.instance))}, at most {error.validator_value}"
        yield Problem(what, where, error.schema.get("description"))
    elif error.validator in ("oneOf", "anyOf"):
        yield Problem(
            f"{dotted}: {_short(error.instance)} has none of the allowed forms",
            where,
            error.schema.get("description"),
        )
    else:
        told = error.schema.get("description") if error.validator == "pattern" else None
        yield Problem(f"{dotted}: {error.message}"[:300], where, told)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
