"""Values of Python expressions that follow from constants of the same file; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Mapping

UNKNOWN = object()
MOST_DEPTH = 20


def of_module(tree: ast.Module) -> dict[str, ast.expr]:
    """Names that a module, or a class body or function in it, binds once to an expression."""
    found: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        value: ast.expr | None = None
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign):
            targets, value = [node.target], node.value
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                if target.id in found:
                    twice.add(target.id)
                found[target.id] = value
    return {k: v for k, v in found.items() if k not in twice}


def value(node: ast.expr | None, names: Mapping[str, ast.expr], depth: int = 0) -> object:
    """A string, number or boolean; `UNKNOWN` where it depends on what is not written here.

    `os.environ.get("A", "b")` and `os.getenv("A", "b")` are their default; without one they are the text
    `${A}`, which no file of Python resolves.
    """
    if node is None or depth > MOST_DEPTH:
        return UNKNOWN
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        inner = names.get(node.id)
        return value(inner, names, depth + 1) if inner is not None else UNKNOWN
    if isinstance(node, ast.JoinedStr):
        return _joined(node, names, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [value(x, names, depth + 1) for x in (node.left, node.right)]
        return "".join(sides) if all(isinstance(s, str) for s in sides) else UNKNOWN  # type: ignore[arg-type]
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        # `os.getenv("A") or "b"`
        found = [value(x, names, depth + 1) for x in node.values]
        return found[-1] if isinstance(found[0], str) and found[0].startswith("${") else found[0]
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "str" and len(node.args) == 1:
            inside = value(node.args[0], names, depth + 1)
            return inside if inside is UNKNOWN else str(inside)
        return _variable(node, names, depth)
    if isinstance(node, ast.Subscript) and dotted(node.value) in ("os.environ", "environ"):
        key = value(node.slice, names, depth + 1)
        return f"${{{key}}}" if isinstance(key, str) else UNKNOWN
    if isinstance(node, ast.Attribute) and dotted(node).startswith("torch."):
        return dotted(node)
    return UNKNOWN


def entries(node: ast.expr | None, names: Mapping[str, ast.expr]) -> dict[str, ast.expr]:
    """Entries of `{"a": 1}`, `dict(a=1)` or a name of either; those whose key is no text are left out."""
    for _ in range(MOST_DEPTH):
        if not isinstance(node, ast.Name):
            break
        node = names.get(node.id)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {k.value: v for k, v in pairs if isinstance(k, ast.Constant) and isinstance(k.value, str)}
    if isinstance(node, ast.Call) and dotted(node.func) == "dict":
        return {k.arg: k.value for k in node.keywords if k.arg}
    return {}


def _joined(node: ast.JoinedStr, names: Mapping[str, ast.expr], depth: int) -> object:
    parts: list[str] = []
    for piece in node.values:
        inner = piece.value if isinstance(piece, ast.FormattedValue) else piece
        found = value(inner, names, depth + 1)
        if found is UNKNOWN:
            return UNKNOWN
        parts.append(str(found))
    return "".join(parts)


def _variable(node: ast.Call, names: Mapping[str, ast.expr], depth: int) -> object:
    if dotted(node.func) not in ("os.environ.get", "os.getenv", "environ.get", "getenv"):
        return UNKNOWN
    key = value(node.args[0], names, depth + 1) if node.args else UNKNOWN
    if len(node.args) > 1:
        default = value(node.args[1], names, depth + 1)
        if default is not UNKNOWN and default is not None:
            return default
    return f"${{{key}}}" if isinstance(key, str) else UNKNOWN


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression of names and attributes; what is called counts as its own name."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Name):
            parts.append(node.id)
            return ".".join(reversed(parts))
        else:
            return ".".join(reversed(parts))
