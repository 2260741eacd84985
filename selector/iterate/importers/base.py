"""What all importers share: reading of JSON with places, numbers, and the form of a row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from selector.errors import InputError, Position, Problem

Row = dict[str, Any]
FINITE = 1e15


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file of another tool: its name and its text."""

    file: str
    text: str

    def fail(self, what: str, line: int = 1, fix: str | None = None, column: int = 1) -> InputError:
        """An error at a place of the file."""
        return InputError(Problem(what, Position(self.file, line, column), fix))


def documents(given: Foreign) -> list[tuple[int, Any]]:
    """The JSON values of a file with their lines: one document, a list of them, or one a line."""
    text = given.text.strip()
    if not text:
        raise given.fail("the file is empty")
    try:
        whole = json.loads(text, parse_constant=_none)
    except json.JSONDecodeError as problem:
        if problem.msg != "Extra data":
            raise given.fail(f"not JSON: {problem.msg}", problem.lineno, None, problem.colno) from None
        return list(_lines(given))
    except RecursionError:
        raise given.fail("not JSON: nested too deeply") from None
    return [(1, one) for one in whole] if isinstance(whole, list) else [(1, whole)]


def _lines(given: Foreign) -> Iterable[tuple[int, Any]]:
    for number, line in enumerate(given.text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line, parse_constant=_none)
            except (json.JSONDecodeError, RecursionError) as problem:
                said = getattr(problem, "msg", "nested too deeply")
                raise given.fail(f"not JSON: {said}", number, None, getattr(problem, "colno", 1)) from None


def _none(_: str) -> None:
    """NaN and Infinity of foreign JSON say nothing."""


def objects(given: Foreign) -> list[tuple[int, dict[str, Any]]]:
    """The documents of a file, all of them objects."""
    found = documents(given)
    for line, one in found:
        if not isinstance(one, dict):
            raise given.fail("not an object with the figures of a run", line)
    return found


def opens(given: Foreign) -> dict[str, Any]:
    """The first object of a JSON file without complaint; empty where it is none."""
    if given.text.lstrip()[:1] not in ("{", "["):
        return {}
    try:
        found = documents(given)
    except InputError:
        return {}
    return found[0][1] if found and isinstance(found[0][1], dict) else {}


def number(values: Mapping[str, Any], key: str, given: Foreign, line: int = 1) -> float | None:
    """A finite number that is not below 0; None where it is missing; raises `InputError`."""
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise given.fail(f"{key} is not a number: {value!r}", line)
    if not 0.0 <= value <= FINITE:
        raise given.fail(f"{key} is impossible: {value!r}", line)
    return float(value)


def inner(values: Any, *keys: str) -> Any:
    """A value inside objects; None where one of them is missing."""
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def text(value: Any) -> str | None:
    """A text that says something."""
    return value.strip() or None if isinstance(value, str) else None


def rows(run: Mapping[str, Any], figures: Mapping[str, tuple[float | None, str, str]]) -> list[Row]:
    """A row for every figure that there is: metric -> value, unit, statistic."""
    return [
        {**run, "metric": metric, "value": value, "unit": unit, "stat": stat}
        for metric, (value, unit, stat) in figures.items()
        if value is not None
    ]


def each_request(
    run: Mapping[str, Any], done: float | None, given: Foreign, line: int
) -> tuple[float | None, float | None]:
    """Mean tokens of a prompt and of an answer, from the sums over so many completed requests."""
    totals = (number(run, f"total_{side}_tokens", given, line) for side in ("input", "output"))
    prompt, answer = (t / done if t is not None and done else None for t in totals)
    return prompt, answer


def in_flight(
    rate: float | None, first_ms: float | None, each_ms: float | None, output: float | None
) -> float | None:
    """Requests in flight on average, by Little's law; None where a figure is missing."""
    if not rate or first_ms is None or each_ms is None or not output:
        return None
    return max(rate * (first_ms + (output - 1.0) * each_ms) / 1e3, 1.0)


def middle(values: Mapping[str, Any], name: str, given: Foreign, line: int) -> tuple[float | None, str, str]:
    """The median of a time in milliseconds, else the mean, of keys such as `median_ttft_ms`."""
    for stat in ("median", "mean"):
        found = number(values, f"{stat}_{name}_ms", given, line)
        if found:
            return found, "ms", stat
    return None, "ms", "median"
