"""Trees of Python, walked: `ast.walk` looks at much that says nothing here, and takes twice as long."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
# Operators and what a name is used for: every expression has some, and no detector asks.
_IDLE = frozenset({"ctx", "op", "ops", "type_ignores", "type_comment", "kind"})


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def children(node: ast.AST) -> list[ast.AST]:
    """Nodes right under one, in their order."""
    kind = type(node)
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(f for f in kind._fields if f not in _IDLE)
    found: list[ast.AST] = []
    for name in _FIELDS[kind]:
        held = getattr(node, name, None)
        if isinstance(held, ast.AST):
            found.append(held)
        elif isinstance(held, list):
            found += [one for one in held if isinstance(one, ast.AST)]
    return found


def nodes(module: ast.Module) -> list[ast.AST]:
    """All nodes of a file, the outer ones first."""
    found: list[ast.AST] = [module]
    for node in found:  # grows on the way
        found += children(node)
    return found


@cache  # asked for several times; who has done with a file forgets its scopes
def own(scope: ast.AST) -> Sequence[ast.AST]:
    """Nodes of a scope in their order; of scopes inside it only where they begin, and what decorates them."""
    decorators = getattr(scope, "decorator_list", [])
    waiting = [n for n in children(scope) if n not in decorators][::-1]
    found = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        inner = getattr(node, "decorator_list", []) if isinstance(node, _SCOPES) else children(node)
        waiting += inner[::-1]
    return tuple(found)
