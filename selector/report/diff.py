"""Differences of two decisions, as text; the JSON is the differences themselves."""

from __future__ import annotations

from typing import Any

from selector.report.numbers import short


def as_text(found: dict[str, Any]) -> str:
    """Lines for a terminal; components one under another."""
    lines = [f"note: {found['remark']}"] if "remark" in found else []
    lines += _one(found)
    for part in found.get("components", []):
        lines += ["", f"component {part['name']}", *_one(part["diff"])]
    if "joint" in found:
        cost = found["joint"]["cost_per_month_usd"]
        lines += ["", f"together, USD/month: {short(cost['old'])} -> {short(cost['new'])}"]
        lines.append(f"together, budget: {_two(found['joint']['budget'], 'not stated')}")
    return "\n".join(lines) + "\n"


def _one(found: dict[str, Any]) -> list[str]:
    winner = found["winner"]
    lines = [
        f"winner: {winner['old']} -> {winner['new']}"
        if winner["changed"]
        else f"winner stays: {winner['new']}"
    ]
    lines += [f"rank: {_two(r, '-')}  {r['stack']}" for r in found["ranks"]]
    lines += [
        f"{e['figure']}: {short(e['old'])} -> {short(e['new'])}  {e['stack']}" for e in found["estimates"]
    ]
    lines += [f"risk {r['risk']}: {_two(r, 'not raised')}  {r['stack']}" for r in found["risks"]]
    lines += _feasibility(found["feasibility"])
    lines += [f"assumption {a['key']}: {_two(a, 'not made')}" for a in found["assumptions"]]
    lines += [f"anchors of {m['criterion']}: {_anchors(m)}" for m in found["ranges"]["changed"]]
    lines += [f"input changed: {i['input']}" for i in found["attribution"]["inputs"]]
    lines.append(f"cause: {found['attribution']['note']}")
    return lines + [f"advice: {line}" for line in found["advice"]]


def _feasibility(found: dict[str, Any]) -> list[str]:
    stacks = found["stacks"]
    lines = [f"stacks that satisfy the requirements: {_two(stacks, '-')}"] if _moved(stacks) else []
    return lines + [f"limit {x['limit']}: {_two(x, 'not set')}  {x['stack']}" for x in found["limits"]]


def _anchors(row: dict[str, Any]) -> str:
    """Worst, target and ideal on both sides."""
    return " -> ".join(", ".join(short(x) for x in row[side]) for side in ("old", "new"))


def _moved(row: dict[str, Any]) -> bool:
    return bool(row["old"] != row["new"])


def _two(row: dict[str, Any], none: str) -> str:
    return " -> ".join(none if row[side] is None else str(row[side]) for side in ("old", "new"))
