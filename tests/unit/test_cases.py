"""Comparison of decision cases: groups of words, combinations, risks of the plan that was brought."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from selector.cli.session import decide
from selector.iterate.cases import CaseResult, run
from selector.packs.catalog import Catalogue

NEEDS: dict[str, Any] = {
    "version": 1,
    "application": {"task": "text-classification"},
    "deployment": {"hosting": ["self_hosted"]},
    "pins": {"model": ["microsoft/deberta-v3-base"]},
}


@pytest.fixture
def judged(catalogue: Catalogue, tmp_path: Path) -> Any:
    def one(expected: dict[str, Any]) -> CaseResult:
        whole = {"acceptable": {}, "forbidden": {}, "required_risks": [], "verdict": "choose"} | expected
        row = {"id": "x", "kind": "model", "strength": "stated", "requirements": NEEDS, "expected": whole}
        path = tmp_path / "cases.yaml"
        path.write_text(json.dumps({"cases": [row]}))
        return run(path, lambda stated: decide(stated, catalogue, 1, False, True, date(2026, 11, 24)))[0]

    return one


def test_words_of_a_group_agree(judged: Any) -> None:
    assert judged({"acceptable": {"adaptation": ["sft"], "hosting": ["self_hosted"]}}).passed
    assert not judged({"acceptable": {"adaptation": ["prompt"]}}).passed


def test_a_forbidden_combination_fails_only_as_a_whole(judged: Any) -> None:
    both = {"model_class": "encoder", "hosting": "self_hosted"}
    assert not judged({"forbidden": {"combination": [both]}}).passed
    assert judged({"forbidden": {"combination": [both | {"hosting": "api"}]}}).passed


def test_a_silent_axis_fails(judged: Any) -> None:
    found = judged({"acceptable": {"device_sharing": ["mig"]}})
    assert not found.passed
    assert "silent" in found.reason
