"""The first place of a ranking in short: who holds it, how firmly, or which limits leave it empty."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from selector.decide import rank, recommend, relax, show
from selector.decide.robust import acceptability, field, summary
from selector.packs import fresh
from selector.types.requirement import Requirement
from selector.types.sweep import First, Point, Value

if TYPE_CHECKING:
    from selector.decide.explain.study import Study

# Fields that bear on limits, anchors and weights alone: nothing is enumerated, sized or judged anew.
LIMITS = ("budget", "launch_weeks", "weights")


def sized_by(req: Requirement) -> Requirement:
    """The requirement without what only limits and weighs: runs of equal ones have the same candidates."""
    return replace(req, **{name: getattr(Requirement(req.application), name) for name in LIMITS})


def again(kept: Study, req: Requirement, inputs: Mapping[str, object]) -> Study:
    """A study under other limits and weights, over the candidates of one that was made already."""
    own = {name: getattr(req, name) for name in LIMITS}
    given = replace(kept.given, req=replace(kept.given.req, **own))
    run = recommend.under(kept.run, given.req)
    return replace(kept, given=given, run=run, ranking=rank.ranking(run, given.settings), inputs=inputs)


def of(kept: Study, at: tuple[Value, ...]) -> Point:
    """The first place of a study; the shares of the draws are those that `recommend` prints."""
    row = kept.first
    if row is None:
        ranking = kept.ranking
        found = relax.relaxations(kept.run, ranking.scored, ranking.chain, ranking.reasons)
        easiest = found[0] if found else None
        return Point(at, None, easiest.constraints if easiest else (), easiest.moves if easiest else ())
    return Point(at, _first(kept, row))


def _first(kept: Study, row: int) -> First:
    run, scored, chain = kept.run, kept.ranking.scored, kept.ranking.chain
    _, screen = field.screened(run, chain, kept.ranking.allowed, row)
    rival = screen[1] if len(screen) > 1 else None
    slots = show.slots(run, row)
    place = run.axes.places[int(run.stacks.place[row])]
    return First(
        choice=(slots.model, slots.hosting, slots.precision, slots.hardware),
        line=show.line(run, row),
        id=slots.digest(),
        slots=slots.as_dict(),
        score=float(scored.score[row]),
        margin_points=None if rival is None else float(scored.score[row] - scored.score[rival]),
        rival=None if rival is None else show.line(run, rival),
        p_best=_p_best(kept, screen),
        provisional=show.provisional(run, scored, row),
        cost_per_month_usd=_known(scored.cost[row]),
        request_p95_ms=_known(run.stacks.request_p95_ms[row]),
        quality_index=_known(run.quality[:, 1][row]),
        risk_index=_known(run.risks.index[row]),
        n_devices=slots.n_devices if slots.hardware else None,
        prices=((fresh.OFFER if place.device else fresh.API, place.source, place.as_of),)
        if place.as_of
        else (),
    )


def _p_best(kept: Study, screen: Sequence[int]) -> float:
    """Share of the draws in which the choice of the first comes first, as in the robustness of a ranking."""
    import numpy as np

    _, draws = summary.drawn(kept.run, kept.ranking.scored, np.array(screen), kept.inputs)
    return float(acceptability.within(draws.leaders[:, :1], len(screen))[0])


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
