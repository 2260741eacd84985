"""`selector init`: a commented requirements file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue

# What is asked in a terminal, in this order; an empty answer leaves the key to its assumption.
QUESTIONS = (
    ("application.task", "What is it for"),
    ("application.user_regions", "Where are the users, such as us, eu"),
    ("workload.peak_requests_per_second", "Requests a second at the busiest time"),
    ("workload.input_tokens", "Tokens of a prompt (megapixels, seconds of audio)"),
    ("workload.output_tokens", "Tokens of an answer"),
    ("budget.per_month_usd", "USD a month, people too"),
    ("data.classes", "What data, such as personal; public where nothing is protected"),
    ("data.may_leave_premises", "May data leave the premises, true or false"),
    ("deployment.hosting", "Where may it run, such as self_hosted, api"),
)


LISTS = frozenset({"application.user_regions", "data.classes", "deployment.hosting"})


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("reqs.yaml"),
    from_: Annotated[
        str | None,
        typer.Option("--from", help="Domain, or in a clone an example, to start from; --list names them."),
    ] = None,
    task: Annotated[str | None, typer.Option(help="The same as --set application.task=TASK.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE to state; may be repeated.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List what --from takes.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a commented reqs.yaml; asks in a terminal, unless flags say enough."""
    from selector.cli import session
    from selector.needs import start
    from selector.packs.catalog import load

    cat = load()
    if list_:
        typer.echo("\n".join(start.names(cat)))
        return
    sets = [*([f"application.task={task}"] if task else []), *(set_ or [])]
    _writable(path, force)
    made = start.text(from_ or start.GENERAL, cat)
    if sets:
        made = start.fill(made, sets)
    elif from_ is None and sys.stdin.isatty() and sys.stderr.isatty():
        made = _asked(made, cat)
    _checked(made, path, cat)
    session.write_new(path, made, force)
    typer.echo(f"wrote {path}: `selector recommend {path}` ranks stacks for it", err=True)


def _writable(path: Path, force: bool) -> None:
    """Before anybody answers questions."""
    from selector.errors import Problem, UsageError

    if path.exists() and not force:
        raise UsageError(Problem(f"{path} exists", None, "name another file or add --force"))


def _asked(made: str, cat: Catalogue) -> str:
    """The file with what is answered; a wrong answer is told and asked again."""
    from selector.errors import SelectorError
    from selector.needs import start

    for key, question in QUESTIONS:
        while answer := typer.prompt(question, default="", show_default=False, err=True).strip():
            try:
                filled = start.fill(made, [f"{key}={_listed(answer) if key in LISTS else answer}"])
                _checked(filled, Path("reqs.yaml"), cat)
            except SelectorError as error:
                typer.echo(str(error), err=True)
                continue
            made = filled
            break
    return made


def _listed(answer: str) -> str:
    """Words with commas between them are a list, as in `us, eu`."""
    return answer if answer.startswith("[") else f"[{answer}]"


def _checked(made: str, path: Path, cat: Catalogue) -> None:
    """What is written loads: schema, names and contradictions."""
    from datetime import date

    from selector.cli import session
    from selector.needs.components import expand
    from selector.needs.load import from_document
    from selector.packs.reader import parse

    session.check(expand(from_document(parse(made, str(path)))), cat, date.today())
