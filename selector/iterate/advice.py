"""Whether to move: only where the gain pays for the move and is more than noise."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from selector.iterate.figures import CHOICE, first, key, leads_alone, name

if TYPE_CHECKING:
    from selector.iterate.runs import Runs

NONE, STAY, NOISE, COST, MOVE, SWITCH, UNKNOWN = (
    *("no_stack", "stay", "stay_within_noise", "stay_cost_of_switching"),
    *("move_needed", "switch", "not_told"),
)


def switch(
    part: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    runs: Runs | None,
    shared: Container[str] = (),
) -> dict[str, Any]:
    """Verdict on leaving the stack in place, which is the stated incumbent or else the old first stack.

    `gain_points` is by how much the new first stack leads it in the new decision, `cost_points` what
    the move takes of that beyond what the points already hold, `p_better` the chance that the new one
    has more points. None: not known.
    """
    was, now = first(old), first(new)
    stated = runs.new.incumbent(part) if runs else None
    slots = stated or (was and was["slots"])
    found: dict[str, Any] = {
        "verdict": UNKNOWN,
        "from": slots and name(slots, shared),
        "to": now and name(now["slots"], shared),
        "gain_points": None,
        "cost_points": None,
        "p_better": None,
        "threshold": runs.threshold if runs else None,
        "why": [],
    }
    if now is None:
        return found | {"verdict": NONE}
    if slots is None or key({"slots": slots}) == key(now):
        return found | {"verdict": STAY}
    if key({"slots": slots}, CHOICE) == key(now, CHOICE):
        return found | {"verdict": STAY, "why": [f"in another size or offer: {name(now['slots'], shared)}"]}
    if runs is None:
        return found | _as_shown(slots, new)
    look = runs.new.look(part, slots, resized=True)
    if look is None:
        return found | {"verdict": MOVE, "why": ["it is no candidate any more"]}
    if look.broken:
        return found | {"verdict": MOVE, "why": [b["id"] for b in look.broken]}
    gain = now["score"] - look.stack["score"]
    if gain < 0.0 and not leads_alone(now):
        return found | _for_the_budget(slots, new)
    cost = 0.0 if stated else _cost_points(new, runs)
    chance = runs.new.beats(part, now["slots"], look.stack["slots"])
    found |= {
        "from": name(look.stack["slots"], shared),
        "gain_points": gain,
        "cost_points": cost,
        "p_better": chance,
    }
    if cost is None:
        return found | {"why": ["the move has a price and a point of cost has none"]}
    if chance < runs.threshold or gain <= 0.0:
        return found | {"verdict": NOISE}
    return found | {"verdict": SWITCH if gain > cost else COST}


def _for_the_budget(slots: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Where the application takes less than the best of a component: of what is shown it could have had
    the old one, and did not keep the budget with it."""
    if any(key(s) == key({"slots": slots}) for s in new["stacks"]):
        why = "with it the components together would not keep the budget or the devices at hand"
        return {"verdict": MOVE, "why": [why]}
    return {"why": ["it is not among the stacks that all components together were chosen from"]}


def _as_shown(slots: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What the new decision alone says of the old first stack."""
    place = next((s for s in new["stacks"] if key(s) == key({"slots": slots})), None)
    if place is None:
        return {"why": ["it is not among the stacks shown"]}
    gain = new["stacks"][0]["score"] - place["score"]
    return {"gain_points": gain, "verdict": NOISE if place["tied"] else UNKNOWN}


def _cost_points(new: Mapping[str, Any], runs: Runs) -> float | None:
    """Stated cost of switching, spread over the horizon, in points by what a point of cost is worth.

    Only where the requirements do not describe the stack in place: where they do, every other stack
    has paid for the move in its points.
    """
    usd = runs.switching_usd
    if not usd:
        return 0.0
    rates = (new.get("robustness") or {}).get("exchange", ())
    per_point = next((r["per_point"] for r in rates if r["criterion"] == "cost"), None)
    return usd / new["horizon_months"] / per_point if per_point else None


def lines(found: Mapping[str, Any]) -> list[str]:
    """The verdict in words."""
    verdict, who, to = found["verdict"], found["from"], found["to"]
    reasons = ", ".join(found["why"])
    gain = found["gain_points"]
    by = "" if gain is None else f"{to} leads {who} by {gain:.1f} points"
    if found["p_better"] is not None:
        by += f" and is ahead in {100 * found['p_better']:.0f} % of the draws"
    if verdict == NONE:
        return ["no stack satisfies the requirements any more: see what would let one through"]
    if verdict == STAY:
        return [f"stay: the stack is still first{', ' + reasons if reasons else ''}"]
    if verdict == MOVE:
        return [f"move: {who} is left out ({reasons}); {to} is first"]
    if verdict == SWITCH:
        return [f"switch advised: {by}, {_more(found)}"]
    if verdict == COST:
        return [f"stay: {by}, but moving costs {found['cost_points']:.1f} points"]
    if verdict == NOISE:
        return [f"stay: within noise; {by}" if by else "stay: within noise"]
    return [f"whether to switch is not told: {reasons or by}"]


def _more(found: Mapping[str, Any]) -> str:
    cost = found["cost_points"]
    return f"more than the {cost:.1f} points that moving costs" if cost else "and moving has no stated price"
