from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from selector.errors import InputError, SelectorError, UsageError
from selector.needs.components import expand
from selector.needs.load import Stated, load, load_document
from selector.needs.names import counted
from selector.types.requirement import LayoutPin, ModelPin, TokenDistribution

CHAT: dict[str, Any] = {"application": {"task": "chat"}}


def doc(**more: Any) -> Stated:
    return load_document({**CHAT, **more}, "test")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "reqs.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_two_lines_are_enough(tmp_path: Path) -> None:
    stated = load(write(tmp_path, "application:\n  task: chat\n"))
    assert stated.requirement.application.task == "chat"
    assert stated.requirement.deployment.inventory is None
    assert not stated.is_stated("horizon_months")


def test_every_problem_is_reported_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "application: {task: chta}\nbudgt: 1\nworkload:\n  cached_prefix_fraction: 2\n"
        "  peak_requests_per_second: -1\n",
    )
    with pytest.raises(InputError) as caught:
        load(path)
    text = str(caught.value)
    assert [p.where.line for p in caught.value.problems if p.where] == [1, 2, 4, 5]
    assert 'did you mean "chat"' in text
    assert 'did you mean "budget"' in text


@pytest.mark.parametrize("text", ["", "[]", "1", "null", "application: 3", "application: [chat]"])
def test_documents_of_a_wrong_shape(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        load(write(tmp_path, text))


def test_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
def test_numbers_are_finite(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, f"application: {{task: chat}}\nbudget: {{per_month_usd: {value}}}\n"))
    assert "reqs.yaml:2:" in str(caught.value)


def test_empty_sections_count_as_left_out(tmp_path: Path) -> None:
    stated = load(write(tmp_path, "application: {task: chat}\npins:\nbudget: {per_month_usd: }\n"))
    assert stated.requirement.pins.empty
    assert stated.requirement.budget.per_month_usd is None


def test_empty_list_differs_from_nothing() -> None:
    assert doc().requirement.contracts is None
    assert doc(contracts=[]).requirement.contracts == ()


def test_short_forms() -> None:
    need = doc(
        workload={"input_tokens": 200, "output_tokens": {"p95": 9}},
        pins={
            "model": "a/b",
            "layout": ["tp2-pp4", {"ep": 8}],
            "engine": "vllm",
            "nodes": 2,
            "training_framework": ["pytorch"],
        },
        deployment={"inventory": [{"hardware": "8xH100-SXM"}]},
        proposed={"engine": "vllm", "trust_remote_code": [True]},
        incumbent={"stack": {"model": "gpt-4"}},
    ).requirement
    assert need.workload.input_tokens == TokenDistribution(200.0, None)
    assert need.workload.output_tokens == TokenDistribution(None, 9.0)
    assert need.pins.model == (ModelPin("a/b"),)
    assert need.pins.layout == (LayoutPin(tp=2, pp=4), LayoutPin(ep=8))
    assert need.pins.engine == ("vllm",)
    assert need.pins.others == {"nodes": (2,), "training_framework": ("pytorch",)}
    item = (need.deployment.inventory or ())[0]
    assert (item.hardware, item.count) == ("H100-SXM", 8)
    assert need.proposed == {"engine": ("vllm",), "trust_remote_code": (True,)}
    assert need.incumbent.stack == {"model": ("gpt-4",)}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("8xH100", (8, "H100")),
        ("16 x a100", (16, "a100")),
        ("h100", (None, "h100")),
        ("4090", (None, "4090")),
    ],
)
def test_count_in_front(text: str, result: tuple[int | None, str]) -> None:
    assert counted(text) == result


def test_settings() -> None:
    stated = load_document(
        {**CHAT, "deployment": {"inventory": [{"hardware": "t4"}]}},
        "test",
        [
            "budget.per_month_usd=4_000",
            "deployment.inventory.0.count=3",
            "application.languages=[zh, en]",
            "pins.model=Qwen/Qwen3-32B",
            "weights.cost=50",
            "team.skills.ml=high",
        ],
    )
    need = stated.requirement
    assert need.budget.per_month_usd == 4000
    assert (need.deployment.inventory or ())[0].count == 3
    assert need.application.languages == ("zh", "en")
    assert need.pins.model == (ModelPin("Qwen/Qwen3-32B"),)
    assert need.team.skills == {"ml": "high"}


def test_settings_leave_the_given_document_alone() -> None:
    given: dict[str, Any] = {"application": {"task": "chat"}}
    load_document(given, "test", ["application.domain=finance"])
    assert given == {"application": {"task": "chat"}}


def test_empty_setting_takes_a_value_away() -> None:
    stated = load_document({**CHAT, "horizon_months": 6}, "test", ["horizon_months="])
    assert stated.requirement.horizon_months is None


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("budgt.per_month_usd=1", 'did you mean "budget"'),
        ("budget.per_month_usdd=1", "per_month_usd"),
        ("nonsense", "key=value"),
        ("=3", "key=value"),
        ("budget.0=3", "is no list"),
        ("deployment.inventory.5.count=1", "cannot go"),
        ("name=[", "not YAML"),
        ("horizon_months.x=1", "unknown key"),
    ],
)
def test_wrong_settings(setting: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        load_document(CHAT, "test", [setting])


def test_problem_in_a_setting_points_to_the_command_line() -> None:
    with pytest.raises(InputError) as caught:
        load_document(CHAT, "test", ["budget.per_month_usd=-5"])
    assert "--set budget.per_month_usd=-5" in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        {"workload": {"peak_requests_per_second": 2e7}},
        {"workload": {"context_tokens_max": 10**9}},
        {"workload": {"concurrency": 0}},
        {"horizon_months": 241},
        {"availability": {"target": 1.5}},
        {"weights": {"cost": -1}},
        {"budget": {"per_month": 4}},
        {"pins": {"model": [{"active_params_b": 3}]}},
        {"pins": {"layout": ["tp2-xx"]}},
        {"data": {"classes": ["pii"]}},
        {"application": {"task": "chat", "languages": ["Chinese"]}},
        {"version": 2},
    ],
)
def test_out_of_bounds(more: dict[str, Any]) -> None:
    with pytest.raises(SelectorError):
        load_document({**CHAT, **more}, "test")


def test_components_inherit_and_keep_positions(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "application: {task: mixed, domain: finance}\nlaunch_weeks: 8\ncomponents:\n"
        "  - {name: asr, application: {task: speech-recognition}}\n"
        "  - {name: llm, application: {task: chat, domain: health},\n"
        "     workload: {concurrency: 4}}\n",
    )
    first, second = expand(load(path))
    assert first.requirement.name == "asr"
    assert first.requirement.application.domain == "finance"
    assert second.requirement.application.domain == "health"
    assert second.requirement.workload.concurrency == 4
    assert second.requirement.launch_weeks == 8
    assert second.where("workload.concurrency").line == 6
    assert second.where("launch_weeks").line == 2


def test_components_state_limits_data_and_machines_of_their_own(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "application: {task: chat}\nlatency: {request_p95_ms: 9000}\n"
        "data: {classes: [personal], training_examples: 10}\n"
        "components:\n"
        "  - {name: asr, application: {task: speech-recognition},\n"
        "     data: {training_examples: 30000}, adaptation: {inventory: [{hardware: 4xl40s}]}}\n"
        "  - {name: llm, application: {task: chat}, latency: {first_token_p95_ms: 800}}\n",
    )
    first, second = expand(load(path))
    assert first.requirement.data.classes == second.requirement.data.classes == ("personal",)
    assert (first.requirement.data.training_examples, second.requirement.data.training_examples) == (
        30000,
        10,
    )
    assert (first.requirement.adaptation.inventory[0].hardware, first.requirement.adaptation.inventory[0].count) == ("l40s", 4)  # fmt: skip
    assert first.requirement.latency.request_p95_ms == 9000
    assert second.requirement.latency.request_p95_ms is None
    assert second.requirement.latency.first_token_p95_ms == 800
    assert first.where("data.training_examples").line == 6
    assert first.where("data.classes").line == 3
    assert first.where("latency.request_p95_ms").line == 2
    assert second.where("latency.first_token_p95_ms").line == 7


def test_without_components_the_document_stands_for_itself() -> None:
    stated = doc()
    assert expand(stated) == (stated,)


def test_settings_reach_what_components_share_with_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "reqs.yaml"
    path.write_text(
        "version: 1\napplication: {task: chat}\ncomponents: [{name: ear, application: {task: chat}}]\n"
    )
    stated = load(path, ["components.0.data.drift=weekly", "components.0.adaptation.method=lora"])
    assert stated.mapping["components"][0]["data"] == {"drift": "weekly"}
    with pytest.raises(UsageError, match="unknown key"):
        load(path, ["components.0.data.drfit=weekly"])
