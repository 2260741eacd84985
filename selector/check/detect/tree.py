"""The files of a repository, within budgets: no link is followed out of it, nothing is run or imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from selector.types.detected import Trouble

MOST_FILES = 200_000
MOST_BYTES = 2_000_000
MOST_DEPTH = 40
NOT_SOURCE = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache",
     ".ruff_cache", ".pytest_cache", "site-packages", ".terraform", ".idea", ".next"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One file; its parts stand ready, since every detector asks for them of every file."""

    name: str  # path from the root with /, as a finding prints it
    at: str  # where it lies
    folders: tuple[str, ...]  # from the root down to it
    base: str  # the last part of the name
    suffix: str  # from the last point of that on, as `PurePath.suffix` has it

    @property
    def path(self) -> PurePosixPath:
        """Path from the root."""
        return PurePosixPath(self.name)

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts of the path."""
        return (*self.folders, self.base)

    @property
    def folder(self) -> str:
        """Name of the folder that it lies in; empty for the root."""
        return self.folders[-1] if self.folders else ""


def file_of(folders: tuple[str, ...], base: str, at: str) -> File:
    """A file by the parts of its path."""
    point = base.rfind(".")
    suffix = base[point:] if 0 < point < len(base) - 1 else ""
    return File("/".join((*folders, base)), at, folders, base, suffix)


@dataclass(slots=True)
class Tree:
    """Files in the order of their paths; texts are read when asked for."""

    root: Path
    files: tuple[File, ...]
    troubles: list[Trouble] = field(default_factory=list)
    config_maps: dict[str, dict[str, str]] | None = None  # that kustomizations generate, once looked for
    memo: dict[tuple[str, str], Any] = field(default_factory=dict)  # worked out once for many files
    _last: tuple[File, str | None] | None = None
    _by_name: dict[str, File] | None = None

    def text(self, file: File) -> str | None:
        """Text of a file; None, with a trouble noted, where it is too large, unreadable or not text. The last
        one is kept, since several detectors ask for it one after another."""
        if self._last is None or self._last[0] is not file:
            self._last = file, self._read(file)
        return self._last[1]

    def _read(self, file: File) -> str | None:
        try:
            # A `Path` for each of many small files costs as much as reading them.
            with open(file.at, "rb", buffering=0) as stream:  # noqa: PTH123
                if os.fstat(stream.fileno()).st_size > MOST_BYTES:
                    self._note("DETECT-002", f"file is larger than {MOST_BYTES:,} bytes, not read", file)
                    return None
                raw = stream.readall()
        except OSError as problem:
            self._note("DETECT-003", f"cannot be read: {problem.strerror}", file)
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            self._note("DETECT-003", "is not UTF-8 text", file, raw[: problem.start].count(b"\n") + 1)
            return None

    def beside(self, file: File, name: str) -> File | None:
        """A file of the same folder, or None."""
        return self.at(file.path.parent / name)

    def at(self, path: PurePosixPath) -> File | None:
        """A file of the tree by its path; `..` stays inside the tree."""
        if self._by_name is None:
            self._by_name = {f.name: f for f in self.files}
        parts: list[str] = []
        for part in path.parts:
            if part == "..":
                if not parts:
                    return None
                parts.pop()
            elif part != ".":
                parts.append(part)
        return self._by_name.get("/".join(parts))

    def _note(self, code: str, message: str, file: File, line: int = 1) -> None:
        trouble = Trouble(code, message, file.name, line)
        if trouble not in self.troubles:
            self.troubles.append(trouble)


def walk(root: Path) -> Tree:
    """Every regular file under `root`, or `root` itself where it is a file; links are left out."""
    if root.is_file():
        return Tree(root.parent, (file_of((), root.name, str(root)),))
    tree = Tree(root, ())
    files: list[File] = []
    for file in _entries(str(root), (), tree):
        if len(files) == MOST_FILES:
            tree.troubles.append(Trouble("DETECT-002", f"more than {MOST_FILES:,} files, rest left out", "."))
            break
        files.append(file)
    tree.files = tuple(files)
    return tree


def _entries(at: str, folders: tuple[str, ...], tree: Tree) -> Iterator[File]:
    """Files of a folder and below, sorted by name."""
    try:
        with os.scandir(at) as found:
            entries = sorted(found, key=lambda e: e.name)
    except OSError as problem:
        name = "/".join(folders) or "."
        tree.troubles.append(Trouble("DETECT-003", f"cannot be read: {problem.strerror}", name))
        return
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            yield file_of(folders, entry.name, entry.path)
        elif entry.is_dir(follow_symlinks=False) and entry.name not in NOT_SOURCE:
            inner = (*folders, entry.name)
            if len(folders) == MOST_DEPTH:
                name = "/".join(inner)
                tree.troubles.append(Trouble("DETECT-002", "nested too deeply, not entered", name))
            else:
                yield from _entries(entry.path, inner, tree)
