"""estimate, check, diff, schema and pack as a user runs them."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_estimate_json_has_the_contract(cli: Run) -> None:
    done = cli("estimate", "Qwen/Qwen3-32B", "--on", "2xH100-SXM", "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["fits"] is True
    assert set(found["memory_gib_per_device"]) == {
        "weights",
        "kv_cache",
        "activations",
        "reserve",
        "total",
        "usable",
    }
    for name in ("first_token_ms", "first_token_p95_ms", "per_output_token_ms", "requests_per_s"):
        assert found[name]["p10"] <= found[name]["p50"] <= found[name]["p90"]
        assert found[name]["formula"].startswith("serving.")


def test_estimate_that_does_not_fit(cli: Run) -> None:
    done = cli(
        "estimate", "deepseek-ai/DeepSeek-R1", "--on", "8xh100", "--precision", "fp8", "--format", "json"
    )
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert found["fits"] is False
    assert found["nearest"]


def test_estimate_refuses_what_nobody_runs(cli: Run) -> None:
    done = cli("estimate", "Qwen/Qwen3-8B", "--on", "a100", "--precision", "fp8-w8a8", "--engine", "vllm")
    assert done.returncode == 1
    assert "unsupported" in done.stdout


def test_estimate_points(cli: Run, tmp_path: Path) -> None:
    points = tmp_path / "points.yaml"
    points.write_text(
        "points:\n  - {model: Qwen/Qwen3-8B, hardware: h100}\n  - {model: Qwen/Qwen3-8B, hardware: l4}\n"
    )
    found = json.loads(cli("estimate", "--points", points, "--format", "json").stdout)
    assert len(found["estimates"]) == 2


def test_check_passes_fails_and_finds_nothing(cli: Run, tmp_path: Path) -> None:
    assert cli("check", tmp_path).returncode == 3
    stack = tmp_path / "selector.stack.yaml"
    good = "version: 1\nstack: {model: Qwen/Qwen3-8B, hosting: on_prem, engine: vllm, precision: bf16, hardware: h100}\n"
    stack.write_text(good)
    assert cli("check", tmp_path).returncode == 0
    stack.write_text(good.replace("hardware: h100", "hardware: h100, trust_remote_code: true"))
    done = cli("check", tmp_path)
    assert done.returncode == 1
    assert "SEC-002" in done.stdout
    assert "selector.stack.yaml:2:" in done.stdout
    stack.write_text(good.replace("engine: vllm", "engine: vlllm"))
    assert cli("check", tmp_path).returncode == 2


def test_the_same_veto_serves_recommend_and_check(cli: Run, tmp_path: Path) -> None:
    reqs = tmp_path / "reqs.yaml"
    reqs.write_text(
        "application: {task: chat}\ndata: {may_leave_premises: false}\n"
        "deployment: {hosting: [self_hosted], clouds: [aws], inventory: [{hardware: h100, count: 1}]}\n"
    )
    ranked = json.loads(cli("recommend", reqs, "--format", "json").stdout)
    assert {s["slots"]["hosting"] for s in ranked["stacks"]} == {"on_prem"}
    assert any(e["reason"].startswith("PRIV-001") for e in ranked["excluded"])
    (tmp_path / "selector.stack.yaml").write_text(
        "version: 1\nrequirements: reqs.yaml\nstack: {model: Qwen/Qwen3-8B, hosting: self_hosted_cloud}\n"
    )
    done = cli("check", tmp_path)
    assert done.returncode == 1
    assert "PRIV-001" in done.stdout


def test_diff_names_the_new_winner(cli: Run, tmp_path: Path, root: Path) -> None:
    reqs = root / "examples" / "image-classification-in-house" / "reqs.yaml"
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    assert cli("recommend", reqs, "--save", old).returncode == 0
    assert cli("recommend", reqs, "--save", new, "--set", "latency.request_p95_ms=9").returncode == 0
    same = cli("diff", old, old, "--fail-on", "winner-change")
    assert same.returncode == 0
    assert "winner stays" in same.stdout
    moved = cli("diff", old, new, "--fail-on", "winner-change")
    assert moved.returncode == 1
    assert "input changed: requirements_sha256" in moved.stdout


def test_pack_show_has_source_and_place(cli: Run) -> None:
    done = cli("pack", "show", "h100-sxm-80gb")
    assert done.returncode == 0
    assert "rules/hardware" in done.stdout
    assert "source hardware." in done.stdout


def test_pack_weights_scale_points(cli: Run, root: Path) -> None:
    reqs = root / "examples" / "driving-perception-edge" / "reqs.yaml"
    found = json.loads(cli("recommend", reqs, "--set", "packs.privacy=2.0", "--format", "json").stdout)
    assert found["robustness"]["points_budget"]["privacy"] == 20


def test_version_and_schema(cli: Run) -> None:
    assert cli("--version").stdout == "selector 0.1.0\n"
    assert json.loads(cli("schema", "reqs").stdout)["type"] == "object"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CNY", "usd_per_unit"),
        ("exchange rates", "CNY: "),
        ("cost.usd_per_kwh", "rules/parameters.yaml"),
        ("rules/parameters.yaml", "parameters: cost.usd_per_kwh"),
        ("effort.", "parameters: effort.run.api"),
        ("privacy.hipaa", "45 CFR"),
        ("privacy pack", "PRIV-001"),
        ("api.us", "processed in us"),
        ("mitigations", "M-BAA"),
        ("judgement", "judgement: true"),
        ("aws/us-east-1/p5en.48xlarge (spot)", "spot_per_hour"),
    ],
)
def test_pack_show_finds_every_source_that_is_printed(name: str, words: str, cli: Run) -> None:
    done = cli("pack", "show", name)
    assert done.returncode == 0, done.stderr
    assert words in done.stdout


def test_no_message_names_a_command_that_does_not_exist(cli: Run, tmp_path: Path) -> None:
    commands = cli("--help").stdout
    for name in ("empty.yaml", "empty.csv"):
        (tmp_path / name).write_text("")
        for args in (("recommend", tmp_path / name), ("validate", tmp_path / name)):
            done = cli(*args)
            assert done.returncode == 2
            for word in re.findall(r"`selector ([a-z]+)", done.stderr):
                assert word in commands


def test_estimate_refuses_a_rate_of_nothing(cli: Run) -> None:
    done = cli("estimate", "Qwen/Qwen3-8B", "--on", "h100", "--rate", "0")
    assert done.returncode == 2
    assert "--rate 0" in done.stderr


def test_estimate_of_points_refuses_layouts_beyond_the_devices(cli: Run, tmp_path: Path) -> None:
    points = tmp_path / "points.yaml"
    points.write_text("points:\n  - {model: Qwen/Qwen3-8B, hardware: h100, tp: 2}\n")
    done = cli("estimate", "--points", points, "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["estimates"][0]["limits"] == [
        "layout: tp 2 x pp 1 needs 2 devices, 1 given"
    ]


def test_estimate_says_the_load_that_it_sizes_for(cli: Run) -> None:
    done = cli("estimate", "Qwen/Qwen3-8B", "--on", "h100", "--rate", 3)
    assert done.stdout.startswith("load: 1024 tokens in, 256 out, 3 requests/s")


def test_what_does_not_fit_has_no_speed(cli: Run) -> None:
    done = cli("estimate", "deepseek-ai/DeepSeek-R1", "--on", "1xA100-SXM-80GB")
    assert done.returncode == 1
    assert "DOES NOT FIT" in done.stdout
    assert "tokens_per_s" not in done.stdout
    slow = cli("estimate", "Qwen/Qwen3-8B", "--on", "1xH100-SXM", "--rate", "500")
    assert "requests_per_s" in slow.stdout  # it loads, so it has a speed that falls short


def test_columns_hold_where_the_output_is_no_terminal(
    cli: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = cli("recommend", root / "examples" / "predictive-maintenance" / "reqs.yaml")
    assert max(map(len, done.stdout.splitlines())) <= 80
