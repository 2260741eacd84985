"""Commands as they stand in files, split into words that keep their places; nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

ENDS = frozenset(";&|\n()")
_RUNS = re.compile(r"-[aehilnpuvx]*c")  # `-c` of a shell, among other switches


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command, quotes removed; line and column count from 1."""

    text: str
    line: int
    column: int
    path: str = ""  # where in a structured file
    margin: int = 1  # column at which further lines of the text start
    script: str = ""  # the text as a shell would write it, where its lines were folded


def commands(text: str, line: int = 1, column: int = 1, path: str = "", margin: int = 1) -> list[list[Word]]:
    """Words of each simple command of a shell text that starts at a place; further lines start at `margin`.

    Quotes, escapes, continued lines and comments are read as a POSIX shell reads them; `;`, `&`, `|`,
    parentheses and ends of lines end a command. A quote that never ends takes the rest.
    """
    found: list[list[Word]] = [[]]
    for word in _Splitter(text, line, column, path, margin).words():
        if word is None:
            if found[-1]:
                found.append([])
        else:
            found[-1].append(word)
    return [c for c in found if c]


def inside(word: Word) -> list[list[Word]]:
    """The commands that a word holds."""
    return commands(word.script or word.text, word.line, word.column, word.path, word.margin)


def unwrapped(words: list[Word]) -> list[list[Word]]:
    """The commands inside `sh -c "..."` and the like; the command itself where it is none."""
    for i, word in enumerate(words[:-1]):
        if i and _RUNS.fullmatch(word.text) and _shell(words[:i]):
            # `bash -lc -- "..."`: two dashes end the options, the text comes after them.
            text = next((w for w in words[i + 1 :] if w.text != "--"), words[i + 1])
            return [c for one in inside(text) for c in unwrapped(one)]
    return [words]


def _shell(words: list[Word]) -> bool:
    return any(w.text.rsplit("/", 1)[-1] in ("sh", "bash", "zsh", "ash", "dash") for w in words)


def options(words: list[Word]) -> Iterator[tuple[Word, Word | None]]:
    """Options of a command with the value beside them, if any: `--a b`, `--a=b`, `-a b`.

    A word after an option may be its value or stand by itself; who knows the option decides.
    """
    for i, word in enumerate(words):
        if not word.text.startswith("-") or word.text in ("-", "--"):
            continue
        name, equals, value = word.text.partition("=")
        if equals:
            moved = word.column + len(name) + 1
            yield replace(word, text=name), replace(word, text=value.strip("'\""), column=moved)
            continue
        after = words[i + 1] if i + 1 < len(words) else None
        yield word, after if after is not None and not _is_option(after.text) else None


def _is_option(text: str) -> bool:
    return text.startswith("-") and not text[1:2].isdigit()


class _Splitter:
    """Reads characters one by one, as a shell does."""

    def __init__(self, text: str, line: int, column: int, path: str, margin: int) -> None:
        self.text, self.path, self.margin = text, path, margin
        self.line, self.column, self.i = line, column, 0

    def words(self) -> Iterator[Word | None]:
        """Words, and None where a command ends."""
        while self.i < len(self.text):
            c = self.text[self.i]
            if self._continued():
                continue
            if c == "#":
                while self.i < len(self.text) and self.text[self.i] != "\n":
                    self._step()
            elif c in ENDS:
                self._step()
                yield None
            elif c.isspace():
                self._step()
            else:
                yield self._word()

    def _word(self) -> Word:
        line, column, parts = self.line, self.column, []
        while self.i < len(self.text):
            c = self.text[self.i]
            if self._continued():
                continue
            if c.isspace() or c in ENDS:
                break
            if c == "$" and self.text[self.i : self.i + 2] in ("$(", "${"):
                parts.append(self._braced())
            elif c == "`":
                parts.append(f"`{self._quoted(c)}`")
            elif c in "'\"":
                parts.append(self._quoted(c))
            elif c == "\\" and self.i + 1 < len(self.text):
                self._step()
                parts.append(self._step())
            else:
                parts.append(self._step())
        return Word("".join(parts), line, column, self.path, self.margin)

    def _quoted(self, quote: str) -> str:
        self._step()
        parts = []
        while self.i < len(self.text) and self.text[self.i] != quote:
            if (
                quote == '"'
                and self.text[self.i] == "\\"
                and self.text[self.i + 1 : self.i + 2] in tuple('"\\$`\n')
            ):
                self._step()
                escaped = self._step()
                parts.append("" if escaped == "\n" else escaped)
            else:
                parts.append(self._step())
        if self.i < len(self.text):
            self._step()
        return "".join(parts)

    def _braced(self) -> str:
        """`${...}` or `$(...)` as one piece, to the end of its line at most."""
        close, depth, parts = {"{": "}", "(": ")"}[self.text[self.i + 1]], 0, [self._step()]
        opener = self.text[self.i]
        while self.i < len(self.text) and self.text[self.i] != "\n":
            c = self._step()
            parts.append(c)
            depth += (c == opener) - (c == close)
            if depth == 0:
                break
        return "".join(parts)

    def _continued(self) -> bool:
        """Passes a line that goes on in the next one."""
        for end in ("\\\n", "\\\r\n"):
            if self.text.startswith(end, self.i):
                for _ in end:
                    self._step()
                return True
        return False

    def _step(self) -> str:
        c = self.text[self.i]
        self.i += 1
        if c == "\n":
            self.line, self.column = self.line + 1, self.margin
        else:
            self.column += 1
        return c
