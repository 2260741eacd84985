"""Every output keeps its JSON Schema, and the schemas refuse what the contract does not allow."""

import copy
import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from selector.cli.session import decide
from selector.iterate.decision import sealed
from selector.iterate.diff import diff
from selector.needs.load import from_document, load
from selector.packs import schema
from selector.packs.catalog import Catalogue
from selector.packs.reader import Document
from selector.report.json import recommendation

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(p.parent for p in (ROOT / "examples").glob("*/reqs.yaml"))
OUTPUTS = (
    *("recommend", "decision", "explain", "estimate", "check", "diff", "validate", "decision-results"),
    *("sweep", "refresh"),
)


def errors(value: object, name: str) -> list[str]:
    found = Draft202012Validator(schema.load(name)).iter_errors(value)
    return [f"{'.'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in found]


def decided(folder: Path, catalogue: Catalogue, *sets: str) -> dict[str, Any]:
    stated = load(folder / "reqs.yaml", sets)
    found = recommendation(decide(stated, catalogue, 10, False, False, date(2026, 11, 24)))
    made: dict[str, Any] = json.loads(json.dumps(sealed(found, stated, catalogue)))
    return made


@pytest.fixture(scope="module")
def decision(catalogue: Catalogue) -> dict[str, Any]:
    return decided(ROOT / "examples" / "chat-api-or-gpus", catalogue)


@pytest.mark.parametrize("name", OUTPUTS)
def test_schema_is_served_whole(name: str, cli: Run) -> None:
    assert name in cli("schema").stdout.split()
    found = json.loads(cli("schema", name).stdout)
    Draft202012Validator.check_schema(found)
    assert "_common" not in cli("schema").stdout


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda p: p.name)
def test_examples_keep_the_schemas(folder: Path, catalogue: Catalogue) -> None:
    found = decided(folder, catalogue)
    assert errors(found, "decision") == []
    for key in ("requirements", "files", "digest"):
        del found[key]
    assert errors(found, "recommend") == []
    assert errors(found, "decision") == [
        f": '{key}' is a required property" for key in ("requirements", "files", "digest")
    ]


@pytest.mark.parametrize(
    "sets",
    [
        ("budget.per_month_usd=1", "latency.first_token_p95_ms=1", "confidence=0.9"),
        (
            "deployment.hosting=[on_prem]",
            "deployment.inventory=[{hardware: t4, count: 1}]",
            "quality.level=best",
        ),
        ("weights={rank: [cost, quality]}", "risk_attitude=0.8"),
    ],
    ids=str,
)
def test_answers_without_a_stack_and_stated_weights_keep_the_schemas(
    sets: tuple[str, ...], catalogue: Catalogue
) -> None:
    found = decided(ROOT / "examples" / "chat-api-or-gpus", catalogue, *sets)
    assert errors(found, "decision") == []
    again = from_document(Document("again", found["requirements"]))
    assert again.requirement.weights.form == found["weights_form"].replace("default", "points")


STACK = (
    *("id", "label", "rank", "slots", "score", "contributions", "estimates", "constraints"),
    *("risks", "assumptions"),
)
WHOLE = ("stacks", "excluded", "relaxations", "robustness", "assumptions", "inputs")
SLOTS = (
    *("model", "hosting", "engine", "precision", "hardware", "n_devices", "layout", "offer"),
    *("adaptation", "mitigations"),
)


@pytest.mark.parametrize(
    "path",
    [
        *((k,) for k in WHOLE),
        *(("stacks", 0, k) for k in STACK),
        *(("stacks", 0, "slots", k) for k in SLOTS),
        ("stacks", 0, "estimates", "cost_per_month_usd", "formula"),
        ("inputs", "packs", "needs", "rules_sha256"),
    ],
    ids=str,
)
def test_a_field_of_the_contract_cannot_go_missing(decision: dict[str, Any], path: tuple[Any, ...]) -> None:
    assert errors(decision, "decision") == []
    broken = copy.deepcopy(decision)
    here: Any = broken
    for part in path[:-1]:
        here = here[part]
    del here[path[-1]]
    assert errors(broken, "decision")


def test_wrong_types_and_unknown_fields_are_refused(decision: dict[str, Any]) -> None:
    for path, value in (("score", "80"), ("rank", 0), ("id", "S-1"), ("colour", "red")):
        broken = copy.deepcopy(decision)
        broken["stacks"][0][path] = value
        assert errors(broken, "recommend"), path


def test_points_sum_to_the_score(decision: dict[str, Any]) -> None:
    for stack in decision["stacks"]:
        points = sum(c["points"] for c in stack["contributions"])
        assert points == pytest.approx(stack["score"], abs=1e-3)


@pytest.mark.parametrize(
    "args",
    [
        ("Qwen/Qwen3-32B", "--on", "2xH100-SXM"),
        ("deepseek-ai/DeepSeek-R1", "--on", "8xh100", "--precision", "fp8"),
        ("Qwen/Qwen3-8B", "--on", "a100", "--precision", "fp8-w8a8", "--engine", "vllm"),
        ("Qwen/Qwen3-8B", "--on", "ascend-910b-64gb"),
    ],
    ids=lambda a: " ".join(a[:3]),
)
def test_estimate_keeps_its_schema(cli: Run, args: tuple[str, ...]) -> None:
    assert errors(json.loads(cli("estimate", *args, "--format", "json").stdout), "estimate") == []


def test_estimate_points_check_validate_and_cases_keep_theirs(cli: Run, tmp_path: Path) -> None:
    points = tmp_path / "points.yaml"
    points.write_text("points:\n  - {model: Qwen/Qwen3-8B, hardware: h100}\n")
    found = json.loads(cli("estimate", "--points", points, "--format", "json").stdout)
    assert found["kind"] == "estimates"
    assert errors(found, "estimate") == []
    (tmp_path / "selector.stack.yaml").write_text(
        "version: 1\nstack: {model: Qwen/Qwen3-8B, hosting: on_prem, trust_remote_code: true}\n"
    )
    found = json.loads(cli("check", tmp_path, "--format", "json").stdout)
    assert found["findings"]
    assert errors(found, "check") == []
    measured = tmp_path / "m.csv"
    measured.write_text(
        "id,model,precision_weights,engine,hardware,n_devices,tp,scenario,input_tokens,output_tokens,"
        "concurrency_or_batch,stat,metric,value\n"
        "a,Qwen/Qwen3-8B,bf16,vllm,h100,1,1,online,512,128,8,mean,tpot_ms,9\n"
        "b,nobody/knows,bf16,vllm,h100,1,1,online,512,128,8,mean,tpot_ms,9\n"
        "c,Qwen/Qwen3-8B,bf16,vllm,h100,1,1,online,512,128,8,,fits,true\n"
    )
    found = json.loads(cli("validate", measured, "--format", "json").stdout)
    assert {p["status"] for p in found["points"]} == {"ok", "unsupported"}
    assert errors(found, "validate") == []
    rows = (ROOT / "tests" / "decisions" / "cases.yaml").read_text(encoding="utf-8").split("  - id: ")
    (tmp_path / "cases.yaml").write_text(rows[0] + "  - id: " + rows[1])
    found = json.loads(cli("pack", "test", "--decisions", tmp_path / "cases.yaml", "--format", "json").stdout)
    assert errors(found, "decision-results") == []


def test_diff_keeps_its_schema_and_says_what_moved(catalogue: Catalogue, decision: dict[str, Any]) -> None:
    sets = ("budget.per_month_usd=50000", "risk.appetite=high")
    now = decided(ROOT / "examples" / "chat-api-or-gpus", catalogue, *sets)
    found = json.loads(json.dumps(diff(decision, now)))
    assert errors(found, "diff") == []
    assert found["attribution"]["changed"] == ["requirements"]
    moved = [f for f in found["attribution"]["figures"] if f["figure"] == "score"]
    assert moved
    assert all(f["requirements"] == f["change"] and f["facts"] == 0 for f in moved)
    assert any(row["limit"] == "budget.per_month_usd" for row in found["feasibility"]["limits"])


def test_diff_does_not_split_what_changed_together(decision: dict[str, Any]) -> None:
    now = copy.deepcopy(decision)
    now["inputs"]["packs"]["needs"]["rules_sha256"] = "0" * 64
    now["inputs"]["selector"] = "9.9.9"
    now["stacks"][0]["score"] += 1.0
    gone = now["stacks"][0]["risks"].pop()
    found = json.loads(json.dumps(diff(decision, now)))
    assert errors(found, "diff") == []
    assert found["attribution"]["changed"] == ["rules", "program"]
    row = found["attribution"]["figures"][0]
    assert (row["rules"], row["program"], row["facts"]) == (None, None, 0)
    assert [(r["risk"], r["new"]) for r in found["risks"]] == [(gone["id"], None)]
    assert "packs.needs.rules_sha256" in [i["input"] for i in found["attribution"]["inputs"]]


def test_a_decision_of_another_shape_is_refused(cli: Run, tmp_path: Path, decision: dict[str, Any]) -> None:
    old = copy.deepcopy(decision)
    del old["inputs"]["settings"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old))
    done = cli("diff", path, path)
    assert done.returncode == 2
    assert "settings" in done.stderr
    assert "Traceback" not in done.stderr
