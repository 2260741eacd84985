"""What changed between two saved decisions: winner, ranks, figures, risks, feasibility, causes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from selector.iterate import attribution, ranges

FIGURES = ("score", "cost_per_month_usd", "request_p95_ms", "risk_index", "quality_index")
Pair = tuple[dict[str, Any], dict[str, Any]]


def diff(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What differs, and why as far as the inputs tell; components are matched by their names."""
    found = _one(old, new)
    if subjects := _subjects(old, new):
        found["remark"] = subjects
    before, after = ({c["name"]: c for c in d["components"]} for d in (old, new))
    if before or after:
        names = [*after, *(n for n in before if n not in after)]
        found["components"] = [
            {"name": n, "diff": _one(before.get(n) or _nothing(old), after.get(n) or _nothing(new))}
            for n in names
        ]
        joint = [d.get("joint") for d in (old, new)]
        found["joint"] = {
            "cost_per_month_usd": _sides(joint, lambda j: (j["cost_per_month_usd"] or {}).get("p50")),
            "budget": _sides(joint, lambda j: (j["budget"] or {}).get("status")),
        }
    return found


def _subjects(old: dict[str, Any], new: dict[str, Any]) -> str:
    """A warning where the decisions are about different applications; else nothing."""
    names = [d.get("name") for d in (old, new)]
    tasks = [d.get("requirements", {}).get("application", {}).get("task") for d in (old, new)]
    if names[0] == names[1] and tasks[0] == tasks[1]:
        return ""
    sides = [f"{name} ({task})" if task else str(name) for name, task in zip(names, tasks, strict=True)]
    return f"two different applications: {sides[0]} and {sides[1]}; what differs need not be a change"


def winner_changed(found: dict[str, Any]) -> bool:
    """True where the first stack of the application, or of any component, is another one."""
    parts = [found, *(c["diff"] for c in found.get("components", []))]
    return any(p["winner"]["changed"] for p in parts)


def _nothing(like: dict[str, Any]) -> dict[str, Any]:
    """A component that one side does not have."""
    return {"stacks": [], "assumptions": [], "counts": {"feasible": 0}, "inputs": like["inputs"]}


def _sides(joint: list[dict[str, Any] | None], read_: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    old, new = (None if j is None else read_(j) for j in joint)
    return {"old": old, "new": new}


def _one(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """One application or component; stacks are matched by their slots."""
    before = {_key(s): s for s in old["stacks"]}
    after = {_key(s): s for s in new["stacks"]}
    both = [(before[k], after[k]) for k in after if k in before]
    first = [d["stacks"][0] if d["stacks"] else None for d in (old, new)]
    winner = {
        "old": first[0] and _name(first[0]),
        "new": first[1] and _name(first[1]),
        "changed": _key(first[0]) != _key(first[1]),
    }
    estimates = [
        {"stack": _name(n), "figure": f, "old": x, "new": y}
        for o, n in both
        for f in FIGURES
        if (x := _figure(o, f)) != (y := _figure(n, f))
    ]
    causes = attribution.changed(old["inputs"], new["inputs"])
    moved = ranges.changed(old, new)
    return {
        "schema_version": 1,
        "kind": "diff",
        "winner": winner,
        "ranks": [
            {
                "stack": _name(after.get(k) or before[k]),
                "old": _get(before, k, "rank"),
                "new": _get(after, k, "rank"),
            }
            for k in [*after, *(k for k in before if k not in after)]
            if _get(before, k, "rank") != _get(after, k, "rank")
        ],
        "estimates": estimates,
        "risks": [row for o, n in both for row in _risks(o, n)],
        "feasibility": _feasibility(old, new, both),
        "assumptions": _changes(_assumed(old), _assumed(new), "key"),
        "ranges": moved,
        "attribution": {
            "changed": causes,
            "inputs": attribution.inputs(old["inputs"], new["inputs"]),
            "figures": [attribution.figure(row, causes) for row in estimates],
            "note": attribution.note(causes),
        },
        "advice": _advice(winner, before, new, causes) + ranges.advice(moved),
    }


def _risks(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    was, now = ({r["id"]: r["residual"] for r in s["risks"]} for s in (old, new))
    return [{"stack": _name(new), **row} for row in _changes(was, now, "risk")]


def _feasibility(old: dict[str, Any], new: dict[str, Any], both: list[Pair]) -> dict[str, Any]:
    counts = [int(d["counts"]["feasible"]) for d in (old, new)]
    limits = []
    for o, n in both:
        was, now = ({c["id"]: c["status"] for c in s["constraints"]} for s in (o, n))
        limits += [{"stack": _name(n), **row} for row in _changes(was, now, "limit")]
    return {
        "old": counts[0] > 0,
        "new": counts[1] > 0,
        "changed": (counts[0] > 0) != (counts[1] > 0),
        "stacks": {"old": counts[0], "new": counts[1]},
        "limits": limits,
    }


def _assumed(decision: dict[str, Any]) -> dict[str, Any]:
    return {a["key"]: a["value"] for a in decision["assumptions"]}


def _changes(old: dict[str, Any], new: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Keys whose value differs; None where a side has none."""
    return [
        {name: k, "old": old.get(k), "new": new.get(k)}
        for k in sorted({*old, *new})
        if old.get(k) != new.get(k)
    ]


def _advice(
    winner: dict[str, Any], before: dict[str | None, dict[str, Any]], new: dict[str, Any], causes: list[str]
) -> list[str]:
    lines = []
    if not new["stacks"]:
        return ["no stack satisfies the requirements any more: see what would let one through"]
    old_key = next((k for k, s in before.items() if s["rank"] == 1), None)
    place = next((s for s in new["stacks"] if _key(s) == old_key), None)
    if not winner["changed"]:
        lines.append("keep the stack: it is still first")
    elif place is None:
        lines.append("the stack that was first is not among those shown any more: plan the move")
    elif place["tied"]:
        lines.append(f"{_name(place)} is practically tied with the new first: no reason to move by itself")
    else:
        gap = new["stacks"][0]["score"] - place["score"]
        lines.append(f"{_name(place)} is {gap:.1f} points behind: weigh them against the cost of moving")
    if len(causes) > 1:
        lines.append("several kinds of input changed: change one at a time to see which moved the result")
    return lines


def _key(stack: dict[str, Any] | None) -> str | None:
    return str(stack["id"]) if stack else None


def _name(stack: dict[str, Any]) -> str:
    slots = stack["slots"]
    parts = [slots["model"], slots["precision"], slots["hardware"], slots["engine"], slots["offer"]]
    return " ".join(str(p) for p in parts if p)


def _get(stacks: dict[str | None, dict[str, Any]], key: str | None, field: str) -> Any:
    return stacks[key][field] if key in stacks else None


def _figure(stack: dict[str, Any], figure: str) -> float | None:
    if figure == "score":
        return float(stack["score"])
    found = stack["estimates"].get(figure)
    return float(found["p50"]) if found else None
