"""`selector check`: the gate for CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selector.cli.flags import AsOf, Packs

if TYPE_CHECKING:
    from selector.check.gate import Checked
    from selector.report.check import Verdict

NOTHING = 3  # exit code where nothing was judged
FORMATS = ("table", "json", "sarif", "junit", "github", "markdown")
SEVERITIES = ("info", "low", "medium", "high", "critical")


def check(
    path: Annotated[Path, typer.Argument(help="Folder or selector.stack.yaml.")] = Path(),
    policy: Annotated[
        str | None, typer.Option("--policy", help="Policy file, or a shipped policy by name.")
    ] = None,
    fail_on: Annotated[str, typer.Option(help="Least severity that fails.")] = "high",
    fail_on_unknown: Annotated[
        str | None, typer.Option(help="Least severity at which what is unknown ends with 4.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="Findings of this file do not count.")] = None,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", help="Write today's findings as a baseline.")
    ] = None,
    packs: Packs = None,
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format", help=f"One of {', '.join(FORMATS)}; FORMAT=FILE writes a file; may be repeated."
        ),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Report, but do not fail.")] = False,
    init: Annotated[
        bool, typer.Option("--init", help="Draft selector.stack.yaml from what is detected.")
    ] = False,
    unit: Annotated[str | None, typer.Option(help="With --init: the unit to declare.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="With --init or --write-baseline: overwrite.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Judge what a repository declares and what is detected in it: does it hold the policy, can it run."""
    from selector.cli import session
    from selector.report.check import verdict

    outputs = _outputs(format_ or ["table"])
    for name, level in (("--fail-on", fail_on), ("--fail-on-unknown", fail_on_unknown)):
        _check_level(name, level)
    if init:
        _draft(path, packs, unit, force)
        return
    found = _run(path, policy, packs, session.day(as_of))
    if write_baseline is not None:
        _write_baseline(found, write_baseline, force)
    if baseline is not None:
        found = _without(found, baseline)
    judged = verdict(found, fail_on, fail_on_unknown)
    for kind, file in outputs:
        _write(_text(kind, found, judged), file)
    code = 0 if exit_zero else _code(found, judged)
    if code == NOTHING and found.findings:
        typer.echo(f"nothing could be judged: no file of {path} that was read declares a stack", err=True)
    elif code == NOTHING:
        typer.echo(found.notes[0], err=True)
    if code:
        raise typer.Exit(code)


def _code(found: Checked, judged: Verdict) -> int:
    """Exit code of a finished check."""
    if judged.failed:
        return 1
    if judged.undecided:
        return 4
    return 0 if found.facts else NOTHING


def _outputs(wanted: list[str]) -> list[tuple[str, Path | None]]:
    """Formats with the file that each goes to; at most one goes to standard output."""
    from selector.cli import session
    from selector.errors import Problem, UsageError

    found: list[tuple[str, Path | None]] = []
    for one in wanted:
        kind, equals, file = one.partition("=")
        session.check_format(kind, FORMATS)
        found.append((kind, Path(file) if equals else None))
    if sum(file is None for _, file in found) > 1:
        what = "several formats on standard output"
        raise UsageError(Problem(what, None, "name files: --format table --format sarif=check.sarif"))
    return found


def _check_level(name: str, level: str | None) -> None:
    from selector.errors import Problem, UsageError

    if level is not None and level not in SEVERITIES:
        raise UsageError(Problem(f"{name} {level} is not known", None, f"one of: {', '.join(SEVERITIES)}"))


def _run(path: Path, policy: str | None, packs: list[Path] | None, today: object) -> Checked:
    from datetime import date

    from selector.check import policy as policies
    from selector.check.gate import check as judge
    from selector.check.gate import empty
    from selector.errors import Problem, UsageError
    from selector.packs.catalog import load

    if not path.exists():
        raise UsageError(Problem(f"{path} does not exist", None, "name a folder or a selector.stack.yaml"))
    assert isinstance(today, date)
    source = policies.find(policy, path)
    cat = load([*source.folders, *(packs or [])])
    rules = policies.resolve(source, cat)
    return judge(path, rules, cat, today) or empty(path, rules)


def _without(found: Checked, baseline: Path) -> Checked:
    from dataclasses import replace

    from selector.check.waivers import against
    from selector.report.check import severities

    new, known, gone = against(found.findings, baseline)
    held = severities(w.finding for w in known)
    note = f"baseline {baseline} lets pass {len(known)} findings ({held}); {gone} that it holds are gone"
    return replace(found, findings=tuple(new), waived=(*found.waived, *known), notes=(*found.notes, note))


def _write_baseline(found: Checked, file: Path, force: bool) -> None:
    """Today's findings but those that nothing may hide, and a line that says how many."""
    from selector.check.waivers import baseline_text, can_be_known
    from selector.cli import session
    from selector.report.check import severities

    held = [f for f in found.findings if can_be_known(f)]
    session.write_new(file, baseline_text(held), force)
    left = len(found.findings) - len(held)
    rest = f"; {left} about files that cannot be read, or about waivers, are not recorded" if left else ""
    typer.echo(f"{file} written: {len(held)} findings ({severities(held)}){rest}", err=True)


def _text(kind: str, found: Checked, judged: Verdict) -> str:
    from selector.report.json import dumps

    if kind == "json":
        from selector.report.check import as_json

        return dumps(as_json(found, judged))
    if kind == "sarif":
        from selector.report.sarif import as_sarif

        return dumps(as_sarif(found, judged))
    if kind == "junit":
        from selector.report.junit import as_junit

        return as_junit(found, judged)
    if kind == "github":
        from selector.report.github import as_github

        return as_github(found, judged)
    if kind == "markdown":
        from selector.report.check_markdown import as_markdown

        return as_markdown(found, judged)
    from selector.report.check import as_text

    return as_text(found, judged)


def _write(text: str, file: Path | None) -> None:
    from selector.errors import Problem, UsageError

    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(Problem(f"{file} cannot be written: {problem.strerror}")) from None


def _draft(path: Path, packs: list[Path] | None, unit: str | None, force: bool) -> None:
    from selector.check.draft import draft
    from selector.check.plan import FILE
    from selector.cli import session
    from selector.errors import Problem, UsageError
    from selector.packs.catalog import load

    if not path.is_dir():
        raise UsageError(Problem(f"{path} is no folder", None, "selector check --init FOLDER"))
    session.write_new(path / FILE, draft(path, load(packs or []), unit), force)
    typer.echo(f"{path / FILE} written; complete what is marked", err=True)
