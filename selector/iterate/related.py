"""Whether two sides speak of the same application, and which waivers ended between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from selector.iterate.state import Side


def strangers(old: Side, new: Side) -> str:
    """Why the two are not about the same thing; empty where they are."""
    sides = [s.requirements for s in (old, new)]
    tasks = [_tasks(r) for r in sides]
    if not tasks[0] & tasks[1]:
        said = [" and ".join(sorted(t)) for t in tasks]
        return f"the task of {old.name} is {said[0]}, of {new.name} {said[1]}"
    names = [r.get("name") for r in sides]
    if None not in names and names[0] != names[1]:
        return f'{old.name} is named "{names[0]}", {new.name} "{names[1]}"'
    return ""


def _tasks(requirements: Mapping[str, Any]) -> frozenset[str]:
    parts = requirements.get("components") or (requirements,)
    return frozenset(str((p.get("application") or {}).get("task")) for p in parts)


def stated(old: Side, new: Side) -> list[dict[str, Any]]:
    """Keys of the requirements files that differ, as stated; a side that does not state one has None."""
    sides = [dict(_leaves(s.requirements)) for s in (old, new)]
    return [
        {"key": k, "old": sides[0].get(k), "new": sides[1].get(k)}
        for k in sorted({*sides[0], *sides[1]})
        if sides[0].get(k) != sides[1].get(k)
    ]


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Values by dotted key; a list of mappings by name or risk, else by place."""
    if isinstance(value, Mapping):
        for k, v in value.items():
            yield from _leaves(v, f"{key}.{k}" if key else str(k))
    elif isinstance(value, list | tuple) and value and all(isinstance(v, Mapping) for v in value):
        for i, v in enumerate(value):
            yield from _leaves(v, f"{key}.{v.get('name', v.get('risk', i))}")
    elif value is not None:
        yield key, value


def waivers(old: Side, new: Side) -> list[dict[str, Any]]:
    """Acceptances of risks that came, went or ended: state on each side, with owner and last day."""
    was, now = (_accepted(s) for s in (old, new))
    rows = []
    for risk in sorted({*was, *now}):
        states = [side.get(risk, ("none", None, None)) for side in (was, now)]
        if states[0] != states[1]:
            _, owner, expires = states[1] if risk in now else states[0]
            rows.append(
                {"risk": risk, "old": states[0][0], "new": states[1][0], "owner": owner, "expires": expires}
            )
    return rows


def _accepted(side: Side) -> dict[str, tuple[str, str | None, str | None]]:
    today = date.fromisoformat(str(side.inputs["as_of"]))
    found: dict[str, tuple[str, str | None, str | None]] = {}
    for row in (side.requirements.get("risk") or {}).get("accepted") or ():
        if isinstance(row, str):
            found[row] = ("in force", None, None)
        else:
            over = date.fromisoformat(str(row["expires"])) < today
            found[row["risk"]] = ("expired" if over else "in force", row.get("owner"), str(row["expires"]))
    return found
