"""Figures of a recommendation that are compared, by stack and for the first place whoever holds it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from typing import Any

ESTIMATES = (
    *("cost_per_month_usd", "upfront_usd", "first_token_p95_ms", "per_output_token_ms", "request_p95_ms"),
    *("quality_index", "risk_index", "effort_person_months"),
)
FIGURES = ("score", "p_best", *ESTIMATES)
FIRST = "first place"
TOGETHER = "together"
SURE = 2.0  # standard errors of the difference of two shares
NOBODY = ""  # first, where no stack is left
COST = "cost_per_month_usd"
LEVELS = ("VL", "L", "M", "H", "VH")
HIGH = frozenset({"H", "VH"})
# What makes a stack the same on two days. Adaptation and mitigations follow from the others.
SAME = ("model", "hosting", "engine", "precision", "hardware", "n_devices", "layout", "offer")
CHOICE = ("model", "hosting", "engine", "precision", "hardware")
Table = dict[tuple[str, str], float | None]


def key(stack: Mapping[str, Any] | None, slots: tuple[str, ...] = SAME) -> str | None:
    """By what a stack is found on the other side; with `CHOICE`, whatever its size and offer."""
    return None if stack is None else json.dumps([stack["slots"][s] for s in slots], sort_keys=True)


def name(slots: Mapping[str, Any], shared: Container[str] = ()) -> str:
    """A stack in one line; hosting and layout stand with it where several have the line, as in `shared`."""
    count = slots["hardware"] and f"{slots['n_devices']}x {slots['hardware']}"
    parts = (slots["model"], slots["precision"], count, slots["engine"], slots["offer"])
    line = " ".join(str(p) for p in parts if p)
    if line not in shared:
        return line
    at = slots["layout"]
    layout = f", tp{at['tp']} pp{at['pp']} ep{at['ep']} x{at['replicas']}" if at else ""
    return f"{line} ({slots['hosting']}{layout})"


def shared(stacks: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Lines that stacks of several keys have."""
    lines = Counter(name(s["slots"]) for s in {key(s): s for s in stacks}.values())
    return frozenset(line for line, count in lines.items() if count > 1)


def label(found: str, shared: Container[str] = ()) -> str:
    """The stack of a key in one line."""
    return name(dict(zip(SAME, json.loads(found), strict=True)), shared)


def first(part: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first stack of an application or component."""
    return part["stacks"][0] if part["stacks"] else None


def leads_alone(stack: Mapping[str, Any]) -> bool:
    """True for the first stack of its own component, also where the application takes another."""
    return bool(stack.get("label", "S-1") == "S-1")


def levels(stack: Mapping[str, Any] | None) -> dict[str, int]:
    """Number of risks of a stack by residual level."""
    rows = [r["residual"] for r in stack["risks"]] if stack else []
    return {level: rows.count(level) for level in LEVELS}


def table(part: Mapping[str, Any], others: Mapping[str, Mapping[str, Any] | None]) -> Table:
    """All figures of the stacks shown, and of `others`: stacks by key that are not."""
    robust = part.get("robustness") or {}
    best = {s["stack"]["id"]: s["p_best"] for s in robust.get("shares", ())}
    found: Table = {}
    stacks: dict[str, Mapping[str, Any]] = {k: s for k, s in others.items() if s is not None}
    for s in part["stacks"]:
        stacks[str(key(s))] = s
    for k, s in stacks.items():
        found |= {(k, f): _figure(s, f, best) for f in FIGURES}
    leader = first(part)
    if leader is not None:
        found |= {(FIRST, f): _figure(leader, f, best) for f in FIGURES}
        # Of what all components together take in place of the first nobody has worked out a margin.
        own = leads_alone(leader)
        found[FIRST, "margin_points"] = robust.get("margin_points") if own else None
        found[FIRST, "high_risks"] = float(sum(levels(leader)[x] for x in HIGH))
    return found


def _figure(stack: Mapping[str, Any], figure: str, best: Mapping[str, float]) -> float | None:
    if figure == "score":
        return float(stack["score"])
    if figure == "p_best":
        return best.get(stack["id"])
    found = stack["estimates"].get(figure)
    return None if found is None else float(found["p50"])


def differs(name: str, old: float | None, new: float | None, draws: int) -> bool:
    """True where a figure is another one; of a share of draws, by more than chance alone gives."""
    if name != "p_best" or old is None or new is None or not draws:
        return old != new
    error = math.sqrt((old * (1.0 - old) + new * (1.0 - new)) / draws)
    return abs(new - old) > SURE * error


def joint_cost(found: Mapping[str, Any]) -> float | None:
    """Cost of all components together, USD a month; None where there are none or it is not known."""
    joint = found.get("joint") or {}
    cost = joint.get(COST)
    return None if cost is None else float(cost["p50"])
