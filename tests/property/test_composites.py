"""What must hold of the arithmetic of composite stacks."""

import math
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selector.cli import session
from selector.decide.composite import build
from selector.decide.composite.shares import Shares
from selector.estimate.composite import break_even, in_turn, most_above
from selector.estimate.numeric import SCALAR
from selector.needs.load import load_document
from selector.packs.catalog import load

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


@cache
def shares() -> Shares:
    """Two hosted models of which one is dear and better, and a self-run one of several replicas."""
    need: dict[str, Any] = {
        "version": 1,
        "application": {"task": "chat", "languages": ["en"], "user_regions": ["us"]},
        "organisation": {"region": "us"},
        "workload": {
            "peak_requests_per_second": 60,
            "requests_per_month": 20_000_000,
            "input_tokens": 900,
            "output_tokens": 250,
        },
        "data": {"classes": ["internal"]},
        "deployment": {"hosting": ["self_hosted", "api"]},
        "pins": {"model": ["Qwen/Qwen3.8-27B", "openai/gpt-6-luna", "openai/gpt-6.1-sol"]},
    }
    kept = session.study(load_document(need, "test"), load(), 10, False, False, date(2026, 11, 24))
    return Shares(kept.run, kept.ranking)


def cost(first: int, second: int, rate: float) -> float:
    """Of a cascade, USD a month."""
    found = shares()
    usd = found.total((first, second), (found.machines(first), found.machines(second, rate)))
    assert usd is not None
    return usd.p50


@settings(deadline=None, max_examples=60)
@given(st.data(), st.lists(st.integers(1, 20), min_size=2, max_size=2, unique=True))
def test_a_cascade_costs_more_the_more_it_escalates_and_at_all_more_than_its_second_part(
    data: st.DataObject, steps: list[int]
) -> None:
    found = shares()
    s = found.run.stacks
    rows = [int(r) for r in found.found.order.rows]
    own = [r for r in rows if float(s.replicas[r] - s.spare[r]) > 1.0][:2]
    hosted = [r for r in rows if found.hosted(r)][:4]
    first, second = data.draw(st.permutations([*own, *hosted]))[:2]
    low, high = sorted(step / 20.0 for step in steps)
    assert cost(first, second, low) <= cost(first, second, high) * (1.0 + 1e-9)
    assert cost(first, second, 1.0) > found.whole(second).p50 * (1.0 - 1e-9)


def test_break_evens_that_are_printed_lie_between_the_costs_around_them() -> None:
    found = shares()
    made = [c for c in build.of(found.run, found.found) if c.break_even is not None]
    assert made
    for c in made:
        for x in c.costs:
            assert x.rate is not None
            assert c.break_even is not None
            cheaper = x.usd_per_month.p50 < c.alone_usd.p50
            assert cheaper == (x.rate < c.break_even) or c.break_even_by == "sizes"
