"""From a traced number to nodes: each named number once, with an expression over those below it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from selector.estimate.trace import Traced
from selector.types.explain import Node

INFIX = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
NOT_A_WORD = re.compile(r"[^0-9A-Za-z]+")
SMALL = frozenset({"value", "of", "engine", "arch", "model"})


def nodes(root: Traced) -> tuple[Node, ...]:
    """All nodes behind a named number, itself first; every child stands after a node that uses it."""
    order: dict[int, Traced] = {}
    queue = [root]
    while queue:
        here = queue.pop(0)
        if id(here) in order:
            continue
        order[id(here)] = here
        queue += _named_below(here)
    ids = _ids(list(order.values()))
    words = _words(t.label.key for t in order.values() if t.label is not None)
    return tuple(_node(t, ids, words) for t in order.values())


def _named_below(here: Traced) -> list[Traced]:
    """Named numbers that the expression of a node mentions, in order of first use."""
    found: dict[int, Traced] = {}

    def walk(value: object) -> None:
        if not isinstance(value, Traced):
            return
        if value.label is not None:
            found.setdefault(id(value), value)
            return
        for arg in value.args:
            walk(arg)

    for arg in here.args:
        walk(arg)
    return list(found.values())


def _ids(order: list[Traced]) -> dict[int, str]:
    """The key of each node, numbered where a formula is used more than once."""
    seen: dict[str, int] = {}
    found = {}
    for value in order:
        assert value.label is not None
        key = value.label.key
        seen[key] = seen.get(key, 0) + 1
        found[id(value)] = key if seen[key] == 1 else f"{key}#{seen[key]}"
    return found


def _node(value: Traced, ids: dict[int, str], words: Mapping[str, str]) -> Node:
    label = value.label
    assert label is not None
    below = _named_below(value)
    symbols = _symbols(below, ids, words)
    inner = bool(value.op)
    return Node(
        id=ids[id(value)],
        symbol=words[label.key],
        value=value.value,
        unit=label.unit,
        words=label.words,
        formula=label.key if inner else None,
        expression=_text(value.op, value.args, symbols, 0) if inner else None,
        children=tuple(ids[id(b)] for b in below),
        symbols={symbols[id(b)]: ids[id(b)] for b in below} if inner else None,
        origin=label.origin,
    )


def _words(keys: Iterable[str]) -> dict[str, str]:
    """A short word for each key of a tree: as many of its last parts as tell it from all others."""
    taken = dict.fromkeys(keys, 1)
    while True:
        words = {key: _symbol(key, most) for key, most in taken.items()}
        often = Counter(words.values())
        alike = [k for k, w in words.items() if often[w] > 1 and taken[k] <= k.count(".")]
        if not alike:
            return words
        for key in alike:
            taken[key] += 1


def _symbols(below: list[Traced], ids: dict[int, str], words: Mapping[str, str]) -> dict[int, str]:
    """Words for the children of a node; of one key each has the number of its id."""
    found: dict[int, str] = {}
    for value in below:
        assert value.label is not None
        key = value.label.key
        count = ids[id(value)].removeprefix(key).removeprefix("#")
        plain = word = f"{words[key]}_{count}" if count else words[key]
        number = 2
        while word in found.values():
            word = f"{plain}_{number}"
            number += 1
        found[id(value)] = word
    return found


def _symbol(key: str, most: int = 1) -> str:
    """The last parts of a key as a word; with the one before it where the last says little alone."""
    parts = [NOT_A_WORD.sub("_", p).strip("_") for p in key.split(".")]
    word = "_".join(parts[-most:])
    if len(parts) > most == 1 and (len(word) < 4 or word in SMALL or not word[0].isalpha()):
        word = f"{parts[-2]}_{word}"
    return word if word[:1].isalpha() else f"x_{word}"


def _text(op: str, args: tuple[object, ...], symbols: dict[int, str], outer: int) -> str:
    if op not in INFIX:
        return f"{op}({', '.join(_part(a, symbols, 0) for a in args)})"
    level = INFIX[op]
    left, right = args
    # What stands to the right of a minus or a division keeps its parentheses.
    text = f"{_part(left, symbols, level + (op == '**'))} {op} {_part(right, symbols, level + (op in '-/'))}"
    return f"({text})" if level < outer else text


def _part(arg: object, symbols: dict[int, str], outer: int) -> str:
    if not isinstance(arg, Traced):
        return repr(float(arg)).removesuffix(".0")  # type: ignore[arg-type]
    if arg.label is not None:
        return symbols[id(arg)]
    return _text(arg.op, arg.args, symbols, outer)
