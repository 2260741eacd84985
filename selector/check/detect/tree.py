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


@dataclass(frozen=True, slots=True)
class File:
    """One file: its path from the root with /, and where it lies."""

    path: PurePosixPath
    at: Path

    @property
    def name(self) -> str:
        """The path as a finding prints it."""
        return self.path.as_posix()


@dataclass(slots=True)
class Tree:
    """Files in the order of their paths; texts are read when asked for."""

    root: Path
    files: tuple[File, ...]
    troubles: list[Trouble] = field(default_factory=list)
    config_maps: dict[str, dict[str, str]] | None = None  # that kustomizations generate, once looked for
    memo: dict[tuple[str, str], Any] = field(default_factory=dict)  # worked out once for many files
    _last: tuple[File, str | None] | None = None
    _by_path: dict[PurePosixPath, File] | None = None

    def text(self, file: File) -> str | None:
        """Text of a file; None, with a trouble noted, where it is too large, unreadable or not text. The last
        one is kept, since several detectors ask for it one after another."""
        if self._last is None or self._last[0] != file:
            self._last = file, self._read(file)
        return self._last[1]

    def _read(self, file: File) -> str | None:
        try:
            if file.at.stat().st_size > MOST_BYTES:
                self._note("DETECT-002", f"file is larger than {MOST_BYTES:,} bytes, not read", file)
                return None
            raw = file.at.read_bytes()
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
        if self._by_path is None:
            self._by_path = {f.path: f for f in self.files}
        parts: list[str] = []
        for part in path.parts:
            if part == "..":
                if not parts:
                    return None
                parts.pop()
            elif part != ".":
                parts.append(part)
        return self._by_path.get(PurePosixPath(*parts))

    def _note(self, code: str, message: str, file: File, line: int = 1) -> None:
        trouble = Trouble(code, message, file.name, line)
        if trouble not in self.troubles:
            self.troubles.append(trouble)


def walk(root: Path) -> Tree:
    """Every regular file under `root`, or `root` itself where it is a file; links are left out."""
    if root.is_file():
        return Tree(root.parent, (File(PurePosixPath(root.name), root),))
    tree = Tree(root, ())
    files: list[File] = []
    for at, path in _entries(root, PurePosixPath(), 0, tree):
        if len(files) == MOST_FILES:
            tree.troubles.append(Trouble("DETECT-002", f"more than {MOST_FILES:,} files, rest left out", "."))
            break
        files.append(File(path, at))
    tree.files = tuple(files)
    return tree


def _entries(
    folder: Path, path: PurePosixPath, depth: int, tree: Tree
) -> Iterator[tuple[Path, PurePosixPath]]:
    """Files of a folder and below, sorted by name."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name)
    except OSError as problem:
        tree.troubles.append(Trouble("DETECT-003", f"cannot be read: {problem.strerror}", path.as_posix()))
        return
    for entry in entries:
        inner = path / entry.name
        if entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name in NOT_SOURCE:
                continue
            if depth == MOST_DEPTH:
                tree.troubles.append(
                    Trouble("DETECT-002", "nested too deeply, not entered", inner.as_posix())
                )
                continue
            yield from _entries(Path(entry.path), inner, depth + 1, tree)
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path), inner
