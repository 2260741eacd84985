"""HCL and Bicep as blocks of values with their places: a small reader of what both have in common.

Kept parsers of HCL need a grammar engine and do not keep columns, and Bicep has none for Python. Asked for
are blocks, `name = value` or `name: value`, lists of texts and texts of several lines; expressions stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_DEPTH = 60
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_BLANK = re.compile(r"[ \t\r]+|#[^\n]*|//[^\n]*|/\*.*?(?:\*/|$)", re.DOTALL)
_HEREDOC = re.compile(r"<<-?~?[ \t]*([A-Za-z_]\w*)[ \t]*\r?\n(.*?)\n[ \t]*\1\b", re.DOTALL)
_LONG = re.compile(r"'''(.*?)'''", re.DOTALL)


@dataclass(slots=True)
class Value:
    """An expression as written, where it starts, the texts in it, and the body of a text of several lines."""

    raw: str
    line: int
    column: int
    texts: list[tuple[str, int, int]] = field(default_factory=list)
    bodies: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """A block: its words, the values right inside it, and blocks further in."""

    kind: str
    labels: tuple[str, ...]
    line: int
    values: dict[str, Value] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def all(self) -> Iterator[Block]:
        """This block and all inside it."""
        yield self
        for one in self.blocks:
            yield from one.all()


class BrokenError(Exception):
    """The text is no such file; what was read before stands in `root`."""

    def __init__(self, what: str, line: int, root: Block) -> None:
        """Say what is wrong where."""
        super().__init__(what)
        self.what, self.line, self.root = what, line, root


def parse(text: str) -> Block:
    """All blocks of a text; raises `BrokenError` where braces do not match."""
    reader = _Reader(text)
    reader.body(reader.root, 0)
    return reader.root


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.i = text, 0
        self.root = Block("", (), 1)
        self._lines = [0, *(m.end() for m in re.finditer("\n", text))]
        self._row = 0

    def place(self, i: int) -> tuple[int, int]:
        """Line and column; places are asked for in their order, mostly."""
        while self._row + 1 < len(self._lines) and self._lines[self._row + 1] <= i:
            self._row += 1
        while self._lines[self._row] > i:
            self._row -= 1
        return self._row + 1, i - self._lines[self._row] + 1

    def body(self, block: Block, depth: int) -> None:
        """Items until the brace that closes the block, or the end of the file."""
        if depth > MOST_DEPTH:
            raise self._broken("nested too deeply", self.i)
        start = self.i
        while True:
            self._pass(lines=True)
            if self.i >= len(self.text):
                if depth:
                    line = self.place(max(start - 1, 0))[0]
                    raise BrokenError(f"the block of line {line} is not closed", line, self.root)
                return
            if self.text[self.i] == "}":
                if not depth:
                    raise self._broken("a brace closes nothing", self.i)
                self.i += 1
                return
            self._item(block, depth)

    def _item(self, block: Block, depth: int) -> None:
        start, words = self.i, []
        while self.i < len(self.text):
            self._pass(lines=False)
            word = _WORD.match(self.text, self.i)
            quoted = None if word else self._quoted()
            if word:
                words.append(word[0])
                self.i = word.end()
            elif quoted is not None:
                words.append(quoted)
            else:
                break
        c = self.text[self.i : self.i + 1]
        line = self.place(start)[0]
        if c == "{" and words:
            self.i += 1
            inner = Block(words[0], tuple(words[1:]), line)
            block.blocks.append(inner)
            self.body(inner, depth + 1)
        elif c in ("=", ":") and c and words and self.text[self.i : self.i + 2] != "==":
            self.i += 1
            self._assigned(block, words, line, depth)
        elif c == "{":
            self.i += 1
            inner = Block(block.kind, (), line)
            block.blocks.append(inner)
            self.body(inner, depth + 1)
        elif self.i == start:
            self.i += 1  # a mark that says nothing here

    def _assigned(self, block: Block, words: list[str], line: int, depth: int) -> None:
        """`a = x`; `resource a 'type' = {`: what stands in braces is a block of that name."""
        holder = Block(words[0], tuple(words[1:]), line)
        value = self._value(holder, depth)
        if len(words) > 1:
            holder.values["="] = value
            block.blocks.append(holder)
            return
        block.values.setdefault(words[0], value)
        block.blocks += holder.blocks

    def _value(self, holder: Block, depth: int) -> Value:
        """An expression to the end of its line, or of its brackets."""
        self._pass(lines=False)
        start, end, level = self.i, self.i, 0
        found = Value("", *self.place(start))
        while self.i < len(self.text):
            c = self.text[self.i]
            if c in "\n," and not level:
                break
            if c == "}" and not level:
                break
            heredoc = _HEREDOC.match(self.text, self.i) if c == "<" else _LONG.match(self.text, self.i)
            if heredoc:
                body = heredoc.lastindex or 1
                found.bodies.append((heredoc[body], self.place(heredoc.start(body))[0]))
                self.i = heredoc.end()
            elif c in "\"'":
                at = self.i
                text = self._quoted()
                if text is None:
                    self.i += 1
                else:
                    found.texts.append((text, *self.place(at)))
            elif c == "{":
                at = self.place(self.i)[0]
                self.i += 1
                inner = Block(holder.kind, holder.labels, at)
                holder.blocks.append(inner)
                self.body(inner, depth + 1)
            elif _BLANK.match(self.text, self.i):
                self._pass(lines=level > 0)
                continue
            else:
                level += (c in "[(") - (c in "])")
                if level < 0:
                    break
                self.i += 1
            end = self.i
        found.raw = self.text[start:end].strip()
        return found

    def _quoted(self) -> str | None:
        """A text in quotes of either kind, values in `${}` of it included; None where there is none."""
        quote = self.text[self.i : self.i + 1]
        if quote not in ("'", '"') or self.text.startswith("'''", self.i):
            return None
        level, k = 0, self.i + 1
        while k < len(self.text):
            c = self.text[k]
            if c == "\\":
                k += 1
            elif c == "\n" and not level:
                return None
            elif self.text.startswith("${", k):
                level, k = level + 1, k + 1
            elif level and c in "{}":
                level += (c == "{") - (c == "}")
            elif level and c in "\"'":
                end = self.text.find(c, k + 1)  # a text inside the value
                k = end if end > 0 and "\n" not in self.text[k:end] else k
            elif c == quote and not level:
                found = self.text[self.i + 1 : k]
                self.i = k + 1
                return found
            k += 1
        return None

    def _pass(self, lines: bool) -> None:
        """Blanks and comments, and ends of lines and commas where they say nothing."""
        while self.i < len(self.text):
            match = _BLANK.match(self.text, self.i)
            if match:
                self.i = match.end()
            elif lines and self.text[self.i] in "\n,;":
                self.i += 1
            else:
                return

    def _broken(self, what: str, i: int) -> BrokenError:
        return BrokenError(what, self.place(i)[0], self.root)
