"""The command `selector`: registers the commands and turns errors into exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from selector import __version__
from selector.cli import (
    calibrate,
    check,
    diff,
    estimate,
    explain,
    init,
    pack,
    recommend,
    record,
    schema,
    sweep,
    validate,
)

GC_EVERY = 200_000  # objects
app = typer.Typer(
    name="selector",
    help="Choose an AI stack from requirements, with sourced facts, formulas and risks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("init")(init.init)
app.command("recommend")(recommend.recommend)
app.command("explain")(explain.explain)
app.command("estimate")(estimate.estimate)
app.command("check")(check.check)
app.command("diff")(diff.diff)
app.command("record")(record.record)
app.command("calibrate")(calibrate.calibrate)
app.command("validate")(validate.validate)
app.command("sweep")(sweep.sweep)
app.command("schema")(schema.schema)
app.add_typer(pack.app, name="pack")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"selector {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Choose an AI stack from requirements, with sourced facts, formulas and risks."""


def run() -> None:
    """Entry point: errors of the user's are printed without a traceback, exit code 2."""
    import atexit
    import gc

    from selector.errors import SelectorError

    # What one command builds lives to its end: looking for rubbish seldom saves 3 % of a large ranking.
    gc.set_threshold(GC_EVERY)
    # Nor is there anything to find among it when the interpreter ends.
    atexit.register(gc.freeze)
    try:
        app()
    except SelectorError as error:
        from selector.report.safe import line

        for problem in error.problems:
            # Problems quote files: what they say must not be a command to whoever reads the log.
            typer.echo("\n".join(map(line, f"error: {problem}".split("\n"))), err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
