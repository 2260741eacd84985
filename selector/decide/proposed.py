"""The plan that the user brought, judged by the same limits, rules and score as all candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from selector.decide import show
from selector.decide.match import Likeness, like
from selector.needs.facts import DECLARED, TRAINING, proposed_facts
from selector.types.decision import ProposedPlan, RankedStack

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run
    from selector.decide.robust.additive import Order


def judge(run: Run, scored: Scored, reasons: list[tuple[str, Any]], order: Order) -> ProposedPlan | None:
    """The best candidate that is like the plan, and what became of it; None where none was brought."""
    if not run.req.proposed:
        return None
    found = _found(run, scored, reasons, order)
    return replace(found, risks=_risks(run, int(order.rows[0]))) if len(order.rows) else found


def _risks(run: Run, first: int) -> tuple[str, ...]:
    """Risks of what the plan declares, where the first stack makes it not so: another engine, say."""
    facts = run.judge.facts(int(run.judge.group[first]))
    declared = facts | proposed_facts(run.req)
    if declared == facts:
        return ()
    table = run.risks.assessments[int(run.risks.profile[first])]
    kept = {t.risk.id for t in table.triggers if t.certain}
    return tuple(
        risk.id
        for risk in run.cat.risks.values()
        if risk.id not in kept and run.cat.condition(risk.applies).evaluate(declared)
    )


def _found(run: Run, scored: Scored, reasons: list[tuple[str, Any]], order: Order) -> ProposedPlan:
    import numpy as np

    plan = run.req.proposed
    found = like(run, plan)
    text = "; ".join(f"{axis} {_words(values)}" for axis, values in plan.items())
    aside = tuple(a for a in found.not_judged if a not in (*DECLARED, TRAINING))
    if not found.columns:
        told = ("it names no slot of a stack; what it declares feeds the rules",)
        return ProposedPlan(text, "declared_only", None, None, told, aside, None)
    rows = np.nonzero(found.whole(len(run.stacks)))[0]
    if not len(rows):
        return ProposedPlan(text, "not_found", None, None, _missing(found), aside, None)
    among = np.isin(order.rows, rows)
    if among.any():
        return _ranked(run, scored, order, among, text, aside)
    row = int(rows[np.argmax(scored.score[rows])])
    why = tuple(name for name, column in reasons if column[row])
    return ProposedPlan(text, "removed", None, None, why, aside, _stack(run, scored, row, order))


def _ranked(
    run: Run, scored: Scored, order: Order, among: Any, text: str, aside: tuple[str, ...]
) -> ProposedPlan:
    """The best placed of the candidates that are like the plan; one score is one rank."""
    import numpy as np

    place = int(np.argmax(among))
    stop = place + 1
    while stop < len(order.rows) and order.tied[stop]:
        stop += 1
    row = min(order.rows[place:stop][among[place:stop]].tolist(), key=order.name)
    behind = float(scored.score[order.rows[0]] - scored.score[row])
    rank = place + 1
    while rank > 1 and scored.score[order.rows[rank - 2]] == scored.score[row]:
        rank -= 1
    verdict = "first" if order.tied[1 : place + 1].all() else "ranked"
    return ProposedPlan(text, verdict, rank, behind, (), aside, _stack(run, scored, row, order))


def _stack(run: Run, scored: Scored, row: int, order: Order) -> RankedStack:
    rows = order.rows
    behind = float(scored.score[rows[0]] - scored.score[row]) if len(rows) else 0.0
    tied = {order.name(row)} if behind <= run.p["value.tied_points"] else set()
    rank = 1 + int((scored.score[rows] > scored.score[row]).sum())
    return show.one(run, scored, row, "P-1", rank, tied)


def _missing(found: Likeness) -> tuple[str, ...]:
    """Axes on which nothing is like the plan, else that no candidate has all of it."""
    nothing = [f"no candidate has this {axis}" for axis, column in found.columns.items() if not column.any()]
    return (*found.unknown, *nothing) or ("no candidate has all of it together",)


def _words(values: tuple[object, ...]) -> str:
    return " or ".join(
        str(v.get("name") or f"{v.get('params_b')}B") if isinstance(v, Mapping) else str(v) for v in values
    )
