"""Formats of check: schemas, places, several at once, and exit codes."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft7Validator

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SHELL = "vllm serve Qwen/Qwen3-8B --trust-remote-code\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "run.sh").write_text(SHELL)
    return tmp_path


def test_exit_codes(cli: Run, repo: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert cli("check", empty).returncode == 3
    assert cli("check", empty / "none").returncode == 2
    assert cli("check", repo).returncode == 1
    assert cli("check", repo, "--exit-zero").returncode == 0
    assert cli("check", repo, "--fail-on", "critical").returncode == 1
    (repo / "run.sh").write_text("vllm serve Qwen/Qwen3-8B\n")
    assert cli("check", repo).returncode == 0
    assert cli("check", repo, "--fail-on", "medium").returncode == 1
    assert cli("check", repo, "--policy", "hipaa", "--fail-on-unknown", "critical").returncode == 4
    assert cli("check", repo, "--fail-on", "severe").returncode == 2
    assert cli("check", repo, "--format", "pdf").returncode == 2
    (repo / "selector.policy.yaml").write_text("version: 1\nextend: []\n")
    assert cli("check", repo).returncode == 2


def test_sarif_has_a_place_for_every_result(cli: Run, repo: Path) -> None:
    """With SARIF_SCHEMA, the path of the schema of OASIS, it is held to that too."""
    found = json.loads(cli("check", repo, "--format", "sarif").stdout)
    if "SARIF_SCHEMA" in os.environ:
        Draft7Validator(json.loads(Path(os.environ["SARIF_SCHEMA"]).read_text())).validate(found)
    run = found["runs"][0]
    assert run["results"]
    known = [r["id"] for r in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert (repo / place["artifactLocation"]["uri"]).is_file()
        assert place["region"]["startLine"] >= 1
        assert known[result["ruleIndex"]] == result["ruleId"]
    assert not any("/" in r["id"] for r in run["tool"]["driver"]["rules"])


def test_a_waived_finding_is_suppressed_in_sarif(cli: Run, repo: Path) -> None:
    (repo / "selector.policy.yaml").write_text(
        "version: 1\nwaivers: [{rule: SEC-002, path: run.sh, reason: reviewed, owner: ops, expires: '2027-06-01'}]\n"
    )
    found = json.loads(cli("check", repo, "--format", "sarif", "--as-of", "2026-11-24").stdout)
    waived = [r for r in found["runs"][0]["results"] if "suppressions" in r]
    assert [(r["ruleId"], r["suppressions"][0]["justification"]) for r in waived] == [("SEC-002", "reviewed")]


def test_junit_counts_what_fails(cli: Run, repo: Path) -> None:
    root = ElementTree.fromstring(cli("check", repo, "--format", "junit").stdout)
    suite = root.find("testsuite")
    assert suite is not None
    assert suite.get("failures") == str(len(root.findall(".//failure"))) == "2"


def test_annotations_name_places_and_say_what_is_left_out(cli: Run, repo: Path) -> None:
    text = cli("check", repo, "--format", "github").stdout
    assert "::error file=run.sh,line=1,col=" in text
    (repo / "run.sh").write_text(
        "".join(f"vllm serve Qwen/Qwen3-8B --trust-remote-code --port {i}\n" for i in range(12))
    )
    text = cli("check", repo, "--format", "github").stdout
    assert sum(line.startswith("::error") for line in text.splitlines()) == 10
    assert sum(line.startswith("::notice") for line in text.splitlines()) <= 10
    assert "more; all of them are in the other formats" in text


def test_a_comment_holds_its_mark_and_escapes_cells(cli: Run, repo: Path) -> None:
    (repo / "run.sh").write_text("vllm serve 'org/a|b<script>' --trust-remote-code\n")
    text = cli("check", repo, "--format", "markdown").stdout
    assert text.startswith("<!-- selector-check -->\n**selector check fails**")
    assert "<script>" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {6}


def test_several_formats_at_once(cli: Run, repo: Path) -> None:
    done = cli(
        "check",
        repo,
        "--format",
        "table",
        "--format",
        f"sarif={repo / 'o.sarif'}",
        "--format",
        f"junit={repo / 'o.xml'}",
    )
    assert done.returncode == 1
    assert "SEC-002" in done.stdout
    assert json.loads((repo / "o.sarif").read_text())["version"] == "2.1.0"
    assert (repo / "o.xml").read_text().startswith("<?xml")
    assert cli("check", repo, "--format", "table", "--format", "json").returncode == 2


def test_two_runs_print_the_same(cli: Run, repo: Path) -> None:
    for kind in ("json", "sarif", "junit", "markdown"):
        texts = {cli("check", repo, "--format", kind, "--as-of", "2026-11-24").stdout for _ in range(2)}
        assert len(texts) == 1


def test_the_baseline_of_today_is_written_once(cli: Run, repo: Path) -> None:
    base = repo / "base.json"
    assert cli("check", repo, "--write-baseline", base).returncode == 1
    assert cli("check", repo, "--baseline", base).returncode == 0
    assert cli("check", repo, "--write-baseline", base).returncode == 2
    assert cli("check", repo, "--write-baseline", base, "--force").returncode == 1
    assert cli("check", repo, "--baseline", repo / "none.json").returncode == 2


def test_a_stack_is_drafted_from_what_is_detected(cli: Run, repo: Path) -> None:
    assert cli("check", repo, "--init").returncode == 0
    text = (repo / "selector.stack.yaml").read_text()
    assert "model: Qwen/Qwen3-8B  # run.sh:1" in text
    assert "# hosting:" in text
    assert cli("check", repo, "--init").returncode == 2
    (repo / "more.sh").write_text("vllm serve Qwen/Qwen3-32B\n")
    done = cli("check", repo, "--init", "--force")
    assert done.returncode == 2
    assert "--unit, one of: more.sh, run.sh" in done.stderr
    assert cli("check", repo, "--init", "--force", "--unit", "more.sh").returncode == 0


def test_a_drafted_stack_is_read_once_it_is_complete(cli: Run, repo: Path) -> None:
    cli("check", repo, "--init")
    stack = repo / "selector.stack.yaml"
    stack.write_text(stack.read_text().replace("# hosting:", "hosting: on_prem #"))
    done = cli("check", repo, "--format", "json")
    assert done.returncode == 1
    assert {u["unit"] for u in json.loads(done.stdout)["units"]} == {"run.sh", "selector.stack.yaml"}
