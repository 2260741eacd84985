"""Read YAML keeping the position of every value, and refuse what would be read differently elsewhere.

YAML 1.2 core scalars (`no`, `on`, `1:30` and dates stay strings), no duplicate keys, no tags, no
merge keys, budgets on size, depth and number of values so that an alias bomb ends early.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from selector.errors import InputError, Position, Problem

MOST_BYTES = 5_000_000
MOST_DEPTH = 50
MOST_VALUES = 200_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9](_?[0-9])*\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9](_?[0-9])*(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, object] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": float("nan"),
    ".inf": float("inf"),
    "-.inf": float("-inf"),
}
Path_ = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """Plain values of one file, with the place of each."""

    file: str
    data: Any
    positions: dict[Path_, tuple[int, int]] = field(default_factory=dict)

    def where(self, path: Path_) -> Position:
        """Position of a value, or of the nearest one around it."""
        while path and path not in self.positions:
            path = path[:-1]
        line, column = self.positions.get(path, (1, 1))
        return Position(self.file, line, column)


def read_text(path: Path) -> str:
    """Text of a file, or an error that says what is wrong with it."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise _error(str(path), 1, 1, "is a folder, not a file", "name a YAML file")
        if size > MOST_BYTES:
            raise _error(
                str(path),
                1,
                1,
                f"file has {size:,} bytes, more than {MOST_BYTES:,}",
                "split the file",
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise _error(str(path), 1, 1, "file does not exist", "check the path") from None
    except OSError as problem:
        raise _error(str(path), 1, 1, f"cannot be read: {problem.strerror}", None) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise _error(str(path), line, 1, "is not UTF-8 text", "save the file as UTF-8") from None


def read_yaml(path: Path) -> Document:
    """Values and positions of a YAML file."""
    return parse(read_text(path), str(path))


def parse(text: str, file: str) -> Document:
    """Values and positions of YAML text."""
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _error(file, line, column, f"not YAML: {problem.problem or problem.context}", None) from None
    except yaml.YAMLError as problem:
        raise _error(file, 1, 1, f"not YAML: {problem}".splitlines()[0], None) from None
    except RecursionError:
        raise _error(file, 1, 1, "nested too deeply", None) from None
    finally:
        loader.dispose()
    if node is None:
        raise _error(file, 1, 1, "file is empty", "`selector schema` lists the forms of files")
    builder = _Builder(file)
    document = Document(file, None, builder.positions)
    document.data = builder.value(node, (), 0)
    if builder.problems:
        raise InputError(builder.problems)
    return document


def _error(file: str, line: int, column: int, what: str, fix: str | None) -> InputError:
    return InputError(Problem(what, Position(file, line, column), fix))


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.positions: dict[Path_, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self._count = 0

    def value(self, node: yaml.Node, path: Path_, depth: int) -> Any:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.positions.setdefault(path, (line, column))
        self._count += 1
        if self._count > MOST_VALUES or depth > MOST_DEPTH:
            what = f"more than {MOST_VALUES:,} values" if depth <= MOST_DEPTH else "nested too deeply"
            raise _error(self.file, line, column, f"{what} (aliases count each time)", None)
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.startswith("tag:yaml.org,2002:python"):
            self._problem(line, column, f"tag {node.tag} is not allowed", "remove the tag")
            return None
        if isinstance(node, yaml.ScalarNode):
            return scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(v, (*path, i), depth + 1) for i, v in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        return self._mapping(node, path, depth)

    def _mapping(self, node: yaml.MappingNode, path: Path_, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(line, column, "a key must be a plain word", None)
                continue
            key = str(key_node.value)
            if key == "<<":
                self._problem(line, column, "merge keys (<<) are not YAML 1.2", "write the keys out")
            elif key in found:
                self._problem(
                    line,
                    column,
                    f'duplicate key "{key}", first at line {first[key]}',
                    "remove one of them",
                )
            else:
                first[key] = line
                self.positions[(*path, key)] = (line, column)
                found[key] = self.value(value_node, (*path, key), depth + 1)
        return found

    def _problem(self, line: int, column: int, what: str, fix: str | None) -> None:
        self.problems.append(Problem(what, Position(self.file, line, column), fix))


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], object]], ...] = (
    (_INT, lambda t: int(t.replace("_", ""))),
    (_OCTAL, lambda t: int(t[2:], 8)),
    (_HEX, lambda t: int(t[2:], 16)),
    (_FLOAT, lambda t: float(t.replace("_", ""))),
)


def scalar(node: yaml.ScalarNode) -> object:
    """Value of a scalar by the YAML 1.2 core rules."""
    text = str(node.value)
    # The C parser marks plain scalars with '', the Python one with None.
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    for pattern, convert in _NUMBERS:
        if pattern.match(text) and len(text) < 400:
            return convert(text)
    return text
