"""A weight is what a range is worth: moved anchors under the same weights are said, with the remedy."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from selector.iterate import ranges
from selector.iterate.diff import diff
from selector.packs.schema import load as schema
from selector.report import json as as_json
from selector.report.diff import as_text
from selector.types.decision import Recommendation

Decide = Callable[..., Recommendation]
API = "deployment.hosting=[api]"


def saved(found: Recommendation) -> dict[str, Any]:
    return as_json.recommendation(found) | {"requirements": {}}


def decision(**weights: float) -> dict[str, Any]:
    """A decision with a linear criterion a and a logarithmic one b."""
    rows = [
        {"id": "a", "kind": "criterion", "anchors": [0.0, 0.5, 1.0], "log": False, "weight": weights["a"]},
        {"id": "b", "kind": "criterion", "anchors": [100.0, 20.0, 10.0], "log": True, "weight": weights["b"]},
        {"id": "r", "kind": "rule", "anchors": None, "log": False, "weight": None},
    ]
    return {"stacks": [{"contributions": rows}]}


def moved(found: dict[str, Any], row: int, *anchors: float) -> dict[str, Any]:
    found["stacks"][0]["contributions"][row]["anchors"] = list(anchors)
    return found


def test_equivalent_weights_grow_with_the_range() -> None:
    old, new = decision(a=50.0, b=50.0), moved(decision(a=50.0, b=50.0), 0, 0.0, 1.0, 3.0)
    found = ranges.changed(old, new)
    assert [m["criterion"] for m in found["changed"]] == ["a"]
    assert found["equivalent_weights"] == pytest.approx({"a": 75.0, "b": 25.0})
    # In logarithms: from 100 to 1 is twice from 100 to 10.
    found = ranges.changed(old, moved(decision(a=50.0, b=50.0), 1, 100.0, 20.0, 1.0))
    assert found["equivalent_weights"]["b"] == pytest.approx(100.0 * 2.0 / 3.0)
    assert math.fsum(found["equivalent_weights"].values()) == pytest.approx(100.0)
    assert "range-changed" in ranges.advice(found)[0]


def test_a_range_as_wide_in_ratios_keeps_the_weights() -> None:
    found = ranges.changed(decision(a=40.0, b=60.0), moved(decision(a=40.0, b=60.0), 1, 500.0, 100.0, 50.0))
    assert found["as_wide"]
    assert "mean the same" in ranges.advice(found)[0]


def test_nothing_is_said_where_weights_moved_too_or_nothing_did() -> None:
    old = decision(a=50.0, b=50.0)
    weighed = ranges.changed(old, moved(decision(a=60.0, b=40.0), 0, 0.0, 1.0, 3.0))
    assert weighed["changed"]
    for found in (weighed, ranges.changed(old, old), ranges.changed(old, {"stacks": []})):
        assert found["equivalent_weights"] is None
        assert ranges.advice(found) == []
    # A criterion without weight trades nothing.
    idle = moved(decision(a=0.0, b=100.0), 0, 0.0, 1.0, 3.0)
    assert ranges.changed(decision(a=0.0, b=100.0), idle)["equivalent_weights"] is None


def test_diff_says_so(decided: Decide) -> None:
    old = saved(decided(API, "weights={latency: 1, cost: 1}"))
    new = saved(decided(API, "weights={latency: 1, cost: 1}", "latency.request_p95_ms=9000"))
    found = diff(old, new)
    Draft202012Validator(schema("diff")).validate(found)
    assert [m["criterion"] for m in found["ranges"]["changed"]] == ["latency"]
    assert found["ranges"]["equivalent_weights"]["latency"] < 50
    assert any(line.startswith("range-changed: the anchors of latency") for line in found["advice"])
    assert "anchors of latency: " in as_text(found)
    assert diff(old, old)["ranges"]["changed"] == []
