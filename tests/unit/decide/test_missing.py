"""A figure that nobody knows: a fixed value, the whole weight, a mark, and a place after the others."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from selector.decide.value import Scale, filled
from selector.errors import PackError
from selector.packs.catalog import Catalogue
from selector.types.decision import Contribution, RankedStack, Recommendation

Decide = Callable[..., Recommendation]
DARK = "mi308x-192gb"
API = "deployment.hosting=[api, api_batch]"
# The value is the figure itself.
PLAIN = Scale("quality", "index", 0.0, 0.8, 1.0, False, "test")


def part(stack: RankedStack, criterion: str) -> Contribution:
    return next(c for c in stack.contributions if c.id == criterion)


def score(weights: tuple[float, ...], values: tuple[float, ...], missing: float) -> float:
    found, _ = filled(np, PLAIN, np.array(values), missing)
    return float(np.dot(weights, found))


def test_hiding_a_bad_figure_does_not_win() -> None:
    # Vector MISSING-WITNESS of the decision methods.
    weights, hidden = (0.5, 0.3, 0.2), (0.8, np.nan, 0.9)
    assert score(weights, (0.8, 0.1, 0.9), 0.25) == pytest.approx(0.61)
    assert score(weights, hidden, 0.25) == pytest.approx(0.655)
    assert score(weights, (0.7, 0.7, 0.7), 0.25) == pytest.approx(0.70)
    assert [score(weights, hidden, q) for q in (0.0, 1.0)] == pytest.approx([0.58, 0.88])


def test_what_is_missing_is_not_taken_from_others() -> None:
    alone, _ = filled(np, PLAIN, np.array([np.nan]), 0.25)
    among, known = filled(np, PLAIN, np.array([np.nan, 0.9, 0.9, 0.1]), 0.25)
    assert alone[0] == among[0] == 0.25
    assert list(known) == [False, True, True, True]


def test_unknown_times_of_batches_are_marked_and_keep_their_weight(
    decided: Decide, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = (API, "workload.scenario=offline", "latency.request_p95_ms=60000")
    missing = catalogue.parameters["value.missing"]
    batch = next(s for s in decided(*sets, top=400).stacks if s.slots.hosting == "api_batch")
    row = part(batch, "latency")
    assert (row.known, row.value) == (False, missing.value)
    assert row.points == pytest.approx(15.0 * missing.value)
    monkeypatch.setitem(catalogue.parameters, "value.missing", replace(missing, value=0.5))
    found = decided(*sets, top=400).stacks
    again = next(s for s in found if s.slots.digest() == batch.slots.digest())
    assert again.score == pytest.approx(batch.score + 15.0 * (0.5 - missing.value))


def test_a_stated_limit_on_an_unknown_figure_ranks_after_the_others(decided: Decide) -> None:
    sets = (API, "workload.scenario=offline", "latency.request_p95_ms=60000")
    found = decided(*sets, top=400).stacks
    late = [s.provisional for s in found]
    unverified = [
        any(c.status == "unverified" and c.p_ok is None and c.limit == 60000 for c in s.constraints)
        for s in found
    ]
    assert True in unverified
    assert late == sorted(late)
    assert all(x for x, y in zip(late, unverified, strict=True) if y)
    kept = decided(*sets, top=400, strict=True).stacks
    assert [s.slots.digest() for s in kept] == [
        s.slots.digest() for s, x in zip(found, unverified, strict=True) if not x
    ]


def test_more_unknown_weight_than_allowed_is_provisional_and_late(
    decided: Decide, catalogue: Catalogue
) -> None:
    # Nobody publishes the power of this device, so that nobody knows what it costs to run.
    device = next(d for d in catalogue.devices.values() if d.id == DARK)
    assert device.tdp_w is None
    own = f"deployment={{hosting: [api, on_prem], inventory: [{{hardware: {DARK}, count: 8}}]}}"

    def unknown(share: int, weigh: str) -> list[bool]:
        weights = f"weights={{cost: {share}, {weigh}: {100 - share}}}"
        found = decided(own, weights, top=400).stacks
        assert all(s.provisional for s in found if not part(s, "cost").known)
        return [not part(s, "cost").known for s in found]

    late = unknown(40, "risk")
    assert True in late
    assert False in late
    assert late == sorted(late)
    early = unknown(20, "effort")
    assert early != sorted(early)


def test_a_model_without_scores_keeps_the_interval_of_its_prior(
    decided: Decide, catalogue: Catalogue
) -> None:
    found = decided(API, top=400).stacks
    priors = [s for s in found if (e := s.estimates["quality_index"]) and e.inputs.get("basis") == "prior"]
    assert priors
    for stack in priors:
        api, index = catalogue.apis[stack.slots.model], stack.estimates["quality_index"]
        assert index is not None
        assert index.p10 < index.p50 < index.p90
        assert part(stack, "quality").known
        if api.open_model not in catalogue.models:
            prior = catalogue.parameters[f"quality.api_prior.{api.tier or 'small'}"]
            assert (index.p10, index.p50, index.p90) == (prior.low, prior.value, prior.high)


def test_anchors_without_an_order_are_refused() -> None:
    with pytest.raises(PackError, match=r"quality: worst 0\.7, target 0\.6 and ideal 0\.8 .* not in order"):
        replace(PLAIN, worst=0.7, target=0.6, ideal=0.8)
