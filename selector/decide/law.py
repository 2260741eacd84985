"""Duties and licence terms of one candidate, from all facts that are known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selector.decide import load
from selector.needs.facts import KEYS, proposed_facts, requirement_facts
from selector.needs.laws import undecided
from selector.risk import duties, licences
from selector.types.legal import Due, Term

if TYPE_CHECKING:
    from selector.decide.recommend import Run


def facts(run: Run, row: int) -> dict[str, object]:
    """Facts of the requirement and of each option that a candidate takes."""
    s, axes = run.stacks, run.axes
    model = axes.models[int(s.model[row])]
    found = {**requirement_facts(run.req), **proposed_facts(run.req), **model.facts}
    found |= axes.places[int(s.place[row])].facts
    if int(s.cell[row]) >= 0:
        found |= axes.engines[int(s.engine[row])].facts
        found |= axes.precisions[int(s.precision[row])].facts
        found |= axes.devices[int(s.device[row])].facts
    found["adaptation"] = load.adaptation(run.req, model.role, model.api is not None, run.p)
    return found


def due(run: Run, row: int) -> tuple[Due, ...]:
    """Duties that the candidate has, or may have."""
    return duties.due(
        run.cat.regulations.values(),
        facts(run, row),
        run.axes.days[0],
        run.cat.condition,
        undecided=undecided(run.req),
        held=[c.mitigation for c in run.req.risk.controls],
        planned=run.risks.assessments[int(run.risks.profile[row])].mitigations,
        keys=KEYS,
    )


def terms(run: Run, row: int) -> tuple[Term, ...]:
    """Conditions of the licence of its weights."""
    model = run.axes.models[int(run.stacks.model[row])].model
    licence = run.cat.licences.get(model.licence) if model else None
    rules = run.cat.rules.values()
    return licences.terms(licence, facts(run, row), run.cat.uses, rules, run.cat.condition, KEYS)
