"""Read YAML and JSON that others wrote: whatever their tools accept, with the place of every value.

Several documents, merge keys, tags, duplicate keys (the last counts) and Helm templates are read; what
is broken is noted with its place, and what stands before it is kept. The budgets are those of packs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from selector.check.detect.argv import Word
from selector.packs.reader import MOST_DEPTH, MOST_VALUES, scalar
from selector.types.detected import Trouble

Path_ = tuple[str | int, ...]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_OF_TEMPLATE = re.compile(
    r"^[ \t]*(?:(?:-[ \t]+)?\{\{[^\n]*?\}\}|\{%[^\n]*?%\}|\{#[^\n]*?#\})[ \t]*$", re.MULTILINE
)
_VALUES = re.compile(
    r"\{\{-?\s*(?:quote\s+|int\s+|toYaml\s+)?\$?\.Values\.([A-Za-z0-9_.-]+?)\s*(?:\|[^{}]*)?-?\}\}"
)
_INDEX = re.compile(r"\{\{-?\s*index\s+\$?\.Values\.([A-Za-z0-9_.-]+)\s+\"([^\"\s]+)\"\s*(?:\|[^{}]*)?-?\}\}")
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
MARK = "TEMPLATE"
_WRITTEN = re.compile(r"\$\((\.Values\.[\w./-]+|" + MARK + r")\)")


@dataclass(slots=True)
class Foreign:
    """One document: plain values, and the place of each, counted from 1."""

    file: str
    data: Any = None
    places: dict[Path_, tuple[int, int]] = field(default_factory=dict)
    blocks: dict[Path_, tuple[int, str]] = field(default_factory=dict)  # indented texts: column, see _block
    tags: dict[Path_, str] = field(default_factory=dict)  # `!Ref` and others that a tool gives a meaning

    def at(self, path: Path_) -> tuple[int, int]:
        """Line and column of a value, or of the nearest one around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def move(self, start: Word) -> None:
        """Places of a document that stands in a text of another one, as places of that one."""
        lines, columns = start.line - 1, start.margin - 1
        self.places = {k: (line + lines, column + columns) for k, (line, column) in self.places.items()}
        self.blocks = {k: (margin + columns, script) for k, (margin, script) in self.blocks.items()}

    def word(self, path: Path_, text: str) -> Word:
        """A scalar as a word that may hold a command, placed where its text starts."""
        line, column = self.at(path)
        if path not in self.blocks:
            return Word(text, line, column, steps(path))
        margin, script = self.blocks[path]
        return Word(text, line + 1, margin, steps(path), margin, script)


def read(text: str, file: str) -> tuple[list[Foreign], list[Trouble]]:
    """All documents of a YAML or JSON text that can be read, and what could not."""
    template = "{{" in text or "{%" in text
    if template:
        text = plain(text)
    if file.endswith((".json", ".jsonc")):
        text = text.replace("\t", " ")  # JSON may be indented with tabs, YAML may not
    loader, lines = _LOADER(text), text.split("\n")
    found: list[Foreign] = []
    troubles: list[Trouble] = []
    try:
        while loader.check_node():
            builder = _Builder(file, lines)
            document = builder.document
            document.data = builder.value(loader.get_node(), (), 0)
            found.append(document)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        why = problem.problem or problem.context
        what = (
            f"is a template that its values may make whole: {why}" if template else f"cannot be read: {why}"
        )
        troubles.append(Trouble("DETECT-001", what, file, line, column))
    except yaml.YAMLError as problem:
        what = f"cannot be read: {problem}".splitlines()[0]
        troubles.append(Trouble("DETECT-001", what, file))
    except _BudgetError as problem:
        troubles.append(Trouble("DETECT-002", str(problem), file, *problem.place))
    except RecursionError:
        troubles.append(Trouble("DETECT-002", "nested too deeply", file))
    finally:
        loader.dispose()
    return found, troubles


def plain(text: str) -> str:
    """A template as text that can be read: values of a chart become variables, lines of control go.

    Lines keep their numbers. `{{ .Values.a.b }}` becomes `$(.Values.a.b)`, which may stand unquoted in any
    place; what else stands in braces becomes `$(TEMPLATE)`, which has no value.
    """
    text = _LINE_OF_TEMPLATE.sub("", text)
    text = _VALUES.sub(lambda m: f"$(.Values.{m[1]})", text)
    text = _INDEX.sub(lambda m: f"$(.Values.{m[1]}.{m[2]})", text)  # a key with dots and slashes
    return _TEMPLATE.sub(f"$({MARK})", text)


def written(text: str) -> str:
    """A text that `plain` changed, much as the file has it."""
    return _WRITTEN.sub(lambda m: "{{ ... }}" if m[1] == MARK else f"{{{{ {m[1]} }}}}", text)


class _BudgetError(Exception):
    def __init__(self, what: str, place: tuple[int, int]) -> None:
        super().__init__(what)
        self.place = place


class _Builder:
    def __init__(self, file: str, lines: Sequence[str]) -> None:
        self.document = Foreign(file)
        self._lines, self._count = lines, 0

    def value(self, node: yaml.Node, path: Path_, depth: int) -> Any:
        place = node.start_mark.line + 1, node.start_mark.column + 1
        self.document.places.setdefault(path, place)
        if node.tag and node.tag.startswith("!") and len(node.tag) > 1:
            self.document.tags[path] = node.tag
        self._count += 1
        if self._count > MOST_VALUES:
            raise _BudgetError(f"more than {MOST_VALUES:,} values (aliases count each time)", place)
        if depth > MOST_DEPTH:
            raise _BudgetError("nested too deeply", place)
        if isinstance(node, yaml.ScalarNode):
            if node.style in ("|", ">"):
                self._block(node, path)
            return scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(v, (*path, i), depth + 1) for i, v in enumerate(node.value)]
        return dict(self._pairs(node, path, depth))

    def _block(self, node: yaml.ScalarNode, path: Path_) -> None:
        """Keeps the column of an indented text, and where its lines are folded how a shell would write them:
        so the words of a command keep their places."""
        rows = self._lines[node.start_mark.line + 1 : node.end_mark.line]
        first = next((r for r in rows if r.strip()), "")
        margin = len(first) - len(first.lstrip(" "))
        folded = [f"{r[margin:]} \\" if r.strip() else "" for r in rows] if node.style == ">" else []
        self.document.blocks[path] = margin + 1, "\n".join(folded)

    def _pairs(self, node: yaml.Node, path: Path_, depth: int) -> Iterator[tuple[str, Any]]:
        merged = [v for k, v in node.value if getattr(k, "value", None) == "<<"]
        for one in merged:
            for inner in one.value if isinstance(one, yaml.SequenceNode) else [one]:
                if isinstance(inner, yaml.MappingNode):
                    yield from self._pairs(inner, path, depth + 1 if depth < MOST_DEPTH else depth)
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
                continue
            key = str(key_node.value)
            self.document.places.pop((*path, key), None)
            yield key, self.value(value_node, (*path, key), depth + 1)


def steps(path: Path_) -> str:
    """A path in words: services.llm.command[3]."""
    found = ""
    for step in path:
        found += f"[{step}]" if isinstance(step, int) else f".{step}" if found else step
    return found
