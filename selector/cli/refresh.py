"""`selector pack refresh`: prices and versions from sources that the user can reach."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selector.cli.flags import AsOf, Packs

if TYPE_CHECKING:
    from selector.iterate.refresh import Ask
    from selector.types.refresh import Feed

SOURCES = ("genai-prices", "litellm", "gpuhunt", "pypi")
PACKAGES = ("genai-prices", "gpuhunt")  # read from a package, left out where it is not installed
PLACED = ("litellm", "gpuhunt", "pypi")  # take --from


def refresh(
    source: Annotated[
        list[str] | None,
        typer.Option(help="genai-prices, litellm, gpuhunt or pypi; may be repeated. Default all of them."),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="File or address of the one source, or index of pypi.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this id; may be repeated.")] = None,
    save: Annotated[Path | None, typer.Option(help="Folder of your pack that rows are appended to.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Take suspicious jumps as well.")] = False,
    dated: Annotated[str | None, typer.Option(help="Day that the data are of, YYYY-MM-DD.")] = None,
    packs: Packs = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    as_of: AsOf = None,
) -> None:
    """Show newer prices and versions, and append them to a pack of your own."""
    from selector.cli import session
    from selector.iterate import appended
    from selector.iterate import refresh as run
    from selector.packs.catalog import load as load_catalogue
    from selector.report import refresh as report

    session.check_format(format_, ("table", "json"))
    today, said = session.day(as_of), session.day(dated) if dated else None
    _begun(said, today)
    wanted = _wanted(source, from_)
    own = [save] if save is not None and appended.prepared(save) else []
    ask = run.Ask(load_catalogue([*(packs or []), *own]), today, frozenset(only or ()), accept)
    _known(ask)
    found = run.compare(ask, _feeds(wanted, from_, said, ask, named=bool(source)))
    _show(report.as_json(found) if format_ == "json" else report.as_text(found, sys.stdout.isatty()))
    taken = [c for c in found.changes if not c.held]
    if save is None or not taken:
        return
    if not yes and not _agreed(len(taken), save):
        return
    for path in appended.append(save, taken, found.feeds, today):
        typer.echo(f"wrote {path}", err=True)


def _begun(said: date | None, today: date) -> None:
    """Data cannot be of a day to come."""
    from selector.errors import Problem, UsageError

    if said is not None and said > today:
        what = f"--dated {said} is after {today}, the day of this run"
        raise UsageError(Problem(what, None, "give the day that the data are of, or a later --as-of"))


def _show(text: str) -> None:
    typer.echo(text, nl=False)


def _agreed(count: int, folder: Path) -> bool:
    """Asks in a terminal; elsewhere nothing is written without --yes."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        return typer.confirm(f"Append {count} entries to {folder}?", err=True)
    typer.echo(f"nothing is written: add --yes to append {count} entries to {folder}", err=True)
    return False


def _wanted(source: list[str] | None, from_: str | None) -> list[str]:
    from selector.errors import Problem, UsageError
    from selector.packs.schema import near

    for name in source or ():
        if name not in SOURCES:
            fix = near(name, SOURCES) or f"one of: {', '.join(SOURCES)}"
            raise UsageError(Problem(f"--source {name} is not known", None, fix))
    if from_ is not None and (len(source or ()) != 1 or source is None or source[0] not in PLACED):
        what = "--from is a place of one source"
        raise UsageError(Problem(what, None, f"name it with --source: {', '.join(PLACED)}"))
    return list(dict.fromkeys(source or SOURCES))


def _known(ask: Ask) -> None:
    """Ids of --only that the packs do not have."""
    from selector.errors import Problem, UsageError
    from selector.packs.schema import near

    every = {*ask.cat.apis, *ask.cat.offers, *ask.cat.frameworks}
    wrong = sorted(ask.only - every)
    if wrong:
        raise UsageError([Problem(f"--only {x}: no entry has this id", None, near(x, every)) for x in wrong])


def _feeds(wanted: Sequence[str], from_: str | None, said: date | None, ask: Ask, named: bool) -> list[Feed]:
    """All sources asked for; every one that cannot be reached is named, and then nothing is done."""
    from selector.errors import InputError, Problem
    from selector.iterate.feeds import genai, gpuhunt

    there = {"genai-prices": genai.installed, "gpuhunt": gpuhunt.installed}
    found: list[Feed] = []
    problems: list[Problem] = []
    for name in wanted:
        if not named and name in PACKAGES and not there[name]():
            typer.echo(f"{name} is left out: the package is not installed", err=True)
            continue
        try:
            found.append(_feed(name, from_, said, ask))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _feed(name: str, from_: str | None, said: date | None, ask: Ask) -> Feed:
    from selector.iterate.feeds import genai, gpuhunt, litellm, pypi

    if name == genai.ID:
        return genai.read(ask.url(name), ask.today, said)
    if name == litellm.ID:
        return litellm.read(from_, ask.url(name), said)
    if name == gpuhunt.ID:
        return gpuhunt.read(from_, ask.url(name), said, ask.today)
    names = ask.names(pypi.ID)
    asked = [n for n, means in names.items() if not ask.only or means in ask.only]
    return pypi.read(from_ or ask.url(name), asked, ask.today)
