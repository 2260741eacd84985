"""What nobody may overlook of a stack: under whose law a hosted model runs, and rules that warn of it."""

from __future__ import annotations

from selector.types.decision import RankedStack
from selector.types.rule import Severity

UNNAMED = "unspecified"  # region of a price list that does not say
MOST = 3  # named where they all stand in a table below
GRAVE = (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


def place(s: RankedStack) -> str:
    """Where requests to a hosted model are processed, and the seat of its vendor; empty for own machines."""
    if s.slots.hardware is not None:
        return ""
    region, seat = str(s.facts.get("region", UNNAMED)), s.facts.get("vendor_jurisdiction")
    where = "nobody knows where" if region == UNNAMED else f"in {region}"
    whose = f"by a vendor of {seat}" if seat else "the seat of the vendor is not known"
    return f"{where}, {whose}"


def warnings(s: RankedStack) -> tuple[str, ...]:
    """Rules of medium severity or more that the stack breaks, or that nobody can tell of it."""
    found = [f for f in s.findings if f.outcome in ("fail", "unknown") and f.severity in GRAVE]
    said = {"fail": "", "unknown": " (unknown)"}
    named = tuple(f"{f.rule} {f.title}{said[f.outcome]}" for f in found[:MOST])
    return (*named, f"{len(found) - MOST} more") if len(found) > MOST else named
