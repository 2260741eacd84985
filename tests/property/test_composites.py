"""What must hold of the arithmetic of composite stacks."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.estimate.composite import break_even, in_turn, most_above
from selector.estimate.numeric import SCALAR

USD = st.floats(0.0, 1e7)


@given(alone=USD, fixed=USD, slope=st.floats(0.0, 1e7))
def test_a_composite_is_cheaper_below_its_break_even_and_not_above(
    alone: float, fixed: float, slope: float
) -> None:
    at = break_even(SCALAR, alone, fixed, slope)
    assert 0.0 <= at <= 1.0

    def cost(rate: float) -> float:
        return fixed + rate * slope

    slack = 1e-9 * max(alone, fixed, slope, 1.0)
    assert cost(0.5 * at) <= alone + slack or at == 0.0
    assert cost(0.5 * (1.0 + at)) >= alone - slack or at == 1.0
    if 0.0 < at < 1.0:
        assert cost(at) == pytest.approx(alone, rel=1e-9, abs=slack)


@given(alone=USD, first=USD, shared=st.floats(0.0, 1e6))
def test_a_cascade_before_the_same_bill_never_pays_to_the_end(
    alone: float, first: float, shared: float
) -> None:
    """The single stack costs what is shared and its machines; the first part comes on top."""
    machines = max(alone - shared, 0.0)
    at = break_even(SCALAR, shared + machines, shared + first, machines)
    assert at < 1.0 or first <= 1e-9 * max(machines, 1.0)


@given(
    peak=st.floats(0.1, 1e3),
    hours=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=24),
    kept=st.floats(0.0, 1.0),
)
def test_no_day_sends_more_above_the_machines_than_the_bound(
    peak: float, hours: list[float], kept: float
) -> None:
    load = [peak * h for h in hours]
    capacity = peak * kept
    if not sum(load):
        return
    above = math.fsum(max(x - capacity, 0.0) for x in load) / math.fsum(load)
    assert above <= most_above(SCALAR, capacity, peak) + 1e-9


def test_two_hours_at_the_ends_reach_the_bound() -> None:
    assert most_above(SCALAR, 2.0, 10.0) == pytest.approx((10.0 - 2.0) / 10.0)
    assert most_above(SCALAR, 12.0, 10.0) == 0.0
    assert in_turn(200.0, 300.0) == 500.0
