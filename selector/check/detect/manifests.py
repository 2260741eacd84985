"""Manifests and lock files of Python: requirements, pyproject, poetry, uv, Pipenv, conda."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from selector.check.detect import foreign, packages
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen, Trouble

# A lock says what is installed; the manifest beside it only what may be.
LOCKS = {"pyproject.toml": ("uv.lock", "poetry.lock", "pdm.lock"), "Pipfile": ("Pipfile.lock",)}
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)")
_PIN = re.compile(r"^\(?\s*={2,3}\s*([A-Za-z0-9.!+_-]+?)\s*(?:\\|\)|--hash.*)?\s*$")
_ERROR = re.compile(r"at line (\d+), column (\d+)")


def reads(path: PurePosixPath) -> bool:
    """True for the manifests and locks of Python."""
    name = path.name
    return (
        name
        in ("pyproject.toml", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile", "Pipfile.lock", "setup.cfg")
        or (name.endswith((".txt", ".in")) and ("requirements" in name or path.parent.name == "requirements"))
        or (name.startswith(("environment", "conda")) and name.endswith((".yml", ".yaml")))
    )


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one manifest, a unit of its own."""
    locked = _lock_beside(file, tree)
    text = tree.text(file)
    if text is None:
        return []
    teller = Teller(file.name, file.name, tables)
    try:
        for name, version, line, how in _rows(file, text, tree):
            pinned = locked.get(name.lower().replace("_", "-"), version)
            packages.python_package(name, pinned, At(line, 1, how), teller)
    except tomllib.TOMLDecodeError as problem:
        place = _ERROR.search(str(problem))
        at = (int(place[1]), int(place[2])) if place else (max(text.count("\n"), 1), 1)
        tree.troubles.append(Trouble("DETECT-001", f"cannot be read: {problem}", file.name, *at))
    except json.JSONDecodeError as problem:
        what = f"cannot be read: {problem.msg}"
        tree.troubles.append(Trouble("DETECT-001", what, file.name, problem.lineno, problem.colno))
    except RecursionError:
        tree.troubles.append(Trouble("DETECT-002", "nested too deeply", file.name))
    return teller.told()


def _lock_beside(file: File, tree: Tree) -> dict[str, str | None]:
    """Versions of the lock of a manifest; a lock that is broken is told by its own file."""
    for name in LOCKS.get(file.path.name, ()):
        lock = tree.beside(file, name)
        text = tree.text(lock) if lock else None
        if lock is not None and text:
            try:
                return {n.lower().replace("_", "-"): v for n, v, _, _ in _rows(lock, text, tree)}
            except (tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError):
                return {}
    return {}


Row = tuple[str, str | None, int, str]


def _rows(file: File, text: str, tree: Tree) -> Iterator[Row]:
    name = file.path.name
    if name.endswith((".txt", ".in")):
        yield from _requirements(text)
    elif name in ("poetry.lock", "uv.lock", "pdm.lock"):
        yield from _locked(text)
    elif name == "Pipfile.lock":
        yield from _pipfile_lock(text)
    elif name in ("pyproject.toml", "Pipfile"):
        yield from _toml(text)
    elif name == "setup.cfg":
        yield from _requirements(text, "setup.cfg")
    else:
        yield from _conda(text, file, tree)


def _requirements(text: str, how: str = "requirements") -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if (
            not stripped
            or stripped.startswith(("#", "-", "["))
            or "=" in stripped.split("==")[0].split(">")[0]
        ):
            continue
        found = specified(stripped)
        if found:
            yield found[0], found[1], number, how


def specified(text: str) -> tuple[str, str | None] | None:
    """Name and pinned version of `vllm[x]==0.9.1 ; marker`; no version where it is not pinned."""
    match = _REQUIREMENT.match(text)
    if not match:
        return None
    pin = _PIN.match(match[2].strip().split(" --hash")[0].rstrip("\\ "))
    return match[1], pin[1] if pin else None


def _locked(text: str) -> Iterator[Row]:
    """Packages of a lock; tomllib says whether it is whole, lines say where they stand."""
    tomllib.loads(text)
    name, line = None, 0
    for number, row in enumerate(text.splitlines(), 1):
        if row.startswith("[[package]]"):
            name = None
        elif row.startswith("name = ") and name is None:
            name, line = row.split("=", 1)[1].strip().strip('"'), number
        elif row.startswith("version = ") and name:
            yield name, row.split("=", 1)[1].strip().strip('"'), line, "lock"
            name = ""


def _pipfile_lock(text: str) -> Iterator[Row]:
    found = json.loads(text)
    for group in ("default", "develop"):
        rows = found.get(group) if isinstance(found, dict) else None
        for name, row in rows.items() if isinstance(rows, dict) else ():
            version = row.get("version") if isinstance(row, dict) else None
            pin = str(version).removeprefix("==") if version else None
            yield name, pin, _line(text, f'"{name}"'), "lock"


def _toml(text: str) -> Iterator[Row]:
    found = tomllib.loads(text)
    project = found.get("project", {})
    project = project if isinstance(project, dict) else {}
    groups: list[Any] = [project.get("dependencies")]
    for table in (project.get("optional-dependencies"), found.get("dependency-groups")):
        groups += list(table.values()) if isinstance(table, dict) else []
    for group in groups:
        for item in group if isinstance(group, list) else ():
            one = specified(item) if isinstance(item, str) else None
            if one:
                yield one[0], one[1], _line(text, item), "project dependency"
    yield from _tables(found, text)


def _tables(found: dict[str, Any], text: str) -> Iterator[Row]:
    """Tables of names and versions: poetry and Pipfile."""
    poetry = found.get("tool", {}).get("poetry", {}) if isinstance(found.get("tool"), dict) else {}
    poetry = poetry if isinstance(poetry, dict) else {}
    tables = [
        poetry.get("dependencies"),
        poetry.get("dev-dependencies"),
        found.get("packages"),
        found.get("dev-packages"),
    ]
    groups = poetry.get("group")
    tables += (
        [g.get("dependencies") for g in groups.values() if isinstance(g, dict)]
        if isinstance(groups, dict)
        else []
    )
    for table in tables:
        for name, value in table.items() if isinstance(table, dict) else ():
            version = value.get("version") if isinstance(value, dict) else value
            word = str(version or "").strip()
            pinned = re.fullmatch(r"(?:==)?\s*(\d+(?:\.\w+)*)", word)
            yield name, pinned[1] if pinned else None, _line(text, name), "dependency"


def _conda(text: str, file: File, tree: Tree) -> Iterator[Row]:
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(troubles)
    for document in documents:
        rows = document.data.get("dependencies") if isinstance(document.data, dict) else None
        for i, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, str):
                name, _, version = row.partition("=")
                pin = version.lstrip("=").split("=")[0]
                name = {"pytorch": "torch", "pytorch-gpu": "torch"}.get(name.strip(), name.strip())
                exact = re.fullmatch(r"[\w.]+", pin)
                yield (
                    name.split("::")[-1],
                    exact[0] if exact else None,
                    document.at(("dependencies", i))[0],
                    "conda",
                )
            elif isinstance(row, dict):
                for j, inner in enumerate(row.get("pip") or ()):
                    one = specified(inner) if isinstance(inner, str) else None
                    if one:
                        yield *one, document.at(("dependencies", i, "pip", j))[0], "pip of conda"


def _line(text: str, piece: str) -> int:
    at = text.find(piece)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1
