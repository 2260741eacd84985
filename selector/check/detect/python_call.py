"""One call in a Python file, with what its arguments stand for."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from selector.check.detect.constants import UNKNOWN, Names, choices, entries, named, value
from selector.check.detect.teller import ALTERNATIVE, At, Teller
from selector.types.detected import Certainty

# Keys of which it is told that they are given, where their value is not known.
TOLD_OPEN = frozenset(
    {"model", "embedding_model", "reranker_model", "speech_model", "tp", "accelerator", "endpoint"}
)
MOST_TEXT = 80


@dataclass(slots=True)
class Call:
    """A call: `name` is the full name of what is called, by the imports of the file."""

    node: ast.Call
    name: str
    names: Names
    teller: Teller
    given: Mapping[str, ast.expr] = field(init=False)

    def __post_init__(self) -> None:
        """Arguments by name, those of `**mapping` too where the file writes it out."""
        found: dict[str, ast.expr] = {}
        for keyword in self.node.keywords:
            if keyword.arg is None:
                found |= entries(keyword.value, self.names)
        self.given = found | {k.arg: k.value for k in self.node.keywords if k.arg}

    @property
    def last(self) -> str:
        """The last part of the name."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def owner(self) -> str:
        """The part before the last."""
        return self.name.rsplit(".", 2)[-2] if "." in self.name else ""

    @property
    def spreads(self) -> bool:
        """Whether arguments come from a mapping that is not written out."""
        return any(k.arg is None and not entries(k.value, self.names) for k in self.node.keywords)

    def argument(self, *words: str, position: int | None = None) -> ast.expr | None:
        """The first of the named arguments that is given, else the one at a position."""
        found = next((self.given[w] for w in words if w in self.given), None)
        if found is None and position is not None and position < len(self.node.args):
            one = self.node.args[position]
            return None if isinstance(one, ast.Starred) else one
        return found

    def value(self, *words: str, position: int | None = None) -> object:
        """Value of an argument; None where it is not given or not known."""
        found = value(self.argument(*words, position=position), self.names)
        return None if found is UNKNOWN else found

    def text(self, *words: str, position: int | None = None) -> str | None:
        """Value of an argument that is a text."""
        found = self.value(*words, position=position)
        return found if isinstance(found, str) else None

    def entries(self, word: str) -> dict[str, ast.expr]:
        """Entries of an argument that is a mapping."""
        return entries(self.given.get(word), self.names)

    def items(self, node: ast.expr | None) -> list[ast.expr]:
        """Elements of a list that is written out, or the one expression."""
        held = named(node, self.names)
        if isinstance(held, ast.List | ast.Tuple):
            return held.elts
        return [] if node is None else [node]

    def at(self, how: str, node: ast.expr | None = None) -> At:
        """Place of an argument, or of the call."""
        here = node or self.node
        return At(here.lineno, here.col_offset + 1, how)

    def add(self, key: str, found: object, certainty: Certainty = Certainty.DECLARED, how: str = "") -> None:
        """A fact that stands at the call itself."""
        self.teller.add(key, found, self.at(how or f"call of {self.name}"), certainty)

    def say(self, key: str, node: ast.expr | None, how: str) -> None:
        """The value of an expression, each where it chooses; the expression itself where none is known."""
        several = choices(node) if node is not None else []
        for one in several:
            found = value(one, self.names)
            at = self.at(f"{ALTERNATIVE} {len(several)}, {how}" if len(several) > 1 else how, one)
            if found is UNKNOWN:
                if key in TOLD_OPEN:
                    self.teller.add(key, ast.unparse(one)[:MOST_TEXT], at, Certainty.UNRESOLVED)
            elif isinstance(found, str | int | float):
                self.teller.say(key, found, at)
