"""Forms of manifests and locks of Python, each as rows: name, pinned version, place, how it was read."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from selector.check.detect import foreign
from selector.check.detect.constants import dotted, value
from selector.check.detect.packages import requirement
from selector.check.detect.scopes import of_module
from selector.types.detected import Trouble

Row = tuple[str, str | None, tuple[int, int], str]
_INCLUDED = re.compile(
    r"^(-r|-c|--requirement|--constraint)[ =]?\s*([^\s#]+)",
)
CONDA = "conda"  # how a package of its own registry is asked for
_CONDA = re.compile(r"(?:[\w./-]+::)?([A-Za-z0-9][\w.-]*)\s*(.*)$")


def rows(name: str, text: str, troubles: list[Trouble], path: str) -> Iterable[Row]:
    """Rows of a file by its name."""
    if name.endswith((".txt", ".in")) or name == "requirements.lock":
        return requirements(text)
    if name.endswith(".lock") and name != "Pipfile.lock":
        return _locked(text, "[[package]]")
    if name == "pylock.toml":
        return _locked(text, "[[packages]]")
    if name == "Pipfile.lock":
        return _pipfile_lock(text)
    if name in ("pyproject.toml", "Pipfile"):
        return _toml(text)
    if name == "setup.cfg":
        return _setup_cfg(text)
    if name == "setup.py":
        return _setup_py(text)
    return _conda(text, path, troubles)


def requirements(text: str) -> Iterator[Row]:
    """Lines of a requirements file; options are passed over, `-e` says how and not what."""
    for number, line in enumerate(text.splitlines(), 1):
        plain = re.sub(r"^(?:-e|--editable)[ =]\s*", "", line.strip())
        if plain and not plain.startswith(("#", "-", "[", ".", "/")):
            found = requirement(plain)
            if found:
                yield *found, (number, len(line) - len(line.lstrip()) + 1), "requirements"


def included(text: str) -> Iterator[tuple[bool, str]]:
    """Files that a requirements file names: whether as constraints (`-c`), and the path."""
    for line in text.splitlines():
        match = _INCLUDED.match(line.strip())
        if match:
            yield match[1] in ("-c", "--constraint"), match[2]


def _locked(text: str, header: str) -> Iterator[Row]:
    """Packages of a lock; tomllib says whether it is whole, lines say where they stand."""
    tomllib.loads(text)
    name, line = None, 0
    for number, row in enumerate(text.splitlines(), 1):
        if row.startswith(header):
            name = None
        elif row.startswith("name = ") and name is None:
            name, line = row.split("=", 1)[1].strip().strip('"'), number
        elif row.startswith("version = ") and name:
            yield name, row.split("=", 1)[1].strip().strip('"'), (line, 1), "lock"
            name = ""


def _pipfile_lock(text: str) -> Iterator[Row]:
    found = json.loads(text)
    for group in ("default", "develop"):
        table = found.get(group) if isinstance(found, dict) else None
        for name, row in table.items() if isinstance(table, dict) else ():
            version = row.get("version") if isinstance(row, dict) else None
            pin = str(version).removeprefix("==") if version else None
            yield name, pin, _place(text, rf'"{re.escape(name)}"\s*:'), "lock"


def _toml(text: str) -> Iterator[Row]:
    found = tomllib.loads(text)
    project, tool = _table(found, "project"), _table(found, "tool")
    groups: list[Any] = [project.get("dependencies"), _table(tool, "uv").get("dev-dependencies")]
    for table in (
        _table(project, "optional-dependencies"),
        _table(found, "dependency-groups"),
        _table(_table(tool, "pdm"), "dev-dependencies"),
    ):
        groups += table.values()
    for group in groups:
        for item in group if isinstance(group, list) else ():
            one = requirement(item) if isinstance(item, str) else None
            if one:
                yield *one, _place(text, rf"[\"']{re.escape(item)}[\"']"), "project dependency"
    yield from _tables(found, _table(tool, "poetry"), text)


def _table(found: dict[str, Any], key: str) -> dict[str, Any]:
    inside = found.get(key)
    return inside if isinstance(inside, dict) else {}


def _tables(found: dict[str, Any], poetry: dict[str, Any], text: str) -> Iterator[Row]:
    """Tables of names and versions: poetry and Pipfile."""
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(found, "packages"), _table(found, "dev-packages")]
    tables += [_table(g, "dependencies") for g in _table(poetry, "group").values() if isinstance(g, dict)]
    for table in tables:
        for name, wanted in table.items():
            version = wanted.get("version") if isinstance(wanted, dict) else wanted
            pinned = re.fullmatch(r"(?:==)?\s*(\d+(?:\.\w+)*(?:\+\w+)?)", str(version or "").strip())
            place = _place(text, rf'(?m)^[ \t]*"?{re.escape(name)}"?\s*=')
            yield name, pinned[1] if pinned else None, place, "dependency"


def _setup_cfg(text: str) -> Iterator[Row]:
    """`install_requires` and the extras of setuptools: a list below the key, or beside it with `;`."""
    section, key = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\[([^\]]+)\]", line)
        if header:
            section, key = header[1].strip(), ""
            continue
        plain = line.strip()
        if not plain or plain.startswith(("#", ";")):
            continue
        items = [plain]
        if not line[:1].isspace():
            key, _, beside = (part.strip() for part in plain.partition("="))
            items = beside.split(";")
        asked = section == "options.extras_require" or (section == "options" and key == "install_requires")
        for item in items if asked else ():
            found = requirement(item)
            if found:
                yield *found, (number, line.find(item) + 1), "setup.cfg"


def _setup_py(text: str) -> Iterator[Row]:
    """Texts of the lists that `setup()` is given; the file is parsed, never run."""
    if "setup(" not in text:
        return
    module = ast.parse(text)
    names = of_module(module)
    for call in ast.walk(module):
        if isinstance(call, ast.Call) and dotted(call.func).rsplit(".", 1)[-1] == "setup":
            for keyword in call.keywords:
                if keyword.arg in ("install_requires", "extras_require"):
                    for node in _texts(keyword.value, names, 0):
                        found = requirement(str(value(node, names)))
                        if found:
                            yield *found, (node.lineno, node.col_offset + 1), f"setup, {keyword.arg}"


def _texts(node: ast.expr, names: Any, depth: int) -> Iterator[ast.expr]:
    """Texts in lists, sums of lists, values of mappings, and names of these."""
    if depth > 10:
        return
    inner: list[ast.expr] = []
    if isinstance(node, ast.List | ast.Tuple):
        inner = node.elts
    elif isinstance(node, ast.Dict):
        inner = node.values
    elif isinstance(node, ast.BinOp):
        inner = [node.left, node.right]
    elif isinstance(node, ast.Name) and node.id in names:
        inner = [names[node.id]]
    elif isinstance(value(node, names), str):
        yield node
    for one in inner:
        yield from _texts(one, names, depth + 1)


def _conda(text: str, path: str, troubles: list[Trouble]) -> Iterator[Row]:
    documents, found = foreign.read(text, path)
    troubles.extend(found)
    for document in documents:
        items = document.data.get("dependencies") if isinstance(document.data, dict) else None
        for i, row in enumerate(items if isinstance(items, list) else ()):
            if isinstance(row, str):
                at = document.at(("dependencies", i))
                yield from (_of_conda(m[1], m[2], at) for m in [_CONDA.match(row.strip())] if m)
            elif isinstance(row, dict):
                for j, inner in enumerate(row.get("pip") or ()):
                    one = requirement(inner) if isinstance(inner, str) and inner[:1].isalnum() else None
                    if one:
                        yield *one, document.at(("dependencies", i, "pip", j)), "pip of conda"


def _of_conda(name: str, spec: str, at: tuple[int, int]) -> Row:
    """`name=1.2.3=build`, `name ==1.2.3`, `name 1.2.3`; two parts (`=1.2`) are a prefix, no version."""
    exact = re.fullmatch(r"(?:==?)?\s*(\d+\.\d+\.\w[\w.]*)(?:[= ][\w.*]+)?", spec.strip())
    pinned = exact or re.fullmatch(r"==\s*(\d[\w.]*)", spec.strip())
    return name, pinned[1] if pinned else None, at, CONDA


def _place(text: str, pattern: str) -> tuple[int, int]:
    """Line and column of what a pattern matches, from its first mark on."""
    found = re.search(pattern, text)
    if not found:
        return 1, 1
    start = found.start() + len(found[0]) - len(found[0].lstrip())
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
