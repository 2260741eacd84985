"""Components are paid for together: people once, one budget, one verdict, one digest."""

import copy
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from selector.cli import session
from selector.decide import joint
from selector.iterate import diff
from selector.needs.load import load
from selector.packs.catalog import Catalogue
from selector.types.decision import Recommendation

Run = Callable[..., "subprocess.CompletedProcess[str]"]
TODAY = date(2026, 11, 24)
EXAMPLE = Path(__file__).parents[3] / "examples" / "call-centre-speech" / "reqs.yaml"


@pytest.fixture(scope="module")
def needs() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text().replace("_000", "000"))
    return found


def decided(folder: Path, catalogue: Catalogue, needs: dict[str, Any], top: int = 5) -> Recommendation:
    path = folder / "reqs.yaml"
    path.write_text(yaml.safe_dump(needs))
    return session.decide(load(path), catalogue, top, False, False, TODAY)


def test_people_are_counted_once(tmp_path: Path, catalogue: Catalogue, needs: dict[str, Any]) -> None:
    found = decided(tmp_path, catalogue, needs)
    assert found.joint is not None
    assert found.joint.usd_per_month is not None
    parts = [p.stack for p in found.joint.parts]
    alone = [s.estimates["cost_per_month_usd"] for s in parts]
    people = [c.usd_per_month.p50 for s in parts for c in s.costs if c.usd_per_month and "people" in c.item]
    each = sum(e.p50 for e in alone if e)
    assert found.joint.usd_per_month.p50 == pytest.approx(each - sum(people) + max(people))
    assert found.joint.usd_per_month.p90 >= found.joint.usd_per_month.p50


def test_the_budget_is_one_for_all(
    tmp_path: Path, catalogue: Catalogue, needs: dict[str, Any], cli: Run
) -> None:
    needs = needs | {"weights": {"cost": 100}}
    free = decided(tmp_path, catalogue, needs)
    # A budget that binds puts the cheapest stacks first; few steps reach the least that there is.
    for _ in range(3):
        least = joint.of((free, *free.components), 1.0)
        assert least is not None
        assert least.usd_per_month is not None
        tight = {"budget": {"per_month_usd": least.usd_per_month.p50 * 1.001}}
        free = decided(tmp_path, catalogue, needs | tight)
    parts = (free, *free.components)
    assert free.feasible
    most = max(e.p50 for p in parts if (e := p.stacks[0].estimates["cost_per_month_usd"]) is not None)
    cheapest = joint.of(parts, 1.0)
    assert cheapest is not None
    assert cheapest.budget is not None
    assert cheapest.budget.status == "violated"
    assert cheapest.usd_per_month is not None
    floor = cheapest.usd_per_month.p50
    assert floor > most * 0.9
    assert not replace(free, joint=cheapest).feasible
    kept = joint.of(parts, floor * 1.001)
    assert kept is not None
    assert kept.budget is not None
    assert kept.budget.status == "at_risk"
    # Each component keeps this budget alone; together they do not.
    (tmp_path / "reqs.yaml").write_text(yaml.safe_dump(needs | {"budget": {"per_month_usd": floor * 0.99}}))
    done = cli("recommend", tmp_path / "reqs.yaml", "--as-of", "2026-11-24", "--top", 5)
    assert done.returncode == 1
    assert "NO COMBINATION" in done.stdout
    assert "What would let a stack through" in done.stdout
    moves = joint.relaxations(joint.of(parts, floor * 0.99))
    assert [m.needed for m in moves[0].changes] == [pytest.approx(floor, rel=1e-4)]
    assert joint.relaxations(kept) == joint.relaxations(None) == ()


def test_a_larger_budget_never_lets_less_through(
    tmp_path: Path, catalogue: Catalogue, needs: dict[str, Any]
) -> None:
    """What is cheap is among the choices although the dearer stacks that are shown rank before it."""
    free = decided(tmp_path, catalogue, needs | {"weights": {"cost": 100}})
    least = joint.of((free, *free.components), 1.0)
    assert least is not None
    assert least.usd_per_month is not None
    fast = needs | {"weights": {"latency": 100}}
    for factor in (1.001, 1.05, 1.3, 2.0):
        budget = {"budget": {"per_month_usd": least.usd_per_month.p50 * factor}}
        made = decided(tmp_path, catalogue, fast | budget, top=2)
        assert made.feasible
        assert made.joint is not None
        assert all(part.stack in p.stacks for part, (_, p) in zip(made.joint.parts, made.parts, strict=True))


def test_one_digest_and_one_diff_for_the_whole_file(
    tmp_path: Path, catalogue: Catalogue, needs: dict[str, Any]
) -> None:
    from selector.report import json as as_json

    other = copy.deepcopy(needs)
    other["components"][1]["workload"]["requests_per_month"] = 9_000_000
    other["team"]["usd_per_engineer_month"] = 15000
    old, new = (
        as_json.recommendation(decided(tmp_path, catalogue, n)) | {"requirements": n} for n in (needs, other)
    )
    assert old["inputs"]["requirements_sha256"] != new["inputs"]["requirements_sha256"]
    found = diff.diff(old, new)
    assert found["attribution"]["changed"] == ["requirements"]
    assert [c["name"] for c in found["components"]] == [c["name"] for c in needs["components"][1:]]
    assert found["components"][0]["diff"]["estimates"]
    assert found["joint"]["cost_per_month_usd"]["old"] != found["joint"]["cost_per_month_usd"]["new"]
    moved = copy.deepcopy(old)
    moved["components"][0]["stacks"][0]["slots"]["model"] = "another"
    assert not diff.winner_changed(diff.diff(old, old))
    assert diff.winner_changed(diff.diff(old, moved))


def test_json_of_components_keeps_the_schema(cli: Run, tmp_path: Path, root: Path) -> None:
    from jsonschema import Draft202012Validator

    from selector.packs.schema import load as schema

    saved = tmp_path / "decision.json"
    assert cli("recommend", EXAMPLE, "--save", saved).returncode == 0
    decision = json.loads(saved.read_text())
    Draft202012Validator(schema("decision")).validate(decision)
    assert decision["joint"]["budget"] is None
    done = cli("diff", saved, saved, "--format", "json")
    Draft202012Validator(schema("diff")).validate(json.loads(done.stdout))
    assert "together" in cli("diff", saved, saved).stdout


def test_plans_are_those_of_the_stacks_that_are_taken(tmp_path: Path, catalogue: Catalogue) -> None:
    """Where own devices or money make a component take another stack, the plan is of that one."""
    device = {"deployment": {"hosting": ["on_prem"], "inventory": [{"hardware": "l40s-48gb", "count": 3}]}}
    chat = {"application": {"task": "chat"}, "adaptation": {"method": "lora"}}
    load_ = {"workload": {"peak_requests_per_second": 4, "requests_per_month": 2000000}}
    names = {"components": [{"name": name, **chat, **load_} for name in ("first", "second")]}
    found = decided(tmp_path, catalogue, {"version": 1, **chat, **device, **names})
    assert found.joint is not None
    taken = [x.stack for x in found.joint.parts]
    assert any(own.slots != part.stacks[0].slots for own, (_, part) in zip(taken, found.parts, strict=True))
    for own, (_, part) in zip(taken, found.parts, strict=True):
        assert part.plan is not None
        assert part.plan.stack == own.label
