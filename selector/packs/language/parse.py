"""Parse and type-check a condition. Nothing is run; only the nodes below exist."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from selector.packs.language.facts import Fact, Registry
from selector.packs.schema import near

MOST_CHARACTERS = 2_000
_COMPARE = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_MATHS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
ORDERED = frozenset({"<", "<=", ">", ">="})
NAMES = {"true": True, "false": False, "True": True, "False": False}


class ConditionError(ValueError):
    """A condition is wrong; `column` counts from 0 in the text."""

    def __init__(self, what: str, column: int = 0, fix: str | None = None) -> None:
        """Say what, where in the text, and how to mend it."""
        super().__init__(what)
        self.what, self.column, self.fix = what, column, fix


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a string or a truth value."""

    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Name:
    """A fact."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` over several parts."""

    op: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    part: Node


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; chains are joined by `and`."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Among:
    """Membership in a list of literals."""

    part: Node
    values: tuple[float | str | bool, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Maths:
    """Arithmetic."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Known:
    """True where the fact is known; never unknown itself."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Overlaps:
    """A set fact shares a member with a list."""

    fact: Fact
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Version:
    """A version fact lies in a range of the packaging syntax."""

    fact: Fact
    spec: str


Node = Literal | Name | Logic | Not | Compare | Among | Maths | Known | Overlaps | Version


def parse(text: str, registry: Registry) -> Node:
    """The checked tree of a condition; raises `ConditionError`."""
    if len(text) > MOST_CHARACTERS:
        raise ConditionError(f"condition is longer than {MOST_CHARACTERS} characters")
    flat = text.replace("\n", " ").strip()
    try:
        tree = ast.parse(flat, mode="eval")
    except SyntaxError as problem:
        raise ConditionError(f"not an expression: {problem.msg}", (problem.offset or 1) - 1) from None
    except (RecursionError, MemoryError, ValueError):
        raise ConditionError("nested too deeply or not text") from None
    node, kind = _Checker(registry).visit(tree.body)
    if kind != "bool":
        raise ConditionError(f"a condition is true or false, this is a {kind}")
    return node


class _Checker:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def visit(self, node: ast.expr) -> tuple[Node, str]:
        match node:
            case ast.BoolOp():
                op = "and" if isinstance(node.op, ast.And) else "or"
                return Logic(op, tuple(self._bool(v) for v in node.values)), "bool"
            case ast.UnaryOp(op=ast.Not()):
                return Not(self._bool(node.operand)), "bool"
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as v)) if not (
                isinstance(v, bool)
            ):
                return Literal(-float(v)), "number"
            case ast.Compare():
                return self._compare(node), "bool"
            case ast.BinOp():
                return self._maths(node)
            case ast.Constant(value=bool() as b):
                return Literal(b), "bool"
            case ast.Constant(value=int() | float() as n):
                return Literal(float(n)), "number"
            case ast.Constant(value=str() as s):
                return Literal(s), "string"
            case ast.Name(id=word) if word in NAMES:
                return Literal(NAMES[word]), "bool"
            case ast.Name() | ast.Attribute():
                fact = self._fact(node)
                return Name(fact), fact.type
            case ast.Call():
                return self._call(node), "bool"
        raise ConditionError("this form is not part of the rule language", node.col_offset)

    def _bool(self, node: ast.expr) -> Node:
        found, kind = self.visit(node)
        if kind != "bool":
            raise ConditionError(f"expected true or false, got a {kind}", node.col_offset)
        return found

    def _fact(self, node: ast.expr) -> Fact:
        name = ast.unparse(node)
        fact = self._registry.get(name)
        if fact is None:
            raise ConditionError(
                f'unknown fact "{name}"', node.col_offset, near(name, self._registry.names())
            )
        return fact

    def _compare(self, node: ast.Compare) -> Node:
        parts: list[Node] = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            word = _COMPARE.get(type(op))
            if word is None:
                raise ConditionError("this comparison is not part of the rule language", node.col_offset)
            parts.append(self._one(word, left, right))
            left = right
        return parts[0] if len(parts) == 1 else Logic("and", tuple(parts))

    def _one(self, op: str, left: ast.expr, right: ast.expr) -> Node:
        if isinstance(left, ast.Call) and ast.unparse(left.func) == "version":
            return self._version(op, left, right)
        first, kind = self.visit(left)
        if op in ("in", "not in"):
            if kind == "set":
                raise ConditionError("a set takes overlaps(fact, [...])", left.col_offset)
            values = self._list(right, first, kind)
            return Among(first, values, op == "not in")
        second, other = self.visit(right)
        if kind != other:
            raise ConditionError(f"{kind} compared with {other}", right.col_offset)
        if kind == "set" or (op in ORDERED and kind != "number"):
            raise ConditionError(f"{op} does not apply to a {kind}", left.col_offset)
        self._units(first, second, right)
        for one, two in ((first, second), (second, first)):
            if isinstance(one, Name) and isinstance(two, Literal):
                self._value(one.fact, two.value, right)
        return Compare(op, first, second)

    def _units(self, first: Node, second: Node, at: ast.expr) -> None:
        if isinstance(first, Name) and isinstance(second, Name):
            units = (first.fact.unit, second.fact.unit)
            if units[0] != units[1]:
                raise ConditionError(f"{units[0]} compared with {units[1]}", at.col_offset)

    def _value(self, fact: Fact, value: object, at: ast.expr) -> None:
        if fact.values and isinstance(value, str) and value not in fact.values:
            raise ConditionError(
                f'"{value}" is not a value of {fact.name}', at.col_offset, near(value, fact.values)
            )

    def _list(self, node: ast.expr, left: Node, kind: str) -> tuple[float | str | bool, ...]:
        if not isinstance(node, ast.List | ast.Tuple):
            raise ConditionError("in takes a list of literals", node.col_offset)
        found: list[float | str | bool] = []
        for item in node.elts:
            value, other = self.visit(item)
            if not isinstance(value, Literal) or other != kind:
                raise ConditionError(f"expected a {kind}", item.col_offset)
            if isinstance(left, Name):
                self._value(left.fact, value.value, item)
            found.append(value.value)
        return tuple(found)

    def _maths(self, node: ast.BinOp) -> tuple[Node, str]:
        op = _MATHS.get(type(node.op))
        if op is None:
            raise ConditionError("this operator is not part of the rule language", node.col_offset)
        sides = [self.visit(node.left), self.visit(node.right)]
        if any(kind != "number" for _, kind in sides):
            raise ConditionError(f"{op} takes numbers", node.col_offset)
        return Maths(op, sides[0][0], sides[1][0]), "number"

    def _call(self, node: ast.Call) -> Node:
        name = ast.unparse(node.func)
        if node.keywords:
            raise ConditionError("functions take no keywords", node.col_offset)
        if name == "known" and len(node.args) == 1:
            return Known(self._fact(node.args[0]))
        if name == "overlaps" and len(node.args) == 2:
            fact = self._fact(node.args[0])
            if fact.type != "set":
                raise ConditionError(f"{fact.name} is not a set", node.col_offset)
            values = self._list(node.args[1], Name(fact), "string")
            return Overlaps(fact, frozenset(str(v) for v in values))
        if name == "version":
            raise ConditionError('version(fact) is followed by: in ">=1.0,<2.0"', node.col_offset)
        raise ConditionError(
            f"{name}() is not a function of the rule language",
            node.col_offset,
            near(name, ("known", "overlaps", "version")),
        )

    def _version(self, op: str, left: ast.Call, right: ast.expr) -> Node:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        if op not in ("in", "not in") or len(left.args) != 1:
            raise ConditionError('write version(fact) in ">=1.0,<2.0"', left.col_offset)
        fact = self._fact(left.args[0])
        if not isinstance(right, ast.Constant) or not isinstance(right.value, str):
            raise ConditionError("a version range is a string", right.col_offset)
        try:
            SpecifierSet(right.value)
        except InvalidSpecifier:
            raise ConditionError(f'"{right.value}" is not a version range', right.col_offset) from None
        node: Node = Version(fact, right.value)
        return Not(node) if op == "not in" else node


def facts_of(node: Node) -> frozenset[str]:
    """Names of the facts that a tree mentions."""
    match node:
        case Name(fact) | Known(fact):
            return frozenset({fact.name})
        case Overlaps(fact, _) | Version(fact, _):
            return frozenset({fact.name})
        case Logic(_, parts):
            return frozenset().union(*(facts_of(p) for p in parts))
        case Not(part) | Among(part, _, _):
            return facts_of(part)
        case Compare(_, left, right) | Maths(_, left, right):
            return facts_of(left) | facts_of(right)
        case Literal():
            return frozenset()
