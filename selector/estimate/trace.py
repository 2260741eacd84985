"""Numbers that remember how they were made, so that a formula run on one stack can be shown.

`Traced` numbers go through the same functions as floats and arrays do; `formula` names what those
functions return. What comes out is a graph of operations, whose named nodes `explain` prints.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from selector.estimate.numeric import Numeric

P = ParamSpec("P")
T = TypeVar("T")

FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "max": max,
    "min": min,
    "ceil": lambda x: float(math.ceil(x)) if math.isfinite(x) else x,
    "floor": lambda x: float(math.floor(x)) if math.isfinite(x) else x,
    "round": lambda x: float(round(x)),
    "log": math.log,
    "exp": math.exp,
    "cbrt": math.cbrt,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}


@dataclass(frozen=True, slots=True)
class Label:
    """Name of a number: id of its formula (or of the fact), unit, and what it is in words.

    `origin` is set where the number comes from outside: whatever says where from.
    """

    key: str
    unit: str = ""
    words: str = ""
    origin: Any = None


class Traced:
    """A float with the operation that made it; plain floats stand in `args` as they are."""

    __slots__ = ("args", "label", "op", "value")

    def __init__(
        self,
        value: float,
        label: Label | None = None,
        op: str = "",
        args: tuple[Any, ...] = (),
    ) -> None:
        self.value = float(value)
        self.label = label
        self.op = op
        self.args = args

    def __add__(self, other: Any) -> Any:
        return self if _plain(other, 0.0) else _made("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return self if _plain(other, 0.0) else _made("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return self if _plain(other, 0.0) else _made("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _made("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return self if _plain(other, 1.0) else _made("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self if _plain(other, 1.0) else _made("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self if _plain(other, 1.0) else _made("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _made("/", other, self)

    def __pow__(self, other: Any) -> Any:
        return _made("**", self, other)

    def __neg__(self) -> Any:
        return _made("-", 0.0, self)

    def __round__(self, digits: int = 0) -> Any:
        return _made("round", self)

    def __ceil__(self) -> Any:
        return _made("ceil", self)

    def __floor__(self) -> Any:
        return _made("floor", self)

    def __lt__(self, other: Any) -> bool:
        return self.value < float(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= float(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > float(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= float(other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | float | Traced) and self.value == float(other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return self.value != 0.0

    def __float__(self) -> float:
        return self.value

    def __int__(self) -> int:
        return int(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __repr__(self) -> str:
        return f"Traced({self.value!r}, {self.label.key if self.label else self.op!r})"


def _plain(value: Any, neutral: float) -> bool:
    return not isinstance(value, Traced) and value == neutral


def _made(op: str, *args: Any) -> Any:
    return Traced(FUNCTIONS[op](*(float(a) for a in args)), None, op, args)


def _either(op: str) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        if any(isinstance(a, Traced) for a in args):
            return _made(op, *args)
        return FUNCTIONS[op](*args)

    return run


class _Trace:
    """The numeric namespace over traced numbers; a choice is the branch that was taken."""

    maximum = staticmethod(_either("max"))
    minimum = staticmethod(_either("min"))
    ceil = staticmethod(_either("ceil"))
    floor = staticmethod(_either("floor"))
    log = staticmethod(_either("log"))
    exp = staticmethod(_either("exp"))
    cbrt = staticmethod(_either("cbrt"))

    @staticmethod
    def where(test: bool, a: Any, b: Any) -> Any:
        return a if test else b


TRACE: Numeric = _Trace()


def real(value: Any) -> float:
    """A float; a traced number stays what it is."""
    found: float = value if isinstance(value, Traced) else float(value)  # type: ignore[assignment]
    return found


def named(value: Any, key: str, unit: str = "", words: str = "") -> Any:
    """Name a number that an operation made and that has no name yet."""
    if isinstance(value, Traced) and value.label is None:
        value.label = Label(key, unit, words)
    return value


def formula(
    key: str, unit: str, parts: Mapping[str, str] | None = None, **units: str
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Name what a function makes of traced numbers; floats and arrays pass untouched.

    `units` names arguments that deserve a line of their own, with their units; `parts` those of a
    result with several fields, which are in `unit` else. The words are the first sentence of the
    docstring.
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        words = " ".join((function.__doc__ or "").split(".\n")[0].split(" (formula")[0].split())

        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            found = function(*args, **kwargs)
            for part, value in _results(found):
                if isinstance(value, Traced):
                    _name(function, args, kwargs, key, units)
                    named(value, f"{key}.{part}" if part else key, (parts or {}).get(part, unit), words)
            return found

        return run

    return wrap


def _results(found: Any) -> Iterator[tuple[str, Any]]:
    """The number itself, the first of several, or the fields of a result."""
    if isinstance(found, tuple):
        yield "", found[0]
    elif is_dataclass(found):
        yield from ((f.name, getattr(found, f.name)) for f in fields(found))
    else:
        yield "", found


def _name(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    key: str,
    units: Mapping[str, str],
) -> None:
    """Name the arguments that `units` asks for."""
    for name, value in signature(function).bind(*args, **kwargs).arguments.items():
        if name in units:
            named(value, f"{key}.{name}", units[name])
