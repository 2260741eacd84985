"""package.json: AI packages of npm, with the versions of the lock beside or above it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from selector.check.detect import node_locks, packages
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen, Trouble

GROUPS = ("dependencies", "devDependencies", "optionalDependencies")


def reads(file: File) -> bool:
    """True for package.json."""
    return file.base == "package.json"


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one package."""
    text = tree.text(file)
    found = _loaded(text, file, tree) if text is not None else None
    if not isinstance(found, dict) or text is None:
        return []
    asked: dict[str, tuple[str, str]] = {}
    for group in GROUPS:
        names = found.get(group)
        for name, wanted in names.items() if isinstance(names, dict) else ():
            if f"npm:{name}" in tables.packages:
                asked.setdefault(name, (str(wanted), group))
    teller = Teller(file.name, file.name, tables)
    locked = node_locks.versions(file, {n: w for n, (w, _) in asked.items()}, tree) if asked else {}
    for name, (wanted, group) in asked.items():
        exact = re.fullmatch(r"=?v?(\d+\.\d+\.\d+\S*)", wanted)
        version = locked.get(name) or (exact[1] if exact else None)
        packages.told(tables.packages[f"npm:{name}"], name, version, _at(text, name, group), teller)
    return teller.told()


def _at(text: str, name: str, group: str) -> At:
    found = re.compile(rf'"{re.escape(name)}"\s*:').search(text, max(text.find(f'"{group}"'), 0))
    start = found.start() if found else 0
    return At(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start), group)


def _loaded(text: str, file: File, tree: Tree) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as problem:
        what = f"cannot be read: {problem.msg}"
        tree.troubles.append(Trouble("DETECT-001", what, file.name, problem.lineno, problem.colno))
    except RecursionError:
        tree.troubles.append(Trouble("DETECT-002", "nested too deeply", file.name))
    return None
