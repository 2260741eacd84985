"""The whole explanation of one stack: of the winner, or of one that is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from selector.decide.explain import api_or_own, ask, break_even, compare, turns
from selector.errors import Problem, UsageError
from selector.types.explain import Explanation

if TYPE_CHECKING:
    from selector.decide.explain.study import Study


def explain(
    study: Study,
    stack: str | None,
    vs: str | None,
    component: str | None,
    inputs: Mapping[str, object],
    notes: tuple[str, ...] = (),
) -> Explanation:
    """Without `stack` the winner against the runner-up; with it that stack against `vs` or the winner."""
    row = nearest(study) if stack is None else ask.stack(study, stack)
    other = _other(study, row, vs)
    if other == row:
        raise UsageError(Problem("--stack and --vs name the same stack", None, "name two"))
    wins = () if study.first is None or row == study.first else turns.wins_if(study, row)
    return Explanation(
        name=study.name,
        component=component,
        stack=compare.view(study, row),
        waterfall=None if other is None else compare.waterfall(study, row, other),
        anchors=compare.anchors(study, row),
        weights=compare.weights(study),
        exchange=turns.exchange(study, row),
        broken=tuple(compare.broken(study, row)),
        dominated_by=compare.dominators(study, row),
        wins_if=wins if stack is not None else turns.rivals(study),
        break_evens=tuple(break_even.all_of(study)) if stack is None else (),
        api_or_own=api_or_own.compare(study) if stack is None else None,
        inputs=inputs,
        notes=notes,
    )


def _other(study: Study, row: int, vs: str | None) -> int | None:
    """What the stack is compared with: `vs`, else the winner, and the winner with the runner-up."""
    if vs is not None:
        return ask.stack(study, vs, "--vs")
    if study.first is not None and row != study.first:
        return study.first
    return next((r for r in study.rows if r != row), None)


def nearest(study: Study) -> int:
    """The winner; where nothing passes, the candidate with the fewest reasons against it."""
    import numpy as np

    if study.first is not None:
        return study.first
    if not len(study.run.stacks):
        what = "nothing was sized to fit, so there is no stack to explain"
        raise UsageError(Problem(what, None, "`selector recommend` says what is in the way"))
    times = np.zeros(len(study.run.stacks))
    for _, column in study.ranking.reasons:
        times += column
    return int(np.lexsort([-study.ranking.scored.score, times])[0])
