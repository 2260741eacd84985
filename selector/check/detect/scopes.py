"""What the names of a Python file stand for, at each place of it: constants, defaults of arguments, fields.

A name that is bound twice where it is visible stands for nothing that is known; nothing is guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from selector.check.detect.constants import UNKNOWN, Names, dotted, value
from selector.check.detect.syntax import own

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Bound = dict[str, ast.expr | None]


def visible(
    module: ast.Module, every: Iterable[ast.AST], imported: Names | None = None
) -> Iterator[tuple[ast.AST, Names]]:
    """Every node of a file (`every` holds them, in any order) with the names that are visible there;
    `imported` are those of other files."""
    outer: Bound = {**(imported or {}), **_arguments(every)}
    outer |= of_module(module)
    waiting: list[tuple[ast.AST, Bound, Bound]] = [(module, outer, {})]
    while waiting:
        scope, names, fields = waiting.pop()
        for node in own(scope):
            yield node, names
            if isinstance(node, ast.ClassDef):
                inside = _fields(node, names)
                waiting.append((node, {**names, **inside}, inside))
            elif isinstance(node, Function):
                waiting.append((node, {**names, **fields, **_of_function(node)}, fields))


def of_module(module: ast.Module) -> Bound:
    """Names that a file binds for all of it, those of its classes as `Class.name`."""
    found = _bindings(own(module))
    for node in own(module):
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{n}": v for n, v in _bindings(own(node)).items()}
    # `settings = Settings()` has the fields of its class, unless others are given.
    for name, made in list(found.items()):
        if isinstance(made, ast.Call) and not made.args and not made.keywords:
            start = f"{dotted(made.func)}."
            found |= {
                f"{name}.{k.removeprefix(start)}": v for k, v in list(found.items()) if k.startswith(start)
            }
    return found


def _bindings(nodes: Iterable[ast.AST]) -> Bound:
    found: Bound = {}
    for node in nodes:
        for name, bound in _bound(node):
            found[name] = None if name in found else bound
    return found


def _bound(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Names that one node binds, and to what, where that is an expression."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _targets(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield from _targets(node.target, node.value)
    elif isinstance(node, ast.AugAssign):
        yield from _targets(node.target, None)
        yield from _targets(node.target, None)  # bound to another value than before, whatever that was
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield from _targets(node.target, None)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from _targets(node.optional_vars, None)


def _targets(target: ast.expr, bound: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name):
        yield target.id, bound
    elif isinstance(target, ast.Tuple | ast.List):
        values = bound.elts if isinstance(bound, ast.Tuple | ast.List) else []
        matched = len(values) == len(target.elts)
        for i, one in enumerate(target.elts):
            yield from _targets(one, values[i] if matched else None)


def _of_function(node: Function) -> Bound:
    """Names of a function: its arguments stand for their defaults."""
    given = node.args
    found: Bound = {a.arg: None for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    found |= {a.arg: None for a in (given.vararg, given.kwarg) if a is not None}
    last = (*given.posonlyargs, *given.args)[-len(given.defaults) :] if given.defaults else ()
    found |= {a.arg: d for a, d in zip(last, given.defaults, strict=True)}
    found |= {a.arg: d for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d is not None}
    for name, bound in _bindings(own(node)).items():
        found[name] = None if name in found else bound
    return found


def _fields(node: ast.ClassDef, names: Bound) -> Bound:
    """`self.x` of a class: fields of its body, and what its functions bind them to once."""
    found: Bound = {}
    for name, bound in _bindings(own(node)).items():
        found[f"self.{name}"] = found[f"cls.{name}"] = bound
    bound_once: Bound = {}
    for function in own(node):
        if isinstance(function, Function):
            inside = {**names, **found, **_of_function(function)}
            for name, bound in _kept(function, inside):
                bound_once[name] = None if name in bound_once else bound
    return found | bound_once


def _kept(function: Function, names: Bound) -> Iterator[tuple[str, ast.expr | None]]:
    """`self.x = y`, as the value that y has there, or as written where it is no plain value."""
    for node in own(function):
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        for target in targets:
            if isinstance(target, ast.Attribute) and dotted(target.value) == "self":
                bound = getattr(node, "value", None)
                found = value(bound, names)
                yield f"self.{target.attr}", None if bound is None else settled(found, bound)


def settled(found: object, node: ast.expr) -> ast.expr | None:
    """A value as an expression of its own, at the place of `node`; lists and mappings as they are written."""
    if isinstance(found, str | int | float):
        return ast.copy_location(ast.Constant(found), node)
    return node if found is UNKNOWN and isinstance(node, ast.Dict | ast.List | ast.Tuple) else None


def _arguments(every: Iterable[ast.AST]) -> Bound:
    """`args.x` of a command line: the default that `add_argument("--x", default=...)` gives it."""
    holders, found = {"args"}, Bound()
    for node in every:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            if dotted(node.value.func).rsplit(".", 1)[-1] == "parse_args":
                holders |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "add_argument"
        ):
            name = _destination(node)
            default = next((k.value for k in node.keywords if k.arg == "default"), None)
            if name:
                found[name] = None if name in found else default
    return {f"{holder}.{name}": default for holder in holders for name, default in found.items()}


def _destination(call: ast.Call) -> str | None:
    """The name under which argparse keeps an argument: `dest`, else the first long option."""
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    named = next(
        (k.value.value for k in call.keywords if k.arg == "dest" and isinstance(k.value, ast.Constant)), None
    )
    if isinstance(named, str):
        return named
    long = next((t for t in texts if t.startswith("--")), texts[0] if texts else None)
    return long.lstrip("-").replace("-", "_") if long else None
