"""Duties of regulations for one stack on one day: in force or from when, and whether they are fulfilled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date

from selector.risk.advisories import Asks
from selector.types.legal import Due, Duty, Regulation

Facts = Mapping[str, object]
Compile = Callable[[str], Asks]
LAWS = "req.regulations"
WORST = ("info", "warn", "block")
ORDER = ("in_force", "from", "unknown")


def due(
    regulations: Iterable[Regulation],
    facts: Facts,
    today: date,
    condition: Compile,
    *,
    undecided: Mapping[str, tuple[str, ...]],
    held: Collection[str] = (),
    planned: Collection[str] = (),
    keys: Mapping[str, str],
) -> tuple[Due, ...]:
    """Duties that apply, or may; those in force first, the severest of them before the others.

    `undecided` holds regulations that may apply, with the keys that decide; `held` mitigations that are in
    place, `planned` those that are chosen for the stack; `keys` where the requirements state a fact.
    """
    named = facts.get(LAWS)
    laws = set(named) if isinstance(named, frozenset) else set()
    found: list[Due] = []
    for text in regulations:
        if laws & {text.id, *text.follows}:
            for duty in text.duties:
                item = _duty(text, duty, facts, today, condition, held, planned, keys)
                if item is not None:
                    found.append(item)
        elif tell := undecided.get(text.id):
            found.append(_open(text, tell))
    return tuple(sorted(found, key=_order))


def _order(item: Due) -> tuple[object, ...]:
    return ORDER.index(item.status), -WORST.index(item.severity), item.since or "", item.id


def _duty(
    text: Regulation,
    duty: Duty,
    facts: Facts,
    today: date,
    condition: Compile,
    held: Collection[str],
    planned: Collection[str],
    keys: Mapping[str, str],
) -> Due | None:
    """One duty of a regulation that applies; None where its trigger fails or it is over."""
    if duty.until is not None and duty.until < today.isoformat():
        return None
    answer, tell = _ask(duty.when, facts, condition, keys)
    if answer is False:
        return None
    since = duty.since or text.since
    status = "unknown" if answer is None else "from" if (since or "") > today.isoformat() else "in_force"
    state, more = _state(duty, facts, condition, held, planned, keys)
    return Due(
        duty.id,
        text.id,
        text.title,
        duty.ref,
        duty.severity,
        duty.text,
        status,
        since,
        duty.until,
        state,
        duty.need,
        tell if answer is None else more,
        duty.rule,
        text.checked,
        text.source,
    )


def _state(
    duty: Duty,
    facts: Facts,
    condition: Compile,
    held: Collection[str],
    planned: Collection[str],
    keys: Mapping[str, str],
) -> tuple[str, tuple[str, ...]]:
    """How far a duty is fulfilled: by facts first, then by what is in place, then by what is chosen."""
    answer, tell = _ask(duty.met, facts, condition, keys) if duty.met is not None else (None, ())
    if answer or (duty.need and set(duty.need) <= set(held)):
        return "met", ()
    if answer is False:
        return "not_met", ()
    if duty.met is not None and not duty.need:
        return "unknown", tell
    if duty.need and set(duty.need) <= {*held, *planned}:
        return "planned", ()
    return "to_do", tell


def _ask(
    text: str | None, facts: Facts, condition: Compile, keys: Mapping[str, str]
) -> tuple[bool | None, tuple[str, ...]]:
    """An answer, and where it is unknown what would settle it: keys of the requirements before facts."""
    if text is None:
        return True, ()
    compiled = condition(text)
    answer = compiled.evaluate(facts)
    if answer is not None:
        return answer, ()
    return None, tuple(keys.get(f, f) for f, v in compiled.trace(facts).items() if v is None)


def _open(text: Regulation, tell: tuple[str, ...]) -> Due:
    """A regulation that may apply, in one row: the severity is that of its severest duty."""
    worst = max((d.severity for d in text.duties), key=WORST.index)
    return Due(
        text.id,
        text.id,
        text.title,
        "",
        worst,
        "may apply",
        "unknown",
        text.since,
        None,
        "unknown",
        (),
        tell,
        None,
        text.checked,
        text.source,
    )
