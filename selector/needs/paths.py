"""Dotted keys into parsed documents: `deployment.inventory.0.count`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

Path = tuple[str | int, ...]


def split(key: str) -> Path:
    """Parts of a dotted key; digits are list indices."""
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def join(path: Path) -> str:
    """Dotted form of a path."""
    return ".".join(str(part) for part in path)


def get(document: Any, key: str) -> Any:
    """Value at a dotted key; None where any step of the way is missing."""
    value = document
    for part in split(key):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def put(document: dict[str, Any], key: str, value: Any) -> None:
    """Set a value in place; mappings on the way are made, a list may grow by one.

    Raises KeyError where a step runs into a scalar or beyond the end of a list.
    """
    parts = split(key)
    here: Any = document
    for part, following in pairwise(parts):
        here = _enter(here, part, [] if isinstance(following, int) else {})
    _assign(here, parts[-1], value)


def _enter(here: Any, part: str | int, empty: Any) -> Any:
    if isinstance(here, dict):
        if here.get(str(part)) is None:
            here[str(part)] = empty
        return here[str(part)]
    if isinstance(here, list) and isinstance(part, int) and part <= len(here):
        if part == len(here):
            here.append(empty)
        return here[part]
    raise KeyError(part)


def _assign(here: Any, part: str | int, value: Any) -> None:
    if isinstance(here, dict):
        here[str(part)] = value
    elif isinstance(here, list) and isinstance(part, int) and part < len(here):
        here[part] = value
    elif isinstance(here, list) and part == len(here):
        here.append(value)
    else:
        raise KeyError(part)
