"""`selector recommend`: the ranked stack with cost and risk tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selector.cli.flags import AsOf, Measurements, Packs, Provisional, Sets, Strict
from selector.errors import Problem, UsageError

if TYPE_CHECKING:
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue
    from selector.types.decision import Recommendation


NARROWEST = 20  # columns; anything less holds no table


def recommend(
    reqs: Annotated[Path, typer.Argument(help="Requirements, reqs.yaml.")],
    top: Annotated[int, typer.Option(min=1, max=1000, help="Stacks to show.")] = 10,
    set_: Sets = None,
    packs: Packs = None,
    measurements: Measurements = None,
    save: Annotated[Path | None, typer.Option(help="Write the decision to a file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --save.")] = False,
    format_: Annotated[str, typer.Option("--format", help="table, json, markdown or html.")] = "table",
    strict: Strict = False,
    allow_provisional: Provisional = False,
    as_of: AsOf = None,
) -> None:
    """Rank the stacks that satisfy the requirements."""
    from selector.cli import session
    from selector.needs import partial
    from selector.packs.catalog import load as load_catalogue

    session.check_format(format_)
    today = session.day(as_of)
    cat = session.measured(load_catalogue(packs or []), measurements, today)
    stated = partial.read(reqs, set_ or [], cat)
    found = session.decide(stated, cat, top, strict, allow_provisional, today)
    if save is not None:
        if save.resolve() == reqs.resolve():
            raise UsageError(Problem(f"{save} is the requirements file", None, "name another file"))
        session.write_new(save, _sealed(found, stated, cat), force)
    typer.echo(_written(found, format_, cat), nl=False)
    if not found.feasible:
        raise typer.Exit(1)


def _sealed(found: Recommendation, stated: Stated, cat: Catalogue) -> str:
    """The content of a decision file."""
    from selector.iterate import decision
    from selector.report import json as as_json

    return as_json.dumps(decision.sealed(as_json.recommendation(found), stated, cat))


def _written(found: Recommendation, format_: str, cat: Catalogue) -> str:
    """The result in a format; libraries of the other formats are not loaded."""
    if format_ == "json":
        from selector.report import json as as_json

        return as_json.dumps(as_json.recommendation(found))
    if format_ == "markdown":
        from selector.report import markdown

        return markdown.recommendation(found)
    if format_ == "html":
        from selector.report import html

        return html.recommendation(found, cat)
    from selector.report import table

    terminal = sys.stdout.isatty()
    return table.recommendation(found, terminal, width(terminal))


def width(terminal: bool) -> int | None:
    """Columns of the terminal; elsewhere what COLUMNS says, or None where it says nothing."""
    import os
    import shutil

    if terminal:
        return shutil.get_terminal_size().columns
    stated = os.environ.get("COLUMNS", "")
    return int(stated) if stated.isdecimal() and int(stated) >= NARROWEST else None
