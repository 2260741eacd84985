"""`selector record`: a numbered decision record with its snapshot."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from selector.iterate.record import Kept, Record
    from selector.packs.catalog import Catalogue
    from selector.types.explain import BreakEven


def record(
    decision: Annotated[Path, typer.Argument(help="Saved decision, from recommend --save.")],
    dir_: Annotated[Path, typer.Option("--dir", help="Folder of the records.")] = Path("decisions"),
    by: Annotated[list[str] | None, typer.Option("--by", help="Who decided; may be repeated.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write a record that is there already anew.")
    ] = False,
) -> None:
    """Write a decision as a numbered Markdown record (MADR) with the decision beside it."""
    from selector.cli import fresh
    from selector.errors import InputError, Position, Problem
    from selector.iterate import record as records
    from selector.packs import sealed
    from selector.report import madr

    found = sealed.read(decision)
    fresh.repeat(found)
    if not all(p["stacks"] for p in sealed.parts(found).values()):
        what = "no stack satisfies the requirements, so that there is nothing to record"
        raise InputError(Problem(what, Position(str(decision)), "relax the requirements and save anew"))
    kept = records.read(dir_)
    number, stem, status = _place(dir_, kept, found, force)
    made = _made(found, decision, (number, stem, dir_), by or [], records.before(kept, found, number))
    text = records.with_status(madr.page(made), status) if status else madr.page(made)
    _write(dir_, stem, text, decision.read_text(encoding="utf-8"), force)
    if made.supersedes is not None:
        page, line = made.supersedes.page, records.by(number)
        page.write_text(records.with_status(made.supersedes.text, f"status: {line}"), encoding="utf-8")
        typer.echo(f"{page}: {line}")


def _place(folder: Path, kept: Sequence[Kept], found: Mapping[str, Any], force: bool) -> tuple[int, str, str]:
    """Number, name and status; those of the record that holds the same decision, where it may be written
    anew. A new one has the status of its page."""
    from selector.errors import Problem, UsageError
    from selector.iterate import record as records

    same = next((k for k in kept if k.decision.get("digest") == found["digest"]), None)
    if same is not None:
        if not force:
            what = f"this decision is recorded already: {same.page}"
            raise UsageError(Problem(what, None, "add --force to write the record anew"))
        return same.number, same.page.stem, same.status
    number = records.next_number(folder)
    return number, records.file_name(number, found), ""


def _made(
    found: Mapping[str, Any],
    path: Path,
    at: tuple[int, str, Path],
    makers: Sequence[str],
    before: Kept | None,
) -> Record:
    """The record, with what only a run of the decision can tell."""
    from selector.iterate import decision as saved
    from selector.iterate import record as records
    from selector.packs.catalog import load

    number, stem, dir_ = at
    same = before is not None and records.same_winner(before.decision, found)
    with tempfile.TemporaryDirectory() as folder:
        cat, why = saved.catalogue(found, Path(folder) / "packs", str(path))
        break_evens = {} if cat is None else _break_evens(found, cat, Path(folder))
        return records.Record(
            number,
            found,
            f"{stem}.json",
            dir_.name if dir_.is_absolute() else dir_.as_posix(),
            makers,
            records.reviews(found, cat or load()),
            break_evens,
            why,
            supersedes=None if same else before,
            confirms=before if same else None,
        )


def _break_evens(found: Mapping[str, Any], cat: Catalogue, folder: Path) -> dict[str, Sequence[BreakEven]]:
    """How far each requirement may move, by component."""
    from selector.cli import session
    from selector.decide.explain import break_even
    from selector.iterate import decision as saved
    from selector.needs.components import expand
    from selector.needs.load import load_document

    stated = load_document(saved.restore(found, folder / "files"), str(folder / "decision.json"))
    given = found["inputs"]
    top, strict, provisional = (given["settings"][k] for k in ("top", "strict", "allow_provisional"))
    today = date.fromisoformat(given["as_of"])
    files = saved.measurements(found.get("measured_files", ()), folder)
    cat = session.measured(cat, files, today)
    made: dict[str, Sequence[BreakEven]] = {}
    names = [found.get("component") or found["name"], *(c["name"] for c in found["components"])]
    for name, part in zip(names, expand(stated), strict=True):
        made[str(name)] = tuple(break_even.all_of(session.study(part, cat, top, strict, provisional, today)))
    return made


def _write(folder: Path, stem: str, text: str, snapshot: str, force: bool) -> None:
    from selector.cli import session
    from selector.errors import Problem, UsageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(Problem(f"{folder} cannot be made: {problem.strerror}")) from None
    for ending, content in ((".json", snapshot), (".md", text)):
        path = folder / f"{stem}{ending}"
        session.write_new(path, content, force)
        typer.echo(str(path))
