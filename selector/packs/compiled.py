"""Read packs into plain entries, validated, and keep the shipped ones compiled in a cache.

The compiled file is JSON, keyed by the digest of the sources, so a changed pack is never read
stale; paths in it are relative to the rules folder, since several installs share one cache.
Packs of the user are always validated.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from selector import __version__
from selector.errors import InputError, PackError, Position, Problem
from selector.packs import schema
from selector.packs.locate import rules_dir
from selector.packs.reader import Document, read_yaml

SINGLE = frozenset(
    {"vocabulary", "scoring", "axes", "defaults", "aliases", "languages", "unresolved", "words"}
)
# Kinds that judge; all others say what is so.
JUDGING = frozenset(
    {
        *("rules", "risks", "mitigations", "scoring", "implications", "defaults", "parameters"),
        *("policies", "regulations", "uses", "domains", "roles"),
    }
)
BASE = "base"  # the files beside the packs: parameters, vocabulary, sources
WITHOUT_ID = {"support", "recoveries", "exchange_rates"}
SKIPPED = frozenset({"schemas"})
FORMAT = 4


@dataclass(slots=True)
class Raw:
    """Merged entries of packs: kind -> id -> fields, with the file each came from."""

    entries: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    single: dict[str, Any] = field(default_factory=dict)
    packs: list[dict[str, Any]] = field(default_factory=list)
    overridden: list[str] = field(default_factory=list)

    def owner(self, kind: str, key: str) -> str:
        """Id of the pack whose file holds an entry."""
        folder = str(Path(self.files[kind][key]).parent)
        found = [p["id"] for p in self.packs if p["path"] == folder]
        return str(found[0]) if found else ""


def pack_files(folder: Path) -> list[Path]:
    """YAML files of a pack, in a stable order; requirements to start from are not of it."""
    return sorted(p for p in folder.rglob("*.yaml") if p.is_file() and p.name != "reqs.yaml")


def digest(files: Iterable[Path], base: Path) -> str:
    """SHA-256 over names and contents."""
    total = hashlib.sha256()
    for path in files:
        total.update(str(path.relative_to(base)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def shipped(folder: Path | None = None) -> Raw:
    """The packs that ship, or a whole set of them in another folder, from the cache where it is fresh."""
    base = folder or rules_dir()
    files = [p for p in pack_files(base) if p.parts[len(base.parts)] not in SKIPPED]
    key = digest(files, base)
    cached = _cache_file(key)
    try:
        found = Raw(**json.loads(cached.read_text(encoding="utf-8")))
        return _with_paths(found, cache(lambda path: str(base / path)))
    except (OSError, ValueError, TypeError):
        pass
    raw = read_all(base)
    _write(cached, json.dumps(asdict(_with_paths(raw, lambda path: str(Path(path).relative_to(base))))))
    return raw


def _with_paths(raw: Raw, turn: Callable[[str], str]) -> Raw:
    """The same entries with every path turned; rows without an id carry theirs in the key."""

    def key(kind: str, text: str) -> str:
        return turn(text) if kind in WITHOUT_ID else text

    return replace(
        raw,
        entries={k: {key(k, i): e for i, e in rows.items()} for k, rows in raw.entries.items()},
        files={k: {key(k, i): turn(f) for i, f in rows.items()} for k, rows in raw.files.items()},
        packs=[p | {"path": turn(p["path"])} for p in raw.packs],
    )


def read_all(base: Path) -> Raw:
    """Validate and merge everything under a rules folder."""
    raw = Raw()
    problems: list[Problem] = []
    loose = sorted(base.glob("*.yaml"))
    folders = sorted(p.parent for p in base.glob("*/pack.yaml"))
    kinds = _read_files(raw, loose, problems, overriding=False)
    head = {"id": BASE, "version": __version__, "title": "Parameters, vocabulary and sources of all packs"}
    raw.packs.append(_info(head, base, loose, kinds, shipped_pack=True))
    for folder in folders:
        _read_pack(raw, folder, problems, shipped_pack=True)
    if problems:
        raise PackError(problems)
    return raw


def overlay(raw: Raw, folder: Path) -> Raw:
    """Add a user's pack folder, or a folder of packs, over what is there."""
    if not folder.is_dir():
        raise PackError(Problem(f"{folder} is not a folder", None, "name a folder with a pack.yaml"))
    folders = (
        [folder] if (folder / "pack.yaml").is_file() else sorted(p.parent for p in folder.glob("*/pack.yaml"))
    )
    if not folders:
        raise PackError(
            Problem(f"{folder} holds no pack.yaml", None, "make one with `selector pack new NAME`")
        )
    problems: list[Problem] = []
    for one in folders:
        _read_pack(raw, one, problems, shipped_pack=False)
    if problems:
        raise PackError(problems)
    return raw


def _read_pack(raw: Raw, folder: Path, problems: list[Problem], shipped_pack: bool) -> None:
    files = pack_files(folder)
    head = _document(folder / "pack.yaml", problems, "pack")
    if head is None:
        return
    info = head.data["pack"]
    twin = next((p for p in raw.packs if p["id"] == info["id"]), None)
    if twin is not None:
        problems.append(
            Problem(
                f'pack id "{info["id"]}" is taken by {twin["path"]}',
                head.where(("pack", "id")),
                "give the pack an id of its own; entries override by their own id",
            )
        )
        return
    kinds = _read_files(raw, [f for f in files if f.name != "pack.yaml"], problems, not shipped_pack)
    raw.packs.append(_info(info, folder, files, kinds, shipped_pack))


def _info(
    head: Mapping[str, Any],
    folder: Path,
    files: Sequence[Path],
    kinds: Mapping[Path, str],
    shipped_pack: bool,
) -> dict[str, Any]:
    """What is kept of a pack; facts and judgements have digests of their own, so that a changed
    decision can be traced to one or the other."""
    judging = [f for f in files if kinds.get(f) in JUDGING]
    return {
        "id": head["id"],
        "version": head["version"],
        "title": head["title"],
        "points_budget": float(head.get("points_budget", 0)),
        "digest": digest(files, folder),
        "facts_digest": digest([f for f in files if f not in judging], folder),
        "rules_digest": digest(judging, folder),
        "path": str(folder),
        "shipped": shipped_pack,
    }


def _read_files(
    raw: Raw, files: Iterable[Path], problems: list[Problem], overriding: bool
) -> dict[Path, str]:
    """Merge files; the kind that each holds."""
    kinds: dict[Path, str] = {}
    for path in files:
        document = _document(path, problems, None)
        if document is not None:
            kinds[path] = next(iter(document.data))
            _merge(raw, document, problems, overriding)
    return kinds


def _document(path: Path, problems: list[Problem], kind: str | None) -> Document | None:
    """A file that passed its schema, or None with the problems noted."""
    try:
        document = read_yaml(path)
    except InputError as error:
        problems.extend(error.problems)
        return None
    if kind is None:
        keys = list(document.data) if isinstance(document.data, dict) else []
        known = [k for k in keys if schema.exists(k)]
        if len(keys) != 1 or not known:
            fix = schema.near(keys[0], schema.names()) if keys else None
            what = "a pack file holds one top-level key that names its kind"
            problems.append(Problem(what, Position(str(path)), fix))
            return None
        kind = known[0]
    found = schema.validate(document, kind)
    problems.extend(found)
    return None if found else document


def _merge(raw: Raw, document: Document, problems: list[Problem], overriding: bool) -> None:
    kind = next(iter(document.data))
    rows = document.data[kind]
    if kind in SINGLE:
        raw.single[kind] = rows
        return
    entries = raw.entries.setdefault(kind, {})
    files = raw.files.setdefault(kind, {})
    for number, entry in enumerate(rows):
        key = f"{document.file}#{number}" if kind in WITHOUT_ID else entry["id"]
        if key in entries:
            if not overriding:
                what = f'{kind}: id "{key}" stands already in {files[key]}'
                problems.append(Problem(what, document.where((kind, number)), "use another id"))
                continue
            raw.overridden.append(f"{kind}:{key}")
        entries[key] = entry
        files[key] = document.file


def position(raw: Raw, kind: str, key: str) -> Position:
    """Where an entry stands."""
    file = raw.files.get(kind, {}).get(key)
    if file is None:
        return Position(kind)
    document = read_yaml(Path(file))
    for number, entry in enumerate(document.data[kind]):
        if entry.get("id") == key or f"{file}#{number}" == key:
            return document.where((kind, number))
    return Position(file)


def _cache_file(key: str) -> Path:
    folder = os.environ.get("SELECTOR_CACHE_DIR")
    if folder is None:
        from platformdirs import user_cache_dir

        folder = user_cache_dir("selector")
    return Path(folder) / f"packs-{FORMAT}-{key[:24]}.json"


def _write(path: Path, text: str) -> None:
    """Write through a temporary file; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as handle:
            handle.write(text)
        Path(handle.name).replace(path)
    except OSError:
        return
