"""What the law and the licence ask for: a table of the first stack, and a line for the screen."""

from __future__ import annotations

from collections.abc import Iterable

from selector.report.tabular import Table
from selector.types.decision import Recommendation
from selector.types.legal import Term
from selector.types.regulation import DutyRow
from selector.types.rule import Severity

NOTHING = Table("", (), ())


def licence(r: Recommendation) -> Table:
    """Conditions of the licence of the weights of the first stack."""
    if not r.stacks or not r.stacks[0].terms:
        return NOTHING
    first = r.stacks[0]
    rows = tuple((x.status, x.severity, _term(x)) for x in first.terms)
    return Table(
        f"Licence of {first.label}: {first.terms[0].licence}", ("status", "severity", "condition"), rows
    )


def before_launch(items: Iterable[DutyRow]) -> str:
    """Duties in force that bar a launch, and for which nothing is in place or planned."""
    return ", ".join(
        f"{d.regulation} {d.ref}" for d in items if d.status == "open" and d.severity is Severity.HIGH
    )


def _term(x: Term) -> str:
    return f"{x.text}: tell {', '.join(x.tell)} to settle it" if x.tell else x.text
