"""What `--vary` says: a key of the requirements, and a range or a list of values."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence

from selector.errors import InputError, Problem, UsageError
from selector.needs import load
from selector.packs.reader import parse
from selector.types.sweep import Axis, Value

FLAG = "--vary"
HOW = "write KEY=LOW..HIGH:POINTS, KEY=log:LOW..HIGH:POINTS or KEY=VALUE,VALUE,..."
RANGE = re.compile(r"^(?P<log>log:)?(?P<low>[^:]*?)\.\.(?P<high>[^:]*)(?::(?P<points>.*))?$")
DIGITS = 6  # significant, of values between the ends
MOST = 1_000_000  # points of one axis, so that a slip of the pen does not fill the memory


def axes(texts: Sequence[str], sets: Sequence[str]) -> tuple[Axis, ...]:
    """All axes; every problem at once."""
    found: list[Axis] = []
    problems: list[Problem] = []
    fixed = {s.partition("=")[0].strip() for s in sets}
    for text in texts:
        try:
            one = axis(text)
        except UsageError as error:
            problems += error.problems
            continue
        if any(_overlap(one.key, a.key) for a in found):
            problems.append(_problem(text, f"{one.key} is varied twice", "vary each key once"))
        if any(_overlap(one.key, key) for key in fixed):
            problems.append(_problem(text, f"{one.key} is set as well", "leave out --set or --vary of it"))
        found.append(one)
    if problems:
        raise UsageError(problems)
    return tuple(found)


def axis(text: str) -> Axis:
    """One axis of `KEY=...`."""
    key, equals, said = text.partition("=")
    key, said = key.strip(), said.strip()
    if not equals or not key or not said:
        raise UsageError(_problem(text, "no key with values", HOW))
    node, problem = load.find_key(key, FLAG)
    if problem is not None:
        raise UsageError(problem)
    whole = node.get("type") == "integer"
    matched = RANGE.match(said)
    if matched is None:
        return Axis(key, _listed(text, said), whole=whole, text=text)
    low, high = (_number(text, matched[side]) for side in ("low", "high"))
    points = _points(text, matched["points"])
    if low == high:
        raise UsageError(_problem(text, "the range is empty", "give two different ends"))
    if low > high:
        raise UsageError(_problem(text, "the range is reversed", f"write {high:g}..{low:g}"))
    log = matched["log"] is not None
    if log and low <= 0.0:
        raise UsageError(_problem(text, "a logarithmic range starts above 0", "raise the lower end"))
    values = _between(low, high, points, log)
    if whole:
        values = list(dict.fromkeys(float(round(v)) for v in values))
    return Axis(key, tuple(plain(v) for v in values), log, whole, text)


def grid(found: Sequence[Axis]) -> Iterator[tuple[Value, ...]]:
    """Every combination, the last axis moving first."""
    return itertools.product(*(a.values for a in found))


def middle(one: Axis, low: Value, high: Value) -> Value | None:
    """The value half way, in proportion on a logarithmic axis; None where there is none between."""
    a, b = float(low), float(high)
    at = math.sqrt(a * b) if one.log else (a + b) / 2.0
    found = plain(float(round(at)) if one.whole else float(f"{at:.{DIGITS}g}"))
    return found if a < float(found) < b else None


def plain(value: float) -> Value:
    """A whole number without a point, as people write it."""
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def setting(one: Axis, value: Value) -> str:
    """The same as `--set` takes it."""
    return f"{one.key}={value!r}" if isinstance(value, int | float) else f"{one.key}={value}"


def _between(low: float, high: float, points: int, log: bool) -> list[float]:
    last = points - 1
    shares = [i / last for i in range(points)]
    inner = [low * (high / low) ** s if log else low + (high - low) * s for s in shares]
    # Ends stay as they are stated; what lies between is rounded, so that it can be read.
    rounded = [float(f"{v:.{DIGITS}g}") for v in inner[1:-1]]
    return list(dict.fromkeys([low, *rounded, high]))


def _listed(text: str, said: str) -> tuple[Value, ...]:
    words = [w.strip() for w in said.split(",")]
    if not all(words):
        raise UsageError(_problem(text, "a value is empty", HOW))
    values = [_value(text, w) for w in words]
    twice = next((v for i, v in enumerate(values) if v in values[:i]), None)
    if twice is not None:
        raise UsageError(_problem(text, f"{twice} stands twice", "give each value once"))
    numbers = [v for v in values if isinstance(v, int | float)]
    if numbers and len(numbers) < len(values):
        odd = next(v for v in values if isinstance(v, str))
        raise UsageError(_problem(text, f"{odd} is no number and others are", HOW))
    return tuple(sorted(numbers)) if numbers else tuple(values)


def _value(text: str, word: str) -> Value:
    """A number, or a word that the schema judges later."""
    try:
        found = parse(word, FLAG).data
    except InputError as error:
        raise UsageError(_problem(text, f"{word}: {error.problems[0].what}", HOW)) from None
    if isinstance(found, float) and not math.isfinite(found):
        raise UsageError(_problem(text, f"{word} is no finite number", HOW))
    if isinstance(found, bool) or not isinstance(found, int | float):
        return word
    return plain(float(found))


def _number(text: str, word: str) -> float:
    found = _value(text, word.strip()) if word.strip() else word
    if isinstance(found, str):
        raise UsageError(_problem(text, f"{word!r} is no number", "the ends of a range are numbers"))
    return float(found)


def _points(text: str, word: str | None) -> int:
    if word is None:
        raise UsageError(_problem(text, "the number of points is missing", HOW))
    found = word.strip().replace("_", "")
    if not (found.isascii() and found.isdecimal()) or int(found) < 2:
        raise UsageError(_problem(text, f"{word!r} is no number of points", "give a whole number from 2 on"))
    if len(found) > len(str(MOST)) or int(found) > MOST:
        raise UsageError(_problem(text, f"{word} are more points than {MOST:,}", "take fewer points"))
    return int(found)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _problem(text: str, what: str, fix: str) -> Problem:
    return Problem(f"{FLAG} {text}: {what}", None, fix)
