"""`selector check`: the gate for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SEVERITIES = ("info", "low", "medium", "high", "critical")


def check(
    path: Annotated[Path, typer.Argument(help="Folder or selector.stack.yaml.")] = Path(),
    fail_on: Annotated[str, typer.Option(help="Least severity that fails.")] = "high",
    packs: Annotated[list[Path] | None, typer.Option("--packs", help="Folder of packs.")] = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Report, but do not fail.")] = False,
    as_of: Annotated[str | None, typer.Option(help="Judge ages at YYYY-MM-DD.")] = None,
) -> None:
    """Judge the declared stack: can it run, and what do the vetoes and warnings of the packs say."""
    from selector.check.gate import FILE
    from selector.check.gate import check as run
    from selector.cli import session
    from selector.errors import Problem, UsageError
    from selector.packs.catalog import load
    from selector.report import check as report
    from selector.report.json import dumps

    session.check_format(format_, ("table", "json"))
    if fail_on not in SEVERITIES:
        raise UsageError(
            Problem(f"--fail-on {fail_on} is not known", None, f"one of: {', '.join(SEVERITIES)}")
        )
    file = path / FILE if path.is_dir() else path
    if path.is_dir() and not file.exists():
        typer.echo(f"nothing to check: {path} has no {FILE}", err=True)
        raise typer.Exit(3)
    found = run(file, load(packs or []), session.day(as_of))
    least = SEVERITIES.index(fail_on)
    failed = [
        f for f in found.findings if f.outcome == "fail" and SEVERITIES.index(f.severity.value) >= least
    ]
    if format_ == "json":
        typer.echo(dumps(report.as_json(found, len(failed))), nl=False)
    else:
        typer.echo(report.as_text(found, len(failed)), nl=False)
    if failed and not exit_zero:
        raise typer.Exit(1)
