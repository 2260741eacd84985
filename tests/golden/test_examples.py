"""Every example prints what stands beside it; refresh with `python tests/golden/refresh.py`."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = sorted(p.parent for p in (Path(__file__).parents[2] / "examples").glob("*/reqs.yaml"))
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda p: p.name)
def test_example(folder: Path, cli: Run) -> None:
    done = cli("recommend", folder / "reqs.yaml", "--as-of", "2026-11-24", "--format", "markdown")
    assert done.stderr == ""
    assert done.returncode == 0
    assert done.stdout == (folder / "expected.md").read_text(encoding="utf-8")


def test_json_is_the_same_twice_and_keeps_its_schema(cli: Run) -> None:
    import json

    from jsonschema import Draft202012Validator

    from selector.packs.schema import load

    folder = EXAMPLES[0]
    args = ("recommend", folder / "reqs.yaml", "--as-of", "2026-11-24", "--format", "json")
    first, second = cli(*args), cli(*args)
    assert first.stdout == second.stdout
    Draft202012Validator(load("recommend")).validate(json.loads(first.stdout))


def test_differences(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(__file__).parent / "diff"
    monkeypatch.chdir(folder)
    done = cli("diff", "old.yaml", "new.yaml", "--as-of", "2026-11-24", "--format", "markdown")
    assert done.stderr.startswith("prices older than their time to live: rented devices")
    assert done.stdout == (folder / "expected.md").read_text(encoding="utf-8")
