"""Saved decisions: whole, recognised when edited, and enough to compute the same again."""

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from selector.cli import session
from selector.errors import InputError
from selector.iterate import decision as decisions
from selector.needs.load import load, load_document
from selector.packs import sealed
from selector.packs.catalog import Catalogue
from selector.report.json import dumps, recommendation

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(p.parent for p in (ROOT / "examples").glob("*/reqs.yaml"))
TODAY = date(2026, 11, 24)
Run = Callable[..., Any]


def saved(path: Path, folder: Path, catalogue: Catalogue) -> Path:
    stated = load(path)
    found = session.decide(stated, catalogue, 10, False, False, TODAY)
    file = folder / "decision.json"
    file.write_text(dumps(decisions.sealed(recommendation(found), stated, catalogue)))
    return file


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.name)
def test_a_decision_gives_the_same_again(example: Path, tmp_path: Path, catalogue: Catalogue) -> None:
    decision = sealed.read(saved(example / "reqs.yaml", tmp_path, catalogue))
    stated = load_document(
        decisions.restore(decision, tmp_path / "again"), str(tmp_path / "again" / "d.json")
    )
    found = json.loads(dumps(recommendation(session.decide(stated, catalogue, 10, False, False, TODAY))))
    assert found["stacks"] == decision["stacks"]
    assert found["inputs"] == decision["inputs"]
    assert decisions.differences(decision, found["inputs"]) == []


def test_a_model_given_by_its_config_is_in_the_decision(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = tmp_path / "here"
    (folder / "my-model").mkdir(parents=True)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "max_position_embeddings": 131072,
        "torch_dtype": "bfloat16",
    }
    (folder / "my-model" / "config.json").write_text(json.dumps(config))
    reqs = folder / "reqs.yaml"
    reqs.write_text(
        "application: {task: chat}\npins: {model: [{config: my-model/config.json}]}\n"
        "deployment: {hosting: [on_prem], inventory: [{hardware: h100, count: 1}]}\n"
    )
    file = saved(reqs, tmp_path, catalogue)
    (folder / "my-model" / "config.json").unlink()
    decision = sealed.read(file)
    again = tmp_path / "again"
    stated = load_document(decisions.restore(decision, again), str(again / "d.json"))
    found = json.loads(dumps(recommendation(session.decide(stated, catalogue, 10, False, False, TODAY))))
    assert found["stacks"] == decision["stacks"]
    assert found["stacks"][0]["slots"]["model"] == "my-model"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Path:
    return saved(ROOT / "examples/credit-default-scoring/reqs.yaml", tmp_path_factory.mktemp("d"), catalogue)


def _requirement(d: dict[str, Any]) -> None:
    d["requirements"]["name"] = "another"


def _score(d: dict[str, Any]) -> None:
    d["stacks"][0]["score"] += 0.5


def _digest(d: dict[str, Any]) -> None:
    d["digest"] = "sha256:" + "0" * 64


def _no_digest(d: dict[str, Any]) -> None:
    del d["digest"]


def _version(d: dict[str, Any]) -> None:
    d["schema_version"] = 2


def _kind(d: dict[str, Any]) -> None:
    d["kind"] = "diff"


def _requirements_gone(d: dict[str, Any]) -> None:
    del d["requirements"]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_requirement, "was edited"),
        (_score, "was edited"),
        (_digest, "was edited"),
        (_no_digest, "lacks digest"),
        (_version, "schema version 2 is not read here, only 1"),
        (_kind, "not a saved decision"),
        (_requirements_gone, "lacks requirements"),
    ],
)
@pytest.mark.parametrize("command", ["explain", "diff"])
def test_edited_and_foreign_decisions_are_refused(
    command: str, edit: Callable[[dict[str, Any]], None], words: str, file: Path, tmp_path: Path, cli: Run
) -> None:
    found = json.loads(file.read_text())
    edit(found)
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(found, indent=2))
    done = cli(command, bad) if command == "explain" else cli(command, file, bad)
    assert done.returncode == 2
    assert words in done.stderr
    assert f"{bad}:" in done.stderr
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_layout_and_order_of_keys_are_no_edit(file: Path, tmp_path: Path) -> None:
    found = json.loads(file.read_text())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(dict(reversed(found.items()))))
    assert sealed.read(other) == found


def test_other_packs_and_programs_are_named(file: Path) -> None:
    decision = sealed.read(file)
    now = copy.deepcopy(decision["inputs"])
    now["selector"] = "9.9.9"
    now["packs"]["offers"]["sha256"] = "0" * 64
    now["packs"]["mine"] = now["packs"].pop("privacy")
    found = " ".join(decisions.differences(decision, now))
    for words in (
        "selector was",
        "pack offers was",
        "pack privacy is not installed",
        "pack mine was not there",
    ):
        assert words in found


def test_a_number_that_is_another_now_is_refused(file: Path, tmp_path: Path, cli: Run) -> None:
    """The decision is whole, but what it says does not follow from what is installed; an older version
    saved it, without its packs."""
    found = json.loads(file.read_text())
    del found["packs"]
    found["stacks"][0]["estimates"]["cost_per_month_usd"]["p50"] *= 1.5
    found["inputs"]["packs"]["offers"]["sha256"] = "0" * 64
    found["digest"] = sealed.digest(found)
    path = tmp_path / "old.json"
    path.write_text(json.dumps(found))
    done = cli("explain", path, "--number", "cost.per_month_usd")
    assert done.returncode == 2
    assert "was" in done.stderr
    assert "pack offers" in done.stderr
    same = cli("explain", path, "--number", "estimates.risk_index")
    assert same.returncode == 0
    assert "pack offers" in same.stdout
    assert "kept digests of the packs" in same.stdout


def test_not_json_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text('{"schema_version": 1,\n "kind": }')
    with pytest.raises(InputError) as caught:
        sealed.read(path)
    assert f"{path}:2:" in str(caught.value)
