"""Digests of packs tell a changed default, parameter or price apart."""

import shutil
from pathlib import Path

import pytest

from selector.packs.compiled import read_all

RULES = Path(__file__).parents[3] / "rules"


@pytest.mark.parametrize(
    ("file", "old", "new", "pack", "part"),
    [
        (
            "needs/defaults.yaml",
            "key: horizon_months, value: 12",
            "key: horizon_months, value: 24",
            "needs",
            "rules",
        ),
        ("needs/aliases.yaml", "name: trtllm,", "name: trtllms,", "needs", "facts"),
        ("parameters.yaml", "value.at_target, value: 0.8", "value.at_target, value: 0.7", "base", "rules"),
        ("offers/aws.yaml", "on_demand_per_hour: 0.526", "on_demand_per_hour: 0.527", "offers", "facts"),
        ("privacy/rules.yaml", "severity: critical", "severity: high", "privacy", "rules"),
    ],
)
def test_only_the_changed_part_of_the_changed_pack_moves(
    tmp_path: Path, file: str, old: str, new: str, pack: str, part: str
) -> None:
    copied = tmp_path / "rules"
    shutil.copytree(RULES, copied)
    before = {p["id"]: p for p in read_all(copied).packs}
    text = (copied / file).read_text(encoding="utf-8")
    assert old in text
    (copied / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    after = {p["id"]: p for p in read_all(copied).packs}
    moved = {
        (name, kind)
        for name in before
        for kind in ("facts", "rules")
        if before[name][f"{kind}_digest"] != after[name][f"{kind}_digest"]
    }
    assert moved == {(pack, part)}
    assert before[pack]["digest"] != after[pack]["digest"]
