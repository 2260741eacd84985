"""Weights in their four forms: the same score function, other ways of saying what counts."""

from collections.abc import Callable

import pytest

from selector.decide.value import Scale
from selector.decide.weighing import UNITS, centroid, of_order, of_pay, relative
from selector.errors import InputError
from selector.types.decision import Recommendation
from selector.types.requirement import Weights

Decide = Callable[..., Recommendation]
API = "deployment.hosting=[api]"
SCALES = {
    "quality": Scale("quality", "index", 0.2, 0.6, 0.8, False, "test"),
    "cost": Scale("cost", "USD/month", 10_000.0, 5_000.0, 1_000.0, True, "test"),
    "latency": Scale("latency", "ms", 3_000.0, 2_000.0, 1_000.0, True, "test"),
    "risk": Scale("risk", "index", 60.0, 20.0, 0.0, False, "test"),
    "effort": Scale("effort", "person-months", 18.0, 3.0, 0.75, True, "test"),
}
ROC = {  # vector ROC of the decision methods
    2: (0.7500, 0.2500),
    3: (0.6111, 0.2778, 0.1111),
    4: (0.5208, 0.2708, 0.1458, 0.0625),
    5: (0.4567, 0.2567, 0.1567, 0.0900, 0.0400),
    8: (0.3397, 0.2147, 0.1522, 0.1106, 0.0793, 0.0543, 0.0335, 0.0156),
}


@pytest.mark.parametrize("count", ROC)
def test_rank_order_centroid(count: int) -> None:
    assert centroid(count) == pytest.approx(ROC[count], abs=5e-5)
    assert sum(centroid(count)) == pytest.approx(1.0)


def test_an_order_gives_the_first_the_most() -> None:
    assert of_order(("cost", "risk")) == {"cost": 0.75, "risk": 0.25}


@pytest.mark.parametrize("criterion", UNITS)
def test_what_one_would_pay_is_the_exchange_rate_at_the_targets(criterion: str) -> None:
    import numpy as np

    weights = of_pay({criterion: 40.0}, SCALES)
    at = {c: s.target for c, s in SCALES.items()}

    def score(**figures: float) -> float:
        return sum(w * float(SCALES[c].value(np, (at | figures)[c])) for c, w in weights.items())

    # A unit less than the target is made good by what it is worth in USD, taken off a bill above its target.
    small = 1e-4
    worse = small * UNITS[criterion] * (-1.0 if criterion == "quality" else 1.0)
    usd = small * 40.0
    lost = score() - score(**{criterion: at[criterion] + worse})
    gained = score() - score(cost=at["cost"] + usd)
    assert lost == pytest.approx(gained, rel=1e-3)


def test_pay_follows_the_targets_of_the_requirements(decided: Decide) -> None:
    pay = "weights={pay: {quality: 100, latency: 0.5}}"
    found = decided(API, pay, "budget.per_month_usd=20000")
    rows = {c.id: c for c in found.stacks[0].contributions if c.kind == "criterion"}
    assert found.weights_form == "pay"
    slopes = {}
    for name, row in rows.items():
        assert row.anchors is not None
        worst, target, ideal = row.anchors
        scale = Scale(name, "", worst, target, ideal, row.log, "")
        slopes[name] = abs(scale.slope(target)) * (row.weight or 0.0)
    assert slopes["quality"] * 0.01 / slopes["cost"] == pytest.approx(100.0)
    assert slopes["latency"] / slopes["cost"] == pytest.approx(0.5)
    assert rows["risk"].weight == rows["effort"].weight == 0.0
    assert sum(found.weights.values()) == pytest.approx(100.0)


def test_every_form_says_what_it_came_to(decided: Decide) -> None:
    forms = {
        "points": "{quality: 3, cost: 1}",
        "swing": "{swing: {quality: 100, cost: 100, risk: 50}}",
        "rank": "{rank: [cost, quality]}",
        "pay": "{pay: {quality: 40}}",
    }
    shares = {}
    for form, text in forms.items():
        found = decided(API, f"weights={text}", top=1)
        assert found.weights_form == form
        assert found.notes[0].startswith("weights of 100: quality ")
        shares[form] = found.weights
    assert shares["points"]["quality"] == 75.0
    assert shares["swing"] == {"quality": 40.0, "cost": 40.0, "latency": 0.0, "risk": 20.0, "effort": 0.0}
    assert shares["rank"]["cost"] == 75.0
    default = decided(API, top=1)
    assert default.weights_form == "default"
    assert not any(n.startswith("weights of 100") for n in default.notes)


def test_left_out_criteria_are_said_not_to_count(decided: Decide) -> None:
    for text in ("{quality: 1}", "{swing: {quality: 1}}", "{pay: {quality: 1}}"):
        rows = [a for a in decided(API, f"weights={text}", top=1).assumptions if a.key == "weights"]
        assert [a.rule for a in rows] == ["weights.stated"]
    assert relative(Weights(rank=("quality",)), SCALES) == {"quality": 1.0}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{quality: -1}", "must be at least 0"),
        ("{swing: {quality: 120}}", "must be at most 100"),
        ("{swing: {qualty: 100}}", 'did you mean "quality"'),
        ("{rank: [quality, price]}", '"price" is not known'),
        ("{rank: [quality, quality]}", "non-unique"),
        ("{rank: []}", "non-empty"),
        ("{ranks: [quality]}", 'did you mean "rank"'),
        ("{pay: {cost: 2}}", "what the others are paid in"),
        ("{pay: {risk: 0}}", "all weights are 0"),
        ("{swing: {risk: 0, cost: 0}}", "all weights are 0"),
        ("{energy: 3}", "name only energy"),
        ("{quality: 1, rank: [cost]}", "keep one form"),
        ("{swing: {quality: 1}, pay: {risk: 1}}", "keep one form"),
    ],
)
def test_wrong_weights_are_refused(decided: Decide, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decided(f"weights={text}")
