"""`selector diff`: what changed between two decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def diff(
    old: Annotated[Path, typer.Argument(help="Saved decision.")],
    new: Annotated[Path, typer.Argument(help="Saved decision.")],
    fail_on: Annotated[str | None, typer.Option(help="winner-change: exit 1 when the winner moved.")] = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Compare two decisions: winner, ranks, figures, risks, feasibility, and what caused it."""
    from selector.cli import session
    from selector.errors import Problem, UsageError
    from selector.iterate import decision
    from selector.iterate import diff as run
    from selector.report.diff import as_text
    from selector.report.json import dumps
    from selector.report.numbers import plain

    session.check_format(format_, ("table", "json"))
    if fail_on not in (None, "winner-change"):
        raise UsageError(Problem(f"--fail-on {fail_on} is not known", None, "winner-change"))
    found = run.diff(decision.read(old), decision.read(new))
    typer.echo(dumps(plain(found)) if format_ == "json" else as_text(found), nl=False)
    if fail_on and run.winner_changed(found):
        raise typer.Exit(1)
