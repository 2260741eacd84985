"""Packs kept inside another file: the files of each, compressed, and read again as a catalogue.

What is stored is the text that a digest of a pack is taken of, so that a pack which was changed is
noticed, and a pack which did not change is the same line in every file that holds it.
"""

from __future__ import annotations

import base64
import binascii
import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from selector.errors import InputError, Position, Problem
from selector.packs import compiled
from selector.packs.catalog import Catalogue, checked

MOST_BYTES = 50_000_000  # unpacked, of one pack
Stored = dict[str, Any]


def keep(raw: compiled.Raw) -> list[Stored]:
    """Every pack as {id, folder, shipped, files}: JSON of path -> text, through xz and base64."""
    return [_kept(p) for p in raw.packs]


def _kept(pack: Mapping[str, Any]) -> Stored:
    folder = Path(pack["path"])
    texts = {str(f.relative_to(folder)): f.read_text(encoding="utf-8") for f in _files(folder, pack["id"])}
    data = lzma.compress(json.dumps(texts, ensure_ascii=False).encode())
    return {
        "id": pack["id"],
        "folder": "" if pack["id"] == compiled.BASE else folder.name,
        "shipped": pack["shipped"],
        "files": base64.b64encode(data).decode("ascii"),
    }


def _files(folder: Path, pack: str) -> list[Path]:
    """The base holds the files beside the packs only."""
    return sorted(folder.glob("*.yaml")) if pack == compiled.BASE else compiled.pack_files(folder)


def restore(
    stored: Sequence[Stored], digests: Mapping[str, Mapping[str, str]], folder: Path, file: str
) -> Catalogue:
    """The catalogue of stored packs, written under `folder`; `digests` is what `inputs.packs` says.

    Raises `InputError` where a pack is damaged or is not the one that the digest is of, and
    `PackError` where this version of the program cannot read it.
    """
    names = [s["id"] for s in stored]
    if sorted(names) != sorted(digests):
        what = f"packs stored: {', '.join(sorted(names))}; packs used: {', '.join(sorted(digests))}"
        raise InputError(Problem(what, Position(file), "save the decision anew"))
    own = []
    for number, one in enumerate(stored):
        place = folder / "rules" / one["folder"] if one["shipped"] else folder / str(number) / one["folder"]
        if not one["shipped"]:
            own.append(place)
        _written(one, place, file)
        found = compiled.digest(_files(place, one["id"]), place)
        if found != digests[one["id"]]["sha256"]:
            what = f"pack {one['id']} is not the one that the decision was made with: its digest is another"
            raise InputError(Problem(what, Position(file), "save the decision anew"))
    raw = compiled.shipped(folder / "rules")
    for place in own:
        raw = compiled.overlay(raw, place)
    packs = [p | {"version": digests[p["id"]]["version"]} for p in raw.packs]
    return checked(replace(raw, packs=packs), bool(own))


def _written(one: Stored, place: Path, file: str) -> None:
    for name, text in _texts(one, file).items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.suffix != ".yaml":
            raise _damaged(one, file, f"no name of a file of a pack: {name}")
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _texts(one: Stored, file: str) -> dict[str, str]:
    try:
        if "/" in one["folder"] or one["folder"] in (".", ".."):
            raise ValueError(f"no name of a folder: {one['folder']}")
        unpacker = lzma.LZMADecompressor()
        data = unpacker.decompress(base64.b64decode(one["files"], validate=True), MOST_BYTES)
        if not unpacker.eof:
            raise ValueError(f"it does not end within {MOST_BYTES:,} bytes")
        found = json.loads(data)
    except (ValueError, binascii.Error, lzma.LZMAError, RecursionError) as problem:
        raise _damaged(one, file, str(problem)) from None
    if not isinstance(found, dict) or not all(isinstance(t, str) for t in found.values()):
        raise _damaged(one, file, "not a table of texts")
    return found


def _damaged(one: Stored, file: str, why: str) -> InputError:
    what = f"pack {one['id']} cannot be unpacked: {why}"
    return InputError(Problem(what, Position(file), "save the decision anew"))
