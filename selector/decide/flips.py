"""Values that nobody stated and that decide the first place: unknown ones and assumed ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from selector.decide import show
from selector.decide.columns import Column
from selector.decide.robust import additive
from selector.needs.facts import FACT_KEYS, proposed_facts, requirement_facts

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run
    from selector.types.rule import Rule

MOST_NOTES = 3


def notes(
    run: Run,
    scored: Scored,
    chain: additive.Chain,
    removed: Mapping[str, Any],
    late: Any,
    first: int,
) -> tuple[str, ...]:
    """One line for each unstated value under which another stack would come first.

    `removed` holds the columns of the reasons by name, `late` the rows that rank after the others
    whatever the facts, `first` the row in the first place.
    """
    common = {**requirement_facts(run.req), **proposed_facts(run.req)}
    found = []
    for fact, key in FACT_KEYS.items():
        if fact in common and key not in run.assumed:
            continue
        row = _best(run, chain, removed, late, fact)
        if row is None or row == first or scored.score[row] <= scored.score[first]:
            continue
        value = _clearing(run, row, fact, common)
        if value is not None:
            said = f"assumed {_word(common[fact])}" if fact in common else "not stated"
            better = f"{float(scored.score[row]):.1f} against {float(scored.score[first]):.1f} points"
            found.append(
                f"{key} is {said} and decides the first place: with {_word(value)}, "
                f"{show.line(run, row)} would come first ({better}); state it"
            )
    return tuple(found[:MOST_NOTES])


def _word(value: object) -> str:
    if isinstance(value, frozenset | set):
        return "[" + ", ".join(sorted(map(str, value))) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mentions(run: Run, rule: Rule, fact: str) -> bool:
    texts = [t for t in (rule.when, rule.applies) if t]
    return any(fact in run.cat.condition(t).facts for t in texts)


def _best(run: Run, chain: additive.Chain, removed: Mapping[str, Any], late: Any, fact: str) -> int | None:
    """Best row that only rules on this fact remove or put behind; None where they hold none."""
    import numpy as np

    group = run.judge.group
    mine = {f"{r.id} {r.title}" for r, _ in run.gates.vetoes if _mentions(run, r, fact)}
    if not mine and not any(_mentions(run, rule, fact) for rule, _ in run.gates.doubts):
        return None
    nothing = Column(np.zeros(run.judge.groups, dtype=bool), group)
    held: Any = nothing
    out: Any = nothing
    for name, column in removed.items():
        if name in mine:
            held = held | column
        else:
            out = out | column
    for rule, column in run.gates.doubts:
        if _mentions(run, rule, fact):
            held = held | Column(np.asarray(column), group)
        else:
            out = out | Column(np.asarray(column), group)
    rows = np.nonzero(held)[0]
    rows = rows[~(out[rows] | late[rows])]
    return additive.leading(chain, rows, chain.score[rows]) if len(rows) else None


def _clearing(run: Run, row: int, fact: str, common: Mapping[str, object]) -> object | None:
    """A value of the fact under which no veto holds the row; None where there is none."""
    own = {k: v for k, v in _facts(run, row).items() if k != fact}
    rules = [r for r, _ in run.gates.vetoes]
    for value in _values(run, fact):
        facts = {**common, **own, fact: value}
        if value != common.get(fact) and not any(_holds(run, r, facts) for r in rules):
            return value
    return None


def _holds(run: Run, rule: Rule, facts: Mapping[str, object]) -> bool:
    """True where the rule removes, or leaves in doubt what it says to doubt."""
    answers = [run.cat.condition(t).evaluate(facts) for t in (rule.when, rule.applies) if t]
    if False in answers:
        return False
    return None not in answers or rule.on_unknown in ("warn", "fail")


def _values(run: Run, fact: str) -> Iterator[object]:
    """Values worth trying, in the order of the vocabulary; a number is not guessed."""
    known = run.cat.registry.get(fact)
    if known is None:
        return
    if known.type == "bool":
        yield from (True, False)
    words = [w for group in run.cat.vocabulary.values() for w in group if w in known.values]
    for word in dict.fromkeys(words):
        yield frozenset({word}) if known.type == "set" else word


def _facts(run: Run, row: int) -> dict[str, object]:
    """Facts of the options of one candidate."""
    s, axes = run.stacks, run.axes
    sides: tuple[tuple[Sequence[Any], Any], ...] = (
        (axes.models, s.model),
        (axes.engines, s.engine),
        (axes.precisions, s.precision),
        (axes.devices, s.device),
        (axes.places, s.place),
    )
    found: dict[str, object] = {"n_devices": float(s.n_devices[row])}
    for options, column in sides:
        if int(column[row]) >= 0:
            found |= options[int(column[row])].facts
    chosen = axes.models[int(s.model[row])]
    found["adaptation"] = chosen.method
    return found
