"""One stack against another: points that make the gap, what is broken, and what would turn it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from selector.decide import attitude, relax, show, trainable
from selector.decide.explain import ask
from selector.decide.gate import CRITERIA
from selector.decide.robust import additive
from selector.types.explain import Anchor, Broken, StackView, Step, Waterfall, WeightOrigin

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.types.decision import RankedStack
    from selector.types.robust import StackRef
    from selector.types.rule import Rule


def ranked(study: Study, row: int) -> RankedStack:
    """A candidate in full; label and rank say nothing."""
    return show.one(study.run, study.ranking.scored, row, "S-1", 1, ())


def view(study: Study, row: int) -> StackView:
    """The stack that is asked about; its place counts all that pass, near-duplicates too."""
    import numpy as np

    shown, found = ranked(study, row), study.ranking
    passes = bool(np.isin(row, found.allowed))
    late, rows = found.chain.late, found.allowed
    ahead = (late[rows] < late[row]) | (
        (late[rows] == late[row]) & (found.scored.score[rows] > found.scored.score[row])
    )
    place = 1 + int(ahead.sum()) if passes else None
    return StackView(ask.ref(study, row), place, shown.score, shown.provisional, shown.slots.as_dict())


def waterfall(study: Study, row: int, other: int) -> Waterfall:
    """The gap between two stacks by criterion and rule; the steps sum to it exactly."""
    mine, theirs = (ranked(study, r).contributions for r in (row, other))
    own, rest = ({c.id: c for c in side} for side in (mine, theirs))
    steps = tuple(
        Step(
            key,
            (own.get(key) or rest[key]).kind,
            (own[key].points if key in own else 0.0) - (rest[key].points if key in rest else 0.0),
            own[key].points if key in own else 0.0,
            rest[key].points if key in rest else 0.0,
        )
        for key in dict.fromkeys([*own, *rest])
    )
    scores = [float(study.ranking.scored.score[r]) for r in (row, other)]
    assert math.isclose(math.fsum(s.points for s in steps), scores[0] - scores[1], abs_tol=1e-6)
    return Waterfall(ask.ref(study, other), scores[0], scores[1], steps)


def anchors(study: Study, row: int) -> tuple[Anchor, ...]:
    """What each criterion judges and how it comes to its points."""
    scored = study.ranking.scored
    taken = attitude.quantile(study.run.req.risk_attitude)
    found = []
    for name, scale in scored.scales.items():
        known = bool(scored.known[name][row])
        figure = float(scored.judged[name][row])
        moved = known and figure != float(scored.raw[name][row])
        worse = f"; figure at the quantile {taken:g} on its worse side" if moved else ""
        worth = float(scored.values[name][row])
        found.append(
            Anchor(
                name,
                figure if known else None,
                scale.unit,
                scale.worst,
                scale.target,
                scale.ideal,
                100.0 * scale.at_target,
                scale.log,
                100.0 * worth,
                scored.weights[name],
                scored.weights[name] * worth,
                known,
                scale.why + worse if known else "not known: fixed value for a missing figure",
            )
        )
    return tuple(found)


def weights(study: Study) -> tuple[WeightOrigin, ...]:
    """Effective weights in percent, and where they came from."""
    made = {a.key: a for a in study.given.assumptions}
    stated = "weights" not in study.given.assumed
    found = []
    for name in CRITERIA:
        rules = tuple(f"{r.id} x{r.factor:g}: {r.title}" for r in study.run.reweighing if r.criterion == name)
        line = made.get("weights")
        why = "stated in the requirements" if stated else line.why if line else "default weights"
        found.append(WeightOrigin(name, study.run.weights[name], stated, why, rules))
    return tuple(found)


def broken(study: Study, row: int) -> Iterator[Broken]:
    """Everything that keeps a stack out, each with what would let it through."""
    caps = {c.id: c for c in study.ranking.scored.limits}
    rules = {f"{r.id} {r.title}": r for r, _ in study.run.gates.vetoes}
    for name, column in study.ranking.reasons:
        if not bool(column[row]):
            continue
        if name in caps:
            cap, value = caps[name], float(caps[name].column[row])
            least = relax.up(caps[name].least(row))
            if math.isnan(value):
                yield Broken(
                    name, "unverified", None, cap.cap, cap.unit, None, "a figure for it", "not known"
                )
            else:
                ratio = least / cap.cap if cap.cap else None
                yield Broken(name, "limit", value, cap.cap, cap.unit, ratio, f"{cap.cap:.6g} -> {least:.6g}")
        elif name in rules:
            yield _veto(study, row, rules[name])
        elif name.startswith(trainable.IMPOSSIBLE):
            yield Broken(name, "limit", None, None, "", None, relax.training(study.run, row))
        else:
            yield Broken(name, "pin", None, None, "", None, "change or leave out what is pinned", name)


def _veto(study: Study, row: int, rule: Rule) -> Broken:
    facts = study.run.judge.facts(int(study.run.judge.group[row]))
    seen = study.run.cat.condition(rule.when).trace(facts)
    told = ", ".join(f"{k} is {word(v)}" for k, v in seen.items())
    needed = f"that this does not hold: {' '.join(rule.when.split())} (now {told})"
    return Broken(f"{rule.id} {rule.title}", "veto", None, None, "", None, needed, rule.why)


def word(value: object) -> str:
    """A fact for people."""
    if value is None:
        return "unknown"
    if isinstance(value, frozenset | set | tuple | list):
        return "[" + ", ".join(sorted(map(str, value))) + "]"
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def dominators(study: Study, row: int, most: int = 5) -> tuple[StackRef, ...]:
    """Stacks that pass, as certain, better or equal on every criterion and in the points of rules, and
    better in one of them; the best first. Criteria by the figures that the points are taken of."""
    import numpy as np

    found, scored = study.ranking, study.ranking.scored
    order = found.order.rows
    signs = {name: -1.0 if name == "quality" else 1.0 for name in CRITERIA}
    columns = [np.nan_to_num(signs[n] * scored.judged[n], nan=np.inf) for n in CRITERIA]
    loss = np.stack([*columns, -np.asarray(scored.points)], axis=1)
    near, mine = loss[order], loss[row]
    better = (near <= mine).all(axis=1) & (near < mine).any(axis=1)
    better &= found.chain.late[order] <= found.chain.late[row]
    ranked = additive.order(found.chain, order[better])
    return tuple(ask.ref(study, int(r)) for r in islice(ranked, most))
