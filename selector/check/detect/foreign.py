"""Read YAML and JSON that others wrote: whatever their tools accept, with the place of every value.

Several documents, merge keys, tags, duplicate keys (the last counts) and Helm templates are read; what
is broken is noted with its place, and what stands before it is kept. The budgets are those of packs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from selector.packs.reader import MOST_DEPTH, MOST_VALUES, scalar
from selector.types.detected import Trouble

Path_ = tuple[str | int, ...]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_OF_TEMPLATE = re.compile(r"^[ \t]*(?:-[ \t]+)?\{\{[^\n]*?\}\}[ \t]*$", re.MULTILINE)
_VALUES = re.compile(
    r"\{\{-?\s*(?:quote\s+|int\s+|toYaml\s+)?\.Values\.([A-Za-z0-9_.-]+?)\s*(?:\|[^{}]*)?-?\}\}"
)
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
MARK = "TEMPLATE"


@dataclass(slots=True)
class Foreign:
    """One document: plain values, and the place of each, counted from 1."""

    file: str
    data: Any = None
    places: dict[Path_, tuple[int, int]] = field(default_factory=dict)
    blocks: set[Path_] = field(default_factory=set)  # scalars whose text starts on the line below
    tags: dict[Path_, str] = field(default_factory=dict)  # `!Ref` and others that a tool gives a meaning

    def at(self, path: Path_) -> tuple[int, int]:
        """Line and column of a value, or of the nearest one around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def text_at(self, path: Path_) -> tuple[int, int]:
        """Line and column where the text of a scalar starts."""
        line, column = self.at(path)
        return (line + 1, 1) if path in self.blocks else (line, column)


def read(text: str, file: str) -> tuple[list[Foreign], list[Trouble]]:
    """All documents of a YAML or JSON text that can be read, and what could not."""
    if "{{" in text:
        text = plain(text)
    if file.endswith((".json", ".jsonc")):
        text = text.replace("\t", " ")  # JSON may be indented with tabs, YAML may not
    loader = _LOADER(text)
    found: list[Foreign] = []
    troubles: list[Trouble] = []
    try:
        while loader.check_node():
            builder = _Builder(file)
            document = builder.document
            document.data = builder.value(loader.get_node(), (), 0)
            found.append(document)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = f"cannot be read: {problem.problem or problem.context}"
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

    Lines keep their numbers. `{{ .Values.a.b }}` becomes `${.Values.a.b}`; what else stands in braces
    becomes `${TEMPLATE}`, which has no value.
    """
    text = _LINE_OF_TEMPLATE.sub("", text)
    text = _VALUES.sub(lambda m: f"${{.Values.{m[1]}}}", text)
    return _TEMPLATE.sub(f"${{{MARK}}}", text)


class _BudgetError(Exception):
    def __init__(self, what: str, place: tuple[int, int]) -> None:
        super().__init__(what)
        self.place = place


class _Builder:
    def __init__(self, file: str) -> None:
        self.document = Foreign(file)
        self._count = 0

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
                self.document.blocks.add(path)
            return scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(v, (*path, i), depth + 1) for i, v in enumerate(node.value)]
        return dict(self._pairs(node, path, depth))

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
