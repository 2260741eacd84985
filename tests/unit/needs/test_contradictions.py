from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from selector.errors import InputError
from selector.needs.contradictions import check, contradictions
from selector.needs.load import load, load_document
from selector.needs.options import Options, resolve_options
from selector.packs import schema
from selector.packs.catalog import Catalogue

from .test_hf_config import LLAMA

SELF = {"hosting": ["self_hosted"]}


def found(catalogue: Catalogue | None = None, **more: Any) -> str:
    stated = load_document({"application": {"task": "chat"}, **more}, "test")
    return "\n".join(str(p) for p in contradictions(stated, catalogue))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"deployment": {"hosting": ["api"]}, "data": {"may_leave_premises": False}}, "premises"),
        ({"deployment": {"hosting": ["api"], "internet": False}}, "internet is false"),
        (
            {"deployment": {"hosting": ["api"]}, "data": {"provider_may_see_plaintext": False}},
            "plaintext",
        ),
        ({"deployment": {"hosting": []}}, "nothing may run"),
        ({"deployment": {"hosting": ["api"]}, "pins": {"hosting": ["on_prem"]}}, "pins.hosting"),
        ({"deployment": {"hosting": ["api"]}, "pins": {"hardware": ["h100"]}}, "only a hosted API"),
        ({"pins": {"engine": ["vllm"]}, "exclude": {"engine": ["vLLM"]}}, "exclude.engine"),
        ({"pins": {"hardware": ["8xh100"]}, "exclude": {"hardware": ["H100"]}}, "exclude.hardware"),
        ({"pins": {"model": "a/b-1"}, "exclude": {"model": ["b_1"]}}, "exclude.model"),
        ({"deployment": SELF, "exclude": {"hosting": ["self_hosted"]}}, "rules out everything"),
        ({"budget": {"per_month_usd": 0}, "deployment": {"hosting": ["api"]}}, "budget is 0"),
        ({"budget": {"per_month_usd": 0}}, "no hardware on hand"),
        ({"quality": {"metric": "accuracy", "minimum": 85}}, "write 0.85"),
        ({"quality": {"metric": "f1", "minimum": 0.9, "target": 0.8}}, "above quality.target"),
        ({"quality": {"metric": "wer", "minimum": 0.1, "target": 0.2}}, "below quality.target"),
        ({"workload": {"input_tokens": {"p50": 9, "p95": 3}}}, "below p50"),
        ({"workload": {"input_tokens": 9000, "context_tokens_max": 4096}}, "exceeds"),
        ({"latency": {"first_token_p95_ms": 500, "request_p95_ms": 300}}, "exceeds request"),
        ({"workload": {"active_hours_fraction": 0}}, "never any load"),
        ({"workload": {"peak_requests_per_second": 0, "requests_per_month": 5}}, "peak"),
        ({"workload": {"scale": "low", "peak_requests_per_second": 500}}, "scale is low"),
        ({"weights": {"cost": 0, "quality": 0}}, "all weights are 0"),
        ({"deployment": {"regions": ["us-east-1"]}, "data": {"residency": ["eu"]}}, "outside"),
        ({"deployment": {"regions": ["cn-hangzhou"], "clouds": ["gcp"]}}, "no such region"),
        ({"deployment": {"inventory": [{"hardware": "8xh100", "count": 4}]}}, "name says 8"),
        ({"deployment": {"inventory": [{"hardware": "t4", "count": 1, "nodes": 2}]}}, "2 nodes"),
        ({"deployment": {"inventory": [{"hardware": "t4", "count": 12, "nodes": 5}]}}, "state 10"),
        ({"deployment": {"inventory": [{"hardware": "12xt4", "nodes": 8}]}}, "8 nodes"),
        ({"adaptation": {"inventory": [{"hardware": "t4", "count": 7, "nodes": 2}]}}, "7 devices"),
        ({"quotes": [{"hosting": "api", "note": "x"}]}, "0 prices"),
        ({"quotes": [{"usd_per_mtok": 1, "note": "x"}]}, "what the price is for"),
        (
            {"components": [{"name": "a", "application": {"task": "chat"}}] * 2},
            "two components are called 'a'",
        ),
    ],
)
def test_contradictions(document: dict[str, Any], message: str, catalogue: Catalogue) -> None:
    assert message in found(catalogue, **document)


def test_every_metric_of_the_requirements_is_in_the_vocabulary(catalogue: Catalogue) -> None:
    assert (
        list(catalogue.metrics)
        == schema.load("reqs")["properties"]["quality"]["properties"]["metric"]["enum"]
    )


def test_there_may_be_more_errors_than_words(catalogue: Catalogue) -> None:
    assert not found(catalogue, quality={"metric": "wer", "minimum": 1.2})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"deployment": {"hosting": ["api", "self_hosted"]}, "data": {"may_leave_premises": False}},
        {"pins": {"engine": ["vllm", "sglang"]}, "exclude": {"engine": ["vllm"]}},
        {"budget": {"per_month_usd": 0}, "deployment": {"inventory": [{"hardware": "t4"}]}},
        {"quality": {"metric": "wer", "minimum": 0.2, "target": 0.1}},
        {"workload": {"scale": "medium", "peak_requests_per_second": 1}},
        {"deployment": {"regions": ["eu-west-1", "us-east-1"]}, "data": {"residency": ["eu"]}},
        {"deployment": {"regions": ["cn"], "clouds": ["gcp"]}},
    ],
)
def test_no_contradiction(document: dict[str, Any]) -> None:
    assert found(**document) == ""


def test_positions_and_order(tmp_path: Path) -> None:
    path = tmp_path / "reqs.yaml"
    path.write_text(
        "application: {task: chat}\nweights: {cost: 0}\ndata: {may_leave_premises: false}\n"
        "deployment:\n  hosting: [api]\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        check(load(path))
    assert [p.where.line for p in caught.value.problems if p.where] == [2, 5]


def test_names_that_the_catalogue_lacks_come_together(cat: Catalogue) -> None:
    text = found(
        cat,
        deployment={"inventory": [{"hardware": "h1000"}]},
        pins={"engine": ["vlm"], "model": ["Qwen3-33B"], "precision": ["fp9"]},
        exclude={"hardware": ["zx81"]},
    )
    for name in ("'h1000'", "'vlm'", "'Qwen3-33B'", "'fp9'", "'zx81'"):
        assert name in text


def test_other_spelling_of_an_excluded_pin(cat: Catalogue) -> None:
    text = found(cat, pins={"precision": ["awq"]}, exclude={"precision": ["int4"]})
    assert "exclude.precision rules out" in text


def test_pinned_hardware_is_not_on_hand(cat: Catalogue) -> None:
    text = found(
        cat,
        deployment={"hosting": ["on_prem"], "inventory": [{"hardware": "t4"}]},
        pins={"hardware": ["h100"]},
    )
    assert "nothing that is in deployment.inventory" in text


def options(cat: Catalogue, **more: Any) -> Options:
    return resolve_options(load_document({"application": {"task": "chat"}, **more}, "test"), cat)


def test_options(cat: Catalogue) -> None:
    result = options(
        cat,
        pins={"model": ["llama-3.1-8b", {"name": "x/unheard-of", "params_b": 12}]},
        deployment={"inventory": [{"hardware": "4xt4"}, {"hardware": "h100"}]},
        exclude={"precision": ["int4"], "model": ["gpt-4o"]},
    )
    assert result.models == ("meta-llama/Llama-3.1-8B-Instruct",)
    assert [m.id for m in result.own_models] == ["x/unheard-of"]
    assert result.own_models[0].params_b == 12
    assert [o.count for o in result.inventory] == [4, 1]
    assert set(result.no_precisions) == {"int4-awq", "int4-gptq", "int4-gguf"}
    assert result.no_apis == ("openai/gpt-4o",)


def test_the_name_decides_where_the_catalogue_has_it(cat: Catalogue) -> None:
    result = options(cat, pins={"model": [{"name": "Qwen/Qwen3-32B", "params_b": 99}]})
    assert result.models == ("Qwen/Qwen3-32B",)
    assert result.own_models == ()


def test_a_compressed_copy_pins_the_precision(cat: Catalogue) -> None:
    result = options(cat, pins={"model": ["Qwen/Qwen3-32B-AWQ"]})
    assert (result.models, result.precisions) == (("Qwen/Qwen3-32B",), ("int4-awq",))


def test_model_without_a_name(cat: Catalogue) -> None:
    (model,) = options(cat, pins={"model": [{"params_b": 8, "experts": 4}]}).own_models
    assert model.id == "unnamed-8b"
    assert model.architecture is not None
    assert model.architecture.experts == 4


def test_config_is_read_beside_the_requirements(tmp_path: Path, cat: Catalogue) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA), encoding="utf-8")
    path = tmp_path / "reqs.yaml"
    path.write_text(
        "application: {task: chat}\npins: {model: {name: own/x, config: config.json}}\n",
        encoding="utf-8",
    )
    (model,) = resolve_options(load(path), cat).own_models
    assert model.id == "own/x"
    assert model.params_b == pytest.approx(8.03, rel=0.001)
