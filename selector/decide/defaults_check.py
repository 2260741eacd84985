"""Numbers of the project's own choice that decide the first place, by scoring again at their ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide import attitude, gate, show, value, weighing
from selector.decide.robust import additive, choices
from selector.errors import PackError
from selector.types.decision import DecidingDefault

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

# Parameters that anchor values or stand in for missing ones. Of those under value., tied_points and
# most_unknown move no score.
ANCHORS = ("value.", "cost.reference_")
MOST_NOTES = 3
LEAD = 1e-9  # scores are rounded to it
TOP = 20_000


@dataclass(frozen=True, slots=True)
class _Others:
    """Rivals with their scores, and those of them at the top, which are all that most looks ask for."""

    rows: Any
    scores: Any
    top: Any  # positions in `rows`
    cut: float  # all that score more are at the top

    @classmethod
    def of(cls, scored: Scored, rows: Any) -> _Others:
        import numpy as np

        scores = np.asarray(scored.score[rows])
        if len(rows) <= TOP:
            return cls(rows, scores, np.arange(len(rows)), -np.inf)
        cut = float(np.partition(scores, len(rows) - TOP)[len(rows) - TOP])
        return cls(rows, scores, np.nonzero(scores >= cut)[0], cut)

    def over(self, least: float) -> Any:
        """Rows that score more."""
        if least < self.cut:
            return self.rows[self.scores > least]
        return self.rows[self.top[self.scores[self.top] > least]]


def deciding(
    run: Run, scored: Scored, chain: additive.Chain, rows: Any, first: int
) -> tuple[DecidingDefault, ...]:
    """Parameters under whose low or high another choice than that of the row `first` leads.

    `rows` are the candidates that can come first. Choices differ in model, hosting, precision or
    device; the place that a device is rented from is no other choice. Estimates stay as they are.
    """
    found = []
    same = choices.same(run, rows, first)
    mine, others = rows[same], _Others.of(scored, rows[~same])
    for name in run.p:
        if not name.startswith(ANCHORS):
            continue
        parameter = run.cat.parameters[name]
        for tried in (parameter.low, parameter.high):
            led = _leader(run, scored, chain, mine, others, {name: tried})
            if led is not None:
                row, points = led
                found.append(DecidingDefault(name, parameter.value, tried, show.line(run, row), points))
                break
    return tuple(found)


def note(found: tuple[DecidingDefault, ...]) -> tuple[str, ...]:
    """One line that names them."""
    if not found:
        return ()
    shown = [f"{d.parameter} {d.value:g} (at {d.tried:g}: {d.stack})" for d in found[:MOST_NOTES]]
    more = f" and {len(found) - MOST_NOTES} more" if len(found) > MOST_NOTES else ""
    return (f"the first place rests on numbers of the project's own choice: {'; '.join(shown)}{more}",)


def _leader(
    run: Run,
    scored: Scored,
    chain: additive.Chain,
    mine: Any,
    others: _Others,
    changed: Mapping[str, float],
) -> tuple[int, float] | None:
    """The best of the others where it leads under changed parameters, and by how many points."""
    import numpy as np

    p = {**run.p, **changed}
    try:
        scales = value.scales(run.req, run.load, p, run.assumed)
    except PackError:
        return None  # at this end the anchors are in no order
    weights = gate.criterion_weights(weighing.relative(run.req.weights, scales), run.reweighing)
    moved = [c for c in scales if scales[c] != run.scales[c] or weights[c] != run.weights[c]]
    missing = p["value.missing"]
    if missing != run.p["value.missing"]:
        moved = [c for c in scales if not scored.known[c].all()]
    adverse = attitude.judged(run, scored.raw, scored.cost_spread, scored.waits)

    def gain(of: Any) -> Any:
        """Change of the points of some rows."""
        total = np.zeros(len(of))
        for c in moved:
            now, _ = value.filled(np, scales[c], adverse[c][of], missing)
            total += weights[c] * now - run.weights[c] * scored.values[c][of]
        return total

    most = sum(
        max(weights[c] - run.weights[c], 0.0) + weights[c] * _rise(run.scales[c], scales[c]) for c in moved
    )
    most += max(missing - run.p["value.missing"], 0.0) * sum(weights[c] for c in moved)
    lead = float(np.max(scored.score[mine] + gain(mine)))
    near = others.over(lead + LEAD - most)
    if not len(near):
        return None
    points = scored.score[near] + gain(near) - lead
    most = float(points.max())
    return (additive.leading(chain, near, points), most) if most > LEAD else None


def _rise(old: value.Scale, new: value.Scale) -> float:
    """Most that a value rises from one scale to another: both are straight between their anchors."""
    import numpy as np

    knots = np.array([old.worst, old.target, old.ideal, new.worst, new.target, new.ideal])
    return float(np.max(new.value(np, knots) - old.value(np, knots)))
