"""Problems in the sound parts of a document whose other parts break the schema."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selector.errors import InputError, Problem
from selector.needs import load
from selector.needs.contradictions import contradictions
from selector.packs import schema
from selector.packs.reader import Document, read_yaml

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue

STAND_IN = {"application": {"task": "chat"}}  # only so that the rest can be looked at
MOST_ROUNDS = 5


def read(path: str | Path, sets: Sequence[str], cat: Catalogue) -> load.Stated:
    """Requirements from a file; where it breaks the schema, what is wrong with names and values in
    its other parts is reported as well."""
    try:
        return load.load(path, sets)
    except InputError as error:
        raise InputError(_with_others(error.problems, Path(path), sets, cat)) from error


def _with_others(
    problems: Sequence[Problem], path: Path, sets: Sequence[str], cat: Catalogue
) -> list[Problem]:
    try:
        document = load.without_null(load.apply_sets(read_yaml(path), sets))
        sound = _sound(document)
        more = [] if sound is None else contradictions(load.from_document(sound), cat)
    except InputError:
        more = []
    known = {str(p) for p in problems}
    found = [*problems, *(p for p in more if str(p) not in known)]
    return sorted(found, key=lambda p: (p.where.line, p.where.column) if p.where else (0, 0))


def _sound(document: Document) -> Document | None:
    """The document without what breaks the schema; None where nothing is left to look at."""
    from jsonschema import Draft202012Validator

    if not isinstance(document.data, dict):
        return None
    result = copy.copy(document)
    result.data = copy.deepcopy(document.data)
    for _ in range(MOST_ROUNDS):
        errors = list(Draft202012Validator(schema.load(load.SCHEMA)).iter_errors(result.data))
        if not errors:
            return result
        for error in errors:
            _drop(result.data, error)
        for key, value in STAND_IN.items():
            here = result.data.setdefault(key, {})
            result.data[key] = value | here if isinstance(here, dict) else value
    return None


def _drop(data: Any, error: Any) -> None:
    """Take out the smallest mapping entry around an error; a list goes as a whole, so that the
    places of its other members do not shift."""
    path = list(error.absolute_path)
    if error.validator == "additionalProperties":
        known = set(error.schema.get("properties", {}))
        here = _at(data, path)
        for key in [k for k in here if k not in known] if isinstance(here, dict) else []:
            del here[key]
        return
    while path and not isinstance(_at(data, path[:-1]), dict):
        path.pop()
    here = _at(data, path[:-1])
    if path and isinstance(here, dict):
        here.pop(path[-1], None)


def _at(data: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data
