"""Stacks that came in or fell out, with the limit or rule that did it, and options that came or went."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from selector.iterate.figures import key, name

if TYPE_CHECKING:
    from selector.iterate.runs import Runs
    from selector.iterate.state import Look

FEASIBLE, RESIZED, LEFT_OUT, ABSENT = "feasible", "resized", "left_out", "absent"


def feasibility(
    part: str, old: Mapping[str, Any], new: Mapping[str, Any], runs: Runs | None, shared: Container[str]
) -> dict[str, Any]:
    """Counts, verdicts on limits that differ, and with runs the stacks whose feasibility turned."""
    counts = [int(d["counts"]["feasible"]) for d in (old, new)]
    before, after = ({key(s): s for s in d["stacks"]} for d in (old, new))
    limits = []
    for k, stack in after.items():
        if k in before:
            was, now = ({c["id"]: c["status"] for c in s["constraints"]} for s in (before[k], stack))
            limits += [
                {"stack": name(stack["slots"], shared), "limit": x, "old": was.get(x), "new": now.get(x)}
                for x in sorted({*was, *now})
                if was.get(x) != now.get(x)
            ]
    return {
        "old": counts[0] > 0,
        "new": counts[1] > 0,
        "changed": (counts[0] > 0) != (counts[1] > 0),
        "stacks": {"old": counts[0], "new": counts[1]},
        "limits": limits,
        "flips": _turned(part, old, new, runs, shared) if runs else [],
    }


def _turned(
    part: str, old: Mapping[str, Any], new: Mapping[str, Any], runs: Runs, shared: Container[str]
) -> list[dict[str, Any]]:
    """Stacks that one side shows and the other leaves out, or does not have at all."""
    found = []
    for s in {key(s): s for d in (new, old) for s in d["stacks"]}.values():
        looks = [run.look(part, s["slots"], resized=True) for run in (runs.old, runs.new)]
        states = [_state(s, look) for look in looks]
        if states[0] != states[1]:
            broken = [b for look in looks if look for b in look.broken]
            other = next((look for look, x in zip(looks, states, strict=True) if look and x == RESIZED), None)
            names = _apart(shared, s, other)
            found.append(
                {
                    "stack": name(s["slots"], names),
                    "old": states[0],
                    "new": states[1],
                    "instead": other and name(other.stack["slots"], names),
                    "constraints": [{"id": b["id"], "needed": b["needed"], "why": b["why"]} for b in broken],
                }
            )
    return found


def _apart(shared: Container[str], s: Mapping[str, Any], other: Look | None) -> Container[str]:
    """Lines to be told apart by layout; those of a stack and what it is instead are, where equal."""
    lines = {name(s["slots"])} & ({name(other.stack["slots"])} if other else set())
    return lines or shared


def _state(stack: Mapping[str, Any], look: Look | None) -> str:
    if look is None:
        return ABSENT
    return LEFT_OUT if look.broken else FEASIBLE if key(look.stack) == key(stack) else RESIZED


def options(part: str, runs: Runs | None) -> list[dict[str, Any]]:
    """Ids that candidates take on one side only, by slot; nothing where nothing was computed."""
    if runs is None:
        return []
    before, after = runs.old.options(part), runs.new.options(part)
    rows = []
    for slot in dict.fromkeys([*before, *after]):
        was, now = before.get(slot, frozenset()), after.get(slot, frozenset())
        if was != now:
            rows.append({"slot": slot, "added": sorted(now - was), "removed": sorted(was - now)})
    return rows
