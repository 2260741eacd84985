"""package.json: AI packages of npm, with the versions of the lock beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from selector.check.detect import packages
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen, Trouble

GROUPS = ("dependencies", "devDependencies", "optionalDependencies")


def reads(path: PurePosixPath) -> bool:
    """True for package.json."""
    return path.name == "package.json"


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one package."""
    text = tree.text(file)
    found = _loaded(text, file, tree) if text is not None else None
    if not isinstance(found, dict) or text is None:
        return []
    lock_file = tree.beside(file, "package-lock.json")
    lock_text = tree.text(lock_file) if lock_file else None
    lock = _loaded(lock_text, lock_file, tree) if lock_text is not None and lock_file else None
    rows = lock.get("packages") if isinstance(lock, dict) else None
    teller = Teller(file.name, file.name, tables)
    for group in GROUPS:
        names = found.get(group)
        for name, wanted in names.items() if isinstance(names, dict) else ():
            row = rows.get(f"node_modules/{name}") if isinstance(rows, dict) else None
            version = row.get("version") if isinstance(row, dict) else None
            exact = version or (wanted if re.fullmatch(r"\d+\.\d+\.\d+\S*", str(wanted)) else None)
            at = text.find(f'"{name}"')
            line = text.count("\n", 0, max(at, 0)) + 1
            packages.told(tables.packages.get(f"npm:{name}"), name, exact, At(line, 1, group), teller)
    return teller.told()


def _loaded(text: str, file: File, tree: Tree) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as problem:
        what = f"cannot be read: {problem.msg}"
        tree.troubles.append(Trouble("DETECT-001", what, file.name, problem.lineno, problem.colno))
    except (RecursionError, ValueError):
        tree.troubles.append(Trouble("DETECT-002", "nested too deeply", file.name))
    return None
