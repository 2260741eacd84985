"""Prices past their time to live, and where they are named."""

from datetime import date

import pytest
from typer.testing import CliRunner

from selector.cli.main import app
from selector.packs.catalog import Catalogue
from selector.packs.fresh import stale
from selector.report.fresh import brief, words

TODAY = date(2026, 11, 27)
P = {"price.ttl_days.api": 30.0, "price.ttl_days.offer": 45.0}


def test_the_oldest_of_each_source_and_kind_counts() -> None:
    rows = [
        ("api", "a", "2026-10-28"),  # 30 days: still good
        ("api", "b", "2026-10-27"),
        ("offer", "b", "2026-10-27"),  # 31 days: good for devices
        ("offer", "c", "2026-09-01"),
        ("offer", "c", "2026-05"),
        ("offer", "d", None),
    ]
    found = stale(rows, P, TODAY)
    assert [(x.kind, x.source, x.as_of, x.days) for x in found] == [
        ("api", "b", "2026-10-27", 31.0),
        ("offer", "c", "2026-05", 210.0),
    ]
    assert "rented devices by c of 2026-05 (210 days, 45 allowed)" in words(found)
    assert brief(found) == "past its time to live: 2 sources, see `selector pack refresh`"
    assert words(()) == ""


@pytest.mark.parametrize(
    "args",
    [
        ["estimate", "Qwen/Qwen3-8B", "--on", "1xL40S"],
        ["estimate", "Qwen/Qwen3-8B", "--on", "8xH100", "--train", "lora", "--tokens", "1e6"],
        ["pack", "show", "openai/gpt-4.1"],
    ],
    ids=["estimate", "train", "show"],
)
def test_commands_say_it_once_and_beside_the_result(args: list[str]) -> None:
    old = CliRunner().invoke(app, [*args, "--as-of", "2027-06-01"])
    assert old.stderr.count("prices older than their time to live") == 1
    assert "`selector pack refresh --save FOLDER`" in old.stderr
    new = CliRunner().invoke(app, [*args, "--as-of", "2026-01-01"])
    assert new.stderr == ""
    assert new.stdout == old.stdout


def test_parameters_hold_both_kinds(catalogue: Catalogue) -> None:
    assert {"price.ttl_days.api", "price.ttl_days.offer"} <= set(catalogue.parameters)
