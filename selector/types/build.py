"""Turn checked mappings (parsed YAML or JSON) into the frozen dataclasses of this package."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar

T = TypeVar("T")
Convert = Callable[[Any], Any]


def build(cls: type[T], data: Mapping[str, Any]) -> T:
    """Build ``cls`` from ``data``; keys that the class does not name are left out.

    The data has passed its JSON Schema, so a wrong shape here is a fault of the
    schema and surfaces as ``TypeError`` from the constructor.
    """
    plan = _plan(cls)  # type: ignore[arg-type]
    found = {}
    for key, value in data.items():
        if key in plan:
            convert = plan[key]
            found[key] = value if convert is None or value is None else convert(value)
    return cls(**found)


@cache
def _plan(cls: type) -> dict[str, Convert | None]:
    """How each field is made of a value; None where it is the value itself."""
    hints = typing.get_type_hints(cls)
    return {f.name: _converter(hints[f.name]) for f in dataclasses.fields(cls)}


@cache
def _converter(hint: Any) -> Convert | None:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _converter(next(a for a in inner if a is not type(None)))
    if origin is tuple:
        return partial(_members, _converter(inner[0]))
    if origin is not None and issubclass(origin, Mapping):
        return partial(_entries, _converter(inner[1]))
    if dataclasses.is_dataclass(hint):
        return partial(_one, hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _float if hint is float else None


def _members(convert: Convert | None, value: Any) -> tuple[Any, ...]:
    items = value if isinstance(value, list | tuple) else (value,)
    return tuple(items) if convert is None else tuple([None if v is None else convert(v) for v in items])


def _entries(convert: Convert | None, value: Any) -> dict[Any, Any]:
    if convert is None:
        return dict(value)
    return {k: None if v is None else convert(v) for k, v in value.items()}


def _one(cls: Any, value: Any) -> Any:
    return build(cls, value) if isinstance(value, Mapping) else value


def _float(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value
