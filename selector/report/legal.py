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
    """Duties of the first stack; `brief` leaves what is for information to a note."""
    if not r.stacks or not r.stacks[0].duties:
        return NOTHING
    every = r.stacks[0].duties
    known = [d for d in every if d.status != "unknown"]
    rest = [d for d in known if brief and d.severity == "info"]
    title = f"Duties of {r.stacks[0].label}"
    kept = [d for d in known if d not in rest]
    rows = tuple(
        (_law(d), d.ref, d.text, d.severity, _when(d), _state(d), ", ".join(d.need) or "-") for d in kept
    )
    notes = [
        f"for information: {', '.join(f'{d.regulation} {d.ref}' for d in rest)}" if rest else "",
        f"may apply: {_open(d for d in every if d.status == 'unknown')}" if len(known) < len(every) else "",
        ADVICE,
    ]
    brief_rows = tuple(
        (f"{x[0]} {x[1]}", f"{x[2]}; {x[6]}" if x[6] != "-" else x[2], x[3], f"{x[4]}, {x[5]}") for x in rows
    )
    less = Table(
        title,
        ("duty", "what; needs", "severity", "when, state"),
        brief_rows,
        note="; ".join(x for x in notes if x),
    )
    return Table(title, COLUMNS, rows, note=less.note, narrow=((less,),))


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
    text = f"from {d.since}" if d.status == "from" else since
    return f"{text} until {d.until}" if d.until else text


def _state(d: Due) -> str:
    return f"{STATES[d.state]}: tell {', '.join(d.tell)}" if d.tell else STATES[d.state]


def _open(items: Iterable[Due]) -> str:
    """Duties that a fact decides, by what would settle them."""
    by_key: dict[str, list[str]] = {}
    for d in items:
        by_key.setdefault(", ".join(d.tell), []).append(f"{d.regulation} {d.ref}".strip())
    return "; ".join(f"{', '.join(names)} (tell {keys})" for keys, names in by_key.items())


def _term(x: Term) -> str:
    return f"{x.text}: tell {', '.join(x.tell)} to settle it" if x.tell else x.text
