"""Columns over the candidates that are few distinct values and an index, written out only where asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

ROOM = 32_767
MOST_MARKS = 8_000_000
BLOCK = 32_768


class Lazy(NDArrayOperatorsMixin):
    """What numpy takes for an array, and writes out where it needs one."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*_written(inputs), **options)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        return function(*_written(inputs), **options)


class Column(Lazy):
    """`values[rows]` without the memory for it: one row a candidate, values of what they share.

    Functions of each row alone, of columns with the same `rows` or of one and numbers, are worked out
    on the values and stay columns; all else writes the array out.
    """

    __slots__ = ("rows", "values")

    def __init__(self, values: Any, rows: Any) -> None:
        self.values, self.rows = values, rows

    @property
    def dtype(self) -> Any:
        """As of an array."""
        return self.values.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return (len(self.rows), *self.values.shape[1:])

    def astype(self, dtype: Any) -> Column:
        """As of an array."""
        return Column(self.values.astype(dtype), self.rows)

    def any(self) -> bool:
        """As of an array; values that no row takes do not count."""
        return bool(self.values.any()) and bool(np.asarray(self).any())

    def all(self) -> bool:
        """As of an array; values that no row takes do not count."""
        return bool(self.values.all()) or bool(np.asarray(self).all())

    def __len__(self) -> int:
        return len(self.rows)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        found = self.values.take(self.rows, axis=0)
        return found if dtype is None else found.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice) and key == slice(None):
            return self
        if isinstance(key, tuple):
            rows, part = key
            inner = self.values[:, part]
            whole = isinstance(rows, slice) and rows == slice(None)
            return Column(np.ascontiguousarray(inner), self.rows) if whole else inner[self.rows[rows]]
        at = self.rows[key]
        # Where the numbers are narrow this is twice as fast as an index.
        return self.values.take(at, axis=0) if isinstance(at, np.ndarray) else self.values[at]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "__call__" and not options and self._alike(inputs):
            return Column(ufunc(*_values(inputs)), self.rows)
        return super().__array_ufunc__(ufunc, method, *inputs, **options)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        if function in ROW_BY_ROW and self._alike(inputs):
            return Column(function(*_values(inputs), **options), self.rows)
        return super().__array_function__(function, types, inputs, options)

    def _alike(self, inputs: Iterable[Any]) -> bool:
        return all(x.rows is self.rows if isinstance(x, Column) else np.ndim(x) == 0 for x in inputs)


class Formed(Lazy):
    """A function of each row alone over columns, worked out for those rows that are asked for."""

    __slots__ = ("columns", "function")

    def __init__(self, function: Callable[..., Any], *columns: Any) -> None:
        self.function, self.columns = function, columns

    def __len__(self) -> int:
        return len(self.columns[0])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        found = np.asarray(row_by_row(self.function, *self.columns))
        return found if dtype is None else found.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        return self.function(*(column[key] for column in self.columns))


ROW_BY_ROW = frozenset({np.where, np.nan_to_num, np.round, np.clip})


def _values(inputs: Iterable[Any]) -> list[Any]:
    return [x.values if isinstance(x, Column) else x for x in inputs]


def _written(inputs: Iterable[Any]) -> list[Any]:
    """Columns as arrays, also those in lists."""
    return [
        np.asarray(x) if isinstance(x, Lazy) else _written(x) if isinstance(x, list | tuple) else x
        for x in inputs
    ]


def of_option(table: Any, options: Any) -> Column:
    """Values by option, for candidates that each take one of them (a column or an array of indices)."""
    if isinstance(options, Column):
        return Column(table[options.values], options.rows)
    return Column(table, options)


def row_by_row(function: Callable[..., Any], *columns: Any) -> Any:
    """A function of each row alone over columns, a block of rows at a time, so that what it computes in
    between stays in the cache; over columns with the same `rows` on their values, as one."""
    first = columns[0]
    if all(isinstance(c, Column) and c.rows is getattr(first, "rows", None) for c in columns):
        return Column(function(*(c.values for c in columns)), first.rows)
    found: Any = None
    for start in range(0, max(len(first), 1), BLOCK):
        part = function(*(c[start : start + BLOCK] for c in columns))
        if found is None:
            found = np.empty(len(first), dtype=part.dtype)
        found[start : start + BLOCK] = part
    return found


def distinct(code: Any, size: int) -> tuple[Any, Any]:
    """Distinct values of a column of integers from 0 to `size` - 1, and which of them each row has.

    Marks what occurs instead of sorting, as long as there is room for a mark each.
    """
    if size > MOST_MARKS:
        found, place = np.unique(code, return_inverse=True)
        return found, place.reshape(-1)
    present = np.zeros(size, dtype=bool)
    present[code] = True
    found = np.nonzero(present)[0]
    place = np.zeros(size, dtype=np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    return found, place.take(code)


def mixed(columns: Sequence[Any], sizes: Sequence[int]) -> Any:
    """One whole number for each combination of whole numbers from 0, each below the size of its column."""

    def code(*columns: Any) -> Any:
        total: Any = 0
        for size, column in zip(sizes, columns, strict=True):
            total = total * size + column.astype(np.int64)
        return total

    return np.asarray(row_by_row(code, *columns))


def alike(columns: Sequence[Any]) -> tuple[Any, Any]:
    """One row of each combination of whole numbers from 0 that occurs in some columns, and which
    combination each row has."""
    sizes: list[int] = []
    places: list[Any] = []
    for column in columns:
        own = column.values if isinstance(column, Column) else column
        found, which = distinct(own, int(own.max()) + 1 if len(own) else 1)
        sizes.append(max(len(found), 1))
        places.append(Column(which, column.rows) if isinstance(column, Column) else which)

    found, which = distinct(mixed(places, sizes), math.prod(sizes))
    rows = np.zeros(len(found), dtype=int)
    rows[which] = np.arange(len(which), dtype=np.int32)
    return rows, which


def spread(counts: Any) -> tuple[Any, Any]:
    """For runs of so many members each: the run of every member, and its number within the run."""
    run = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    first = (np.cumsum(counts) - counts).astype(np.int32)
    return run, np.arange(len(run), dtype=np.int32) - first[run]


def narrow(column: Any) -> Any:
    """The same integers in two bytes where they and the number after them go in, else in four."""
    small = not len(column) or int(column.max()) < ROOM
    return column.astype(np.int16 if small else np.int32, copy=False)


def numbered(keys: Sequence[Hashable]) -> tuple[Any, int]:
    """Equal keys by one number, and how many numbers there are."""
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(k, len(seen)) for k in keys], dtype=int), len(seen)
