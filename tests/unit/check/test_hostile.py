"""A repository that wants to be obeyed: its text reaches logs, comments and reports as words alone."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from selector.report import safe

Run = Callable[..., "subprocess.CompletedProcess[str]"]
EVIL = "org/a\u202eb [x](https://evil.example) ![p](https://evil.example/p.png) @octocat #12 <img src=x> `q` | ##[error]c"
FORMATS = ("table", "json", "sarif", "junit", "github", "markdown")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    model = EVIL.replace("'", "")
    (root / "run.sh").write_text(f"vllm serve '{model}' --trust-remote-code\n")
    (root / "compose.yaml").write_text(
        'services:\n  llm:\n    image: vllm/vllm-openai:latest\n    command: ["--model", '
        '"x/y\\n::error::owned\\r\\u2028::warning::owned \\u001b[31m", "--trust-remote-code"]\n'
    )
    (root / "::error::owned.sh").write_text("vllm serve Qwen/Qwen3-8B --trust-remote-code\n")
    (root / "a b%0A::error::x.sh").write_text("vllm serve Qwen/Qwen3-8B --trust-remote-code\n")
    return root


@pytest.fixture
def shown(cli: Run, hostile: Path) -> Callable[[str], str]:
    return lambda kind: cli("check", hostile, "--format", kind).stdout


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_unseen_is_printed(kind: str, shown: Callable[[str], str]) -> None:
    text = shown(kind)
    assert "owned" in text
    if kind == "json":
        json.loads(text)
        text = re.sub("[\u202e\u2028]", "", text)  # JSON is data: its strings hold what the files say
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", text)


@pytest.mark.parametrize("kind", ["table", "markdown", "github"])
def test_a_log_holds_no_command_of_the_repository(kind: str, shown: Callable[[str], str]) -> None:
    lines = shown(kind).splitlines()
    commands = [x for x in lines if x.lstrip().startswith("::")]
    if kind == "github":
        assert all(
            re.match("::(error|warning|notice) file=|::notice::|::(error|warning)::\\d+ more", x)
            for x in commands
        )
        assert not any(re.search("^::error::owned", x) for x in commands)
        properties = [x.split("::")[1] for x in commands]
        assert any("file=%3A%3Aerror%3A%3Aowned.sh" in p for p in properties)
        return
    assert not commands
    assert not any("##[" in x for x in lines if kind == "table")


def test_a_comment_holds_no_live_text(shown: Callable[[str], str]) -> None:
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", shown("markdown"))
    assert "\\[x\\]\\(" in outside
    assert not re.search(r"(?<!\\)\]\(|(?<!\\)!\[|(?<!\\)<img|https?://|@octocat|#12", outside)
    rows = [x for x in shown("markdown").splitlines() if x.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", x)) for x in rows} == {6}


def test_a_message_of_sarif_holds_no_link_and_a_place_is_an_address(shown: Callable[[str], str]) -> None:
    results = json.loads(shown("sarif"))["runs"][0]["results"]
    assert not any(re.search(r"(?<!\\)\[[^\]]*\]\(", r["message"]["text"]) for r in results)
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results}
    assert "a%20b%250A%3A%3Aerror%3A%3Ax.sh" in uris


def test_junit_is_whole(shown: Callable[[str], str]) -> None:
    assert ElementTree.fromstring(shown("junit")).findall(".//testcase")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_name_that_is_no_text_is_printed(kind: str, cli: Run, tmp_path: Path) -> None:
    name = os.fsdecode(b"bad\xff\xfe.sh")
    (tmp_path / name).write_text("vllm serve Qwen/Qwen3-8B --trust-remote-code\n")
    done = cli("check", tmp_path, "--format", kind, "--write-baseline", tmp_path / "b.json", "--force")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert cli("check", tmp_path, "--baseline", tmp_path / "b.json").returncode == 0


def test_an_error_that_quotes_a_file_is_no_command(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "selector.policy.yaml").write_text('version: 1\nextends: ["x\\n::error::owned"]\n')
    done = cli("check", tmp_path)
    assert done.returncode == 2
    assert not [x for x in done.stderr.splitlines() if x.lstrip().startswith("::")]


def test_annotations_keep_within_what_is_shown(cli: Run, tmp_path: Path) -> None:
    lines = (f"vllm serve Qwen/Qwen3-8B --trust-remote-code --port {i}\n" for i in range(30))
    (tmp_path / "run.sh").write_text("".join(lines))
    shown = cli("check", tmp_path, "--format", "github").stdout.splitlines()
    for word in ("error", "warning", "notice"):
        rows = [x for x in shown if x.startswith(f"::{word}")]
        assert len(rows) <= 10
        assert word == "notice" or "more; all of them" in rows[-1]


def test_a_span_of_code_ends_where_it_should() -> None:
    assert safe.code("a``b`c") == "```a``b`c```"
    assert safe.code("`") == "`` ` ``"
