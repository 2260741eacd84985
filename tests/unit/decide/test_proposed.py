"""A plan that is brought is judged by the same limits, rules and score."""

from collections.abc import Callable

import pytest

from selector.report.markdown import recommendation
from selector.types.decision import Recommendation

Decide = Callable[..., Recommendation]
BASE = ("pins.model=[Qwen/Qwen3-8B]", "deployment.hosting=[self_hosted]")


def test_the_first_choice_and_a_lesser_one(decided: Decide) -> None:
    plain = decided(*BASE)
    assert plain.proposed is None
    slots = plain.stacks[0].slots
    mine = f"{{engine: {slots.engine}, precision: {slots.precision}, hardware: {slots.hardware}}}"
    first = decided(*BASE, f"proposed={mine}").proposed
    assert first is not None
    assert (first.verdict, first.rank, first.points_behind) == ("first", 1, 0.0)
    other = decided(*BASE, "proposed={hardware: l40s, precision: bf16, engine: sglang}").proposed
    assert other is not None
    assert other.verdict == "ranked"
    assert other.rank
    assert other.rank > 1
    assert other.points_behind is not None
    assert other.points_behind > 0
    assert other.stack is not None
    assert other.stack.slots.hardware == "l40s-48gb"
    assert other.stack.risks


def test_a_plan_that_is_ruled_out_says_by_what(decided: Decide) -> None:
    sets = ("deployment.hosting=[self_hosted]", "proposed={hosting: self_hosted_cloud}")
    home = "deployment.inventory=[{hardware: h100, count: 1}]"
    found = decided(*sets, home, "deployment.clouds=[aws]", "data.may_leave_premises=false")
    plan = found.proposed
    assert plan is not None
    assert plan.verdict == "removed"
    assert any(r.startswith("PRIV-001") for r in plan.reasons)
    assert "is ruled out: PRIV-001" in recommendation(found)


@pytest.mark.parametrize(
    ("plan", "verdict", "word"),
    [
        ("{hardware: b200}", "not_found", "no candidate has this hardware"),
        ("{model: nobody/knows}", "not_found", "unknown model 'nobody/knows'"),
        ("{trust_remote_code: true}", "declared_only", "names no slot"),
    ],
)
def test_a_plan_that_no_candidate_is_like(decided: Decide, plan: str, verdict: str, word: str) -> None:
    home = "deployment.inventory=[{hardware: h100, count: 1}]"
    found = decided("deployment.hosting=[self_hosted]", home, f"proposed={plan}").proposed
    assert found is not None
    assert found.verdict == verdict
    assert any(word in r for r in found.reasons)


def test_what_a_plan_names_beyond_a_stack_is_listed(decided: Decide) -> None:
    found = decided(*BASE, "proposed={engine: vllm, training_strategy: zero3}").proposed
    assert found is not None
    assert found.not_judged == ("training_strategy",)


def test_a_plan_by_size_means_models_of_about_that_size(decided: Decide) -> None:
    found = decided("deployment.hosting=[self_hosted]", "proposed={model: {params_b: 8}}").proposed
    assert found is not None
    assert found.stack is not None
    size = found.stack.facts["model_params_b"]
    assert isinstance(size, int | float)
    assert 6.8 <= size <= 9.2


def test_risks_that_the_plan_declares_and_the_first_stack_avoids(decided: Decide) -> None:
    gguf = ("deployment.hosting=[self_hosted]", "pins.engine=[llama.cpp]")
    found = decided(*gguf, "proposed={weight_format: [pickle]}")
    assert found.proposed is not None
    assert found.proposed.risks == ("R-PICKLE",)
    assert "R-PICKLE" not in {r.id for r in found.stacks[0].risks if r.certain}
    assert "the first stack avoids R-PICKLE" in recommendation(found)
    open_ = decided(
        "deployment.hosting=[self_hosted]", "pins.engine=[vllm]", "proposed={weight_format: [pickle]}"
    )
    assert open_.proposed is not None
    assert open_.proposed.risks == ()
    assert "R-PICKLE" in {r.id for r in open_.stacks[0].risks if r.certain}
