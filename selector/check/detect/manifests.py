"""Manifests and lock files of Python: requirements, pyproject, poetry, uv, pdm, Pipenv, setuptools, conda."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator

from selector.check.detect import manifest_forms, packages
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen, Trouble

NAMES = frozenset(
    {"pyproject.toml", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "Pipfile", "Pipfile.lock",
     "setup.cfg", "setup.py", "requirements.lock"}
)  # fmt: skip
# A lock says what is installed; the manifest beside it only what may be.
LOCKS = {
    "pyproject.toml": ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"),
    "Pipfile": ("Pipfile.lock",),
}
MOST_INCLUDED = 20
_ERROR = re.compile(r"at line (\d+), column (\d+)")
BROKEN = (tomllib.TOMLDecodeError, json.JSONDecodeError, SyntaxError, RecursionError, ValueError)
Pins = dict[str, str | None]


def reads(file: File) -> bool:
    """True for the manifests and locks of Python."""
    name = file.base
    return (
        name in NAMES
        or (name.endswith((".txt", ".in")) and ("requirements" in name or file.folder == "requirements"))
        or (name.startswith(("environment", "conda")) and name.endswith((".yml", ".yaml")))
    )


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one manifest, a unit of its own, with those of files that only it names."""
    text = tree.text(file)
    if text is None:
        return
    locked = _locks(file, tree)
    for source in [file, *_included(file, text, tree)]:
        teller = Teller(file.name, source.name, tables)
        for name, version, place, how in _rows(source, tree):
            pinned = locked.get(_plain(name), version)
            registries = ("conda", "pypi") if how == manifest_forms.CONDA else ("pypi",)
            packages.python_package(name, pinned or version, At(*place, how), teller, registries)
        yield from teller.told()


def _rows(file: File, tree: Tree, quiet: bool = False) -> list[manifest_forms.Row]:
    """Rows of a file; what is broken is noted once, by its own reading."""
    text = tree.text(file)
    found: list[manifest_forms.Row] = []
    troubles: list[Trouble] = []
    try:
        # What stands before a break is kept.
        found.extend(manifest_forms.rows(file.base, text or "", troubles, file.name))
    except BROKEN as problem:
        troubles.append(_trouble(problem, file.name, text or ""))
    if not quiet:
        tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    return found


def _trouble(problem: Exception, name: str, text: str) -> Trouble:
    if isinstance(problem, tomllib.TOMLDecodeError):
        place = _ERROR.search(str(problem))
        at = (int(place[1]), int(place[2])) if place else (max(text.count("\n"), 1), 1)
        return Trouble("DETECT-001", f"cannot be read: {problem}", name, *at)
    if isinstance(problem, json.JSONDecodeError):
        return Trouble("DETECT-001", f"cannot be read: {problem.msg}", name, problem.lineno, problem.colno)
    if isinstance(problem, SyntaxError):
        what = f"cannot be read: {problem.msg}"
        return Trouble("DETECT-001", what, name, problem.lineno or 1, problem.offset or 1)
    return Trouble("DETECT-002", "nested too deeply, or no text", name)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _locks(file: File, tree: Tree) -> Pins:
    """Versions that another file fixes for a manifest: its lock, or the constraints that it names."""
    name = file.base
    for one in LOCKS.get(name, ()) + ((f"{name[:-3]}.txt",) if name.endswith(".in") else ()):
        lock = tree.beside(file, one) or (_of_workspace(file, one, tree) if one == "uv.lock" else None)
        if lock is not None:
            return _pins(_rows(lock, tree, quiet=True))
    found: Pins = {}
    for constraint, path in manifest_forms.included(tree.text(file) or "") if name.endswith("txt") else ():
        other = tree.at(file.path.parent / path) if constraint else None
        if other is not None:
            found |= _pins(manifest_forms.requirements(tree.text(other) or ""))
    return found


def _pins(rows: Iterable[manifest_forms.Row]) -> Pins:
    """The version of each package; none where the lock holds several, for different machines."""
    found: Pins = {}
    for name, version, _, _ in rows:
        key = _plain(name)
        found[key] = version if found.get(key, version) == version else None
    return found


def _of_workspace(file: File, name: str, tree: Tree) -> File | None:
    """The lock of a folder above that names the folder of this manifest as a member."""
    folder = file.path.parent
    for above in folder.parents:
        lock = tree.at(above / name)
        if lock is not None:
            inside = re.escape(folder.relative_to(above).as_posix())
            member = re.search(rf'(?:editable|virtual|directory) = "{inside}"', tree.text(lock) or "")
            return lock if member else None
    return None


def _included(file: File, text: str, tree: Tree) -> Iterator[File]:
    """Requirements that a file names with `-r` and that are no manifests by their own name."""
    if not file.base.endswith((".txt", ".in")):
        return
    seen, waiting = {file.path}, [(file, text)]
    while waiting and len(seen) < MOST_INCLUDED:
        source, inside = waiting.pop(0)
        for constraint, path in manifest_forms.included(inside):
            other = tree.at(source.path.parent / path)
            if other is not None and not constraint and other.path not in seen:
                seen.add(other.path)
                waiting.append((other, tree.text(other) or ""))
                if not reads(other):
                    yield other
