"""Read `reqs.yaml`: values set on the command line, schema, and the dataclasses."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selector.errors import InputError, Position, Problem, UsageError
from selector.needs import paths
from selector.needs.shape import normalise, to_requirement
from selector.packs import schema
from selector.packs.reader import Document, parse, read_yaml
from selector.types.requirement import Requirement

SCHEMA = "reqs"
COMMAND_LINE = "--set"


@dataclass(frozen=True, slots=True)
class Stated:
    """A requirements document as the user stated it, nothing assumed."""

    requirement: Requirement
    mapping: Mapping[str, Any]  # long form; what the digest of the requirements is taken of
    document: Document

    def is_stated(self, key: str) -> bool:
        """True when the user gave a value at this dotted key."""
        return paths.get(self.mapping, key) is not None

    def where(self, key: str) -> Position:
        """Position of a dotted key, or of the nearest one around it."""
        return self.document.where(paths.split(key))

    @property
    def folder(self) -> Path:
        """Folder that relative paths in the document start from."""
        return Path(self.document.file).parent


def load(path: str | Path, sets: Sequence[str] = ()) -> Stated:
    """Requirements from a file, with `key=value` settings applied; all problems at once."""
    return from_document(read_yaml(Path(path)), sets)


def load_document(mapping: Mapping[str, Any], origin: str, sets: Sequence[str] = ()) -> Stated:
    """Requirements from values that something else has read; `origin` names it in errors."""
    return from_document(Document(origin, mapping, {}), sets)


def from_document(document: Document, sets: Sequence[str] = ()) -> Stated:
    """Requirements from a read document; a key without a value counts as left out."""
    if foreign := _foreign(document):
        raise InputError(foreign)
    changed = without_null(apply_sets(document, sets))
    problems = schema.validate(changed, SCHEMA) + _not_finite(changed)
    if problems:
        raise InputError(problems)
    mapping = normalise(changed.data)
    return Stated(to_requirement(mapping), mapping, changed)


def _foreign(document: Document) -> Problem | None:
    """What an output of this program is, where one was given for requirements."""
    if not isinstance(document.data, Mapping) or "schema_version" not in document.data:
        return None
    kind = str(document.data.get("kind", "output"))
    what, fix = f"this is the JSON of another command ({kind}), not requirements", "give reqs.yaml"
    if kind == "recommendation" and "digest" in document.data:
        what = "this is a saved decision, not requirements"
        fix = f"`selector explain {document.file}` and `selector diff` take it; or give its requirements"
    elif kind == "recommendation":
        what = "this is what `selector recommend --format json` prints, not requirements"
    return Problem(what, Position(document.file), fix)


def apply_sets(document: Document, sets: Sequence[str]) -> Document:
    """The document with `key=value` settings applied; values are YAML, digits are indices."""
    if not sets or not isinstance(document.data, Mapping):
        return document
    data = copy.deepcopy(dict(document.data))
    problems: list[Problem] = []
    for text in sets:
        key, equals, value = text.partition("=")
        key = key.strip()
        problem = (
            None
            if equals and key
            else Problem(
                f"{COMMAND_LINE} {text}: no key=value",
                fix=f"write e.g. {COMMAND_LINE} budget.per_month_usd=4000",
            )
        )
        problem = problem or check_key(key)
        if problem is None:
            try:
                paths.put(data, key, _value(value, text))
            except KeyError as error:
                what = f"{COMMAND_LINE} {text}: cannot go into {key} at {error.args[0]!r}"
                problem = Problem(what, document.where(paths.split(key)), "check the key")
            except InputError as error:
                problems.extend(error.problems)
        if problem is not None:
            problems.append(problem)
    if problems:
        raise UsageError(problems)
    return _Overlaid(document, data, sets)


class _Overlaid(Document):
    """A document with settings; a problem in one of them points to the command line."""

    def __init__(self, below: Document, data: Any, sets: Sequence[str]) -> None:
        super().__init__(below.file, data, below.positions)
        self._sets = {paths.split(text.partition("=")[0].strip()): text for text in sets}

    def where(self, path: paths.Path) -> Position:
        """The setting that supplied a value, else the place in the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._sets:
                return Position(f"{COMMAND_LINE} {self._sets[path[:length]]}")
        return super().where(path)


def without_null(document: Document) -> Document:
    """The same document without keys whose value was left empty."""
    if not isinstance(document.data, Mapping):
        return document
    result = copy.copy(document)
    result.data = _pruned(document.data)
    return result


def _pruned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _pruned(v) for k, v in value.items() if v is not None}
    return [_pruned(v) for v in value] if isinstance(value, list) else value


def check_key(key: str) -> Problem | None:
    """A problem where the format has no such key, with near misses."""
    return find_key(key)[1]


def find_key(key: str, flag: str = COMMAND_LINE) -> tuple[Mapping[str, Any], Problem | None]:
    """What the schema says of a key; a problem where it has no such key. `flag` is what named it."""
    top = schema.load(SCHEMA)
    here: Mapping[str, Any] = top
    for position, part in enumerate(key.split(".")):
        here = _resolved(here, top)
        before = ".".join(key.split(".")[:position]) or "the document"
        if part.isdigit():
            if "items" not in here:
                return here, Problem(f"{flag} {key}: {before} is no list", fix="leave the index out")
            here = here["items"]
            continue
        known = here.get("properties", {})
        if part in known:
            here = known[part]
        elif isinstance(here.get("additionalProperties"), Mapping):
            here = here["additionalProperties"]
        else:
            options = f"{before} has {', '.join(known)}" if known else f"{before} has no keys"
            fix = schema.near(part, known) or options
            return here, Problem(f'{flag} {key}: unknown key "{part}" in {before}', fix=fix)
    return _resolved(here, top), None


def _resolved(node: Mapping[str, Any], top: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return node
    if not reference.startswith("#/"):
        reference = f"#/$defs/{reference.rsplit('/', 1)[-1]}"
    found: Mapping[str, Any] = top
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _value(text: str, whole: str) -> Any:
    return parse(text, f"{COMMAND_LINE} {whole}").data if text.strip() else None


def _not_finite(document: Document) -> list[Problem]:
    """Infinity and not-a-number pass every bound of a schema."""
    found: list[Problem] = []

    def walk(value: Any, path: paths.Path) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                walk(inner, (*path, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                walk(inner, (*path, index))
        elif isinstance(value, float) and not math.isfinite(value):
            what = f"{paths.join(path)}: {value} is no finite number"
            found.append(Problem(what, document.where(path), "give a number, or leave the key out"))

    walk(document.data, ())
    return found
