"""Limits that must be kept with a stated chance: status, what they need, sizing, several components."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from selector.decide import joint
from selector.decide.limits import AT_RISK, OK, UNVERIFIED, VIOLATED, Limit, p_ok, status
from selector.errors import InputError
from selector.types.decision import Constraint, RankedStack, Recommendation

Decide = Callable[..., Recommendation]
OWN = "deployment.hosting=[self_hosted]"
SPREAD = 1.5


def limit(*p50: float, cap: float = 1000.0, confidence: float = 0.5) -> Limit:
    return Limit("x", cap, "ms", np.array(p50), np.full(len(p50), SPREAD), True, confidence)


def row(stack: RankedStack, key: str) -> Constraint:
    return next(c for c in stack.constraints if c.id == key)


def test_chance_of_a_lognormal_estimate() -> None:
    # Vector CHANCE of the decision methods: p50 800, p90 1200, limit 1000.
    assert p_ok(800.0, SPREAD, 1000.0) == pytest.approx(0.759684, abs=1e-5)
    assert list(status(limit(800.0))) == [AT_RISK]


def test_nothing_allowed_and_nothing_needed() -> None:
    assert p_ok(100.0, SPREAD, 0.0) == 0.0
    assert p_ok(0.0, SPREAD, 0.0) == 1.0
    assert p_ok(math.nan, SPREAD, 10.0) is None


@pytest.mark.parametrize("confidence", [0.5, 0.6, 0.75, 0.76, 0.9, 0.99])
def test_violated_where_the_chance_is_below_the_confidence(confidence: float) -> None:
    p50 = np.linspace(300.0, 1400.0, 200)
    found = status(limit(*p50, confidence=confidence))
    chance = np.array([p_ok(x, SPREAD, 1000.0) for x in p50])
    assert np.array_equal(found == VIOLATED, chance < confidence)
    sure = chance >= 0.9
    assert np.array_equal(found == OK, sure & (found != VIOLATED))


def test_what_is_needed_would_just_do() -> None:
    asked = limit(800.0, 900.0, confidence=0.9)
    for number in range(2):
        cap = asked.least(number)
        assert cap == pytest.approx(float(asked.needed[number]))
        assert p_ok(float(asked.column[number]), SPREAD, cap) == pytest.approx(0.9)
        kept = replace(asked, cap=cap * (1 + 1e-9))
        assert status(kept)[number] != VIOLATED


def test_unknown_stays_unverified() -> None:
    assert list(status(limit(math.nan, confidence=0.9))) == [UNVERIFIED]


def test_a_surer_budget_leaves_fewer_stacks_and_each_keeps_it(decided: Decide) -> None:
    loose = decided("budget.per_month_usd=9000")
    sure = decided("budget.per_month_usd=9000", "confidence.budget=0.95", top=50)
    assert 0 < sure.counts["feasible"] < loose.counts["feasible"]
    for stack in sure.stacks:
        found = row(stack, "budget.per_month_usd")
        assert found.confidence == 0.95
        assert found.p_ok is not None
        assert found.p_ok >= 0.95 - 1e-9
    assert row(loose.stacks[0], "budget.per_month_usd").confidence == 0.5


def test_sizing_leaves_room_for_a_surer_latency(decided: Decide) -> None:
    sets = (OWN, "latency.first_token_p95_ms=300", "latency.per_output_token_p95_ms=15")
    loose, sure = decided(*sets, top=100), decided(*sets, "confidence.latency=0.9", top=100)
    assert sure.stacks
    for stack in sure.stacks:
        for key in ("latency.first_token_p95_ms", "latency.per_output_token_p95_ms"):
            assert (row(stack, key).p_ok or 0.0) >= 0.9 - 1e-9
    # What is only assumed is not made surer.
    assumed = decided(OWN, "latency.request_p95_ms=20000", "confidence=0.9", top=1).stacks[0]
    assert row(assumed, "latency.request_p95_ms").confidence == 0.9
    assert row(assumed, "latency.first_token_p95_ms").confidence == 0.5
    assert sure.counts["feasible"] <= loose.counts["feasible"]


def test_a_limit_is_relaxed_to_what_the_confidence_needs(decided: Decide) -> None:
    sets = ("budget.per_month_usd=10", "confidence=0.9")
    found = decided(*sets)
    assert not found.stacks
    change = next(r.changes[0] for r in found.relaxations if r.constraints == ("budget.per_month_usd",))
    assert change.now == 10
    assert change.needed is not None
    assert decided(f"budget.per_month_usd={change.needed}", "confidence=0.9", top=1).stacks
    assert not decided(f"budget.per_month_usd={change.needed * 0.999}", "confidence=0.9", top=1).stacks


def test_components_keep_their_budget_together_with_confidence(decided: Decide) -> None:
    part = decided("deployment.hosting=[api]", top=1)
    total = joint.of((part, part), None)
    assert total is not None
    assert total.usd_per_month is not None
    between = (total.usd_per_month.p50 * total.usd_per_month.p90) ** 0.5
    for confidence, expected in ((0.5, "at_risk"), (0.9, "violated")):
        found = joint.of((part, part), between, confidence)
        assert found is not None
        assert found.budget is not None
        assert found.budget.status == expected
        assert found.budget.p_ok == pytest.approx(0.739, abs=0.01)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.3", "at least 0.5"),
        ("1", "at most 0.999"),
        ("{latncy: 0.9}", 'did you mean "latency"'),
        ("{latency: 0.9}", "none is stated"),
        ("surely", "not of type number or object"),
    ],
)
def test_wrong_confidence_is_refused(decided: Decide, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decided(f"confidence={text}")


def test_a_confidence_needs_its_limit(decided: Decide) -> None:
    with pytest.raises(InputError, match="that is not stated"):
        decided("confidence={latency: 0.9, budget: 0.9}", "budget.per_month_usd=9000")
