"""Baselines: what they hold, what they never hold, and what they say of it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from selector.check.detect import secrets

Run = Callable[..., "subprocess.CompletedProcess[str]"]
FIRST, SECOND = "hf_QbZdXfGhIjKlMnOpQrStUvWxYz012345", "hf_ZqWmRtYpLkJhGfDsAzXcVbNmQw975310"


@pytest.fixture
def base(tmp_path: Path, cli: Run) -> Callable[[Path], Path]:
    def write(repo: Path) -> Path:
        file = tmp_path / "base.json"
        assert cli("check", repo, "--write-baseline", file, "--force").returncode in (0, 1, 3)
        return file

    return write


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    (root / "run.sh").write_text("vllm serve Qwen/Qwen3-8B --trust-remote-code\n")
    return root


def test_a_file_that_cannot_be_read_is_never_known(
    repo: Path, base: Callable[[Path], Path], cli: Run
) -> None:
    (repo / "compose.yaml").write_text("services: [\n")
    file = base(repo)
    assert "DETECT-" not in file.read_text()
    done = cli("check", repo, "--baseline", file, "--format", "markdown", "--fail-on", "critical")
    assert "DETECT-001" in done.stdout
    assert "does not pass: a file could not be read" in done.stdout
    old = json.loads(file.read_text())
    rows = json.loads(cli("check", repo, "--format", "json").stdout)["findings"]
    one = next(f for f in rows if f["rule"] == "DETECT-001")
    old["findings"].append({"key": "", "moved": "", "rule": "DETECT-001", "file": one["file"], "subject": ""})
    file.write_text(json.dumps(old))
    assert "DETECT-001" in cli("check", repo, "--baseline", file).stdout


def test_what_a_baseline_holds_is_counted_by_severity(repo: Path, cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "base.json"
    written = cli("check", repo, "--write-baseline", file)
    assert "written: 3 findings (1 critical, 1 high, 1 medium)" in written.stderr
    (repo / "run.sh").write_text("vllm serve Qwen/Qwen3-8B\n")
    done = cli("check", repo, "--baseline", file)
    assert "lets pass 1 findings (1 medium); 2 that it holds are gone" in done.stdout
    assert "1 known by the baseline (1 medium)" in done.stdout


def test_another_secret_under_the_same_name_is_new(
    repo: Path, base: Callable[[Path], Path], cli: Run
) -> None:
    (repo / ".env").write_text(f"HF_TOKEN={FIRST}\n")
    file = base(repo)
    assert FIRST not in file.read_text()
    assert cli("check", repo, "--baseline", file).returncode == 0
    (repo / ".env").write_text(f"# moved\nHF_TOKEN={FIRST}\n")
    assert cli("check", repo, "--baseline", file).returncode == 0
    (repo / ".env").write_text(f"HF_TOKEN={SECOND}\n")
    done = cli("check", repo, "--baseline", file)
    assert done.returncode == 1
    assert "POL-010" in done.stdout
    assert SECOND not in done.stdout


def test_marks_of_blocks_tell_keys_apart() -> None:
    form = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"
    marks = {next(secrets.found(form.format(body))).mark for body in ("MIIEvQIBADAN", "MIIEvQIBADAO")}
    assert len(marks) == 2
    assert all(len(m) == secrets.MARK_DIGITS for m in marks)


@pytest.mark.parametrize("content", ["run.sh", "pod.yaml"])
def test_a_file_that_moves_takes_its_findings_along(
    content: str, repo: Path, base: Callable[[Path], Path], cli: Run
) -> None:
    if content == "pod.yaml":
        (repo / "run.sh").unlink()
        (repo / "pod.yaml").write_text(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n"
            "    - {name: v, image: vllm/vllm-openai, args: [--model, Qwen/Qwen3-8B, --trust-remote-code]}\n"
        )
    file = base(repo)
    (repo / "deploy").mkdir()
    (repo / content).rename(repo / "deploy" / f"new-{content}")
    done = cli("check", repo, "--baseline", file, "--fail-on", "info")
    assert done.returncode == 0, done.stdout
    copy = repo / "deploy" / f"second-{content}"
    copy.write_text((repo / "deploy" / f"new-{content}").read_text())
    assert cli("check", repo, "--baseline", file).returncode == 1


def test_sarif_knows_a_finding_again_whose_file_moved(repo: Path, cli: Run) -> None:
    def prints() -> list[tuple[str, str]]:
        results = json.loads(cli("check", repo, "--format", "sarif").stdout)["runs"][0]["results"]
        rows = [r["partialFingerprints"] for r in results]
        return [(r["primaryLocationLineHash"], r["selectorFinding/v1"]) for r in rows]

    before = prints()
    (repo / "run.sh").rename(repo / "start.sh")
    after = prints()
    assert {m for _, m in before} == {m for _, m in after}
    assert not {p for p, _ in before} & {p for p, _ in after}


def test_a_doubt_that_is_known_does_not_let_pass_what_is_certain(repo: Path, cli: Run) -> None:
    code = "from openai import OpenAI\nOpenAI(base_url='https://g.example.org/v1').chat.completions.create(model='gpt-4o-mini')\n"
    (repo / "app.py").write_text(code)
    file = repo / "base.json"
    cli("check", repo, "--policy", "eu", "--write-baseline", file)
    assert cli("check", repo, "--policy", "eu", "--baseline", file).returncode == 0
    (repo / "selector.policy.yaml").write_text("version: 1\nextends: [eu]\nfacts: {hosting: api}\n")
    done = cli("check", repo, "--baseline", file)
    assert done.returncode == 1
    assert "high fail PRIV-003" in done.stdout


def test_what_is_switched_off_or_waived_is_listed(repo: Path, cli: Run) -> None:
    (repo / "selector.policy.yaml").write_text(
        "version: 1\nrules: {POL-003: {off: true}, OFF-001: {off: true}}\n"
        "overrides: [{files: ['*.sh'], rules: {POL-004: {off: true}}}]\n"
        "waivers: [{rule: SEC-002, path: run.sh, reason: code was read, owner: ops, expires: '2027-06-01'}]\n"
    )
    run = ("check", repo, "--as-of", "2026-11-24", "--format")
    table = cli(*run, "table").stdout
    assert "1 waived (1 high), 3 rules switched off (2 findings)" in table
    assert "SEC-002 run.sh:1:" in table
    found = json.loads(cli(*run, "json").stdout)
    assert found["policy"]["off"] == [
        {"rule": "POL-003", "files": [], "findings": 1},
        {"rule": "OFF-001", "files": [], "findings": 0},
        {"rule": "POL-004", "files": ["*.sh"], "findings": 1},
    ]
    text = cli(*run, "markdown").stdout
    assert "Switched off by the policy" in text
    assert "code was read (ops, until 2027-06-01)" in text.replace("\\", "")


def test_where_nothing_is_to_check_every_file_is_written(cli: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    out = [f"{kind}={tmp_path / kind}" for kind in ("junit", "sarif", "json", "markdown")]
    done = cli("check", empty, *(a for o in out for a in ("--format", o)))
    assert done.returncode == 3
    assert "nothing to check" in done.stderr
    assert "<skipped" in (tmp_path / "junit").read_text()
    assert "judged nothing" in (tmp_path / "markdown").read_text()
    assert json.loads((tmp_path / "sarif").read_text())["runs"][0]["results"] == []
    assert "informationUri" not in (tmp_path / "sarif").read_text()


def test_a_decision_that_is_not_there_is_named_as_missing(repo: Path, cli: Run) -> None:
    (repo / "selector.policy.yaml").write_text("version: 1\ndecision: decisions/1.json\n")
    done = cli("check", repo)
    assert done.returncode == 2
    assert "decisions/1.json of decision does not exist" in done.stderr
    assert "selector.policy.yaml:2:1" in done.stderr


def test_the_line_of_a_declared_stack_names_engine_and_hardware(repo: Path, cli: Run) -> None:
    (repo / "selector.stack.yaml").write_text(
        "version: 1\nstack: {model: Qwen/Qwen3-8B, hosting: on_prem, engine: vllm, hardware: h100-sxm-80gb}\n"
    )
    line = next(x for x in cli("check", repo).stdout.splitlines() if x.startswith("selector.stack.yaml: "))
    assert {"engine vllm", "hardware h100-sxm-80gb"} <= set(line.split(": ", 1)[1].split("; "))


def test_a_draft_runs_though_the_catalogue_lacks_its_model(repo: Path, cli: Run) -> None:
    (repo / "run.sh").write_text("vllm serve acme/unheard-of-7B\n")
    assert cli("check", repo, "--init").returncode == 0
    done = cli("check", repo)
    assert done.returncode == 0, done.stderr
    assert "STACK-005" in done.stdout
