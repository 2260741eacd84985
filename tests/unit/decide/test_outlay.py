"""Payments behind a cost table: the start, every month, and their sum over the horizon."""

from collections.abc import Callable

import pytest

from selector.decide import outlay
from selector.types.decision import CostLine, Recommendation
from selector.types.estimate import Estimate

Decide = Callable[..., Recommendation]


def test_the_horizon_sums_to_the_monthly_cost(decided: Decide) -> None:
    found = decided("horizon_months=24")
    assert found.horizon_months == 24
    for s in found.stacks:
        plan = outlay.of(s.costs, found.horizon_months)
        total = s.estimates["cost_per_month_usd"]
        assert plan is not None
        assert total is not None
        assert plan.once > 0
        assert plan.after(24) == pytest.approx(24 * total.p50, rel=1e-9)
        assert plan.after(0) == plan.once


def test_an_unknown_amount_stays_unknown() -> None:
    known = CostLine("a", Estimate.exact(10.0, "USD/month", "cost.people"), "x", None, 60.0)
    assert outlay.of([known, CostLine("b", None, "x", None)], 12) is None
    plan = outlay.of([known], 12)
    assert plan == outlay.Outlay(60.0, 5.0)


def test_the_best_of_the_other_hosting_is_kept(decided: Decide) -> None:
    found = decided(top=1)
    kinds = {s.slots.hardware is None for s in (*found.stacks, *found.counterparts)}
    assert kinds == {True, False}
    assert all(s.rank > 1 for s in found.counterparts)
