"""Every printed number of a run of the plan has a tree down to facts, parameters and requirements."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from selector.decide.explain import ask, compare
from selector.decide.explain.numbers import Numbers
from selector.decide.explain.study import Study
from selector.errors import InputError, UsageError
from selector.iterate.decision import same_number
from selector.plan import build, repeated
from selector.types.estimate import Estimate
from selector.types.plan import Plan

from .test_numbers import grounded, worked_out

Studied = Callable[..., Study]
TUNED = ("data.training_examples=20000", "pins.model=[Qwen/Qwen3-8B]", "deployment.hosting=[self_hosted]")
SEVERAL = "deployment={hosting: [on_prem], inventory: [{hardware: h100-sxm-80gb, count: 8}]}"
SEVERAL_IMAGES = (
    "data.training_examples=2000000",
    "adaptation.inventory=[{hardware: rtx-3090-24gb, count: 4}]",
)
RENTED = ("deployment={hosting: [self_hosted_cloud]}", "data={classes: [internal], training_examples: 50000}")
CASES = (
    ("chat-api-or-gpus", (*TUNED, "adaptation.method=lora")),
    ("chat-api-or-gpus", (*TUNED, "adaptation.method=qlora", "adaptation.sequence_tokens=2000")),
    ("chat-api-or-gpus", (*TUNED, "adaptation.method=full", SEVERAL)),
    ("chat-api-or-gpus", (*TUNED, "adaptation.method=continued_pretrain", SEVERAL)),
    ("chat-api-or-gpus", ("pins.model=[Qwen/Qwen3-30B-A3B]", "adaptation.method=full", SEVERAL)),
    ("bank-text-classification", ()),
    ("credit-default-scoring", ("data.training_examples=400000", "data.drift=monthly")),
    ("credit-default-scoring", ("data={training_examples: 400000, drift: weekly}", RENTED[0])),
    ("predictive-maintenance", ()),
    ("image-classification-in-house", ("pins.model=[timm/resnet50.a1_in1k]", *SEVERAL_IMAGES)),
    ("image-classification-in-house", ("pins.model=[timm/efficientnet_b0.ra4_e3600_r224_in1k]", *RENTED)),
)


def opened(study: Study) -> tuple[Numbers, Plan]:
    assert study.first is not None
    numbers = study.numbers(study.first)
    repeated.add(numbers)
    plan = build.of(study.run, study.first, compare.ranked(study, study.first))
    return numbers, plan


def estimates(plan: Plan) -> Mapping[str, Estimate | None]:
    assert plan.training is not None
    found = {f"plan.training.estimates.{k}": e for k, e in plan.training.estimates.items()}
    if plan.search is not None:
        found |= {f"plan.search.{k}": getattr(plan.search, k) for k in ("hours", "usd")}
    if plan.retraining is not None:
        names = ("runs", "device_hours", "usd")
        found |= {f"plan.retraining.{k}": getattr(plan.retraining, k) for k in names}
    return found


@pytest.mark.parametrize(("example", "sets"), CASES, ids=str)
def test_numbers_of_the_run_are_what_their_trees_give(
    example: str, sets: tuple[str, ...], studied: Studied
) -> None:
    study = studied(example, *sets)
    numbers, plan = opened(study)
    assert study.first is not None
    assert plan.training is not None
    ref = ask.ref(study, study.first)
    values = {path: e.p50 if e else None for path, e in estimates(plan).items()}
    values |= {
        f"plan.training.memory.{k}": v for k, v in (plan.training.memory or {}).items() if k != "kv_cache"
    }
    values["plan.training.usd_per_hour"] = plan.training.usd_per_hour
    values = {path: v for path, v in values.items() if v is not None or path in numbers.made}
    for path, value in values.items():
        figure = numbers.figure(path, ref)
        if value is None:
            assert figure.value is None
            assert figure.why
            continue
        assert figure.value == pytest.approx(value, rel=1e-6, abs=1e-12), path
        worked_out(figure.nodes)
        grounded(figure.nodes)
    for path, estimate in estimates(plan).items():
        for quantile in ("p10", "p90"):
            if estimate is None:
                continue
            figure = numbers.figure(f"{path}.{quantile}", ref)
            assert figure.value == pytest.approx(getattr(estimate, quantile), rel=1e-6), path
            worked_out(figure.nodes)
            parameters = study.run.cat.parameters  # which stand as they are
            if path != "plan.retraining.runs" and estimate.formula not in parameters:
                assert estimate.formula in {n.formula for n in figure.nodes} or not estimate.p50


def test_money_of_a_run_goes_down_to_rent_examples_and_what_is_achieved(studied: Studied) -> None:
    study = studied("chat-api-or-gpus", *TUNED, "adaptation.method=lora")
    numbers, _ = opened(study)
    assert study.first is not None
    nodes = numbers.figure("plan.training.estimates.usd", ask.ref(study, study.first)).nodes
    kinds = {n.id: n.origin.kind for n in nodes if n.origin is not None}
    assert kinds["data.training_examples"] == "requirement"
    assert kinds["on_demand_per_hour"] == "fact"
    assert kinds["training.compute_fraction"] == "parameter"
    assert kinds["params_b"] == "fact"


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("plan.training.estimates.hours", "plan.training.estimates.wall_hours"),
        ("plan.training.estimates.use", "plan.training.estimates.usd"),
        ("plan.training.memory.weight", "plan.training.memory.weights"),
        ("plan.training.memory.weights.p90", "ask for plan.training.memory.weights"),
    ],
)
def test_an_unknown_number_of_the_plan_gets_near_misses(path: str, fix: str, studied: Studied) -> None:
    numbers, _ = opened(studied("chat-api-or-gpus", *TUNED, "adaptation.method=lora"))
    with pytest.raises(UsageError, match=r"--number") as caught:
        numbers.find(path)
    assert fix in str(caught.value)


def test_short_names_and_nothing_where_nothing_is_trained(studied: Studied) -> None:
    numbers, _ = opened(studied("chat-api-or-gpus", *TUNED, "adaptation.method=lora"))
    for short in ("wall_hours", "training.estimates.wall_hours"):
        assert numbers.find(short) == ("plan.training.estimates.wall_hours", "p50")
    study = studied("chat-api-or-gpus")
    assert study.first is not None
    untrained = study.numbers(study.first)
    assert not [path for path in untrained.made if path.startswith("plan.")]


def test_a_number_of_the_plan_that_is_not_the_one_of_the_decision_is_told(studied: Studied) -> None:
    study = studied("chat-api-or-gpus", *TUNED, "adaptation.method=lora")
    numbers, _ = opened(study)
    assert study.first is not None
    figure = numbers.figure("plan.training.estimates.wall_hours", ask.ref(study, study.first))
    assert figure.value is not None

    def saved(hours: float, label: str = "S-1") -> dict[str, Any]:
        plan = {"stack": label, "training": {"estimates": {"wall_hours": {"p50": hours}}}}
        return {"components": [], "stacks": [{"id": figure.stack.id, "label": "S-1"}], "plan": plan}

    same_number(saved(figure.value), None, figure, ())
    same_number(saved(2.0 * figure.value, "S-2"), None, figure, ())
    with pytest.raises(InputError, match="in the decision"):
        same_number(saved(2.0 * figure.value), None, figure, ())
