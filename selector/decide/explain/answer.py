"""The whole explanation of one stack: of the winner, or of one that is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from selector.decide import reasons, relax
from selector.decide.explain import api_or_own, ask, break_even, compare, turns
from selector.decide.robust import additive
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
    if stack is None and not len(study.run.stacks):
        return _nothing_fits(study, component, inputs, notes)
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
        **_in_the_way(study),
    )


def _nothing_fits(
    study: Study, component: str | None, inputs: Mapping[str, object], notes: tuple[str, ...]
) -> Explanation:
    """Where no candidate could be sized there is no stack to speak of, only what ruled all out."""
    return Explanation(
        study.name,
        component,
        None,
        None,
        (),
        compare.weights(study),
        *((),) * 5,
        None,
        inputs,
        notes,
        **_in_the_way(study),
    )


def _in_the_way(study: Study) -> dict[str, Any]:
    """Where nothing passes, what left the nearest out and the smallest changes."""
    if study.first is not None:
        return {}
    run, found = study.run, study.ranking
    removed = reasons.removed(run, found.scored, found.chain, found.reasons)
    return {
        "excluded": reasons.ordered(run, removed, False),
        "relaxations": relax.relaxations(run, found.scored, found.chain, found.reasons),
    }


def _other(study: Study, row: int, vs: str | None) -> int | None:
    """What the stack is compared with: `vs`, else the winner, and the winner with the runner-up."""
    if vs is not None:
        return ask.stack(study, vs, "--vs")
    if study.first is not None and row != study.first:
        return study.first
    return next((r for r in study.rows if r != row), None)


def nearest(study: Study) -> int:
    """The winner; where nothing passes, the candidate that the smallest change lets through."""
    import numpy as np

    if study.first is not None:
        return study.first
    if not len(study.run.stacks):
        what = "nothing was sized to fit, so there is no stack to explain"
        raise UsageError(Problem(what, None, "`selector recommend` says what is in the way"))
    found = study.ranking
    sets = relax.sets(study.run, found.chain, found.scored.limits, found.reasons)
    return sets[0].nearest if sets else additive.leading(found.chain, np.arange(len(study.run.stacks)))
