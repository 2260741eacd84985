"""What the law and the licence ask for: tables of the first stack."""

from __future__ import annotations

from collections.abc import Iterable

from selector.report.tabular import Table
from selector.types.decision import Recommendation
from selector.types.legal import Due, Term

NOTHING = Table("", (), ())
STATES = {
    "met": "met",
    "planned": "planned",
    "to_do": "to do",
    "not_met": "NOT MET",
    "unknown": "unknown",
}
COLUMNS = ("regulation", "article", "what", "severity", "when", "state", "need")
ADVICE = "own words, no legal advice; recalled = the text was not looked up"


def duties(r: Recommendation, brief: bool = False) -> Table:
    """Duties of the first stack; `brief` leaves what is for information or may apply to a note."""
    if not r.stacks or not r.stacks[0].duties:
        return NOTHING
    every = r.stacks[0].duties
    kept = [d for d in every if not brief or (d.status != "unknown" and d.severity != "info")]
    told = [f"{d.regulation} {d.ref}" for d in every if d.status != "unknown" and d.severity == "info"]
    open_ = _open(d for d in every if d.status == "unknown")
    notes = [f"for information: {', '.join(told)}" if told else "", f"may apply: {open_}" if open_ else ""]
    note = "; ".join([*(x for x in notes if x and brief), ADVICE])
    title = f"Duties of {r.stacks[0].label}"
    rows = tuple(
        (_law(d), d.ref, d.text, d.severity, _when(d), _state(d), ", ".join(d.need) or "-") for d in kept
    )
    short = tuple(
        (f"{x[0]} {x[1]}", x[2] if x[6] == "-" else f"{x[2]}; {x[6]}", x[3], f"{x[4]}, {x[5]}") for x in rows
    )
    less = Table(title, ("duty", "what; needs", "severity", "when, state"), short, note=note)
    return Table(title, COLUMNS, rows, note=note, narrow=((less,),))


def licence(r: Recommendation) -> Table:
    """Conditions of the licence of the weights of the first stack."""
    if not r.stacks or not r.stacks[0].terms:
        return NOTHING
    first = r.stacks[0]
    rows = tuple((x.status, x.severity, _term(x)) for x in first.terms)
    return Table(
        f"Licence of {first.label}: {first.terms[0].licence}", ("status", "severity", "condition"), rows
    )


def before_launch(items: Iterable[Due]) -> str:
    """Duties in force that bar a launch until they are fulfilled."""
    return ", ".join(f"{d.regulation} {d.ref}" for d in items if d.blocks)


def _law(d: Due) -> str:
    return f"{d.regulation} (recalled)" if d.checked == "recalled" else d.regulation


def _when(d: Due) -> str:
    since = f"since {d.since}" if d.since and d.status == "in_force" else "in force"
    open_ = f"may apply, dated {d.since}" if d.since else "may apply"
    text = {"from": f"from {d.since}", "unknown": open_}.get(d.status, since)
    return f"{text} until {d.until}" if d.until else text


def _state(d: Due) -> str:
    told = "" if d.status == "unknown" else f"{STATES[d.state]}: "
    return f"{told}tell {', '.join(d.tell)}" if d.tell else STATES[d.state]


def _open(items: Iterable[Due]) -> str:
    """Duties that a fact decides, by what would settle them."""
    by_key: dict[str, list[str]] = {}
    for d in items:
        by_key.setdefault(", ".join(d.tell), []).append(f"{d.regulation} {d.ref}".strip())
    return "; ".join(f"{', '.join(names)} (tell {keys})" for keys, names in by_key.items())


def _term(x: Term) -> str:
    return f"{x.text}: tell {', '.join(x.tell)} to settle it" if x.tell else x.text
