"""A recommendation whose stability is made by hand, so that every line of the screen has something to say."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from selector.report.ranking import groups
from selector.types.decision import RankedStack, Recommendation
from selector.types.robust import (
    Decisive,
    ExchangeRate,
    Overtaker,
    ParetoPoint,
    Robustness,
    Share,
    StackRef,
    WeightInterval,
    WinsIf,
)

Decide = Callable[..., Recommendation]


def ref(s: RankedStack) -> StackRef:
    return StackRef(s.slots.digest(), s.slots.model, s.label)


def sure(r: Recommendation) -> Robustness:
    """Stability of the groups shown, and of one stack that is not."""
    refs = [ref(g.first) for g in groups(r.stacks)]
    hidden = StackRef("0123456789", "unseen/model on 1x somewhere")
    first, second, third = refs[0], refs[1], refs[2]
    wins = [0.58, 0.25, 0.11, 0.002]
    shares = tuple(
        Share(s, p, 0.9, 1.5, 70.0, 88.0, None, 0.4)
        for s, p in zip([*refs, hidden], [*wins, *[0.0] * len(refs)], strict=False)
    )
    points = [
        ParetoPoint(ref(g.first), cost.p50, index.p50, late.p50)
        for g in groups(r.stacks)[:5]
        if (cost := g.first.estimates["cost_per_month_usd"])
        and (index := g.first.estimates["quality_index"])
        and (late := g.first.estimates["request_p95_ms"])
    ]
    return Robustness(
        tied_points=1.0,
        tied_probability=0.35,
        samples=10_000,
        seed=7,
        screened=len(refs) + 1,
        shares=shares,
        intervals=(
            WeightInterval("quality", 35.0, 24.0, 53.0, second, third),
            WeightInterval("cost", 25.0, 0.0, 31.0, None, hidden),
            WeightInterval("latency", 15.0, 0.0, 100.0, None, None),
        ),
        box=0.2,
        overtakers=(Overtaker(second, 0.4, {"quality": 30.0}),),
        overtaking=1,
        max_regret_points=0.4,
        l2_radius=0.05,
        l2_rival=second,
        necessarily_preferred=3,
        rivals=len(refs),
        regret_points=1.6,
        evpi_points=1.6,
        evpi_usd_per_month=98.0,
        disappointment_points=2.1,
        entropy_bits=1.4,
        p_best_any_weights=0.41,
        measure_first=(
            Decisive(first, "quality", True, 0.29, 18.0, False),
            Decisive(second, "latency", False, 0.1, None, True),
        ),
        exchange=(
            ExchangeRate("cost", 61.0, "USD/month", 4310.0),
            ExchangeRate("latency", 45.0, "ms", 1400.0),
            ExchangeRate("quality", 0.004, "index", 0.81),
            ExchangeRate("effort", None, "person-months", 0.5),
        ),
        wins_if=(
            WinsIf(second, "criterion", "cost", "USD/month", 13500.0, 9800.0),
            WinsIf(third, "weight", "quality", "%", 35.0, 46.0),
            WinsIf(third, "criterion", "latency", "ms", 5350.0, None),
            WinsIf(hidden, "limit", "budget.per_month_usd", "USD/month", 5000.0, 5640.0),
        ),
        pareto=(*points, ParetoPoint(hidden, 250.0, 0.4, 300.0)),
        tied=(second, hidden),
    )


@pytest.fixture
def known(decided: Decide) -> Recommendation:
    """The chat of the other tests, with a stability made by hand."""
    found = decided()
    return replace(found, robustness=sure(found))
