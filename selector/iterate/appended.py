"""Write what a refresh found: files named by day and number in a pack of the user's, none ever changed.

Entries of a later file win over those of an earlier one with the same id, as files are read in the
order of their names; what a file said stays. A run for an earlier day is numbered on from the last one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from selector.errors import PackError, Problem, SelectorError, UsageError
from selector.iterate.refresh import source
from selector.packs import compiled, schema
from selector.packs.reader import parse
from selector.types.refresh import Change, Feed

HEAD = "pack.yaml"
MOST = 99  # runs of one day, whose numbers have two digits so that their order is that of their names
SOURCES = "sources"
MARK = re.compile(r"-([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9]{2})\.yaml\Z")
APART = "nothing is written: give --save a folder of its own, named after this one in --packs"


def prepared(folder: Path) -> bool:
    """Whether the folder is a pack already; raises where it is something else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    if (folder / HEAD).is_file():
        return True
    what = f"{folder} is not a pack: it has no {HEAD}"
    raise UsageError(Problem(what, None, "name a folder that a refresh wrote, or a new one"))


def append(folder: Path, changes: Sequence[Change], feeds: Sequence[Feed], today: date) -> list[Path]:
    """Files of one run, all or none; the pack is begun where there is none."""
    texts: dict[str, str] = {}
    if not prepared(folder):
        texts[HEAD] = _dumped(
            "pack",
            {
                "id": _id(folder),
                "version": "0.1.0",
                "title": "prices and versions of my own refreshes",
                "points_budget": 0,
            },
        )
    mark = _mark(folder, today)
    used = {c.feed for c in changes}
    rows: dict[str, list[Mapping[str, Any]]] = {SOURCES: [_source(f) for f in feeds if f.id in used]}
    for change in changes:
        rows.setdefault(change.kind, []).append(change.entry)
    texts |= {f"{kind}-{mark}.yaml": _dumped(kind, entries) for kind, entries in rows.items()}
    return _written(folder, texts, rows)


def _written(
    folder: Path, texts: Mapping[str, str], rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Path]:
    _checked(texts)
    made: list[Path] = []
    began = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with (folder / name).open("x", encoding="utf-8") as handle:  # never over what is there
                made.append(folder / name)
                handle.write(text)
        _in_force(folder, made, rows)
    except (OSError, SelectorError) as error:
        for path in made:
            path.unlink(missing_ok=True)
        if began and folder.is_dir():
            folder.rmdir()
        if isinstance(error, OSError):
            raise PackError(Problem(f"{folder} cannot be written: {error.strerror}")) from None
        raise
    return made


def _in_force(folder: Path, made: Sequence[Path], rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """What was written has to be what the pack now says; files of the user's may be read later."""
    raw, new = compiled.overlay(compiled.Raw(), folder), set(map(str, made))
    problems = [
        Problem(f"{kind}: {id_} would win over what was found", compiled.position(raw, kind, id_), APART)
        for kind, id_ in ((kind, row["id"]) for kind, same in rows.items() for row in same)
        if raw.files[kind][id_] not in new
    ]
    if problems:
        raise PackError(problems)


def _checked(texts: Mapping[str, str]) -> None:
    """What a source says may break the form of the packs: then nothing is written."""
    for name, text in texts.items():
        document = parse(text, name)
        if problems := schema.validate(document, next(iter(document.data))):
            raise PackError(problems)


def _mark(folder: Path, today: date) -> str:
    """Day and number of a run, after all that are there."""
    taken = [m.groups() for p in folder.glob("*.yaml") if (m := MARK.search(p.name))]
    day, last = max([*taken, (today.isoformat(), "00")])
    number = int(last) + 1
    if number > MOST:
        raise UsageError(Problem(f"{folder} has {MOST} files of {day}", None, "name another folder"))
    return f"{day}-{number:02d}"


def _source(feed: Feed) -> dict[str, str]:
    return {"id": source(feed), "title": feed.title, "url": feed.url, "as_of": feed.as_of}


def _dumped(kind: str, value: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """YAML whose values are JSON, so that no text is read as a number or date."""
    if isinstance(value, Mapping):
        return f"{kind}: {json.dumps(value, ensure_ascii=False)}\n"
    lines = "".join(f"  - {json.dumps(row, ensure_ascii=False)}\n" for row in value)
    return f"# Appended by selector pack refresh; entries of later files win.\n{kind}:\n{lines}"


def _id(folder: Path) -> str:
    """An id of a pack from the name of a folder."""
    found = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return found if re.match(r"[a-z]", found) else f"pack-{found}".strip("-")
