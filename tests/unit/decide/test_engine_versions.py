"""Versions in the support table: as pinned or declared, else the newest."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable, newest
from selector.types.advisory import Advisory
from selector.types.decision import Recommendation

Decide = Callable[..., Recommendation]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
BOX = "deployment={hosting: [self_hosted], inventory: [{hardware: 8xh100, count: 8}]}"
STACK = "version: 1\nstack: {model: %s, hosting: on_prem, engine: %s, precision: %s, hardware: %s%s}\n"


@pytest.mark.parametrize(("meant", "status"), [({}, "yes"), ({"tensorrt": "==10.9"}, "yes")])
def test_rows_of_other_versions_do_not_count(
    catalogue: Catalogue, meant: dict[str, str], status: str
) -> None:
    model = next(m for m in catalogue.models.values() if m.model_class == "vision")
    card = catalogue.devices["t4-16gb"]
    old = SupportTable(catalogue.support, meant)
    assert old.look_up("tensorrt", card, "fp16", model, "vision").status == status
    now = SupportTable(catalogue.support, newest(catalogue.frameworks))
    assert newest(catalogue.frameworks)["tensorrt"].startswith("==11")
    assert now.look_up("tensorrt", card, "fp16", model, "vision").status == "unknown"


def test_a_pinned_old_engine_does_not_run_a_newer_model(decided: Decide, catalogue: Catalogue) -> None:
    model = next(m for m in catalogue.models.values() if m.min_engine and (m.params_b or 999) < 100)
    least = model.min_engine["vllm"]
    pin = f"pins={{model: [{model.id}], engine: ['vllm<0.7.0']}}"
    found = decided(BOX, pin)
    assert not found.stacks
    assert f"{model.id} needs vllm {least} or later" in [e.reason for e in found.excluded]
    assert decided(BOX, pin.replace("vllm<0.7.0", f"vllm>={least}")).stacks


def test_an_old_engine_stays_a_choice_for_what_it_runs(decided: Decide) -> None:
    found = decided(BOX, "pins={model: [Qwen/Qwen2-7B], engine: ['vllm<0.7.0']}")
    assert {s.slots.engine for s in found.stacks} == {"vllm"}


def checked(cli: Run, folder: Path, *fields: str) -> tuple[int, list[str], list[str]]:
    """Exit code, what the support table refuses, what it does not know."""
    (folder / "selector.stack.yaml").write_text(STACK % fields)
    done = cli("check", folder, "--format", "json")
    found = json.loads(done.stdout)
    said: dict[str, list[str]] = {"fail": [], "unknown": []}
    for f in found["findings"]:
        if f["rule"] == "STACK-001":
            said[f["outcome"]].append(f"{f['file']}: {f['message']}")
    return done.returncode, said["fail"], said["unknown"]


def test_check_refuses_what_the_table_refuses(cli: Run, tmp_path: Path) -> None:
    code, refused, _ = checked(cli, tmp_path, "Qwen/Qwen3-8B", "vllm", "fp8-w8a8", "v100-sxm-32gb", "")
    assert code == 1
    assert len(refused) == 1
    assert "support no" in refused[0]
    new = ", engine_version: '0.31.0'"
    assert checked(cli, tmp_path, "Qwen/Qwen3-8B", "vllm", "bf16", "h100", new) == (0, [], [])


def test_check_knows_the_version_that_a_model_needs(cli: Run, tmp_path: Path, catalogue: Catalogue) -> None:
    model = next(m for m in catalogue.models.values() if m.min_engine)
    fields = (model.id, "vllm", "bf16", "h100")
    code, refused, _ = checked(cli, tmp_path, *fields, ", engine_version: '0.6.0'")
    assert code == 1
    assert "or later" in refused[0]
    assert "selector.stack.yaml" in refused[0]


def test_check_says_what_nobody_knows(cli: Run, tmp_path: Path) -> None:
    code, refused, unresolved = checked(cli, tmp_path, "Qwen/Qwen3-8B", "vllm", "int4-gguf", "h100", "")
    assert (code, refused) == (0, [])
    assert "support unknown" in unresolved[0]


def test_a_certain_hole_of_the_newest_version_raises_the_risk_of_the_engine(
    decided: Decide, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row() -> int:
        found = decided("deployment.hosting=[self_hosted]", "pins.engine=[vllm]", top=1)
        risk = next(r for r in found.stacks[0].risks if r.id == "R-ENGINE-CVE")
        return risk.inherent_at[0]

    before = row()
    base = Advisory("CVE-2026-1", "vllm", "pep440", (">=0",), "t", "high", ("advisories.cve",), "2026-11-27")
    hole = replace(base, cvss=9.0)
    monkeypatch.setitem(catalogue.advisories, hole.id, hole)
    assert row() == before + 1
    monkeypatch.setitem(catalogue.advisories, hole.id, replace(hole, known_exploited=True, cvss=5.0))
    assert row() == 5
    monkeypatch.setitem(catalogue.advisories, hole.id, replace(hole, confidence="low"))
    assert row() == before
    monkeypatch.setitem(catalogue.advisories, hole.id, replace(hole, when="multi_tenant"))
    assert row() == before
