"""Versions that locks of Node fix: npm, pnpm, yarn and bun, each read for the packages that are asked for.

Locks are long. npm's is JSON and read whole; of the others only the lines that name a package are looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from selector.check.detect import foreign
from selector.check.detect.pods import inner, text_of
from selector.check.detect.tree import File, Tree
from selector.types.detected import Trouble

Asked = Mapping[str, str]  # name of a package and the range that is asked for
Versions = dict[str, str]


def versions(file: File, asked: Asked, tree: Tree) -> Versions:
    """Versions of the packages of a package.json by the lock beside it, or by that of the workspace above."""
    folder = file.path.parent
    for above in (folder, *folder.parents):
        for name, read in FORMS.items():
            lock = tree.at(above / name)
            if lock is not None:
                member = folder.relative_to(above).as_posix()
                try:
                    return read(tree.text(lock) or "", "" if member == "." else member, asked)
                except (json.JSONDecodeError, RecursionError) as problem:
                    _broken(problem, lock, tree)
                    return {}
    return {}


def _broken(problem: Exception, lock: File, tree: Tree) -> None:
    line, column = (problem.lineno, problem.colno) if isinstance(problem, json.JSONDecodeError) else (1, 1)
    trouble = Trouble("DETECT-001", f"cannot be read: {problem}", lock.name, line, column)
    if trouble not in tree.troubles:
        tree.troubles.append(trouble)


def _npm(text: str, member: str, asked: Asked) -> Versions:
    """Version 1 has `dependencies`, versions 2 and 3 `packages` by the folder that they lie in."""
    found = json.loads(text) if text else None
    rows = inner(found, ("packages",))
    if isinstance(rows, dict):
        if member and member not in rows:
            return {}
        own = [f"{member}/node_modules/", "node_modules/"] if member else ["node_modules/"]
        pairs = {n: next((rows[o + n] for o in own if o + n in rows), None) for n in asked}
    else:
        pairs = {n: inner(found, ("dependencies", n)) for n in asked} if not member else {}
    return {n: v for n, row in pairs.items() if (v := text_of(inner(row, ("version",))))}


def _pnpm(text: str, member: str, asked: Asked) -> Versions:
    """The part before `packages:` says what each member of the workspace was given."""
    documents, _ = foreign.read(
        re.split(r"(?m)^(?:packages|snapshots):", text, maxsplit=1)[0], "pnpm-lock.yaml"
    )
    data = documents[0].data if documents else None
    importers = inner(data, ("importers",))
    given = inner(importers, (member or ".",)) if importers is not None else data if not member else None
    found: Versions = {}
    for group in ("dependencies", "devDependencies", "optionalDependencies"):
        rows = inner(given, (group,))
        for name, row in rows.items() if isinstance(rows, dict) else ():
            version = text_of(inner(row, ("version",))) or text_of(row)
            plain = re.match(r"\d+\.\d+\.\d+(?:-[\w.]+)?", version or "")
            if name in asked and plain:
                found[name] = plain[0]
    return found


def _yarn(text: str, _: str, asked: Asked) -> Versions:
    """Blocks headed by what was asked for: `"openai@^4.1, openai@npm:^4.50":`, then the version."""
    found: Versions = {}
    heads: list[str] = []
    for line in text.splitlines():
        if line and not line[0].isspace() and line.endswith(":"):
            heads = [h.strip().strip('"') for h in line[:-1].replace('"', "").split(",")]
        version = re.match(r"\s+version:?\s+\"?([^\"\s]+)", line) if heads else None
        for head in heads if version else ():
            name, _, wanted = head[1:].partition("@")
            name = head[0] + name
            if version and asked.get(name) == wanted.removeprefix("npm:"):
                found[name] = version[1]
        heads = [] if version else heads
    return found


def _bun(text: str, member: str, asked: Asked) -> Versions:
    """Lines of `packages`: `"openai": ["openai@4.62.0", ...]`; a member of the workspace is named above."""
    if member and f'"{member}"' not in text:
        return {}
    found: Versions = {}
    for key, name, version in re.findall(r'"([^"\n]+)":\s*\["(@?[^"@\n]+)@(\d[^"\n]*)"', text):
        if key == name and name in asked:
            found[name] = version
    return found


FORMS: Mapping[str, Callable[[str, str, Asked], Versions]] = {
    "package-lock.json": _npm,
    "npm-shrinkwrap.json": _npm,
    "pnpm-lock.yaml": _pnpm,
    "yarn.lock": _yarn,
    "bun.lock": _bun,
}
