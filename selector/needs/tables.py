"""The small tables in `rules/needs`: defaults, aliases of names, axes of decision cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from selector.errors import PackError
from selector.packs.locate import rules_dir
from selector.packs.reader import read_yaml
from selector.packs.schema import validate
from selector.types.build import build


@dataclass(frozen=True, slots=True)
class Default:
    """Stands in for one key when its conditions hold."""

    id: str
    key: str
    why: str
    value: Any = None
    derive: str | None = None
    mode: str = "set"  # set append multiply
    when: Mapping[str, Any] = field(default_factory=dict)
    source: str = "judgement"


@dataclass(frozen=True, slots=True)
class Axis:
    """One word that decision cases compare on."""

    axis: str
    origin: str  # slot fact plan other
    form: str
    slot: str | None = None
    # A word and what it stands for.
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_table(name: str, path: Path | None = None) -> Any:
    """Rows of one table; a table of the user's that breaks its schema is an error of the pack.

    The shipped tables are checked in CI, which saves a tenth of a second a run.
    """
    document = read_yaml(path or rules_dir() / "needs" / f"{name}.yaml")
    problems = validate(document, name) if path else []
    if problems:
        raise PackError(problems)
    return document.data[name]


@cache
def defaults(path: Path | None = None) -> tuple[Default, ...]:
    """Rules for values that nobody stated, in the order in which they are tried."""
    return tuple(built(read_table("defaults", path)))


def built(rows: Iterable[Mapping[str, Any]]) -> Iterator[Default]:
    """Defaults from the rows of their table."""
    return (build(Default, row) for row in rows)


@cache
def axes(path: Path | None = None) -> Mapping[str, Axis]:
    """Axes of decision cases by name."""
    rows = [{**row, "origin": row["from"]} for row in read_table("axes", path)]
    return {row["axis"]: build(Axis, row) for row in rows}


@cache
def _aliases() -> Mapping[tuple[str, str], str]:
    return {(r["kind"], _key(r["name"])): r["means"] for r in read_table("aliases")}


def alias(kind: str, name: str) -> str | None:
    """What a spelling stands for, where the table has it."""
    return _aliases().get((kind, _key(name)))


def spelled(kind: str, text: str) -> tuple[str, str] | None:
    """The longest spelling of a kind that stands somewhere in a text, and what it stands for."""
    key = _key(text)
    found = [(n, means) for (k, n), means in _aliases().items() if k == kind and n in key]
    return max(found, key=lambda pair: len(pair[0]), default=None)


def _key(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")
