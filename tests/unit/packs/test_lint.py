"""The shipped packs are clean, and lint finds one planted fault of every kind."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from selector.errors import PackError
from selector.packs.catalog import Catalogue, beyond_budget, load
from selector.packs.lint import LINTS, lint
from selector.packs.ruletest import run
from selector.packs.scaffold import lock_differences, lock_text, new

TODAY = date(2026, 11, 24)
RULE = {
    "id": "X-1",
    "title": "t",
    "effect": "veto",
    "severity": "high",
    "confidence": "high",
    "when": 'hosting == "api"',
    "why": "w",
    "source": "[mine.own]",
    "as_of": "'2026-11-24'",
    "review_by": "'2027-01-01'",
}
TESTS = """    tests:
      - {given: {hosting: api}, expect: fires}
      - {given: {hosting: on_prem}, expect: quiet}
      - {given: {}, expect: unknown}
"""


def rule(tests: str = TESTS, **changes: Any) -> str:
    fields = {k: v for k, v in (RULE | changes).items() if v is not None}
    lines = [f"{'- ' if i == 0 else '  '}{k}: {v}" for i, (k, v) in enumerate(fields.items())]
    return "\n".join(f"  {line}" for line in lines) + "\n" + tests


POINTS: dict[str, Any] = {"effect": "points", "points": "2", "evidence": "hosting"}
MODEL = (
    "models:\n  - {id: m/m, vendor: v, tasks: [chat], model_class: llm, licence: MIT, languages: [en],"
    " source: [mine.own], as_of: '2026', params_b: 1, active_params_b: 2}\n"
)
OFFER = (
    "offers:\n  - {id: o/o, provider: p, tier: neocloud, region: r, jurisdiction: us, device: t4-16gb, count: 1,"
    " currency: USD, source: mine.own, as_of: '2026-11-01', on_demand_per_hour: 1, spot_per_hour: 2}\n"
)
DEVICE = (
    "devices:\n  - {id: d-1gb, name: D, vendor: V, kind: gpu, family: d, status: current, source: [mine.own],"
    " as_of: '2026', tflops_dense: {bf16: 100, fp16: 200}}\n"
)
PARAMETER = "parameters:\n  - {id: p.p, value: 1, low: 0, high: 2, unit: x, as_of: '2026'}\n"
IMPLICATION = (
    """implications:
  - id: I-MINE
    when: 'hosting == "api" and engine.id == "vllm"'
    sets: {own_engine: false}
    why: w
"""
    + TESTS
)
MITIGATION = (
    "mitigations:\n  - {id: M-MINE, name: n, likelihood: 0.5, impact: 1, basis: judgement, source: mine.own,"
    " as_of: '2026-11-24', days_low: 1, days_high: 2, references: {cwe: 'CVE-1'}}\n"
)
PLANTED = {
    "L001": "rules:\n" + rule(source="[nobody]"),
    "L003": MODEL.replace("MIT", "No-Such-Licence"),
    "L004": "rules:\n" + rule(tests=""),
    "L005": "rules:\n" + rule(review_by="'2020-01-01'"),
    "L008": "rules:\n" + rule(**POINTS) + rule(**(POINTS | {"id": "X-2"})),
    "L009": "rules:\n" + rule(effect="weight", criterion="cost", factor="2"),
    "L010": "rules:\n" + rule(**(POINTS | {"when": "model.params_b > 8"})),
    "L011": OFFER,
    "L012": MODEL,
    "L013": DEVICE,
    "L014": "rules:\n" + rule(effect="adjust", quantity="cost", factor="2", factor_low="3", factor_high="4"),
    "L015": "rules:\n" + rule(severity=None),
    "L016": "sources:\n  - {id: mine.other, title: t}\n",
    "L017": PARAMETER,
    "L018": IMPLICATION,
    "L019": MITIGATION,
}


def pack(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "pack.yaml").write_text("pack: {id: mine, version: 0.1.0, title: t, points_budget: 5}\n")
    (folder / "sources.yaml").write_text("sources:\n  - {id: mine.own, title: t, unpublished: ours}\n")
    (folder / "more.yaml").write_text(text)
    return folder


def test_shipped_packs_are_clean(catalogue: Catalogue) -> None:
    assert [f.text(catalogue) for f in lint(catalogue, TODAY)] == []


def test_shipped_rules_pass_their_tests(catalogue: Catalogue) -> None:
    outcomes = run(catalogue)
    assert len(outcomes) >= 3 * len(catalogue.rules)
    assert [o for o in outcomes if not o.passed] == []


@pytest.mark.parametrize("code", sorted(PLANTED))
def test_planted_fault_is_found(code: str, tmp_path: Path) -> None:
    faults = lint(load([pack(tmp_path / "mine", PLANTED[code])]), TODAY)
    assert code in {f.code for f in faults}
    assert all("mine" in f.text(load([tmp_path / "mine"])) for f in faults if f.code == code)


def test_broken_condition_stops_the_load_with_a_position(tmp_path: Path) -> None:
    folder = pack(tmp_path / "mine", "rules:\n" + rule(when="hostin == 1"))
    with pytest.raises(PackError, match=r'more\.yaml:2:\d+: X-1: unknown fact "hostin"'):
        load([folder])


def test_points_beyond_the_budget_stop_the_load_with_a_position(tmp_path: Path) -> None:
    folder = pack(tmp_path / "mine", "rules:\n" + rule(**(POINTS | {"points": "-5.5"})))
    with pytest.raises(PackError, match=r"more\.yaml:2:\d+: X-1: .* 5\.5 points, budget 5\n  fix: lower"):
        load([folder])
    text = (folder / "more.yaml").read_text()
    (folder / "more.yaml").write_text(text.replace("-5.5", "-5"))
    assert beyond_budget(load([folder])) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("fills: [{key: latency.request_p95_ms, value: soon, why: w w, judgement: true}]", "soon"),
        (
            "fills: [{key: latency.request_ms, value: 1, why: w w, judgement: true}]",
            'unknown key "request_ms"',
        ),
        ("laws: [{regulation: NOBODYS, why: w w, source: [mine.own]}]", 'no regulation "NOBODYS"'),
        ("mandatory: [{mitigation: M-SELF-HOST, why: w w, source: [mine.own]}]", '"M-SELF-HOST"'),
        ("rules: [X-9]", 'no rule "X-9"'),
    ],
)
def test_an_area_with_a_fault_stops_the_load_with_a_position(wrong: str, said: str, tmp_path: Path) -> None:
    parts = {"fills": "[]", "mandatory": "[{mitigation: M-EVAL, why: w w, source: [mine.own]}]"}
    key, _, value = wrong.partition(": ")
    rows = "".join(f"    {k}: {v}\n" for k, v in (parts | {key: value}).items())
    text = f"domains:\n  - id: mine\n    domain: general\n    title: t\n    task: chat\n    summary: none\n    as_of: '2026'\n{rows}"
    with pytest.raises(PackError, match=rf"more\.yaml:2:\d+: area mine: .*{said}"):
        load([pack(tmp_path / "mine", text)])


def test_a_model_of_an_unknown_publisher_is_found(tmp_path: Path) -> None:
    text = MODEL.replace("params_b: 1, active_params_b: 2", "params_b: 1")
    faults = lint(load([pack(tmp_path / "mine", text)]), TODAY)
    assert [(f.code, f.what) for f in faults] == [("L003", '"v" does not exist')]


def test_a_technique_names_what_there_is(tmp_path: Path) -> None:
    text = """composites:
  - id: mine.router
    kind: router
    title: t
    tasks: [chatting]
    roles: [llms]
    engines: [vllm, wllm]
    needs: [n]
    published: [{what: w, data: d, source: nobody, as_of: '2026', first: [no/model]}]
"""
    faults = lint(load([pack(tmp_path / "mine", text)]), TODAY)
    assert {(f.code, f.what) for f in faults} == {
        ("L001", 'source "nobody" is not known'),
        *(("L003", f'"{name}" does not exist') for name in ("chatting", "llms", "wllm", "no/model")),
    }


def test_every_kind_of_fault_is_planted() -> None:
    assert set(PLANTED) | {"L002", "L007", "L020"} == set(LINTS)  # these stop the load


def test_two_packs_with_one_id(tmp_path: Path) -> None:
    folder = pack(tmp_path / "a", PARAMETER.replace("as_of", "judgement: true, as_of"))
    with pytest.raises(PackError, match='pack id "mine" is taken'):
        load([folder, pack(tmp_path / "b", PARAMETER.replace("p.p", "q.q"))])


def test_user_pack_overrides_by_id(tmp_path: Path) -> None:
    text = "parameters:\n  - {id: cost.usd_per_kwh, value: 9, low: 8, high: 10, unit: USD, judgement: true, as_of: '2026'}\n"
    found = load([pack(tmp_path / "mine", text)])
    assert found.parameters["cost.usd_per_kwh"].value == 9
    assert found.raw.overridden == ["parameters:cost.usd_per_kwh"]


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "Evil", "", "a b", "a/b"])
def test_a_new_pack_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(PackError, match="no id of a pack"):
        new(inside, name)
    assert list(tmp_path.iterdir()) == [inside]
    assert list(inside.iterdir()) == []


def test_a_new_pack_lints_clean_and_locks(tmp_path: Path, catalogue: Catalogue) -> None:
    new(tmp_path, "house")
    found = load([tmp_path / "house"])
    assert lint(found, TODAY) == []
    assert all(o.passed for o in run(found, "house"))
    assert lock_differences(catalogue, lock_text(found)) == ["house: missing"]
