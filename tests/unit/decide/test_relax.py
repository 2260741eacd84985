"""Where nothing fits, the smallest move is named."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from selector.decide.limits import Limit
from selector.decide.relax import MOST_LIMITS, Set, minimal, move, words
from selector.decide.robust import additive
from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]


def by(score: np.ndarray) -> tuple[Callable[[np.ndarray], int], int]:
    return lambda rows: int(rows[np.argmax(score[rows])]), len(score)


def exhaustive(
    violated: np.ndarray, far: np.ndarray, score: np.ndarray
) -> dict[tuple[int, ...], tuple[int, int, int]]:
    """Smallest sets of limits by trying every subset; nearest row, best row, how many."""
    limits = range(len(violated))
    found: dict[tuple[int, ...], tuple[int, int, int]] = {}
    for size in range(len(violated) + 1):
        for subset in combinations(limits, size):
            if any(set(s) <= set(subset) for s in found):
                continue
            through = [
                r for r in range(len(score)) if not any(violated[b][r] for b in limits if b not in subset)
            ]
            if through:
                near = min(through, key=lambda r: (sum(far[b][r] for b in subset), -score[r]))
                found[subset] = (near, max(through, key=lambda r: score[r]), len(through))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_sets_are_those_of_an_exhaustive_search(seed: int) -> None:
    draw = np.random.RandomState(seed)
    rows, limits = int(draw.randint(1, 40)), int(draw.randint(1, 7))
    violated = draw.uniform(size=(limits, rows)) < draw.uniform(0.2, 0.9)
    violated[draw.randint(limits, size=rows), range(rows)] = True  # nothing passes
    far = np.where(violated, draw.uniform(0.01, 2.0, (limits, rows)), -1.0)
    score = draw.permutation(rows).astype(float)
    found = minimal(list(violated), dict(enumerate(far)), *by(score))
    expected = exhaustive(violated, far, score)
    assert {s.bits: (s.nearest, s.best, s.count) for s in found} == expected
    assert [len(s.bits) for s in found] == sorted(len(s.bits) for s in found)


def test_several_limits_move_together_and_the_least_relative_move_is_nearest() -> None:
    far = {0: np.log([4.0, 1.1, 1.1]), 1: np.log([1.05, 6.0, 8.0])}
    both = np.ones(3, dtype=bool)
    (found,) = minimal([both, both], far, *by(np.array([10.0, 90.0, 20.0])))
    assert found == Set((0, 1), 0, 1, 3)


def test_what_can_only_be_waived_comes_last() -> None:
    columns = [np.array([True, False, False]), np.array([False, True, True]), np.array([False, True, True])]
    far = {1: np.log([1.0, 3.0, 2.0]), 2: np.log([1.0, 2.0, 2.0])}
    found = minimal(columns, far, *by(np.array([99.0, 1.0, 2.0])))
    assert [s.bits for s in found] == [(1, 2), (0,)]
    assert found[0].nearest == 2


def test_more_limits_than_a_mask_holds_let_nothing_through_by_mistake() -> None:
    columns = [np.array([b == 0, False]) for b in range(MOST_LIMITS)] + [np.array([False, True])]
    found = minimal(columns, {}, *by(np.array([1.0, 2.0])))
    assert [s.bits for s in found] == [(0,)]


def test_a_move_names_both_values() -> None:
    cap = Limit("latency.x", 100.0, "ms", np.array([120.0]), np.array([2.0]))
    assert words(move(cap, "latency.x", 0)) == "latency.x 100 -> 120"
    sure = replace(cap, confidence=0.9)
    assert move(sure, "latency.x", 0).needed == pytest.approx(240.0, rel=1e-4)
    assert words(move(None, "PRIV-001", 0)) == "waive PRIV-001"


def test_the_move_of_a_budget_is_the_least_that_lets_one_through(ranked: Ranked) -> None:
    text = (
        "application: {task: chat}\nworkload: {requests_per_month: 10000000}\n"
        "budget: {per_month_usd: %s}\nteam: {usd_per_engineer_month: 10000}\n"
        "deployment: {hosting: [api]}\n"
    )
    found = ranked(text % 10)
    assert not found.stacks
    move = next(r for r in found.relaxations if r.constraints == ("budget.per_month_usd",)).moves[0]
    least = float(move.rsplit(" ", 1)[1])
    assert not ranked(text % (least * 0.98)).stacks
    assert ranked(text % (least * 1.02)).stacks


def test_what_does_not_fit_names_fewer_bits_or_more_devices(ranked: Ranked) -> None:
    text = (
        "application: {task: chat}\nworkload: {concurrency: 1, input_tokens: 500, output_tokens: 100}\n"
        "pins: {model: [deepseek-ai/DeepSeek-R1], precision: [fp8], hardware: [h100-sxm-80gb]}\n"
        "deployment: {hosting: [on_prem], inventory: [{hardware: h100-sxm-80gb, count: 8}]}\n"
    )
    found = ranked(text)
    assert not found.stacks
    assert "memory" in found.excluded[0].reason
    assert "fits " in found.relaxations[0].moves[0]


def test_equals_stand_by_the_chain_and_not_by_the_number_of_the_row() -> None:
    even = np.zeros(3)
    ids = ["c", "b", "a"]
    chain = additive.Chain(even, np.array([5.0, 7.0, 7.0]), [even], [1.0], even, even, ids.__getitem__)
    assert additive.leading(chain, np.arange(3)) == 2
    assert additive.leading(chain, np.array([0, 1])) == 1
    assert additive.leading(chain, np.arange(3), np.array([9.0, 9.0, 1.0])) == 1


TRAINED = (
    "application: {{task: chat}}\npins: {{model: [Qwen/Qwen3-{size}]}}\nadaptation: {{method: {method}}}\n"
    "deployment: {{hosting: [on_prem], inventory: [{{hardware: {device}, count: {n}}}]}}\n"
)


def test_what_no_device_holds_is_not_waived_but_another_method_or_more_devices_named(ranked: Ranked) -> None:
    text = TRAINED.format(size="8B", method="full", device="rtx-3090-24gb", n=1)
    found = ranked(text)
    assert not found.stacks
    (change,) = found.relaxations
    assert change.moves == ("adaptation.method full -> lora or 8x rtx-3090-24gb that train instead of 1x",)
    assert not change.best
    assert change.changes[0].instead == change.moves[0]
    for helped in (text.replace("full", "lora"), text.replace("count: 1", "count: 8")):
        assert ranked(helped).stacks


def test_nothing_is_offered_where_nothing_known_trains_it(ranked: Ranked) -> None:
    alone = "method: pretrain, inventory: [{hardware: t4-16gb, count: 1}]"
    text = TRAINED.format(size="32B", method="pretrain", device="h100-sxm-80gb", n=4)
    found = ranked(text.replace("method: pretrain", alone))
    assert not found.stacks
    assert not found.relaxations
    reason = next(e for e in found.excluded if e.reason.startswith("training does not fit"))
    assert reason.distance == "another model or method, which the machines can train"
    assert not any("waive training" in e.distance for e in found.excluded)
