"""When `diff` advises to leave the stack in place."""

from types import SimpleNamespace
from typing import Any

import pytest

from selector.iterate import advice
from selector.iterate.state import Look
from selector.packs.sealed import parts

SLOTS: dict[str, Any] = {
    "hosting": "api",
    "engine": None,
    "precision": None,
    "hardware": None,
    "n_devices": 0,
    "layout": None,
    "offer": "api.us",
}

SHOWN = (("a", 70.0), ("b", 60.0))


def stack(model: str, score: float) -> dict[str, Any]:
    return {"slots": SLOTS | {"model": model}, "score": score, "tied": False}


def verdict(
    gain: float,
    chance: float,
    usd: float = 0.0,
    broken: tuple[dict[str, str], ...] = (),
    there: bool = True,
    stated: bool = False,
    new: str = "b",
) -> dict[str, Any]:
    old, now = stack("a", 70.0), stack(new, 70.0 + gain)
    run = SimpleNamespace(
        look=lambda part, slots, resized: Look(old, broken) if there else None,
        incumbent=lambda part: old["slots"] if stated else None,
        beats=lambda part, one, other: chance,
    )
    runs: Any = SimpleNamespace(new=run, threshold=0.8, switching_usd=usd)
    robust = {"exchange": [{"criterion": "cost", "per_point": 100.0}]}
    after = {"stacks": [now], "robustness": robust, "horizon_months": 12}
    return advice.switch("", {"stacks": [old]}, after, runs)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"gain": 5.0, "chance": 0.9}, "switch"),
        ({"gain": 5.0, "chance": 0.79}, "stay_within_noise"),
        ({"gain": 0.0, "chance": 0.9}, "stay_within_noise"),
        # 6000 USD over 12 months are 5 points at 100 USD a month each.
        ({"gain": 5.1, "chance": 0.9, "usd": 6000.0}, "switch"),
        ({"gain": 4.9, "chance": 0.9, "usd": 6000.0}, "stay_cost_of_switching"),
        # Where the stack in place is described, the points of the others hold the move already.
        ({"gain": 4.9, "chance": 0.9, "usd": 6000.0, "stated": True}, "switch"),
        ({"gain": 5.0, "chance": 0.9, "there": False}, "move_needed"),
        ({"gain": 5.0, "chance": 0.9, "broken": ({"id": "budget.per_month_usd"},)}, "move_needed"),
        ({"gain": 5.0, "chance": 0.9, "new": "a"}, "stay"),
    ],
    ids=str,
)
def test_verdicts(given: dict[str, Any], expected: str) -> None:
    found = verdict(**given)
    assert found["verdict"] == expected
    said = advice.lines(found)[0]
    assert said.startswith(("switch advised", "stay", "move"))


def test_without_runs_only_a_tie_is_told() -> None:
    old, new = stack("a", 70.0), stack("b", 72.0)
    apart = {"stacks": [new, old], "horizon_months": 12}
    tied = {"stacks": [new, old | {"tied": True}], "horizon_months": 12}
    assert advice.switch("", {"stacks": [old]}, apart, None)["verdict"] == "not_told"
    assert advice.switch("", {"stacks": [old]}, tied, None)["verdict"] == "stay_within_noise"
    assert advice.switch("", {"stacks": [old]}, {"stacks": []}, None)["verdict"] == "no_stack"


def test_the_winner_of_a_component_is_what_all_together_take() -> None:
    dear, cheap = (stack(m, p) | {"id": m, "label": f"S-{i}"} for i, (m, p) in enumerate(SHOWN, 1))
    part = {"name": "a", "stacks": [dear, cheap]}
    joint = {"stacks": [{"component": "hear", "id": "a"}, {"component": "a", "id": "b"}]}
    whole = {"component": "hear", "stacks": [dear, cheap], "components": [part], "joint": joint}
    assert [s["id"] for s in parts(whole)[""]["stacks"]] == ["a", "b"]
    assert [s["id"] for s in parts(whole)["a"]["stacks"]] == ["b", "a"]
    assert parts({**whole, "joint": None})["a"] is part
    run = SimpleNamespace(look=lambda *_, **__: Look(dear, ()), incumbent=lambda _: None)
    runs: Any = SimpleNamespace(new=run, threshold=0.8, switching_usd=0.0)
    found = advice.switch("a", part, parts(whole)["a"], runs)
    assert found["verdict"] == "move_needed"
    assert "together" in found["why"][0]
