"""The command explain as a user runs it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from selector.packs import schema

Run = Callable[..., Any]
SMALL = "credit-default-scoring"
AT = ("--as-of", "2026-11-24")


@pytest.mark.parametrize(
    ("args", "kind"),
    [
        ((), "explanation"),
        (("--stack", "S-2"), "explanation"),
        (("--stack", "S-2", "--vs", "S-3"), "explanation"),
        (("--number", "cost.per_month_usd"), "number"),
        (("--number", "requests_per_s", "--stack", "S-2"), "number"),
        (("--risk", "R-LICENCE"), "risk"),
    ],
    ids=str,
)
def test_json_keeps_its_schema_and_is_the_same_twice(
    args: tuple[str, ...], kind: str, cli: Run, root: Path
) -> None:
    reqs = root / "examples" / SMALL / "reqs.yaml"
    done = cli("explain", reqs, *AT, *args, "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kind"] == kind
    Draft202012Validator(schema.load("explain")).validate(found)
    assert cli("explain", reqs, *AT, *args, "--format", "json").stdout == done.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), ("Against S-2", "Points, from figure to score", "How far a requirement can move")),
        (("--number", "cost.per_month_usd"), ("Formulas", "Where the numbers come from", "judgement")),
        (("--risk", "R-LICENCE"), ("What makes it apply", "Mitigations", "owner: legal")),
    ],
    ids=str,
)
def test_tables_and_markdown(args: tuple[str, ...], words: tuple[str, ...], cli: Run, root: Path) -> None:
    reqs = root / "examples" / SMALL / "reqs.yaml"
    for format_ in ("table", "markdown"):
        done = cli("explain", reqs, *AT, *args, "--format", format_)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        for word in words:
            assert word in done.stdout
    assert done.stdout.startswith("# ")


def test_a_decision_is_explained_as_it_was_made(cli: Run, root: Path, tmp_path: Path) -> None:
    reqs = root / "examples" / SMALL / "reqs.yaml"
    saved = tmp_path / "decision.json"
    sets = ("--set", "risk.appetite=low")
    assert cli("recommend", reqs, *AT, *sets, "--save", saved).returncode == 0
    for args in ((), ("--number", "score"), ("--risk", "R-LICENCE")):
        mine = json.loads(cli("explain", saved, *args, "--format", "json").stdout)
        theirs = json.loads(cli("explain", reqs, *AT, *sets, *args, "--format", "json").stdout)
        assert mine["notes"] == []
        mine["inputs"].pop("settings")
        theirs["inputs"].pop("settings")
        assert mine == theirs


def test_components_are_explained_one_by_one(cli: Run, root: Path) -> None:
    reqs = root / "examples" / "call-centre-speech" / "reqs.yaml"
    first = json.loads(cli("explain", reqs, *AT, "--number", "score", "--format", "json").stdout)
    assert "--component" in first["notes"][0]
    done = cli("explain", reqs, *AT, "--component", "speak", "--number", "score", "--format", "json")
    assert json.loads(done.stdout)["value"] != first["value"]
    done = cli("explain", reqs, *AT, "--component", "spek")
    assert done.returncode == 2
    assert '"speak"' in done.stderr


def test_nothing_passes_is_explained_with_exit_1(cli: Run, root: Path) -> None:
    reqs = root / "examples" / SMALL / "reqs.yaml"
    done = cli("explain", reqs, *AT, "--set", "budget.per_month_usd=1")
    assert done.returncode == 1
    assert "Why it is left out" in done.stdout
    assert "budget.per_month_usd" in done.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--stack", "S-77"), "S-7"),
        (("--stack", "model:XGBost"), "XGBoost"),
        (("--number", "estimates.cost_per_month"), "estimates.cost_per_month_usd"),
        (("--risk", "R-LICENSE"), "R-LICENCE"),
        (("--number", "score", "--risk", "R-LICENCE"), "--number and --risk"),
        (("--number", "score", "--vs", "S-2"), "--number and --vs"),
        (("--number", "score", "--number", "cost"), "--number stands 2 times: score, cost"),
        (("--stack", "S-2", "--vs", "S-2"), "same stack"),
        (("--component", "one"), "no such component"),
        (("--format", "html"), "table"),
        (("--as-of", "tomorrow"), "YYYY-MM-DD"),
        (("--set", "budget.per_month=x"), "budget"),
        (("--packs", "nowhere"), "not a folder"),
    ],
    ids=str,
)
def test_bad_flags(args: tuple[str, ...], words: str, cli: Run, root: Path) -> None:
    done = cli("explain", root / "examples" / SMALL / "reqs.yaml", *args)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_bad_files(cli: Run, root: Path, tmp_path: Path) -> None:
    saved = tmp_path / "decision.json"
    assert cli("recommend", root / "examples" / SMALL / "reqs.yaml", "--save", saved).returncode == 0
    (tmp_path / "text.json").write_text("hello")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "cut.json").write_text(saved.read_text()[:5000])
    (tmp_path / "empty.yaml").write_text("")
    printed = cli("recommend", root / "examples" / SMALL / "reqs.yaml", "--format", "json").stdout
    (tmp_path / "printed.json").write_text(printed)
    for file, words in (
        ("missing.yaml", "does not exist"),
        ("text.json", "not JSON"),
        ("list.json", "not a saved decision"),
        ("cut.json", "not JSON"),
        ("empty.yaml", "empty"),
        ("printed.json", "it lacks the requirements"),
        ("", "is a folder"),
    ):
        done = cli("explain", tmp_path / file)
        assert done.returncode == 2, file
        assert words in done.stderr, file
        assert str(tmp_path) in done.stderr
        assert "Traceback" not in done.stderr
    for flag in (("--set", "budget.per_month_usd=1"), AT):
        done = cli("explain", saved, *flag)
        assert done.returncode == 2
        assert "its own requirements, date and measurements" in done.stderr


def test_requirements_may_be_json(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "reqs.json"
    path.write_text('{"version": 1, "application": {"task": "tabular-classification"}}')
    done = cli("explain", path, "--number", "score")
    assert "not a saved decision" not in done.stderr


def test_a_described_stack_is_the_best_ranked_of_its_kind(cli: Run, root: Path) -> None:
    reqs = root / "examples" / "chat-api-or-gpus" / "reqs.yaml"
    found = json.loads(cli("recommend", reqs, *AT, "--format", "json").stdout)
    own = next(s for s in (*found["stacks"], *found["counterparts"]) if s["slots"]["hardware"])
    text = f"model={own['slots']['model']},hardware={own['slots']['hardware']}"
    done = cli("explain", reqs, *AT, "--stack", text, "--format", "json")
    assert json.loads(done.stdout)["stack"]["ref"]["id"] == own["id"]


def test_where_nothing_fits_what_is_in_the_way_is_told_and_the_exit_code_is_1(cli: Run, root: Path) -> None:
    reqs = root / "examples" / "chat-api-or-gpus" / "reqs.yaml"
    pinned = ("pins.model=[deepseek-ai/DeepSeek-R1]", "deployment.hosting=[on_prem]")
    sets = [x for s in (*pinned, "deployment.inventory=[{hardware: t4, count: 1}]") for x in ("--set", s)]
    done = cli("explain", reqs, *AT, *sets, "--format", "json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    Draft202012Validator(schema.load("explain")).validate(found)
    assert found["stack"] is None
    assert found["excluded"][0]["reason"].startswith("does not fit in memory")
