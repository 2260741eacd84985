"""Duties and licence terms of one candidate, from all facts that are known of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from selector.needs.facts import KEYS, proposed_facts, requirement_facts
from selector.risk import duties as kept
from selector.risk import licences
from selector.types.legal import Term
from selector.types.regulation import DutyRow

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
    found["adaptation"] = model.method
    return found


def duties(run: Run, row: int) -> tuple[DutyRow, ...]:
    """Duties that the candidate has, or may have; what settles the latter by its key in `reqs.yaml`."""
    held = {c.mitigation for c in run.req.risk.controls}
    chosen = run.risks.assessments[int(run.risks.profile[row])].mitigations
    found = kept.rows(
        run.cat.regulations.values(),
        facts(run, row),
        kept.Kept(held, chosen, run.req.contracts or (), run.req.regulations or ()),
        run.today,
        run.cat.condition,
    )
    return tuple(replace(d, unknown=tuple(KEYS.get(f, f) for f in d.unknown)) for d in found)


def terms(run: Run, row: int) -> tuple[Term, ...]:
    """Conditions of the licence of its weights."""
    model = run.axes.models[int(run.stacks.model[row])].model
    licence = run.cat.licences.get(model.licence) if model else None
    rules = run.cat.rules.values()
    return licences.terms(licence, facts(run, row), run.cat.uses, rules, run.cat.condition, KEYS)
