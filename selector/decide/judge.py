"""Apply rules and risks to all candidates, each over only the axes that it mentions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from selector.decide.columns import MOST_MARKS, Column, distinct, mixed, narrow

TRUE, FALSE, UNKNOWN = 1, 0, -1


class Condition(Protocol):
    """A compiled condition of the rule language."""

    @property
    def facts(self) -> frozenset[str]:
        """Names of the facts it mentions."""
        ...

    def evaluate(self, facts: Mapping[str, object]) -> bool | None:
        """True, False, or None for unknown."""
        ...

    def column(self, columns: Mapping[str, Sequence[object]], size: int) -> Any:
        """The same for many sets of facts: 1, 0, or nan for unknown."""
        ...


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of the candidates: facts of each option, and which option each candidate takes."""

    options: Sequence[Mapping[str, object]]
    index: Any  # integers over the candidates: an array or a `Column`


class Judge:
    """Evaluates conditions over groups of candidates that look alike to every condition.

    Options of an axis with equal values of the facts that any condition mentions are one
    signature; a group is a combination of signatures that occurs. `group` maps candidates to
    groups, `column` answers per group.
    """

    def __init__(self, common: Mapping[str, object], axes: Sequence[Axis], mentioned: frozenset[str]) -> None:
        self._common = common
        kept = [_signatures(axis.options, mentioned) for axis in axes]
        levels: dict[int, list[int]] = {}  # axes whose columns are spread over the candidates alike
        for number, axis in enumerate(axes):
            levels.setdefault(id(getattr(axis.index, "rows", axis.index)), []).append(number)
        codes = [_combined([(kept[i], axes[i].index) for i in numbers]) for numbers in levels.values()]
        sizes = [max(len(found), 1) for found, _ in codes]
        rest, group = distinct(mixed([which for _, which in codes], sizes), math.prod(sizes))
        self.group = narrow(group)
        self.groups = len(rest)
        sides: dict[int, tuple[list[Mapping[str, object]], Any]] = {}
        for numbers, (combinations, _) in zip(reversed(levels.values()), reversed(codes), strict=True):
            rest, own = np.divmod(rest, max(len(combinations), 1))
            own = combinations[own]
            for i in reversed(numbers):
                own, option = np.divmod(own, len(kept[i][1]))
                sides[i] = (kept[i][1], option)
        self._sides = [sides[i] for i in range(len(axes))]
        self._combinations: dict[tuple[int, ...], tuple[Any, Any]] = {}

    def column(self, condition: Condition) -> Any:
        """Int8 column over the groups: 1 true, 0 false, -1 unknown. Its values are those of the
        combinations of the axes that the condition mentions."""
        sides = tuple(
            i
            for i, (options, _) in enumerate(self._sides)
            if any(not condition.facts.isdisjoint(o) for o in options)
        )
        if not sides:
            return self.everywhere(np.int8(_code(condition.evaluate(self._common))))
        found, inverse = self._met(sides)
        columns = self._columns(condition.facts, [self._sides[i] for i in sides], found)
        answers = np.nan_to_num(condition.column(columns, len(found)), nan=UNKNOWN)
        return Column(answers.astype(np.int8), inverse)

    def everywhere(self, value: Any) -> Column:
        """One value for all groups."""
        return Column(np.array([value]), self._met(())[1])

    def _met(self, sides: tuple[int, ...]) -> tuple[Any, Any]:
        """Combinations of some axes that occur, and which of them each group has; many conditions ask for
        the same axes."""
        if sides not in self._combinations:
            code: Any = np.zeros(self.groups, dtype=np.int64)
            for options, index in (self._sides[i] for i in sides):
                code = code * len(options) + index
            size = math.prod(len(self._sides[i][0]) for i in sides)
            found, inverse = distinct(code, size)
            self._combinations[sides] = found, narrow(inverse)
        return self._combinations[sides]

    def once(self, condition: Condition) -> bool | None:
        """Answer from the facts that all candidates share."""
        return condition.evaluate(self._common)

    def facts(self, group: int) -> dict[str, object]:
        """All facts of one group that any condition mentions, and those that all share."""
        found = dict(self._common)
        for options, index in self._sides:
            found |= options[int(index[group])]
        return found

    def values(self, fact: str, known: Sequence[object]) -> Any:
        """Value of one fact in every group, by its number in a list of all; the first where nobody
        states it."""
        found: Any = np.full(self.groups, known.index(self._common.get(fact, known[0])))
        for options, index in self._sides:
            if any(fact in o for o in options):
                own = np.array([known.index(o[fact]) if fact in o else UNKNOWN for o in options])[index]
                found = np.where(own == UNKNOWN, found, own)
        return found

    def _columns(
        self,
        names: frozenset[str],
        used: Sequence[tuple[Sequence[Mapping[str, object]], Any]],
        codes: Any,
    ) -> dict[str, list[object]]:
        """Values of some facts for the distinct combinations of the axes that hold them."""
        found = {n: [self._common[n]] * len(codes) for n in names if n in self._common}
        rest = codes
        for options, _ in reversed(used):
            rest, option = np.divmod(rest, len(options))
            for name in names:
                if any(name in o for o in options):
                    base = found.get(name, [None] * len(codes))
                    values = [o.get(name) for o in options]
                    has = [name in o for o in options]
                    found[name] = [
                        values[i] if has[i] else b for i, b in zip(option.tolist(), base, strict=True)
                    ]
        return found


def _combined(axes: Sequence[tuple[tuple[list[int], list[Mapping[str, object]]], Any]]) -> tuple[Any, Any]:
    """Combinations of signatures that occur on axes spread alike, and which of them each candidate has."""
    rows = getattr(axes[0][1], "rows", None)
    code: Any = 0
    size = 1
    for (ids, options), index in axes:
        values = index if rows is None else index.values
        code = code * len(options) + np.array(ids, dtype=np.int64)[values]
        size *= len(options)
    found, which = distinct(code, size)
    return found, which if rows is None else Column(which, rows)


def _signatures(
    options: Sequence[Mapping[str, object]], mentioned: frozenset[str]
) -> tuple[list[int], list[Mapping[str, object]]]:
    """Signature number of each option, and the facts of each signature."""
    seen: dict[tuple[object, ...], int] = {}
    found: list[Mapping[str, object]] = []
    ids = []
    for option in options:
        kept = {k: option[k] for k in sorted(option) if k in mentioned}
        key = tuple(kept.items())
        if key not in seen:
            seen[key] = len(found)
            found.append(kept)
        ids.append(seen[key])
    return ids, found


def _code(answer: bool | None) -> int:
    return UNKNOWN if answer is None else int(answer)


def distinct_rows(columns: Sequence[Any]) -> tuple[Any, Any]:
    """Distinct rows of a set of int8 columns over the groups, in order, and the row number of each group.

    Columns over the same combinations of axes are put together on those, before they meet the others.
    """
    together: dict[int, list[Any]] = {}
    for column in columns:
        together.setdefault(id(column.rows if isinstance(column, Column) else column), []).append(column)
    codes = []
    for alike in together.values():
        rows = getattr(alike[0], "rows", None)
        _, which = _distinct_codes([getattr(c, "values", c) for c in alike])
        codes.append(which if rows is None else which.take(rows))
    found, which = _distinct_codes(codes)
    first = np.zeros(found, dtype=np.int64)
    first[which] = np.arange(len(which))
    return np.stack([c[first] for c in columns], axis=1), which


def _distinct_codes(columns: Sequence[Any]) -> tuple[int, Any]:
    """How many distinct rows some columns of whole numbers have, and which each row is, in order."""
    code: Any = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for column in columns:
        least = int(column.min()) if len(column) else 0
        span = int(column.max()) - least + 1 if len(column) else 1
        if span == 1:
            continue  # the same everywhere: it tells no rows apart
        if size * span > MOST_MARKS:  # before it outgrows the marks
            found, code = distinct(code, size)
            size = len(found)
        code, size = code * span + (column - least), size * span
    found, which = distinct(code, size)
    return len(found), which


Compile = Callable[[str], Condition]
