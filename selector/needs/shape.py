"""Short forms of a checked document into one long form, and that into the dataclasses."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from selector.needs.names import counted
from selector.types.build import build
from selector.types.requirement import Pins, Requirement

LAYOUT = re.compile(r"(tp|pp|ep|replicas)(\d+)")
CHANCES = ("budget", "latency", "launch_weeks")  # limits that may be kept with a chance of their own
NAMED_PINS = frozenset(Pins.__dataclass_fields__) - {"others"}


def normalise(document: Mapping[str, Any]) -> dict[str, Any]:
    """The long form of a document that has passed its schema; the input stays as it is."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    for part in [result, *result.get("components", [])]:
        for key in ("input_tokens", "output_tokens"):
            size = part.get("workload", {}).get(key)
            if isinstance(size, int | float):
                part["workload"][key] = {"p50": size}
        if "pins" in part:
            part["pins"] = _pins(part["pins"])
        for key in ("deployment", "adaptation"):
            for item in part.get(key, {}).get("inventory", []):
                _split_count(item)
    if "proposed" in result:
        result["proposed"] = {k: _proposed(k, v) for k, v in result["proposed"].items()}
    if isinstance(chance := result.get("confidence"), int | float):
        result["confidence"] = dict.fromkeys(CHANCES, chance)
    stack = result.get("incumbent", {}).get("stack")
    if stack is not None:
        result["incumbent"]["stack"] = {k: _listed(v) for k, v in stack.items()}
    return result


def to_requirement(document: Mapping[str, Any]) -> Requirement:
    """Dataclasses from a document in long form."""
    return build(Requirement, document)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _pins(pins: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"others": {}}
    for axis, value in pins.items():
        if axis == "model":
            result[axis] = [{"name": v} if isinstance(v, str) else v for v in _listed(value)]
        elif axis == "layout":
            result[axis] = [_layout(v) for v in _listed(value)]
        elif axis in NAMED_PINS:
            result[axis] = _listed(value)
        elif axis == "others":
            result["others"] |= value
        else:
            result["others"][axis] = _listed(value)
    return result


def _proposed(axis: str, value: Any) -> list[Any]:
    if axis == "model":
        return [{"name": v} if isinstance(v, str) else v for v in _listed(value)]
    return _listed(value)


def _layout(value: Any) -> dict[str, int]:
    if isinstance(value, str):
        return {part: int(number) for part, number in LAYOUT.findall(value)}
    return dict(value)


def _split_count(item: dict[str, Any]) -> None:
    """A count inside the name stands where no other is given; a contradiction stays visible."""
    count, name = counted(item["hardware"])
    if count is not None and item.get("count", count) == count:
        item["hardware"], item["count"] = name, count
