"""Apply rules and risks to all candidates, each over only the axes that it mentions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of the candidates: facts of each option, and which option each candidate takes."""

    options: Sequence[Mapping[str, object]]
    index: Any  # integer column over the candidates


class Judge:
    """Evaluates conditions on candidates by their distinct combinations of options."""

    def __init__(self, common: Mapping[str, object], axes: Sequence[Axis], axis_facts: Sequence[frozenset[str]]) -> None:
        self._common = common
        self._axes = axes
        self._axis_facts = axis_facts

    def column(self, condition: Condition) -> Any:
        """Int8 column over the candidates: 1 true, 0 false, -1 unknown."""
        import numpy as np

        used = [
            axis
            for axis, names in zip(self._axes, self._axis_facts, strict=True)
            if names & condition.facts
        ]
        size = len(self._axes[0].index)
        if not used:
            return np.full(size, _code(condition.evaluate(self._common)), dtype=np.int8)
        code = np.zeros(size, dtype=np.int64)
        for axis in used:
            code = code * len(axis.options) + axis.index
        distinct, inverse = np.unique(code, return_inverse=True)
        outcomes = np.array(
            [_code(condition.evaluate(self._facts(used, int(c)))) for c in distinct], dtype=np.int8
        )
        return outcomes[inverse.reshape(-1)]

    def facts_of(self, row: int) -> dict[str, object]:
        """All facts of one candidate."""
        facts = dict(self._common)
        for axis in self._axes:
            facts.update(axis.options[int(axis.index[row])])
        return facts

    def _facts(self, used: Sequence[Axis], code: int) -> dict[str, object]:
        facts = dict(self._common)
        for axis in reversed(used):
            code, option = divmod(code, len(axis.options))
            facts.update(axis.options[option])
        return facts


def _code(answer: bool | None) -> int:
    if answer is None:
        return UNKNOWN
    return TRUE if answer else FALSE


def distinct_rows(columns: Sequence[Any], size: int) -> tuple[Any, Any]:
    """Distinct rows of a set of int8 columns, and the row number of each candidate."""
    import numpy as np

    if not columns:
        return np.zeros((1, 0), dtype=np.int8), np.zeros(size, dtype=np.int64)
    table = np.stack(columns, axis=1)
    packed = np.ascontiguousarray(table).view(np.dtype((np.void, table.shape[1]))).reshape(-1)
    _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    return table[first], inverse.reshape(-1)


Compile = Callable[[str], Condition]
