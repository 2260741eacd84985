"""Verdicts of vendors and experts: at least 85 % agree."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from selector.cli.session import decide
from selector.iterate.cases import CaseResult, run
from selector.packs.catalog import Catalogue
from selector.packs.reader import read_yaml

CASES = Path(__file__).parent / "cases.yaml"
REACH = 0.85


def judged(catalogue: Catalogue, folder: Path, wanted: Callable[[dict[str, Any]], bool]) -> list[CaseResult]:
    rows = [c for c in read_yaml(CASES).data["cases"] if wanted(c) and c["judgeable"]]
    path = folder / "cases.yaml"
    path.write_text(json.dumps({"cases": rows}))
    today = date(2026, 11, 24)
    return run(path, lambda stated: decide(stated, catalogue, 1, False, True, today))


def agree(found: list[CaseResult], least: int) -> None:
    assert len(found) >= least
    wrong = [f"{c.id}: {c.reason}" for c in found if not c.passed]
    assert 1.0 - len(wrong) / len(found) >= REACH, wrong


def test_feasibility_agrees_with_vendors(catalogue: Catalogue, tmp_path: Path) -> None:
    agree(judged(catalogue, tmp_path, lambda c: c["kind"] == "feasibility"), 30)


def test_training_and_compression_agree_on_given_machines(catalogue: Catalogue, tmp_path: Path) -> None:
    """Of the cases with a stated machine, which are quick; `pack test --decisions` runs the others as well."""

    def wanted(case: dict[str, Any]) -> bool:
        return case["kind"] in ("training", "compression") and "hardware" in case["requirements"].get(
            "pins", {}
        )

    agree(judged(catalogue, tmp_path, wanted), 15)
