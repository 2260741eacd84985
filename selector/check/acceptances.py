"""Risks that the requirements accept, where the acceptance is over."""

from __future__ import annotations

from datetime import date

from selector.errors import InputError
from selector.needs.defaults import Resolved
from selector.needs.risks import expired, problems
from selector.packs.catalog import Catalogue
from selector.types.rule import Finding, Severity


def findings(resolved: Resolved, cat: Catalogue, today: date) -> tuple[Finding, ...]:
    """ACCEPT-001: nobody answers any more for a risk that was accepted; raises `InputError` for names and
    days that are none."""
    if wrong := list(problems(resolved.stated, cat, today)):
        raise InputError(wrong)
    found = []
    for one in expired(resolved.requirement, today):
        number = resolved.requirement.risk.accepted.index(one)
        at = resolved.stated.document.where(("risk", "accepted", number))
        text = f"{one.risk} was accepted by {one.owner} until {one.expires}: {one.reason}"
        found.append(
            Finding(
                "ACCEPT-001",
                "An acceptance of a risk is over",
                Severity.HIGH,
                "high",
                "fail",
                f"An acceptance of a risk is over: {text}",
                "A risk is accepted by somebody until a day; after it the risk counts again.",
                "lower the risk, or have it accepted anew",
                at.file,
                at.line,
                at.column,
                None,
                f"{one.risk} {one.expires}",
            )
        )
    return tuple(found)
