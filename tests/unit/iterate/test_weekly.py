"""The weekly workflow: what it is made of, and that its steps do what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / "examples" / "weekly" / "selector-weekly.yml"
NEED = """version: 1
application: {task: chat, languages: [en]}
workload: {peak_requests_per_second: 1, requests_per_month: 8_000_000, input_tokens: 900, output_tokens: 250}
deployment: {hosting: [api]}
pins: {model: [gpt-5.4-mini]}
"""


@pytest.fixture(scope="module")
def workflow() -> Any:
    return yaml.safe_load(WORKFLOW.read_text())


@pytest.fixture(scope="module")
def steps(workflow: Any) -> dict[str, dict[str, Any]]:
    return {s["id"]: s for s in workflow["jobs"]["compare"]["steps"] if "id" in s}


def test_it_is_pinned_and_may_do_little(workflow: Any, steps: dict[str, dict[str, Any]]) -> None:
    used = [s["uses"] for s in workflow["jobs"]["compare"]["steps"] if "uses" in s]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", u) for u in used)
    assert workflow["permissions"] == {"contents": "read", "issues": "write"}
    assert list(steps) == ["install", "refresh", "compare", "comment"]
    # What is set outside reaches the shell as variables, never as text of the script.
    assert all("${{" not in s["run"] for s in steps.values())


@pytest.fixture
def runner(tmp_path: Path, workflow: Any) -> dict[str, str]:
    """An environment as the runner makes it, with a `gh` that notes what it is asked."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    code = "from selector.cli.main import run; run()"
    (bin_ / "selector").write_text(f"#!/bin/sh\nexec {sys.executable} -c '{code}' \"$@\"\n")
    (bin_ / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/asked"\n')
    for path in bin_.iterdir():
        path.chmod(0o755)
    files = {k: str(tmp_path / k.lower()) for k in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    given = {k: v for k, v in workflow["env"].items() if k not in ("ISSUE", "SOURCE")}
    return {
        **os.environ,
        "PATH": f"{bin_}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        **files,
        **given,
    }


def step(one: dict[str, Any], env: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    command = ["bash", "-e", "-c", one["run"]]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("source", ["", "selector", "git+https://example.org/o/selector@main"])
def test_only_a_commit_of_the_own_repository_is_installed(
    source: str, steps: dict[str, dict[str, Any]], runner: dict[str, str], tmp_path: Path
) -> None:
    done = step(steps["install"], {**runner, "SOURCE": source}, tmp_path)
    assert done.returncode == 1
    assert "SELECTOR_SOURCE" in done.stderr
    assert not (tmp_path / "selector").exists()


def test_a_commit_of_the_own_repository_is_installed(
    steps: dict[str, dict[str, Any]], runner: dict[str, str], tmp_path: Path
) -> None:
    """With a `python` that makes an environment whose pip notes what it is asked."""
    pip = tmp_path / "selector" / "bin" / "pip"
    pip.parent.mkdir(parents=True)
    pip.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/asked"\n')
    python = tmp_path / "bin" / "python"
    python.write_text("#!/bin/sh\n")
    for path in (pip, python):
        path.chmod(0o755)
    source = f"git+https://example.org/o/selector@{'a' * 40}"
    given = {**runner, "SOURCE": source, "GITHUB_PATH": str(tmp_path / "path")}
    assert step(steps["install"], given, tmp_path).returncode == 0
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["install", "--quiet", "--", source, "genai-prices"]


def test_it_comments_where_the_cost_moved(
    steps: dict[str, dict[str, Any]], runner: dict[str, str], tmp_path: Path, genai: Path
) -> None:
    """First nothing has moved; then the source says that the model costs twice as much."""
    output, decision = Path(runner["GITHUB_OUTPUT"]), tmp_path / "decisions" / "current.json"
    decision.parent.mkdir()
    (tmp_path / "reqs.yaml").write_text(NEED)
    save = {"run": 'selector recommend "$REQS" --save "$DECISION"'}
    assert step(save, runner, tmp_path).returncode == 0
    assert step(steps["compare"], runner, tmp_path).returncode == 0
    assert output.read_text() == "moved=0\n"
    output.unlink()
    for name in ("refresh", "compare"):
        done = step(steps[name], {**runner, "PYTHONPATH": str(genai)}, tmp_path)
        assert done.returncode == 0, done.stderr
    assert output.read_text() == "moved=1\n"
    assert "facts and prices" in (tmp_path / "comment.md").read_text()
    for issue, words in (("12", ["issue", "comment", "12"]), ("", ["issue", "create", "--title"])):
        assert step(steps["comment"], {**runner, "ISSUE": issue}, tmp_path).returncode == 0
        asked = (tmp_path / "asked").read_text().splitlines()
        assert asked[:3] == words
        assert asked[-2:] == ["--body-file", str(tmp_path / "comment.md")]
    assert step(steps["compare"], {**runner, "DECISION": "nowhere.json"}, tmp_path).returncode == 2
