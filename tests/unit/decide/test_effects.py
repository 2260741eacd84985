"""What the effects adjust, weight and risk of a rule do to a recommendation."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NEEDS = """version: 1
application: {task: chat}
workload: {requests_per_month: 100000, input_tokens: 500, output_tokens: 200, peak_requests_per_second: 1}
deployment: {hosting: [api]}
"""
TESTS = """    tests:
      - {given: {hosting: api}, expect: fires}
      - {given: {hosting: on_prem}, expect: quiet}
      - {given: {}, expect: unknown}
"""


@pytest.fixture
def recommend(cli: Run, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    (tmp_path / "reqs.yaml").write_text(NEEDS)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "pack.yaml").write_text("pack: {id: mine, version: 0.1.0, title: t, points_budget: 5}\n")
    (folder / "sources.yaml").write_text("sources:\n  - {id: mine.own, title: t}\n")

    def run(effect: str, *more: str) -> dict[str, Any]:
        head = (
            f"rules:\n  - id: X-1\n    title: ours\n    effect: {effect}\n    why: measured\n"
            "    source: [mine.own]\n    as_of: '2026-11-24'\n    review_by: '2027-11-24'\n"
        )
        when = "" if "when:" in effect else '    when: hosting == "api"\n'
        (folder / "rules.yaml").write_text(head + when + TESTS)
        done = cli(
            "recommend", tmp_path / "reqs.yaml", "--packs", folder, "--top", "3", "--format", "json", *more
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def adjusted(quantity: str, factor: float) -> str:
    return (
        f"adjust\n    quantity: {quantity}\n    factor: {factor}\n"
        f"    factor_low: {factor / 2}\n    factor_high: {factor * 2}"
    )


@pytest.mark.parametrize(
    ("quantity", "name"), [("latency", "per_output_token_ms"), ("quality", "quality_index")]
)
def test_adjust_multiplies_and_widens(
    recommend: Callable[..., dict[str, Any]], quantity: str, name: str
) -> None:
    model = recommend("advise\n    advice: nothing")["stacks"][0]["slots"]["model"]
    pin = ("--set", f"pins.model=[{model}]")
    then = recommend("advise\n    advice: nothing", *pin)["stacks"][0]["estimates"][name]
    now = recommend(adjusted(quantity, 0.5), *pin)["stacks"][0]["estimates"][name]
    assert now["p50"] == pytest.approx(then["p50"] * 0.5, rel=1e-4)
    assert now["inputs"]["adjusted_by"] == "X-1 x0.5"
    assert now["p90"] / now["p10"] > then["p90"] / then["p10"] * 1.05


def test_adjusted_cost_moves_the_bill(recommend: Callable[..., dict[str, Any]]) -> None:
    first = recommend(adjusted("cost", 3.0))["stacks"][0]
    pin = ("--set", f"pins.model=[{first['slots']['model']}]")
    first = recommend(adjusted("cost", 3.0), *pin)["stacks"][0]
    line = next(c for c in first["costs"] if c["item"].startswith("hosted model"))
    stacks = recommend(adjusted("cost", 1.0), *pin)["stacks"]
    plain = next(s for s in stacks if s["slots"]["offer"] == first["slots"]["offer"])
    base = next(c for c in plain["costs"] if c["item"].startswith("hosted model"))
    ratio = line["usd_per_month"]["p90"] / line["usd_per_month"]["p50"]
    assert ratio >= 2.0  # its own interval is a factor of two either way
    assert line["usd_per_month"]["p50"] == pytest.approx(3.0 * base["usd_per_month"]["p50"], rel=1e-4)


def test_weight_moves_default_weights_only(recommend: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    rule = 'weight\n    criterion: cost\n    factor: 4\n    when: req.task == "chat"'
    found = recommend(rule)
    weights = {c["id"]: c["weight"] for c in found["stacks"][0]["contributions"] if c["kind"] == "criterion"}
    plain = recommend("advise\n    advice: nothing")
    base = {c["id"]: c["weight"] for c in plain["stacks"][0]["contributions"] if c["kind"] == "criterion"}
    assert weights["cost"] / weights["quality"] == pytest.approx(4 * base["cost"] / base["quality"], rel=1e-4)
    assert sum(weights.values()) == pytest.approx(100.0, rel=1e-4)
    assert any("X-1" in note for note in found["notes"])
    stated = recommend(rule, "--set", "weights={quality: 50, cost: 50}")
    assert {c["id"]: c["weight"] for c in stated["stacks"][0]["contributions"]}["cost"] == 50
    assert not any("X-1" in note for note in stated["notes"])


def test_risk_rule_adds_its_risk(recommend: Callable[..., dict[str, Any]]) -> None:
    plain = recommend("advise\n    advice: nothing")["stacks"][0]["risks"]
    assert [r["certain"] for r in plain if r["id"] == "R-REID"] == [False]
    added = recommend("risk\n    risk: R-REID")["stacks"][0]["risks"]
    assert [r["certain"] for r in added if r["id"] == "R-REID"] == [True]


def test_an_effect_without_its_fields_is_refused(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: {id: mine, version: 0.1.0, title: t, points_budget: 5}\n")
    (tmp_path / "rules.yaml").write_text(
        "rules:\n  - {id: X-1, title: t, effect: adjust, when: known(hosting), why: w, source: [s], as_of: '2026'}\n"
    )
    done = cli("pack", "lint", "--packs", tmp_path)
    assert done.returncode == 2
    assert "rules.yaml:2" in done.stderr
    assert "factor_low" in done.stderr
