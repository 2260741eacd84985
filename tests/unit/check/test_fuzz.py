"""Broken repositories are judged or refused; nothing escapes."""

import importlib.util
from pathlib import Path

from selector.packs.catalog import Catalogue

SCRIPT = Path(__file__).parents[3] / "scripts" / "fuzz_check.py"


def test_a_hundred_broken_repositories(catalogue: Catalogue) -> None:
    spec = importlib.util.spec_from_file_location("fuzz_check", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    counts, wrong = fuzz.fuzz(100, 900_000, catalogue)
    assert wrong == []
    assert counts["judged"] > 50
    assert counts["refused"] > 0
