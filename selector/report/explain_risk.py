"""One risk of one stack: what makes it apply, what moves it, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from selector.decide.explain.compare import word
from selector.report.explain import Page, flat, head, name
from selector.report.numbers import short
from selector.report.tabular import Table
from selector.types.explain import Fired, RiskView
from selector.types.robust import StackRef


def risk(view: RiskView, stack: StackRef, inputs: Mapping[str, Any], notes: Sequence[str]) -> Page:
    """One risk of one stack."""
    data = head("risk", inputs, notes) | {"stack": asdict(stack), "risk": asdict(view)}
    words = {True: "applies", False: "does not apply", None: "may apply: a fact is unknown"}
    state = "accepted in the requirements" if view.accepted else words[view.applies]
    lines = [
        f"{view.name} ({view.category}); owner: {view.owner}",
        f"{name(stack)}: {state}",
        f"likelihood {view.likelihood_now} of 5 (register {view.likelihood}), impact {view.impact_now} of 5 "
        f"(register {view.impact}); the steps stand for {', '.join(f'{s:g}' for s in view.scale)}",
        f"inherent {view.inherent} ({short(view.inherent_score)}), residual {view.residual} "
        f"({short(view.residual_score)}) with the mitigations chosen",
        f"register: {view.basis}; source {view.source}, {view.as_of}",
        *([view.note] if view.note else []),
        *notes,
    ]
    tables = (
        _fired("What makes it apply", view.triggers),
        _fired("What moves it", view.modifiers),
        _protections(view),
        Table("References", ("where", "what"), tuple((k, v) for k, v in view.references.items())),
    )
    return Page(flat(data), f"Risk {view.id}", tuple(lines), tables)


def _fired(title: str, rows: Sequence[Fired]) -> Table:
    words = {True: "yes", False: "no", None: "unknown"}
    return Table(
        title,
        ("by", "condition", "holds", "facts", "moves", "why"),
        tuple(
            (
                f.what,
                f.condition,
                words[f.answer],
                ", ".join(f"{k} = {word(v)}" for k, v in f.facts.items()),
                " ".join(
                    f"{part} {by:+d}"
                    for part, by in (("likelihood", f.likelihood), ("impact", f.impact))
                    if by
                ),
                f.why,
            )
            for f in rows
        ),
    )


def _protections(view: RiskView) -> Table:
    rows = tuple(
        (
            m.id,
            m.name,
            "chosen" if m.chosen else "possible" if m.applicable else "not with this hosting",
            f"x{m.likelihood:g} x{m.impact:g}",
            "" if m.residual_alone is None else short(m.residual_alone),
            f"{m.days_low:g}-{m.days_high:g}",
            "" if m.usd_per_month is None else short(m.usd_per_month),
            m.owner or "",
            f"{m.basis}; {m.source}, {m.as_of}",
        )
        for m in view.mitigations
    )
    columns = (
        *("mitigation", "name", "state", "likelihood, impact", "score alone", "days", "USD/month"),
        *("owner", "rests on"),
    )
    return Table("Mitigations", columns, rows, frozenset({"score alone", "days", "USD/month"}))
