"""The two sides of a comparison: decisions, requirements files, or revisions of one in git."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selector.errors import InputError, Position, Problem, UsageError
from selector.iterate import decision
from selector.iterate.state import Side, State
from selector.packs import sealed

if TYPE_CHECKING:
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue

REVISION = re.compile(r"^(?P<rev>[^-:][^:]*):(?P<path>[^:]+)$")
ABROAD = "give files instead, or run it inside the repository"
WHOLE = ("vocabulary.yaml", "parameters.yaml")  # beside the packs of a complete set


@dataclass(frozen=True, slots=True)
class How:
    """What goes for a side that is computed: packs, measurements, date, and settings of the other side if
    it has any."""

    packs: Sequence[Path]
    measurements: Sequence[Path]
    today: date
    settings: Mapping[str, Any]


def read(text: str, how: How, folder: Path) -> Side:
    """One side; what it needs is written under `folder`, which has to last."""
    path, revision = Path(text), REVISION.match(text)
    if revision and not path.exists():
        return _revision(revision["rev"], revision["path"], text, how, folder)
    if decision.is_one(path):
        if how.packs:
            what = f"{text}: a saved decision has the packs that it was made with"
            fix = "give its requirements file instead, or leave the packs out"
            raise UsageError(Problem(what, None, fix))
        if how.measurements:
            what = f"{text}: a saved decision has the measurements that it was made with"
            raise UsageError(Problem(what, None, "give its requirements file instead, or leave them out"))
        return _saved(path, folder)
    return _file(path, text, how)


def _file(path: Path, name: str, how: How) -> Side:
    from selector.needs import partial

    cat = packs(how.packs)
    return _stated(partial.read(path, [], cat), cat, name, how)


def _stated(stated: Stated, cat: Catalogue, name: str, how: How) -> Side:
    from selector.cli import session

    known = session.measured(cat, how.measurements, how.today)
    files = [{"path": path, "text": text} for path, text in known.measured.texts.items()]
    state = State(stated, cat, how.today, how.settings, files)
    inputs = session.inputs(stated, known, how.today) | {"settings": dict(how.settings)}
    return Side(name, inputs, stated.document.data, decision.files(stated), state)


def packs(folders: Sequence[Path]) -> Catalogue:
    """Shipped packs with the user's over them; a folder with a complete set stands in for the shipped."""
    from selector.packs.catalog import load

    whole = [f for f in folders if all((f / name).is_file() for name in WHOLE)]
    if len(whole) > 1:
        raise UsageError(Problem(f"{whole[0]} and {whole[1]} are complete sets of packs", None, "name one"))
    return load([f for f in folders if f not in whole], whole[0] if whole else None)


def _saved(path: Path, folder: Path) -> Side:
    from selector.needs.load import load_document

    found = sealed.read(path)
    cat, why = decision.catalogue(found, folder / "packs", str(path))
    given = found["inputs"]
    state = None
    if cat is not None:
        stated = load_document(decision.restore(found, folder / "files"), str(folder / path.name))
        today = date.fromisoformat(given["as_of"])
        state = State(stated, cat, today, given["settings"], found.get("measured_files", ()))
    files = {f["path"]: f["text"] for f in found["files"]}
    return Side(str(path), given, found["requirements"], files, state, why, found)


def _revision(rev: str, path: str, text: str, how: How, folder: Path) -> Side:
    """A requirements file as it was, and the configurations that it named, read without a checkout."""
    from selector.needs.load import from_document
    from selector.packs.reader import Document, parse

    here = folder / "revision" / Path(path).name
    here.parent.mkdir(parents=True)
    document = parse(_show(rev, path, text), text)
    with named({str(here): text}):
        stated = from_document(Document(str(here), document.data, document.positions))
    for name in dict.fromkeys(str(pin["config"]) for pin in decision.configs(stated.document.data)):
        target = (here.parent / name).resolve()
        if Path(name).is_absolute() or not target.is_relative_to(folder.resolve()):
            what = f"{name} lies outside the folder of the file, and is not read from a revision"
            raise InputError(Problem(what, Position(text), "compare files instead"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_show(rev, str(Path(path).parent / name), text), encoding="utf-8")
    return _stated(stated, packs(how.packs), text, how)


@contextmanager
def named(places: Mapping[str, str]) -> Iterator[None]:
    """Problems in files that were written for the run are told at the names that the user gave."""
    try:
        yield
    except InputError as error:
        raise InputError([_placed(p, places) for p in error.problems]) from None


def _placed(problem: Problem, places: Mapping[str, str]) -> Problem:
    where = problem.where
    if where is None or where.file not in places:
        return problem
    return replace(problem, where=replace(where, file=places[where.file]))


def _show(rev: str, path: str, text: str) -> str:
    """A file of a revision: from the top of the repository as git has it, else from the folder here."""
    said = ""
    for name in (path, f"./{path}"):
        command = ["git", "show", "--end-of-options", f"{rev}:{name}"]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        except FileNotFoundError:
            raise UsageError(Problem(f"{text}: git is not installed", None, ABROAD)) from None
        except subprocess.TimeoutExpired:
            raise UsageError(Problem(f"{text}: git did not answer", None, ABROAD)) from None
        if done.returncode == 0:
            try:
                return done.stdout.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise InputError(Problem("is not UTF-8 text", Position(text), "save it as UTF-8")) from None
        said = said or done.stderr.decode("utf-8", "replace").strip().splitlines()[0]
    fix = ABROAD if "not a git repository" in said else "write REVISION:FILE, such as HEAD~1:reqs.yaml"
    raise UsageError(Problem(f"{text}: {said}", None, fix))
