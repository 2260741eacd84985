"""What init writes loads, keeps its comments, and never stands in the way of what is there."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from selector.cli import init as command
from selector.cli.main import app
from selector.cli.session import decide
from selector.errors import SelectorError
from selector.needs import start
from selector.needs.load import load
from selector.packs.catalog import Catalogue

RUN = CliRunner()


def test_it_writes_what_recommend_takes(tmp_path: Path, catalogue: Catalogue) -> None:
    path = tmp_path / "reqs.yaml"
    done = RUN.invoke(
        app,
        [
            "init",
            str(path),
            "--task",
            "code",
            "--set",
            "data.classes=[source_code]",
            "--set",
            "horizon_months=24",
        ],
    )
    assert (done.exit_code, done.stdout) == (0, "")
    text = path.read_text()
    assert "  task: code  # chat, code," in text
    assert "  # per_month_usd: 20000  # everything" in text
    need = load(path, ["deployment.hosting=[api]", "pins.model=[gpt-5.4-mini]"])
    assert need.requirement.data.classes == ("source_code",)
    assert need.requirement.horizon_months == 24
    from datetime import date

    assert decide(need, catalogue, 1, False, False, date(2026, 11, 24)).feasible
    again = RUN.invoke(app, ["init", str(path)])
    assert "exists" in str(again.exception)
    assert path.read_text() == text
    assert RUN.invoke(app, ["init", str(path), "--force"]).exit_code == 0
    assert path.read_text() != text


def test_every_start_loads(tmp_path: Path) -> None:
    names = RUN.invoke(app, ["init", "--list"]).stdout.split()
    assert "general" in names
    assert {"chat-api-or-gpus", "finance", "credit_scoring"} <= set(names)
    for name in names:
        assert RUN.invoke(app, ["init", str(tmp_path / f"{name}.yaml"), "--from", name]).exit_code == 0


def test_every_line_of_the_general_start_may_be_stated(catalogue: Catalogue) -> None:
    """What is commented out is right as it stands."""
    lines = start.text(start.GENERAL, catalogue).splitlines()
    keys, section = [], ""
    for line in lines[3:]:
        bare = line.strip().removeprefix("# ")
        key, colon, value = bare.partition(":")
        if not colon or " " in key:
            continue
        if not line.startswith((" ", "#")) and not value.strip():
            section = key
        elif line.startswith(" "):
            keys.append(f"{section}.{key}={value.split('  #')[0].strip()}")
    made = start.fill(start.text(start.GENERAL, catalogue), keys)
    assert len(keys) > 25
    assert "  # " not in "\n".join(x for x in made.splitlines() if x.startswith("  #"))
    command._checked(made, Path("reqs.yaml"), catalogue)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--from", "credit-default"], 'did you mean "credit-default-scoring"'),
        (["--task", "cod"], 'did you mean "code"'),
        (["--set", "budget.per_month_used=1"], 'did you mean "per_month_usd"'),
        (["--set", "pins.model=[x]"], "the file has no line for it"),
        (["--set", "budget.per_month_usd=9: 3"], "not YAML"),
        (["--set", "budget"], "no key=value"),
    ],
)
def test_errors(args: list[str], said: str, tmp_path: Path) -> None:
    done = RUN.invoke(app, ["init", str(tmp_path / "x.yaml"), *args])
    assert isinstance(done.exception, SelectorError)
    assert said in str(done.exception)
    assert not list(tmp_path.iterdir())


def test_wrong_answers_are_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], catalogue: Catalogue
) -> None:
    answers = iter(["cod", "code", "us, eu", "-3", "5", *[""] * 9])
    monkeypatch.setattr("typer.prompt", lambda *args, **options: next(answers))
    made = command._asked(start.text(start.GENERAL, catalogue), catalogue)
    assert "  task: code" in made
    assert "  user_regions: [us, eu]" in made
    assert "  peak_requests_per_second: 5" in made
    assert 'did you mean "code"' in capsys.readouterr().err
