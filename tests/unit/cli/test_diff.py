"""`selector diff` over every kind of side, its formats and its gate."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from selector.errors import UsageError
from selector.iterate import diff, triggers
from selector.iterate.attribution import CAUSES
from selector.packs.schema import load as schema
from selector.report import diff_tables

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PAIR = Path(__file__).parents[2] / "golden" / "diff"
OLD, NEW = PAIR / "old.yaml", PAIR / "new.yaml"
DAY = ("--as-of", "2026-11-24")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("saved")
    code = "from selector.cli.main import run; run()"
    for source, name, day in ((OLD, "old.json", "2026-11-24"), (NEW, "new.json", "2027-01-15")):
        command = [sys.executable, "-c", code, "recommend", str(source), "--save", str(folder / name)]
        command += ["--as-of", day]
        subprocess.run(command, check=True, capture_output=True)
    return folder / "old.json", folder / "new.json"


def as_json(cli: Run, *args: object) -> dict[str, Any]:
    done = cli("diff", *args, "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    Draft202012Validator(schema("diff")).validate(found)
    for row in found["attribution"]["figures"]:
        parts = [row[c] for c in CAUSES]
        assert None in parts or sum(parts) == pytest.approx(row["change"], abs=1e-9)
    return found


MEASURED = """\
id,model,precision_weights,engine,hardware,n_devices,tp,pp,scenario,input_tokens,output_tokens,concurrency_or_batch,metric,value,date
m,{model},{precision},{engine},{hardware},{n},{tp},1,online,900,250,16,tpot_ms,{value},2026-11
"""


def test_measurements_of_one_side_are_the_cause(cli: Run, saved: tuple[Path, Path], tmp_path: Path) -> None:
    stack = json.loads(saved[0].read_text())["stacks"][0]
    slots, figure = stack["slots"], stack["estimates"]["per_output_token_ms"]["p50"]
    said = {k: slots[k] for k in ("model", "precision", "engine", "hardware")}
    text = MEASURED.format(**said, n=slots["layout"]["tp"], tp=slots["layout"]["tp"], value=2 * figure)
    (tmp_path / "m.csv").write_text(text)
    found = as_json(cli, OLD, *DAY, "--measurements-new", tmp_path / "m.csv")
    assert found["attribution"]["changed"] == ["measurements"]
    rows = [r for r in found["attribution"]["figures"] if r["figure"] == "per_output_token_ms"]
    assert rows
    assert all(r["measurements"] == r["change"] > 0 for r in rows)
    refused = cli("diff", *saved, "--measurements-new", tmp_path / "m.csv")
    assert refused.returncode == 2
    assert "has the measurements that it was made with" in refused.stderr


def test_requirements_are_evaluated_and_compared(cli: Run) -> None:
    found = as_json(cli, OLD, NEW, *DAY)
    assert found["attribution"]["changed"] == ["requirements"]
    assert all(r["requirements"] == r["change"] for r in found["attribution"]["figures"])
    retired = {a["key"] for a in found["assumptions"] if a["new"] is None}
    stated = {r["key"]: (r["old"], r["new"]) for r in found["requirements"]}
    assert stated["horizon_months"][0] is None
    assert stated["horizon_months"][1] is not None
    assert {"horizon_months", "latency.first_token_p95_ms"} <= retired
    assert {f["new"] for f in found["feasibility"]["flips"]} > {"left_out"}
    by = {c["id"] for f in found["feasibility"]["flips"] for c in f["constraints"]}
    assert "budget.per_month_usd" in by
    assert found["waivers"][0]["risk"] == "R-INJ-DIRECT"
    assert found["attribution"]["winner"][0]["inputs"] == ["requirements"]


def test_decisions_are_computed_with_their_own_packs(cli: Run, saved: tuple[Path, Path]) -> None:
    found = as_json(cli, *saved)
    assert found["attribution"]["changed"] == ["requirements", "date"]
    assert found["attribution"]["computed"]
    assert all(r["program"] == 0 for r in found["attribution"]["figures"])
    assert found["waivers"][0]["old"] == "in force"


def test_the_same_twice_is_the_same_to_the_byte(cli: Run, saved: tuple[Path, Path]) -> None:
    runs = [cli("diff", *saved, "--format", "json").stdout for _ in range(2)]
    assert runs[0] == runs[1]
    assert "no input changed" in cli("diff", saved[0], saved[0]).stdout


def test_a_decision_without_packs_is_compared_as_recorded(
    cli: Run, saved: tuple[Path, Path], tmp_path: Path
) -> None:
    from selector.packs.sealed import digest

    found = json.loads(saved[0].read_text())
    del found["packs"]
    found["digest"] = digest(found)
    older = tmp_path / "older.json"
    older.write_text(json.dumps(found))
    made = as_json(cli, older, saved[1])
    assert not made["attribution"]["computed"]
    assert "kept digests of the packs" in made["attribution"]["note"]
    assert made["attribution"]["figures"]
    assert all(r["requirements"] is r["facts"] is None for r in made["attribution"]["figures"])
    # Against requirements the new side still speaks.
    assert as_json(cli, older, NEW, *DAY)["winner"]["new"]


def test_packs_of_a_decision_have_to_be_the_ones_used(
    cli: Run, saved: tuple[Path, Path], tmp_path: Path
) -> None:
    from selector.packs.sealed import digest

    spoils: tuple[Callable[[Any], object], ...] = (
        lambda d: d["packs"][0].update(files=d["packs"][1]["files"]),
        lambda d: d["packs"][0].update(files="AAAA"),
        lambda d: d["packs"].pop(),
        lambda d: d["packs"][1].update(folder="../../out"),
    )
    for spoil in spoils:
        found = json.loads(saved[0].read_text())
        spoil(found)
        found["digest"] = digest(found)
        bad = tmp_path / "bad.json"
        bad.write_text(json.dumps(found))
        for args in (("diff", saved[1], bad), ("explain", bad), ("record", bad, "--dir", tmp_path / "r")):
            done = cli(*args)
            assert done.returncode == 2
            assert f"{bad}:" in done.stderr
            assert "pack" in done.stderr
            assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()


def test_facts_and_rules_are_told_apart(cli: Run, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "rules"
    shutil.copytree(root / "rules", other, ignore=shutil.ignore_patterns("schemas"))
    defaults = other / "needs" / "defaults.yaml"
    weights = "value: {quality: 35, cost: 25, latency: 15, risk: 15, effort: 10}"
    assert weights in defaults.read_text()
    defaults.write_text(defaults.read_text().replace(weights, weights.replace("35", "15")))
    alone = as_json(cli, OLD, "--packs-new", other, *DAY)
    assert alone["attribution"]["changed"] == ["rules"]
    assert all(r["rules"] == r["change"] for r in alone["attribution"]["figures"])
    both = as_json(cli, OLD, NEW, "--packs-new", other, *DAY)
    moved = [r for r in both["attribution"]["figures"] if r["rules"] and r["requirements"]]
    assert moved
    parameters = other / "parameters.yaml"
    parameters.write_text(
        parameters.read_text().replace("id: effort.working_days,", "id: effort.other_days,")
    )
    done = cli("diff", OLD, "--packs-new", other)
    assert done.returncode == 2
    assert "effort.working_days" in done.stderr
    assert "Traceback" not in done.stderr
    mine = tmp_path / "mine"
    (mine).mkdir()
    (mine / "pack.yaml").write_text("pack: {id: mine, version: '1', title: mine}\n")
    for packs in (("--packs-old", other, "--packs-old", other), ("--packs", mine / "nothing")):
        done = cli("diff", OLD, NEW, *packs)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_revisions_of_git(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "repo"
    (folder / "sub").mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", os.fspath(tmp_path))

    def git(*args: str) -> None:
        who = ("-c", "user.name=n", "-c", "user.email=n@example.org")
        subprocess.run(["git", *who, *args], check=True, capture_output=True)

    git("init", "-q")
    for source in (OLD, NEW):
        shutil.copy(source, folder / "sub" / "reqs.yaml")
        git("add", ".")
        git("commit", "-qm", "a step")
    (folder / "sub" / "reqs.yaml").unlink()  # nothing is checked out
    files = as_json(cli, OLD, NEW, *DAY)
    assert as_json(cli, "HEAD~1:sub/reqs.yaml", "HEAD:sub/reqs.yaml", *DAY) == files
    for text, words in (
        ("HEAD~9:sub/reqs.yaml", "HEAD~9"),
        ("HEAD:nothing.yaml", "nothing.yaml"),
        ("-x:reqs.yaml", "does not exist"),
    ):
        done = cli("diff", "--", text, "HEAD:sub/reqs.yaml")
        assert done.returncode == 2
        assert words in done.stderr
        assert "fix:" in done.stderr
    (folder / "sub" / "reqs.yaml").write_text("application: {task: chat}\nbudgett: 1\n")
    git("commit", "-qam", "broken")
    done = cli("diff", "HEAD~1:sub/reqs.yaml", "HEAD:sub/reqs.yaml")
    assert done.returncode == 2
    assert "HEAD:sub/reqs.yaml:2:1: unknown key" in done.stderr
    monkeypatch.chdir(tmp_path)
    done = cli("diff", "HEAD:reqs.yaml", OLD)
    assert done.returncode == 2
    assert "not a git repository" in done.stderr


def test_what_is_not_about_the_same_is_refused(cli: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    for old, new, words in (
        ("chat", "code", "the task of"),
        ("help desk", "other desk", 'named "help desk"'),
    ):
        other.write_text(OLD.read_text().replace(old, new))
        done = cli("diff", OLD, other)
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stdout == ""
    forced = cli("diff", OLD, other, "--force")
    assert forced.returncode == 0
    assert "not the same application" in forced.stderr


def test_the_gate_says_what_fired(cli: Run) -> None:
    done = cli("diff", OLD, NEW, *DAY, "--fail-on", "winner-change, cost>+500%,latency>+1%")
    assert done.returncode == 1
    assert "fail-on winner-change: " in done.stderr
    assert "cost" not in done.stderr
    assert cli("diff", OLD, OLD, *DAY, "--fail-on", "winner-change,new-high-risk,infeasible").returncode == 0


def test_stacks_of_one_line_are_told_apart_by_their_layout(saved: tuple[Path, Path]) -> None:
    old = json.loads(saved[0].read_text())
    one = old["stacks"][0]
    layout = {"tp": 7, "pp": 1, "ep": 1, "replicas": 9}
    two = {**one, "id": "0" * 10, "label": "S-2", "rank": 2, "slots": {**one["slots"], "layout": layout}}
    old["stacks"] = [one, two]
    new = json.loads(json.dumps(old))
    new["inputs"]["requirements_sha256"] = "0" * 64
    for s, usd in zip(new["stacks"], (1.0, 2.0), strict=True):
        s["estimates"]["cost_per_month_usd"]["p50"] += usd
    found = diff.diff(old, new)
    rows = {r["stack"]: r for r in found["attribution"]["figures"] if r["stack"] != "first place"}
    assert sorted(r["change"] for r in rows.values()) == pytest.approx([1.0, 2.0])
    assert any("tp7 pp1 ep1 x9" in stack for stack in rows)
    table = next(t for t in diff_tables.tables(found) if t.title == "Figures of stacks")
    assert [row[4] for row in table.rows] == ["+1", "+2"]


def first(figure: str, old: float | None, new: float | None) -> dict[str, Any]:
    return {
        "winner": {"old": "a", "new": "a", "changed": False},
        "risks": [
            {"stack": "first place", "risk": "R-A", "old": "M", "new": "H"},
            {"stack": "first place", "risk": "R-B", "old": "VH", "new": "H"},
            {"stack": "b", "risk": "R-C", "old": None, "new": "VH"},
        ],
        "feasibility": {"new": True},
        "switch": {"verdict": "stay", "to": "a"},
        "estimates": [{"stack": "first place", "figure": figure, "old": old, "new": new}],
    }


@pytest.mark.parametrize(
    ("text", "old", "new", "fires"),
    [
        ("cost>+10%", 100.0, 110.0, False),
        ("cost>+10%", 100.0, 110.1, True),
        ("cost>10", 100.0, 111.0, True),
        ("cost<-5%", 100.0, 94.0, True),
        ("cost<-5%", 100.0, 96.0, False),
        ("cost>+10%", None, 96.0, True),
        ("cost>+10%", 0.0, 1.0, True),
    ],
)
def test_bounds_of_the_gate(text: str, old: float | None, new: float | None, fires: bool) -> None:
    found = first("cost_per_month_usd", old, new)
    assert bool(triggers.pulled(found, triggers.parse(text))) is fires


def test_a_high_risk_is_new_only_where_it_was_not_high() -> None:
    said = triggers.pulled(first("score", 1.0, 2.0), triggers.parse("new-high-risk"))
    assert said == ["new-high-risk: R-A H"]


@pytest.mark.parametrize("text", ["", "winner-change,", "cost", "cost>x", "cost>-5%", "price>5%", "cost<+5"])
def test_conditions_that_are_none(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        triggers.parse(text)
    assert all(p.fix for p in caught.value.problems)


def test_formats(cli: Run) -> None:
    page = cli("diff", OLD, NEW, *DAY, "--format", "html").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "From old to new" in page
    comment = cli("diff", OLD, NEW, *DAY, "--format", "markdown").stdout
    assert comment.startswith("<!-- selector-diff -->")
    assert "<details>" in comment


OWN = """\
application: {task: chat, languages: [en], user_regions: [us]}
organisation: {region: us}
workload: {peak_requests_per_second: 60, requests_per_month: 20_000_000, input_tokens: 900, output_tokens: 250}
latency: {first_token_p95_ms: 3000, per_output_token_p95_ms: 60}
pins: {model: [Qwen/Qwen3.8-27B, openai/gpt-6.1-sol]}
deployment: {hosting: [on_prem, api], inventory: [{hardware: h100-sxm-80gb, count: %d}]}
data: {classes: [internal]}
"""


def test_composite_stacks_that_appear_are_told(cli: Run, tmp_path: Path) -> None:
    sides = tmp_path / "old.yaml", tmp_path / "new.yaml"
    for side, count in zip(sides, (3, 4), strict=True):
        side.write_text(OWN % count)
    (row,) = as_json(cli, *sides, *DAY)["composites"]
    assert (row["composite"], row["old"]) == ("overflow", None)
    assert "4x h100-sxm-80gb" in row["new"]["stacks"][0]
    printed = cli("diff", *sides, *DAY).stdout
    assert "Composite stacks" in printed
    assert not as_json(cli, sides[1], sides[1], *DAY)["composites"]
