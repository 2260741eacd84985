"""The story of the README in two iterations: its commands run, and say what it says they do."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def block(mark: str) -> str:
    """The fenced block of the README below a mark."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found, mark
    return found[1]


def test_two_iterations(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    for line in block("story").splitlines():
        program, *args = shlex.split(line)
        done = cli(*args)
        assert (program, done.returncode) == ("selector", 0), done.stderr
    said = block("story: what the last command prints first")
    assert done.stdout.startswith(said)

    first, second = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("first", "second"))
    assert first["stacks"][0]["slots"]["precision"] == "int4-awq"
    assert second["stacks"][0]["slots"]["precision"] == "fp16"
    assert second["stacks"][0]["estimates"]["per_output_token_ms"]["inputs"]["method"] == "calibrated"
    pages = [p.read_text() for p in sorted((tmp_path / "decisions").glob("*.md"))]
    assert "status: superseded by 0002" in pages[0]
    assert "status: accepted" in pages[1]
