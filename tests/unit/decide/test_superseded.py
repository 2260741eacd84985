"""Superseded models are sized where named and never proposed."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from selector.packs.catalog import Catalogue

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NEEDS = """version: 1
application: {task: text-generation}
workload: {requests_per_month: 1000}
deployment: {hosting: [self_hosted]}
exclude: {vendor: %s}
"""


def test_only_superseded_models_left_means_none(cli: Run, catalogue: Catalogue, tmp_path: Path) -> None:
    vendor = "lmsys"  # whose models are all superseded
    assert {m.status for m in catalogue.models.values() if m.vendor == vendor} == {"superseded"}
    others = sorted({m.vendor for m in catalogue.models.values()} - {vendor})
    (tmp_path / "reqs.yaml").write_text(NEEDS % json.dumps(others))
    done = cli("recommend", tmp_path / "reqs.yaml", "--format", "json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["stacks"] == []


def test_a_superseded_model_is_sized_where_named(cli: Run) -> None:
    done = cli("estimate", "Llama-2-70B", "--on", "4xA100-SXM-80GB", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["fits"] is True
