"""`selector validate`: predicted against measured, honest about what it cannot predict."""

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selector.iterate.measurements import Point, read
from selector.iterate.validate import Outcome, summary, validate
from selector.packs.catalog import Catalogue

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BASE: dict[str, Any] = {
    "id": "p1",
    "model": "Qwen3-8B",
    "precision_weights": "bf16",
    "engine": "vLLM",
    "hardware": "H100-SXM",
    "n_devices": 1,
    "tp": 1,
    "scenario": "online",
    "input_tokens": 1000,
    "output_tokens": 500,
    "concurrency_or_batch": 16,
    "metric": "tpot_ms",
    "value": 9.0,
}


def one(catalogue: Catalogue, **changes: Any) -> Outcome:
    return validate([Point("p1", BASE | changes)], catalogue)[0]


def p50(catalogue: Catalogue, **changes: Any) -> float:
    guess = one(catalogue, **changes).guess
    assert guess is not None
    return guess.p50


def test_units_of_the_metrics_agree(catalogue: Catalogue) -> None:
    output = p50(catalogue, metric="output_tok_s")
    assert p50(catalogue, metric="total_tok_s") == pytest.approx(output * 1500 / 500)
    assert p50(catalogue, metric="req_s") == pytest.approx(output / 500)
    two = {"n_devices": 2, "tp": 2, "metric": "output_tok_s"}
    assert p50(catalogue, **two, per="device") == pytest.approx(p50(catalogue, **two) / 2)
    assert p50(catalogue, metric="latency_s") * 1e3 == pytest.approx(p50(catalogue, metric="latency_ms"))
    weights = {"metric": "weights_gib", "method": "inference"}
    ratio = p50(catalogue, **(weights | {"metric": "weights_gb"})) / p50(catalogue, **weights)
    assert ratio == pytest.approx(2**30 / 1e9)


def test_memory_is_of_one_device_unless_it_is_a_sum(catalogue: Catalogue) -> None:
    two = {"metric": "gpu_mem_gib", "n_devices": 2, "tp": 2}
    summed = p50(catalogue, **two, value_scope="sum over GPUs")
    assert summed == pytest.approx(2 * p50(catalogue, **two, value_scope="per GPU"))


def test_flags_and_remarks_are_read(catalogue: Catalogue) -> None:
    assert Point("x", {"flags": None}).flags == frozenset()
    assert Point("x", {"flags": "[a, b]"}).flags == {"a", "b"}
    assert p50(catalogue, precision_weights="bf16 (assumed)") == p50(catalogue)


def test_replicas_share_the_load(catalogue: Catalogue) -> None:
    one_device = p50(catalogue, metric="output_tok_s")
    pair = p50(catalogue, metric="output_tok_s", n_devices=2, tp=1, concurrency_or_batch=32)
    assert pair == pytest.approx(2 * one_device)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "no-such-model"}, "model no-such-model"),
        ({"hardware": "abacus"}, "hardware abacus"),
        ({"precision_weights": "q17"}, "precision q17"),
        ({"value": None}, "value is missing"),
        ({"value": 0}, "value is 0"),
        ({"value": -3}, "value is impossible"),
        ({"value": "fast"}, "value is not a number"),
        ({"tp": "1 or 2"}, "tp is not a number"),
        ({"input_tokens": None, "metric": "ttft_ms"}, "input_tokens is missing"),
        ({"metric": "smiles"}, "metric smiles"),
        ({"metric": "fits", "value": 3}, "neither true nor false"),
        ({"metric": "mfu", "value": 0.4, "method": "ppo"}, "method ppo"),
        ({"engine": "Dynamo+SGLang"}, "disaggregated"),
        ({"flags": "[mtp]"}, "speculative"),
        ({"precision_kv": "tf3"}, "precision_kv tf3"),
        ({"unit": "s"}, "unit s is not that of tpot_ms"),
        ({"tp": 8}, "needs more than the 1 devices"),
        ({"input_tokens": 1e308}, "input_tokens is impossible"),
        ({"metric": "mfu", "value": 54}, "fraction"),
        ({"metric": "fits", "value": True, "hardware": "ascend-310b"}, "not known"),
        ({"model": "implicit ALS", "metric": "device_hours"}, "params_b is missing"),
    ],
)
def test_every_point_without_a_prediction_says_why(
    catalogue: Catalogue, changes: dict[str, Any], words: str
) -> None:
    outcome = one(catalogue, **changes)
    assert outcome.guess is None
    assert words in (outcome.reason or "")


def test_groups_count_errors_coverage_and_truth(catalogue: Catalogue) -> None:
    predicted = p50(catalogue)
    rows: list[dict[str, Any]] = [
        {"id": "a", "value": predicted},
        {"id": "b", "value": predicted / 1.1},
        {"id": "c", "value": predicted * 1000},
        {"id": "d", "model": "none"},
        {"id": "e", "metric": "fits", "value": True},
        {"id": "f", "value": predicted, "flags": "implausible_outlier"},
    ]
    outcomes = validate([Point(r["id"], BASE | r) for r in rows], catalogue)
    found = {g.group: g for g in summary(outcomes, "hardware")}
    tpot = found["tpot_ms"]
    assert (tpot.n, tpot.unsupported) == (3, 1)
    assert tpot.median_ape == pytest.approx(0.1)
    assert tpot.coverage_80 == pytest.approx(2 / 3)
    assert found["fits"].accuracy == 1.0
    assert found["fits"].median_ape is None
    assert found["tpot_ms (set apart)"].n == 1
    assert "tpot_ms hardware=H100-SXM" in found


def test_command_reads_csv_and_yaml(cli: Run, tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(BASE))
        writer.writeheader()
        writer.writerow(BASE)
        writer.writerow(BASE | {"id": "p2", "model": "none"})
    other = tmp_path / "points.yaml"
    other.write_text("points:\n  - " + json.dumps(BASE | {"id": "p3"}) + "\n")
    done = cli("validate", table, other, "--by", "engine", "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert [p["status"] for p in found["points"]] == ["ok", "unsupported", "ok"]
    assert found["points"][0]["predicted"]["p10"] < found["points"][0]["predicted"]["p50"]
    assert found["points"][0]["predicted"] == found["points"][2]["predicted"]
    assert {g["group"] for g in found["summary"]} == {"tpot_ms", "tpot_ms engine=vLLM"}
    assert "without a prediction" in cli("validate", table).stdout


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "a.csv:1:1"),
        ("a.csv", "id,metric,value\n1,tpot_ms\n", "a.csv:2"),
        ("a.csv", "id,model\n1,x\n", "no columns metric and value"),
        ("a.yaml", "points: 3\n", "not a list of points"),
        ("a.yaml", "points: [\n", "a.yaml:"),
        ("a.yaml", "points: [3]\n", "not a list of points"),
    ],
)
def test_malformed_files(cli: Run, tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    done = cli("validate", tmp_path / name)
    assert done.returncode == 2
    assert words in done.stderr


def test_by_names_a_field_that_points_have(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("points:\n  - " + json.dumps(BASE) + "\n")
    done = cli("validate", tmp_path / "a.yaml", "--by", "engin")
    assert done.returncode == 2
    assert "engine" in done.stderr


def test_points_keep_columns_that_nobody_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,metric,value,colour\nx,tpot_ms,3,red\n")
    assert read(path)[0].fields["colour"] == "red"


def test_slow_requests_are_slower_than_the_median(catalogue: Catalogue) -> None:
    assert p50(catalogue, stat="p99") > p50(catalogue, stat="median")
    first = {"metric": "ttft_ms", "concurrency_or_batch": 64, "value": 300.0}
    assert p50(catalogue, **first, stat="p95") > p50(catalogue, **first)


def test_replicas_that_share_a_load_fit_as_one_with_its_part(catalogue: Catalogue) -> None:
    """What fits one device with its part of the load fits eight with the whole."""
    one_device = {"metric": "fits", "value": True, "tp": 1, "input_tokens": 8192, "concurrency_or_batch": 20}
    assert one(catalogue, **one_device).inside
    assert one(catalogue, **(one_device | {"n_devices": 8, "concurrency_or_batch": 160})).inside


def test_a_first_token_before_the_prompt_can_be_read_is_refused(catalogue: Catalogue) -> None:
    # 1,000 tokens through 8.2 billion parameters are 16.4 TFLOP: 16.6 ms of an H100.
    found = one(catalogue, metric="ttft_ms", value=10.0, concurrency_or_batch=1)
    assert found.reason is not None
    assert "not read" in found.reason
    assert one(catalogue, metric="ttft_ms", value=20.0, concurrency_or_batch=1).guess is not None


def test_layouts_of_chips_with_two_cores_count_cores(catalogue: Catalogue) -> None:
    stack = {"hardware": "Trainium1", "engine": "transformers-neuronx", "concurrency_or_batch": 1}
    assert p50(catalogue, **stack, n_devices=16, tp=32) == p50(catalogue, **stack, n_devices=16, tp=33)
    assert one(catalogue, **stack, n_devices=16, tp=64).guess is None


def test_memory_is_of_one_device_unless_the_scope_is_a_sum(catalogue: Catalogue) -> None:
    held = {"metric": "weights_gb", "n_devices": 2, "tp": 2}
    whole = p50(catalogue, **held, value_scope="sum over GPUs")
    assert p50(catalogue, **held, per="system") == pytest.approx(whole / 2.0)
    copy = {"metric": "weights_mb", "model": "bert-base-cased", "precision": "float16", "n_devices": 2}
    assert p50(catalogue, **copy, value_scope="sum") == pytest.approx(2.0 * p50(catalogue, **copy))
