"""The decision cases are well formed; `selector pack test --decisions` judges the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from selector.needs.components import expand
from selector.needs.contradictions import contradictions
from selector.needs.defaults import complete
from selector.needs.load import load_document
from selector.needs.tables import axes
from selector.packs.reader import read_yaml

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = [
    case for name in ("cases.yaml", "own.yaml") for case in read_yaml(HERE / name).data["cases"]
]
IDS = [case["id"] for case in CASES]


def test_ids_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_requirements_load_and_resolve(case: dict[str, Any]) -> None:
    stated = load_document(case["requirements"], case["id"])
    assert contradictions(stated) == []
    for part in expand(stated):
        assert complete(part).requirement.workload.requests_per_month is not None


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_expectations_use_known_words(case: dict[str, Any]) -> None:
    expected = case["expected"]
    assert expected["verdict"] in ("feasible", "infeasible", "choose", "warn")
    assert case["strength"] in ("stated", "derived")
    for side in ("acceptable", "forbidden"):
        assert set(expected[side]) <= set(axes())
    assert case["judgeable"] or case["judgeable_reason"]
