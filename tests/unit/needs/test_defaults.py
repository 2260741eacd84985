from __future__ import annotations

from typing import Any

import pytest

from selector.errors import InputError
from selector.needs import paths, tables
from selector.needs.defaults import Resolved, complete
from selector.needs.derive import FORMULAS
from selector.needs.facts import requirement_facts
from selector.needs.load import load_document
from selector.needs.regions import jurisdiction
from selector.packs import schema
from selector.packs.catalog import Catalogue
from selector.packs.locate import rules_dir
from selector.packs.reader import read_yaml
from selector.types.requirement import TokenDistribution


def resolved(task: str = "chat", application: Any = None, **more: Any) -> Resolved:
    return complete(load_document({"application": {"task": task, **(application or {})}, **more}, "test"))


def rules_used(result: Resolved) -> set[str]:
    return {rule for a in result.assumptions for rule in a.rule.split(" + ")}


@pytest.mark.parametrize("name", ["defaults", "aliases", "axes"])
def test_shipped_tables_pass_their_schemas(name: str) -> None:
    document = read_yaml(rules_dir() / "needs" / f"{name}.yaml")
    assert schema.validate(document, name) == []
    first = (rules_dir() / "needs" / f"{name}.yaml").read_text().splitlines()[0]
    assert first.endswith(f"schemas/{name}.json")


def test_ids_are_unique_and_formulas_exist() -> None:
    rules = tables.defaults()
    assert len({r.id for r in rules}) == len(rules)
    assert {r.derive for r in rules if r.derive} == set(FORMULAS)


@pytest.mark.parametrize("task", schema.load("reqs")["$defs"]["application"]["properties"]["task"]["enum"])
def test_every_task_gets_a_load_that_passes_the_schema(task: str) -> None:
    result = resolved(task)
    work = result.requirement.workload
    assert work.input_tokens is not None
    assert work.input_tokens.p95 is not None
    assert work.output_tokens is not None
    assert work.context_tokens_max
    assert work.requests_per_month
    assert result.requirement.weights
    # What defaults supply must be something that a user could have stated.
    again = {k: v for k, v in result.mapping.items() if k != "pins"}
    load_document(again, "resolved")


def test_stated_values_stay() -> None:
    result = resolved(horizon_months=3, deployment={"hosting": ["api"]}, weights={"cost": 1})
    assert result.requirement.horizon_months == 3
    assert result.requirement.deployment.hosting == ("api",)
    assert result.is_stated("horizon_months")
    assert not result.is_stated("risk.appetite")
    keys = [a.key for a in result.assumptions]
    assert "horizon_months" not in keys
    assert "deployment.hosting" not in keys


def test_every_supplied_value_is_an_assumption() -> None:
    result = resolved()
    for key in ("risk.appetite", "workload.output_tokens", "organisation.commercial", "weights"):
        assert key in [a.key for a in result.assumptions]
    assert all(a.why and a.rule and a.source for a in result.assumptions)


def test_one_number_is_the_size_of_every_request() -> None:
    result = resolved(workload={"input_tokens": 200})
    assert result.requirement.workload.input_tokens == TokenDistribution(200.0, 200.0)
    assert "tokens.one_number_in" in rules_used(result)


def test_the_mean_follows_from_the_shape_of_sizes() -> None:
    """By hand: s = ln(600 / 150) / 1.645 = 0.843, mean = 150 x exp(0.843^2 / 2) = 214."""
    shaped = resolved(workload={"input_tokens": {"p50": 150, "p95": 600}, "output_tokens": 20})
    work = shaped.requirement.workload
    assert work.input_tokens is not None
    assert work.input_tokens.mean == pytest.approx(214, abs=0.1)
    assert work.output_tokens == TokenDistribution(20, 20)
    assert "tokens.mean_in" in rules_used(shaped)
    assert "tokens.mean_out" not in rules_used(shaped)
    told = resolved(workload={"input_tokens": {"p50": 150, "p95": 600, "mean": 180}})
    assert told.requirement.workload.input_tokens == TokenDistribution(150, 600, 180)
    with pytest.raises(InputError, match="p50"):
        resolved(workload={"input_tokens": {"mean": 180}})


def test_hardware_first_means_self_hosted_and_modest_load() -> None:
    result = resolved(deployment={"inventory": [{"hardware": "a100", "count": 8}]})
    assert result.requirement.deployment.hosting == ("self_hosted",)
    assert result.requirement.workload.concurrency == 8
    assert result.requirement.workload.peak_requests_per_second is None


def test_no_hardware_on_hand_leaves_hosting_open() -> None:
    result = resolved(deployment={"inventory": []})
    assert result.requirement.deployment.hosting == ("api", "self_hosted")


@pytest.mark.parametrize(
    ("data", "hosting"),
    [
        ({"may_leave_premises": False}, ("self_hosted",)),
        ({"provider_may_see_plaintext": False}, ("self_hosted", "confidential_gpu")),
    ],
)
def test_hosting_follows_from_data(data: dict[str, Any], hosting: tuple[str, ...]) -> None:
    assert resolved(data=data).requirement.deployment.hosting == hosting


def test_isolated_from_the_internet() -> None:
    result = resolved(deployment={"internet": False})
    assert result.requirement.deployment.hosting == ("on_prem",)
    assert result.requirement.data.may_leave_premises is False


def test_rate_and_month_follow_from_each_other() -> None:
    work = {"input_tokens": 100, "output_tokens": 10, "active_hours_fraction": 0.5}
    forward = resolved(workload={**work, "peak_requests_per_second": 4}).requirement.workload
    assert forward.requests_per_month == pytest.approx(4 * 0.5 * 0.5 * 730 * 3600)
    month = forward.requests_per_month
    back = resolved(workload={**work, "requests_per_month": month}).requirement.workload
    assert back.peak_requests_per_second == pytest.approx(4)
    assert back.tokens_per_month == pytest.approx((month or 0) * 110)


def test_tokens_a_month_give_requests() -> None:
    work = resolved(
        workload={"tokens_per_month": 5e8, "input_tokens": 900, "output_tokens": 100}
    ).requirement.workload
    assert work.requests_per_month == pytest.approx(5e5)


@pytest.mark.parametrize(("scale", "peak"), [("low", 0.5), ("medium", 5), ("high", 50), ("very_high", 300)])
def test_scale_in_words(scale: str, peak: float) -> None:
    result = resolved(workload={"scale": scale})
    assert result.requirement.workload.peak_requests_per_second == peak
    same = resolved(workload={"peak_requests_per_second": peak})
    assert same.requirement.workload.scale == scale


def test_default_weights_and_shifts() -> None:
    plain = resolved().requirement.weights.points
    assert plain == {"quality": 35, "cost": 25, "latency": 15, "risk": 15, "effort": 10}
    shifted = resolved(priorities=["cost", "latency"], quality={"level": "best"})
    weights = shifted.requirement.weights.points
    assert sum(weights.values()) == pytest.approx(100, abs=0.1)
    assert weights["cost"] > plain["cost"]
    assert weights["risk"] < plain["risk"]
    lines = [a for a in shifted.assumptions if a.key == "weights"]
    assert len(lines) == 1
    assert "weights.first.cost" in lines[0].rule


def test_stated_weights_are_not_shifted() -> None:
    result = resolved(priorities=["cost"], weights={"quality": 3, "cost": 1})
    assert result.requirement.weights.points == {
        "quality": 3, "cost": 1, "latency": 0, "risk": 0, "effort": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "law"),
    [
        ({"application": {"user_regions": ["eu"]}, "data": {"classes": ["personal"]}}, "gdpr"),
        ({"application": {"user_regions": ["eu"]}}, "ai-act"),
        ({"application": {"user_regions": ["us"], "domain": "health"}}, "hipaa"),
        ({"application": {"user_regions": ["cn"]}, "data": {"classes": ["personal"]}}, "pipl"),
        ({"application": {"user_regions": ["cn"], "users": "public"}}, "cn-genai"),
        ({"data": {"classes": ["payment_card"]}}, "pci-dss"),
    ],
)
def test_regulations_follow(document: dict[str, Any], law: str) -> None:
    application = {"task": "chat", **document.pop("application", {})}
    result = complete(load_document({"application": application, **document}, "test"))
    assert law in (result.requirement.regulations or ())
    assert any(a.key == "regulations" and a.value == law for a in result.assumptions)


def test_regulations_add_to_stated_ones() -> None:
    result = resolved(regulations=["hipaa"], data={"classes": ["payment_card"]})
    assert result.requirement.regulations == ("hipaa", "pci-dss")


def test_nothing_is_inferred_without_a_hint() -> None:
    need = resolved().requirement
    assert need.regulations is None
    assert need.data.classes is None
    facts = requirement_facts(need)
    assert "req.data_classes" not in facts
    assert facts["req.tools"] == frozenset()


def test_regions_follow_from_each_other() -> None:
    need = resolved(deployment={"regions": ["cn-hangzhou", "cn"]}).requirement
    assert need.organisation.region == "cn"
    assert need.application.user_regions == ("cn",)
    assert need.application.languages == ("zh",)


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("us-east-1", "us"), ("eu-west-2", "uk"), ("eu-central-1", "eu"), ("westeurope", "eu"),
        ("europe-west4", "eu"), ("cn-hangzhou", "cn"), ("cn-hongkong", "hk"), ("eastus2", "us"),
        ("ap-northeast-1", "jp"), ("asia-southeast1", "sg"), ("kr", "kr"), ("mars-north-1", None),
    ],
)  # fmt: skip
def test_jurisdictions(region: str, place: str | None) -> None:
    assert jurisdiction(region) == place


def test_other_currency_needs_a_rate() -> None:
    stated = load_document(
        {"application": {"task": "chat"}, "budget": {"currency": "CNY", "per_month": 7000}}, "test"
    )
    result = complete(stated, usd_per_unit={"CNY": 0.14})
    assert result.requirement.budget.per_month_usd == pytest.approx(980)
    assert any(a.key == "budget.per_month_usd" for a in result.assumptions)
    with pytest.raises(InputError, match="no exchange rate for CNY"):
        complete(stated)


def test_clouds_get_one_spelling() -> None:
    assert resolved(deployment={"clouds": ["aliyun"]}).requirement.deployment.clouds == ("alibaba",)


def test_the_statement_is_untouched() -> None:
    stated = load_document({"application": {"task": "chat"}, "regulations": ["hipaa"]}, "test")
    before = str(stated.mapping)
    complete(stated)
    assert str(stated.mapping) == before


def test_paths() -> None:
    document: dict[str, Any] = {"a": [{"b": 1}]}
    paths.put(document, "a.1.c", 2)
    paths.put(document, "d.0", 3)
    assert document == {"a": [{"b": 1}, {"c": 2}], "d": [3]}
    assert paths.get(document, "a.0.b") == 1
    assert paths.get(document, "a.7.b") is None
    assert paths.get(document, "a.0.b.c") is None
    with pytest.raises(KeyError):
        paths.put(document, "a.0.b.c", 1)


def test_axes_cover_the_pins() -> None:
    pins = schema.load("reqs")["$defs"]["pins"]["properties"]
    assert set(pins) <= set(tables.axes())
    assert tables.axes()["adaptation"].groups["sft"] == ("lora", "qlora", "full")


@pytest.mark.parametrize(
    ("skills", "expected"),
    [
        ({"pytorch": "high", "tensorflow": "none"}, "high"),
        ({"jax": "low", "kubernetes": "high"}, "low"),
        ({"pytorch": "high", "ml": "low"}, "low"),
        ({"tensorflow": "none"}, "medium"),  # says nothing of other libraries
        ({"kubernetes": "high"}, "medium"),
    ],
)
def test_skill_in_a_library_that_trains_is_skill_in_machine_learning(
    skills: dict[str, str], expected: str, catalogue: Catalogue
) -> None:
    result = resolved(team={"skills": skills})
    assert requirement_facts(result.requirement)["req.skill_ml"] == expected
    document = read_yaml(rules_dir() / "needs" / "defaults.yaml").data
    tools = next(d["value"] for d in document["defaults"] if d["id"] == "skill.of_tools")
    assert set(tools) <= set(catalogue.frameworks)
