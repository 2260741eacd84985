"""What training costs is in the cost of a stack, once and a month, and what nobody knows is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from selector.types.decision import RankedStack, Recommendation

Ranked = Callable[..., Recommendation]

HEAD = """
application: {task: chat}
pins: {model: [Qwen/Qwen3-8B]}
workload: {peak_requests_per_second: 2, requests_per_month: 1_000_000}
deployment: {hosting: [self_hosted]}
adaptation: {method: lora}
horizon_months: 10
"""
DATA = "data: {training_examples: 200000%s}\n"
OWN = HEAD.replace(
    "hosting: [self_hosted]", "hosting: [on_prem], inventory: [{hardware: h100-sxm-80gb, count: 8}]"
)


def lines(stack: RankedStack) -> dict[str, float]:
    return {c.usd_per_month.formula: c.usd_per_month.p50 for c in stack.costs if c.usd_per_month}


def run_usd(found: Recommendation) -> float:
    assert found.plan is not None
    assert found.plan.training is not None
    usd = found.plan.training.estimates["usd"]
    assert usd is not None
    return usd.p50


def test_the_first_run_is_paid_at_the_start_and_spread_over_the_horizon(ranked: Ranked) -> None:
    found = ranked(HEAD + DATA % "", top=1)
    stack, usd = found.stacks[0], run_usd(found)
    assert usd > 0.0
    assert lines(stack)["cost.training"] == pytest.approx(usd / 10.0)
    upfront = stack.estimates["upfront_usd"]
    assert upfront is not None
    assert upfront.p50 == pytest.approx(usd)
    assert upfront.p90 > upfront.p50
    total = stack.estimates["cost_per_month_usd"]
    assert total is not None
    assert total.p50 == pytest.approx(sum(lines(stack).values()))


def test_runs_anew_are_paid_every_month(ranked: Ranked) -> None:
    found = ranked(HEAD + DATA % ", drift: monthly", top=1)
    assert found.plan is not None
    assert found.plan.retraining is not None
    again = found.plan.retraining.usd
    assert again is not None
    assert lines(found.stacks[0])["cost.training"] == pytest.approx(run_usd(found) / 10.0 + again.p50)


def test_runs_that_replay_a_part_are_not_counted_and_said(ranked: Ranked) -> None:
    found = ranked(HEAD + DATA % ", drift: weekly", top=1)
    assert found.plan is not None
    assert found.plan.retraining is not None
    assert found.plan.retraining.mode == "replay"
    total = found.stacks[0].estimates["cost_per_month_usd"]
    assert total is not None
    assert "part of a run" in str(total.inputs["not_counted"])
    assert lines(found.stacks[0])["cost.training"] == pytest.approx(run_usd(found) / 10.0)


def test_without_a_volume_the_sum_is_a_lower_bound(ranked: Ranked) -> None:
    found = ranked(HEAD + "budget: {upfront_usd: 100}\n", top=1)
    stack = found.stacks[0]
    assert lines(stack)["cost.training"] == 0.0
    assert any("not counted: training, whose cost is not known" in c.item for c in stack.costs)
    for name in ("cost_per_month_usd", "upfront_usd"):
        estimate = stack.estimates[name]
        assert estimate is not None
        assert "training" in str(estimate.inputs["not_counted"])
    limit = next(c for c in stack.constraints if c.id == "budget.upfront_usd")
    assert "not counted: training" in limit.why
    assert (limit.status, limit.p_ok) == ("unverified", None)
    assert stack.provisional


def test_what_is_known_to_be_too_much_is_too_much_whatever_is_unknown(ranked: Ranked) -> None:
    bought = HEAD.replace("self_hosted", "on_prem") + "budget: {upfront_usd: 100}\n"
    assert not ranked(bought, top=1).stacks


def test_next_to_nothing_is_not_held_against_the_budget_at_the_start(ranked: Ranked) -> None:
    stack = ranked(HEAD + "data: {training_examples: 20000}\nbudget: {upfront_usd: 0}\n", top=1).stacks[0]
    limit = next(c for c in stack.constraints if c.id == "budget.upfront_usd")
    assert (limit.status, limit.value) == ("ok", 0.0)
    assert "a training run of" in limit.why
    assert lines(stack)["cost.training"] > 0.0
    dear = HEAD + "data: {training_examples: 9000000}\nbudget: {upfront_usd: 0}\n"
    assert not ranked(dear, top=1).stacks


def test_a_device_made_to_serve_is_no_free_trainer(ranked: Ranked) -> None:
    text = """
application: {task: image-classification}
workload: {peak_requests_per_second: 5, requests_per_month: 1_000_000}
deployment: {hosting: [on_prem], inventory: [{hardware: jetson-agx-orin-64gb, count: 1}]}
data: {training_examples: 50000}
adaptation: {method: full}
"""
    stack = ranked(text, top=1).stacks[0]
    total = stack.estimates["cost_per_month_usd"]
    assert total is not None
    assert "jetson-agx-orin-64gb is not made" in str(total.inputs["not_counted"])


def test_components_are_held_to_one_budget_at_the_start(ranked: Ranked) -> None:
    parts = "components: [{name: a, application: {task: chat}}, {name: b, application: {task: chat}}]\n"
    much = HEAD + "data: {training_examples: 9000000}\n" + parts
    free = ranked(much, top=2)
    assert free.joint is not None
    each = [x.stack.estimates["upfront_usd"] for x in free.joint.parts]
    paid = sum(e.p50 for e in each if e)
    cap = f"budget: {{upfront_usd: {paid * 0.9}}}\n"
    told = ranked(much + cap, top=2)
    assert told.stacks
    assert any("USD at the start, and budget.upfront_usd is" in note for note in told.notes)
    assert not any("USD at the start" in note for note in free.notes)


def test_own_machines_and_prompts_cost_no_run(ranked: Ranked) -> None:
    for text in (OWN + DATA % "", HEAD.replace("lora", "prompt") + DATA % ""):
        stack = ranked(text, top=1).stacks[0]
        total = stack.estimates["cost_per_month_usd"]
        assert total is not None
        assert "cost.training" not in lines(stack)
        assert "not_counted" not in total.inputs


def test_the_stack_in_place_is_trained_already(ranked: Ranked) -> None:
    text = HEAD + DATA % "" + "incumbent: {stack: {model: Qwen/Qwen3-8B}}\n"
    stack = ranked(text, top=1).stacks[0]
    assert "cost.training" not in lines(stack)
    anew = ranked(
        text.replace("training_examples: 200000", "training_examples: 200000, drift: monthly"), top=1
    )
    assert lines(anew.stacks[0])["cost.training"] == pytest.approx(run_usd(anew))
