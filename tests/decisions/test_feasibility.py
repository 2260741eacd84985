"""Feasibility verdicts of vendors and experts: at least 85 % agree."""

from datetime import date
from pathlib import Path

from selector.cli.session import decide
from selector.iterate.cases import counts, run
from selector.packs.catalog import Catalogue
from selector.packs.reader import read_yaml

CASES = Path(__file__).parent / "cases.yaml"
REACH = 0.85


def test_feasibility_agrees_with_vendors(catalogue: Catalogue, tmp_path: Path) -> None:
    import json

    rows = [c for c in read_yaml(CASES).data["cases"] if c["kind"] == "feasibility"]
    path = tmp_path / "cases.yaml"
    path.write_text(json.dumps({"cases": rows}))
    today = date(2026, 11, 24)
    found = run(path, lambda stated: decide(stated, catalogue, 1, False, True, today))
    passed, of = counts(found)["feasibility"]
    assert of >= 30
    assert passed / of >= REACH, [f"{c.id}: {c.reason}" for c in found if c.judgeable and not c.passed]
