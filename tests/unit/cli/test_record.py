"""`selector record`: pages in MADR form, numbered, never written over."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PAIR = Path(__file__).parents[2] / "golden" / "diff"
# Of adr/madr, template/adr-template.md, release 4.0.0.
HEADINGS = [
    "## Context and Problem Statement",
    "## Decision Drivers",
    "## Considered Options",
    "## Decision Outcome",
    "### Consequences",
    "### Confirmation",
    "## Pros and Cons of the Options",
    "## More Information",
]
CODE = "from selector.cli.main import run; run()"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("saved")
    found = {}
    for name, source, day in (
        ("first", "old", "2026-11-24"),
        ("again", "old", "2026-11-25"),
        ("moved", "new", "2026-11-26"),
    ):
        found[name] = folder / f"{name}.json"
        args = ["recommend", str(PAIR / f"{source}.yaml"), "--save", str(found[name]), "--as-of", day]
        subprocess.run([sys.executable, "-c", CODE, *args], check=True, capture_output=True)
    return found


def status(page: Path) -> str:
    found = re.search(r"^status: (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1]


def test_records_are_numbered_and_supersede(cli: Run, saved: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "decisions"
    for name in ("first", "again", "moved"):
        done = cli("record", saved[name], "--dir", folder, "--by", "Ann, CTO")
        assert done.returncode == 0, done.stderr
    pages = sorted(folder.glob("*.md"))
    assert [p.name for p in pages] == [f"000{n}-help-desk.md" for n in (1, 2, 3)]
    # The second has the same winner: the first stands beside it.
    assert [status(p) for p in pages] == ["accepted", "superseded by 0003", "accepted"]
    assert "Confirms [0001-help-desk]" in pages[1].read_text()
    assert "Supersedes [0002-help-desk]" in pages[2].read_text()
    for page, name in zip(pages, ("first", "again", "moved"), strict=True):
        assert page.with_suffix(".json").read_bytes() == saved[name].read_bytes()
    before = {p: p.read_bytes() for p in folder.iterdir()}
    twice = cli("record", saved["again"], "--dir", folder)
    assert twice.returncode == 2
    assert "recorded already" in twice.stderr
    assert {p: p.read_bytes() for p in folder.iterdir()} == before
    forced = cli("record", saved["again"], "--dir", folder, "--force")
    assert forced.returncode == 0
    assert status(pages[1]) == "superseded by 0003"
    assert len(list(folder.iterdir())) == 6


def test_the_page_has_the_headings_of_madr(cli: Run, saved: dict[str, Path], tmp_path: Path) -> None:
    assert cli("record", saved["first"], "--dir", tmp_path).returncode == 0
    text = (tmp_path / "0001-help-desk.md").read_text(encoding="utf-8")
    assert text.startswith("---\nstatus: accepted\ndate: 2026-11-24\n---\n\n# help desk: ")
    found = [line for line in text.splitlines() if line.startswith("#")]
    options = [h for h in found[1:] if h not in HEADINGS]
    assert [h for h in found[1:] if h in HEADINGS] == HEADINGS
    assert options
    assert all(h.startswith("### ") for h in options)
    assert 'Chosen option: "' in text
    assert "practically tied with it" in text
    assert "because these risks are possible, and would stay after mitigations: R-" in text
    confirmation = text.partition("### Confirmation")[2].partition("\n## ")[0]
    assert "`selector check . --policy" in confirmation
    assert re.search(r"Review by \d{4}-\d\d-\d\d: ", confirmation)
    assert "Review when `" in confirmation
    decision = json.loads(saved["first"].read_text())
    assert decision["digest"] in text
    assert all(p["sha256"] in text for p in decision["inputs"]["packs"].values())


def test_pages_of_others_keep_their_numbers(cli: Run, saved: dict[str, Path], tmp_path: Path) -> None:
    other = tmp_path / "0007-use-postgres.md"
    other.write_text("# Use Postgres\n")
    assert cli("record", saved["first"], "--dir", tmp_path).returncode == 0
    assert (tmp_path / "0008-help-desk.md").is_file()
    assert other.read_text() == "# Use Postgres\n"


def test_a_decision_without_a_stack_is_not_recorded(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    nothing = ("--set", "budget.per_month_usd=1")
    assert cli("recommend", PAIR / "old.yaml", *nothing, "--save", file).returncode == 1
    done = cli("record", file, "--dir", tmp_path / "d")
    assert done.returncode == 2
    assert "nothing to record" in done.stderr
    assert not (tmp_path / "d").exists()
