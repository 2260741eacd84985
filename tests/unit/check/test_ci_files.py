"""The GitHub Action and the hooks: what they hand over, and that they run."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text())


def test_inputs_reach_the_shell_as_variables(action: Any) -> None:
    steps = [s for s in action["runs"]["steps"] if "run" in s]
    assert all("${{" not in s["run"] for s in steps)
    handed = {v for s in steps for v in s["env"].values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]} <= handed


def test_other_actions_are_pinned_by_commit(action: Any) -> None:
    used = [s["uses"] for s in action["runs"]["steps"] if "uses" in s]
    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", u) for u in used)


@pytest.mark.parametrize(
    ("path", "status"), [(".", 1), ("$(touch pwned)", 2), ("`touch pwned`; touch pwned", 2), ("-h", 2)]
)
def test_the_check_step_runs_and_runs_nothing_else(
    path: str, status: int, action: Any, tmp_path: Path
) -> None:
    (tmp_path / "run.sh").write_text("vllm serve Qwen/Qwen3-8B --trust-remote-code\n")
    step = next(s for s in action["runs"]["steps"] if s.get("id") == "check")
    bin_ = tmp_path / "selector" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "selector").write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from selector.cli.main import run; run()' \"$@\"\n"
    )
    (bin_ / "selector").chmod(0o755)
    outputs = {k: str(tmp_path / k.lower()) for k in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    given = {
        "CHECK_PATH": path,
        "POLICY": "",
        "FAIL_ON": "high",
        "FAIL_ON_UNKNOWN": "",
        "BASELINE": "",
        "SARIF_FILE": "o.sarif",
    }
    assert set(given) == set(step["env"])
    env = {**os.environ, "RUNNER_TEMP": str(tmp_path), **outputs, **given}
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    assert not (tmp_path / "pwned").exists()
    if status == 1:
        assert (tmp_path / "o.sarif").is_file()
        assert "selector check fails" in Path(outputs["GITHUB_STEP_SUMMARY"]).read_text()
        assert "sarif-file=o.sarif" in Path(outputs["GITHUB_OUTPUT"]).read_text()


def test_hooks_name_commands_that_exist(cli: Run) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [h["id"] for h in hooks] == ["selector-check", "selector-pack-test"]
    for hook in hooks:
        words = hook["entry"].split()
        assert words[0] == "selector"
        assert cli(*words[1:], "--help").returncode == 0
        assert hook["pass_filenames"] is False
        re.compile(hook["files"])
    files = re.compile(hooks[0]["files"])
    for name in (
        "deploy/compose.yaml",
        "Dockerfile.gpu",
        "a/requirements-dev.txt",
        "uv.lock",
        ".env.prod",
        "app.py",
        "Modelfile",
    ):
        assert files.search(name), name
    assert not files.search("README.md")
