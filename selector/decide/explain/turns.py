"""What a point is worth, and the change of one figure, weight or limit by which a stack comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from selector.decide.gate import CRITERIA
from selector.decide.robust import choices, counterfactual, field, stability
from selector.types.robust import ExchangeRate, WinsIf

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.decide.robust.field import Field


def _field(study: Study) -> Field | None:
    """The first stack and its rivals; None where nothing passes."""
    found = study.ranking
    if study.first is None:
        return None
    return field.of(study.run, found.scored, found.chain, found.allowed, study.rows)


def exchange(study: Study, row: int) -> tuple[ExchangeRate, ...]:
    """Change of each criterion that is worth one point to a stack."""
    found = _field(study)
    return () if found is None else counterfactual.exchange(replace(found, first=row))


def rivals(study: Study) -> tuple[WinsIf, ...]:
    """What would put the best rivals first, and the limits that alone keep one out."""
    found = _field(study)
    return () if found is None else counterfactual.wins_if(found, study.ranking.reasons)


def wins_if(study: Study, row: int) -> tuple[WinsIf, ...]:
    """What would put one stack before the winner: each figure and each weight alone."""
    found = _field(study)
    if found is None:
        return ()
    return (*counterfactual.by_figure(found, row), *_by_weight(found, row))


def _by_weight(found: Field, row: int) -> Iterator[WinsIf]:
    """For each weight the nearest at which a stack leads all that pass, its near-duplicates aside; the
    stack may be one that is left out."""
    import numpy as np

    rows = np.concatenate([[row], found.rows[found.tight]])
    keys = choices.keys(found.run, rows)
    rows = np.concatenate([[row], rows[1:][keys[1:] != keys[0]]])
    values, extra = found.values(rows), found.scored.points[rows]
    for j, name in enumerate(CRITERIA):
        now = float(found.weights[j])
        got = stability.interval(values, found.weights, extra, 0, j)
        needed = counterfactual.within(got, now)
        yield WinsIf(found.ref(row), "weight", name, "% of all weights", now, needed)
