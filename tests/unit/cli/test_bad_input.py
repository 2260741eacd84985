"""Bad input: exit 2, a position, no traceback, all errors at once."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
CASES = {
    "unknown-key": ("application: {task: chat}\nbudgett: 1\n", 'did you mean "budget"'),
    "unknown-task": ("application: {task: chatt}\n", '"chat"'),
    "wrong-type": ("application: {task: chat}\nworkload: {peak_requests_per_second: fast}\n", "number"),
    "negative": ("application: {task: chat}\nworkload: {peak_requests_per_second: -1}\n", "at least"),
    "absurd": ("application: {task: chat}\nhorizon_months: 100000\n", "at most"),
    "no-task": ("version: 1\n", "application"),
    "empty": ("", "empty"),
    "duplicate": ("application: {task: chat}\napplication: {task: chat}\n", "duplicate"),
    "yaml-1-1": ("application: {task: chat}\norganisation: {commercial: yes}\n", "boolean"),
    "tag": ("application: !!python/object:x {task: chat}\n", "tag"),
    "not-a-mapping": ("- 1\n", "object"),
    "unknown-model": ("application: {task: chat}\npins: {model: [Qwen/Qwen3-23B]}\n", "Qwen3-32B"),
    "unknown-hardware": ("application: {task: chat}\npins: {hardware: [h1000]}\n", "unknown hardware"),
    "contradiction": (
        "application: {task: chat}\ndata: {may_leave_premises: false}\ndeployment: {hosting: [api]}\n",
        "may_leave_premises",
    ),
    "weights-empty": ("application: {task: chat}\nweights: {}\n", "weights is empty"),
    "pack-that-is-not-there": ("application: {task: chat}\npacks: {privac: 2}\n", 'did you mean "privacy"'),
    "no-requests": ("application: {task: chat}\nworkload: {requests_per_month: 0}\n", "nothing to serve"),
    "no-language": ("application: {task: chat, languages: [en, zx]}\n", '"zx" is no language of ISO 639'),
    "language-by-name": ("application: {task: chat, languages: [english]}\n", "such as en"),
    "size-of-letters": ("application: {task: chat}\nproposed: {model_params_b: abc}\n", "number"),
    "weights-zero": ("application: {task: chat}\nweights: {cost: 0}\n", "weights"),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_requirements(name: str, tmp_path: Path, cli: Run) -> None:
    text, words = CASES[name]
    path = tmp_path / "reqs.yaml"
    path.write_text(text)
    done = cli("recommend", path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert f"{path}:" in done.stderr
    assert words in done.stderr


def test_the_requirements_are_never_overwritten(tmp_path: Path, cli: Run) -> None:
    path = tmp_path / "reqs.yaml"
    text = "application: {task: tabular}\ndeployment: {hosting: [on_prem]}\n"
    path.write_text(text)
    done = cli("recommend", path, "--save", path, "--force")
    assert done.returncode == 2
    assert "is the requirements file" in done.stderr
    assert path.read_text() == text


def test_all_errors_at_once(tmp_path: Path, cli: Run) -> None:
    path = tmp_path / "reqs.yaml"
    path.write_text("application: {task: chatt}\nbudgett: 1\nhorizon_months: -1\n")
    assert cli("recommend", path).stderr.count("error:") == 3


def test_missing_file_and_flags(tmp_path: Path, cli: Run, root: Path) -> None:
    good = root / "examples" / "chat-api-or-gpus" / "reqs.yaml"
    for args in (
        ("recommend", tmp_path / "nothing.yaml"),
        ("recommend", good, "--format", "jsn"),
        ("recommend", good, "--as-of", "today"),
        ("recommend", good, "--set", "budget.per_month=x"),
        ("recommend", good, "--packs", tmp_path / "nothing"),
        ("estimate", "no-such-model", "--on", "h100"),
        ("estimate",),
        ("schema", "reqz"),
        ("pack", "show", "nvidia-h100"),
        ("diff", good, tmp_path / "nothing.yaml"),
        ("diff", good, good, "--fail-on", "winner-chang"),
        ("diff", good, good, "--format", "sarif"),
        ("record", good),
    ):
        done = cli(*args)
        assert done.returncode == 2, args
        assert "error:" in done.stderr
        assert "Traceback" not in done.stderr


DAMAGE: dict[str, tuple[Callable[[Any], object], str]] = {
    "cut-short": (lambda d: d, "not JSON"),
    "slots-missing": (lambda d: d["stacks"][0].pop("slots"), "stacks.0 lacks slots"),
    "inputs-missing": (lambda d: d.pop("inputs"), "lacks inputs"),
    "stacks-not-a-list": (lambda d: d.update(stacks=7), "stacks: 7 is not of type array"),
    "estimate-not-a-number": (
        lambda d: d["stacks"][0]["estimates"]["cost_per_month_usd"].update(p50="cheap"),
        "stacks.0.estimates.cost_per_month_usd",
    ),
    "component-damaged": (lambda d: d["components"].append({}), "components.0 lacks"),
}


@pytest.fixture(scope="session")
def decision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    saved = tmp_path_factory.mktemp("decision") / "decision.json"
    reqs = Path(__file__).parents[3] / "examples" / "credit-default-scoring" / "reqs.yaml"
    code = "from selector.cli.main import run; run()"
    subprocess.run([sys.executable, "-c", code, "recommend", reqs, "--save", saved], check=True)
    return saved


@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_diff_refuses_a_damaged_decision(name: str, decision: Path, tmp_path: Path, cli: Run) -> None:
    damage, words = DAMAGE[name]
    found = json.loads(decision.read_text())
    damage(found)
    text = json.dumps(found, indent=1)
    bad = tmp_path / "bad.json"
    bad.write_text(text[: len(text) // 2] if name == "cut-short" else text)
    done = cli("diff", decision, bad)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"{bad}:" in done.stderr
    assert words in done.stderr


def test_nothing_fits_says_what_is_in_the_way(tmp_path: Path, cli: Run) -> None:
    path = tmp_path / "reqs.yaml"
    path.write_text(
        "application: {task: chat}\npins: {model: [deepseek-ai/DeepSeek-R1], precision: [bf16]}\n"
        "deployment: {hosting: [on_prem], inventory: [{hardware: h100, count: 1}]}\n"
    )
    done = cli("recommend", path)
    assert done.returncode == 1
    assert "NO STACK SATISFIES" in done.stdout
    assert "does not fit in memory" in done.stdout


def test_save_never_overwrites(tmp_path: Path, cli: Run, root: Path) -> None:
    reqs = root / "examples" / "credit-default-scoring" / "reqs.yaml"
    saved = tmp_path / "decision.json"
    assert cli("recommend", reqs, "--save", saved).returncode == 0
    assert cli("recommend", reqs, "--save", saved).returncode == 2
    assert cli("recommend", reqs, "--save", saved, "--force").returncode == 0


def test_an_output_given_for_requirements_is_told_what_it_is(
    decision: Path, tmp_path: Path, cli: Run
) -> None:
    saved = cli("recommend", decision)
    assert saved.returncode == 2
    assert "saved decision, not requirements" in saved.stderr
    content = json.loads(decision.read_text())
    for key in ("requirements", "files", "digest"):
        del content[key]
    plain = tmp_path / "r.json"
    plain.write_text(json.dumps(content))
    for command in ("recommend", "explain"):
        done = cli(command, plain)
        assert done.returncode == 2
        assert "recommend --format json" in done.stderr
    table = tmp_path / "points.csv"
    table.write_text("model,hardware\nQwen/Qwen3-8B,h100\n")
    done = cli("estimate", "--points", table)
    assert done.returncode == 2
    assert "selector validate" in done.stderr


def test_a_source_that_no_pack_has_stops_with_its_place(tmp_path: Path, cli: Run) -> None:
    pack, reqs = tmp_path / "mine", tmp_path / "reqs.yaml"
    pack.mkdir()
    (pack / "pack.yaml").write_text(
        "pack: {id: mine, version: 0.1.0, title: mine, requires_selector: '>=0.1'}\n"
    )
    (pack / "offers.yaml").write_text(
        "offers:\n  - {id: me/here/t4, provider: me, region: us-east-1, jurisdiction: us, device: t4-16gb, count: 1, tier: marketplace,"
        " currency: USD, on_demand_per_hour: 1.0, source: nobody.at-all, as_of: '2026-11-01'}\n"
    )
    reqs.write_text("application: {task: chat}\n")
    done = cli("recommend", reqs, "--packs", pack)
    assert done.returncode == 2
    assert 'no source "nobody.at-all"' in done.stderr
    assert f"{pack / 'offers.yaml'}:2:" in done.stderr
