"""Every error of a file is reported at once, with its place and advice that fits the command."""

import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_schema_and_name_errors_come_together(cli: Run, tmp_path: Path) -> None:
    reqs = tmp_path / "reqs.yaml"
    reqs.write_text(
        "application: {task: chatt}\n"
        "budget: {per_month_usd: -1, per_monht: 2}\n"
        "pins:\n  model: [Qwen/Qwen3-99B]\n  engine: [vlmm]\n"
        "deployment:\n  hosting: [nowhere]\n  inventory: [{hardware: h1000, count: 1}]\n"
        "quality: {metric: accuracy, minimum: 85}\n"
    )
    done = cli("recommend", reqs)
    assert done.returncode == 2
    for line, what in (
        (1, '"chatt" is not known'),
        (2, "-1 must be at least 0"),
        (2, 'unknown key "per_monht"'),
        (4, "unknown model 'Qwen/Qwen3-99B'"),
        (5, "unknown engine 'vlmm'"),
        (7, '"nowhere" is not known'),
        (8, "unknown hardware 'h1000'"),
        (9, "quality.minimum is 85"),
    ):
        assert any(f"reqs.yaml:{line}:" in x and what in x for x in done.stderr.splitlines()), what


def test_components_are_checked_together(cli: Run, tmp_path: Path) -> None:
    reqs = tmp_path / "reqs.yaml"
    reqs.write_text(
        "application: {task: chat}\ncomponents:\n"
        "  - {name: a, application: {task: chat}, pins: {model: [Qwen/Qwen3-99B]}}\n"
        "  - {name: b, application: {task: chat}, pins: {engine: [vlmm]}}\n"
    )
    done = cli("recommend", reqs)
    assert done.returncode == 2
    assert "reqs.yaml:3:" in done.stderr
    assert "reqs.yaml:4:" in done.stderr


def test_points_report_every_row_with_its_place(cli: Run, tmp_path: Path) -> None:
    points = tmp_path / "points.yaml"
    points.write_text(
        "points:\n"
        "  - {model: zzzz/qqqq, hardware: h100}\n"
        "  - {model: Qwen/Qwen3-8B, hardware: h1000, engine: vlmm}\n"
        "  - {model: Qwen/Qwen3-8B, hardware: h100, precision: fp99}\n"
    )
    done = cli("estimate", "--points", points)
    assert done.returncode == 2
    for line, what in ((2, "zzzz/qqqq"), (3, "h1000"), (3, "vlmm"), (4, "fp99")):
        assert any(f"points.yaml:{line}:" in x and what in x for x in done.stderr.splitlines()), what
    assert "params_b" not in done.stderr
    assert "config.json" in done.stderr
