"""Where nothing fits, the smallest move is named."""

from collections.abc import Callable

import numpy as np

from selector.decide.limits import Limit
from selector.decide.relax import _least, _move
from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]


def test_the_smallest_relative_move_wins_over_the_best_score() -> None:
    cap = Limit("budget", 100.0, "USD", np.array([400.0, 110.0, 110.0]), np.ones(3))
    assert _least(np.array([0, 1, 2]), [cap], np.array([90.0, 10.0, 20.0])) == 2
    other = Limit("time", 10.0, "ms", np.array([10.5, 60.0, 80.0]), np.ones(3))
    assert _least(np.array([0, 1, 2]), [cap, other], np.array([1.0, 1.0, 1.0])) == 0


def test_a_move_names_both_values() -> None:
    cap = Limit("latency.x", 100.0, "ms", np.array([120.0]), np.ones(1))
    assert _move(cap, "latency.x", 0) == "latency.x 100 -> 120"
    assert _move(None, "PRIV-001", 0) == "waive PRIV-001"


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
