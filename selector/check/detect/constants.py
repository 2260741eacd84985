"""Values of Python expressions that follow from constants of the same file; nothing is run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

UNKNOWN = object()
MOST_DEPTH = 20
MOST_TEXT = 1_000
# Names that are visible at a place; None where a name is bound to several things, or to none that is known.
Names = Mapping[str, ast.expr | None]
_NUMBERS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_CASTS: Mapping[str, type] = {"str": str, "int": int, "float": float, "Path": str}


def value(node: ast.expr | None, names: Names, depth: int = 0) -> object:
    """A string, number or boolean; `UNKNOWN` where it depends on what is not written here.

    `os.environ.get("A", "b")` and `os.getenv("A", "b")` are their default; without one they are the text
    `${A}`, which no file of Python resolves.
    """
    if node is None or depth > MOST_DEPTH:
        return UNKNOWN
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return value(names.get(node.id), names, depth + 1)
    if isinstance(node, ast.Attribute):
        return _attribute(node, names, depth)
    if isinstance(node, ast.JoinedStr):
        return _joined(node, names, depth)
    if isinstance(node, ast.BinOp):
        return _sum(node, names, depth)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        # `os.getenv("A") or "b"`
        found = [value(x, names, depth + 1) for x in node.values]
        return found[-1] if isinstance(found[0], str) and found[0].startswith("${") else found[0]
    if isinstance(node, ast.Call):
        return _called(node, names, depth)
    if isinstance(node, ast.Subscript):
        return _item(node, names, depth)
    return UNKNOWN


def _attribute(node: ast.Attribute, names: Names, depth: int) -> object:
    """`args.model`, `self.model`, `Names.LARGE.value` where the file says what they are."""
    name = plain(node)
    if name is None:
        return UNKNOWN
    if name.startswith("torch."):
        return name
    if name not in names:
        name = name.removesuffix(".value")
    return value(names.get(name), names, depth + 1)


def _item(node: ast.Subscript, names: Names, depth: int) -> object:
    """`os.environ["A"]`, or an entry of a mapping or list that is written out."""
    key = value(node.slice, names, depth + 1)
    if dotted(node.value) in ("os.environ", "environ"):
        return f"${{{key}}}" if isinstance(key, str) else UNKNOWN
    if isinstance(key, str):
        return value(entries(node.value, names).get(key), names, depth + 1)
    held = named(node.value, names)
    if (
        isinstance(key, int)
        and isinstance(held, ast.List | ast.Tuple)
        and -len(held.elts) <= key < len(held.elts)
    ):
        return value(held.elts[key], names, depth + 1)
    return UNKNOWN


def _sum(node: ast.BinOp, names: Names, depth: int) -> object:
    """Texts put together, and sums and products of numbers."""
    left, right = (value(x, names, depth + 1) for x in (node.left, node.right))
    if isinstance(node.op, ast.Add | ast.Div) and isinstance(left, str) and isinstance(right, str):
        joined = left + right if isinstance(node.op, ast.Add) else f"{left.rstrip('/')}/{right}"
        return joined if len(joined) < MOST_TEXT else UNKNOWN
    work = _NUMBERS.get(type(node.op))
    if work and _number(left) and _number(right):
        return work(left, right)  # type: ignore[arg-type]
    return UNKNOWN


def _number(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 1e15


def _joined(node: ast.JoinedStr, names: Names, depth: int) -> object:
    parts: list[str] = []
    for piece in node.values:
        inner = piece.value if isinstance(piece, ast.FormattedValue) else piece
        found = value(inner, names, depth + 1)
        if found is UNKNOWN:
            return UNKNOWN
        parts.append(str(found))
    return "".join(parts)


def _called(node: ast.Call, names: Names, depth: int) -> object:
    name = dotted(node.func)
    if name in _CASTS and len(node.args) == 1 and not node.keywords:
        inside = value(node.args[0], names, depth + 1)
        if inside is UNKNOWN or (isinstance(inside, str) and inside.startswith("${")):
            return inside
        try:
            found: object = _CASTS[name](inside)
        except (TypeError, ValueError, OverflowError):
            return UNKNOWN
        return found
    if name in ("os.environ.get", "os.getenv", "environ.get", "getenv") and node.args:
        return _variable(node, names, depth)
    if name.rsplit(".", 1)[-1] in ("Field", "field"):
        # A field of pydantic or of a dataclass is its default.
        default = next((k.value for k in node.keywords if k.arg == "default"), None)
        return value(default or (node.args[0] if node.args else None), names, depth + 1)
    if name == "os.path.join":
        parts = [value(a, names, depth + 1) for a in node.args]
        return "/".join(str(p) for p in parts) if all(isinstance(p, str) for p in parts) else UNKNOWN
    return UNKNOWN


def _variable(node: ast.Call, names: Names, depth: int) -> object:
    key = value(node.args[0], names, depth + 1)
    default = (
        node.args[1]
        if len(node.args) > 1
        else next((k.value for k in node.keywords if k.arg == "default"), None)
    )
    found = value(default, names, depth + 1)
    if found is not UNKNOWN and found is not None:
        return found
    return f"${{{key}}}" if isinstance(key, str) else UNKNOWN


def choices(node: ast.expr) -> list[ast.expr]:
    """The expressions that `a if x else b` chooses from; the expression itself where it is no choice."""
    if isinstance(node, ast.IfExp):
        return [*choices(node.body), *choices(node.orelse)]
    return [node]


def named(node: ast.expr | None, names: Names) -> ast.expr | None:
    """The expression that a name stands for, as long as names stand for names."""
    for _ in range(MOST_DEPTH):
        name = plain(node) if isinstance(node, ast.Name | ast.Attribute) else None
        if name is None or name not in names:
            break
        node = names[name]
    return node


def entries(node: ast.expr | None, names: Names) -> dict[str, ast.expr]:
    """Entries of `{"a": 1}`, `dict(a=1)` or a name of either; those whose key is no text are left out."""
    node = named(node, names)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {k.value: v for k, v in pairs if isinstance(k, ast.Constant) and isinstance(k.value, str)}
    if isinstance(node, ast.Call) and dotted(node.func) == "dict":
        return {k.arg: k.value for k in node.keywords if k.arg}
    return {}


def plain(node: ast.expr) -> str | None:
    """`a.b.c` where it is made of names alone."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else None


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
