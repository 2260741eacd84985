"""Evaluate a condition on many sets of facts at once; agrees with the scalar back end row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selector.packs.language import parse as tree
from selector.packs.language.scalar import version_in

Columns = Mapping[str, Sequence[object]]


def evaluate(node: tree.Node, columns: Columns, size: int) -> Any:
    """Float column of 1 true, 0 false, nan unknown.

    `columns` holds `size` values of each fact; None, like a fact that is missing, is unknown.
    Numbers and truth values are float columns with nan for unknown, strings and sets object
    columns with None.
    """
    match node:
        case tree.Literal(value):
            return _filled(value, size)
        case tree.Name(fact):
            return _column(columns.get(fact.name, [None] * size), fact.type)
        case tree.Known(fact):
            return _each(columns, fact.name, size, lambda x: x is not None)
        case tree.Not(part):
            return 1.0 - evaluate(part, columns, size)
        case tree.Logic(op, parts):
            return _logic(op, [evaluate(p, columns, size) for p in parts])
        case tree.Compare(op, left, right):
            return _compare(op, evaluate(left, columns, size), evaluate(right, columns, size))
        case tree.Among(part, values, negated):
            return _among(evaluate(part, columns, size), values, negated)
        case tree.Maths(op, left, right):
            return _maths(op, evaluate(left, columns, size), evaluate(right, columns, size))
        case tree.Overlaps(fact, values):
            return _each(
                columns, fact.name, size, lambda x: None if x is None else not values.isdisjoint(_set(x))
            )
        case tree.Version(fact, spec):
            return _each(columns, fact.name, size, lambda x: version_in(x, spec))


def _set(value: Any) -> frozenset[str]:
    return frozenset(value)


def _filled(value: float | str | bool, size: int) -> Any:
    import numpy as np

    return np.full(size, value, dtype=object if isinstance(value, str) else float)


def _column(values: Sequence[object], kind: str) -> Any:
    import numpy as np

    return np.array(values, dtype=object if kind == "string" else float)


def _each(columns: Columns, name: str, size: int, ask: Any) -> Any:
    """Ask about each value on its own; for facts that are no column of numbers."""
    import numpy as np

    return np.array([ask(x) for x in columns.get(name, [None] * size)], dtype=float)


def _unknown(column: Any) -> Any:
    import numpy as np

    return column == np.array(None) if column.dtype == object else np.isnan(column)


def _logic(op: str, parts: list[Any]) -> Any:
    import numpy as np

    decisive = 1.0 if op == "or" else 0.0
    stack = np.stack(parts)
    decided = (stack == decisive).any(axis=0)
    unknown = np.isnan(stack).any(axis=0)
    return np.where(decided, decisive, np.where(unknown, np.nan, 1.0 - decisive))


def _compare(op: str, left: Any, right: Any) -> Any:
    import numpy as np

    compare: Any = {
        "==": np.equal,
        "!=": np.not_equal,
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
    }[op]
    return np.where(_unknown(left) | _unknown(right), np.nan, compare(left, right).astype(float))


def _among(column: Any, values: Sequence[float | str | bool], negated: bool) -> Any:
    import numpy as np

    found = np.zeros(len(column), dtype=bool)
    for value in values:
        found |= (column == value).astype(bool)
    return np.where(_unknown(column), np.nan, (found != negated).astype(float))


def _maths(op: str, left: Any, right: Any) -> Any:
    import numpy as np

    with np.errstate(all="ignore"):
        if op == "/":
            return np.where(right == 0.0, np.nan, left / right)
        found: Any = {"+": np.add, "-": np.subtract, "*": np.multiply}[op]
        return found(left, right)
