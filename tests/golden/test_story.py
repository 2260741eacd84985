"""The story of the README in two iterations: its commands run, and say what it says they do."""

import json
from pathlib import Path

import story


def test_two_iterations(tmp_path: Path) -> None:
    assert story.told(tmp_path) == story.block("story: what the last command prints first")

    first, second = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("first", "second"))
    assert first["stacks"][0]["slots"]["precision"] == "int4-awq"
    assert second["stacks"][0]["slots"]["precision"] == "bf16"
    assert second["stacks"][0]["estimates"]["per_output_token_ms"]["inputs"]["method"] == "calibrated"
    pages = [p.read_text() for p in sorted((tmp_path / "decisions").glob("*.md"))]
    assert "status: superseded by 0002" in pages[0]
    assert "status: accepted" in pages[1]
