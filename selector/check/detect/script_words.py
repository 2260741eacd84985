"""JavaScript and TypeScript as words: strings, names and marks with their places; no grammar.

Comments and regular expressions are passed over. A quote that is not closed in its line is a mark, so that
text between tags does not swallow what follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

STRING, TEMPLATE, NAME, NUMBER, MARK = "string", "template", "name", "number", "mark"
MOST_DEPTH = 10
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"\d[\d_.]*")
_STRING = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'")
_REGEX = re.compile(r"/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_MARK = re.compile(r"\?\?=?|\|\|=?|&&=?|=>|\?\.|\.\.\.|[=!]==?|.", re.DOTALL)
_PART = re.compile(r"\$\{\s*([^{}]*?)\s*\}")


@dataclass(frozen=True, slots=True)
class Word:
    """One word and where it starts in the text."""

    kind: str
    text: str
    start: int


def words(text: str) -> list[Word]:
    """Words of a file."""
    found: list[Word] = []
    i = 0
    while i < len(text):
        c = text[i]
        if c.isspace():
            i += 1
        elif text.startswith(("//", "/*"), i):
            end = text.find("\n" if text[i + 1] == "/" else "*/", i + 2)
            i = len(text) if end < 0 else end if text[i + 1] == "/" else end + 2
        else:
            word, i = _word(text, i, found[-1] if found else None)
            if word is not None:
                found.append(word)
    return found


def _word(text: str, i: int, before: Word | None) -> tuple[Word | None, int]:
    """The word at a place, and where the next one may start; None for a regular expression."""
    c = text[i]
    if c in "\"'":
        match = _STRING.match(text, i)
        if match:
            inner = match[1] if match[1] is not None else match[2]
            return Word(STRING, re.sub(r"\\(.)", r"\1", inner), i), match.end()
    elif c == "`":
        end = _template_end(text, i)
        if end > 0:
            return Word(TEMPLATE, text[i + 1 : end], i), end + 1
    elif c == "/" and (before is None or (before.kind == MARK and before.text not in ")]}")):
        match = _REGEX.match(text, i)
        if match:
            return None, match.end()
    name = _NAME.match(text, i) or _NUMBER.match(text, i)
    if name:
        return Word(NUMBER if c.isdigit() else NAME, name[0], i), name.end()
    mark = _MARK.match(text, i)
    end = mark.end() if mark else i + 1
    return Word(MARK, text[i:end], i), end


def _template_end(text: str, i: int) -> int:
    """Where a template ends; braces of its values are counted. -1 where it does not."""
    depth, k = 0, i + 1
    while k < len(text):
        c = text[k]
        if c == "\\":
            k += 1
        elif text.startswith("${", k):
            depth, k = depth + 1, k + 1
        elif depth and c == "{":
            depth += 1
        elif depth and c == "}":
            depth -= 1
        elif not depth and c == "`":
            return k
        k += 1
    return -1


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression is: its text, or None where it is not known; where it starts and ends."""

    text: str | None
    at: int
    end: int


class Reader:
    """Values of expressions, by the constants of the file that are bound once."""

    def __init__(self, found: list[Word]) -> None:
        """Find the constants."""
        self.words = found
        self.constants: dict[str, int | None] = {}
        for i in range(len(found) - 1):
            if found[i].text in ("const", "let", "var") and found[i + 1].kind == NAME:
                name, start = found[i + 1].text, self._bound(i + 2)
                self.constants[name] = None if name in self.constants else start
            elif (
                found[i].kind == NAME
                and self.text(i + 1) == "="
                and self.text(i - 1) not in (".", "const", "let", "var")
            ):
                self.constants[found[i].text] = None  # bound again

    def _bound(self, i: int) -> int | None:
        """Where the value of a declaration starts: behind `=`, past a type."""
        for k in range(i, min(i + 12, len(self.words))):
            if self.text(k) == "=":
                return k + 1
            if self.text(k) in (";", "of", "in", ","):
                return None
        return None

    def text(self, i: int) -> str:
        """Text of a word, "" outside."""
        return self.words[i].text if 0 <= i < len(self.words) else ""

    def value(self, i: int, depth: int = 0) -> Value:
        """Value of the expression that starts at a word."""
        if i >= len(self.words) or depth > MOST_DEPTH:
            return Value(None, i, i)
        word = self.words[i]
        if word.kind in (STRING, NUMBER):
            return Value(word.text, i, i + 1)
        if word.kind == TEMPLATE:
            return Value(self._template(word.text, depth), i, i + 1)
        if word.kind == NAME:
            return self._named(i, depth)
        return Value(None, i, i + 1)

    def _named(self, i: int, depth: int) -> Value:
        """A constant, `process.env.A`, each maybe with `?? "default"`."""
        end = i + 1
        while (
            self.text(end) in (".", "?.") and end + 1 < len(self.words) and self.words[end + 1].kind == NAME
        ):
            end += 2
        path = "".join(w.text for w in self.words[i:end]).replace("?.", ".")
        variable: str | None = None
        if path == "process.env" and self.text(end) == "[" and self.text(end + 2) == "]":
            variable, end = self.text(end + 1), end + 3
        elif path.startswith(("process.env.", "import.meta.env.")):
            variable = path.rsplit(".", 1)[-1]
        end += self.text(end) == "!"
        if self.text(end) in ("??", "||"):
            other = self.value(end + 1, depth + 1)
            if variable is not None and other.text is not None:
                return other
            return Value(None, i, other.end)
        if variable is not None:
            return Value("${" + variable + "}", i, end)
        at = self.constants.get(path)
        if at is not None and self.text(end) not in ("(", "["):
            found = self.value(at, depth + 1)
            return Value(found.text if self.ends(found.end) else None, i, end)
        inside = self._entry(path, depth)
        return inside if inside is not None and self.text(end) not in ("(", "[") else Value(None, i, end)

    def _entry(self, path: str, depth: int) -> Value | None:
        """`MODELS.large` of an object that is written out."""
        name, _, key = path.partition(".")
        start = self.constants.get(name)
        if start is None or not key or "." in key or self.text(start) != "{":
            return None
        level = 0
        for k in range(start, len(self.words) - 2):
            level += (self.text(k) == "{") - (self.text(k) == "}")
            if level == 0:
                return None
            if (
                level == 1
                and self.text(k) == key
                and self.text(k + 1) == ":"
                and self.text(k - 1) in ("{", ",")
            ):
                found = self.value(k + 2, depth + 1)
                return found if self.ends(found.end) else None
        return None

    def _template(self, text: str, depth: int) -> str | None:
        known: Mapping[str, str | None] = {m[1]: self._plain(m[1], depth) for m in _PART.finditer(text)}
        if any(v is None for v in known.values()):
            return None
        if "${" in _PART.sub("", text):
            return None  # a value that is more than a name
        return _PART.sub(lambda m: known[m[1]] or "", text)

    def _plain(self, name: str, depth: int) -> str | None:
        at = self.constants.get(name)
        found = self.value(at, depth + 1) if at is not None else None
        return found.text if found is not None and self.ends(found.end) else None

    def ends(self, i: int) -> bool:
        """Whether an expression is over here: nothing is added to it or called on it."""
        return self.text(i) not in ("+", ".", "?.", "(", "[", "?", "-", "*", "&&", "||", "??")

    def chosen(self, i: int) -> list[Word]:
        """The strings of `a ? "b" : "c"` that starts at a word; empty where it is no such choice."""
        depth, marks, found = 0, "", list[Word]()
        for k in range(i, min(i + 40, len(self.words))):
            word = self.words[k]
            depth += (word.text in "([{" and word.kind == MARK) - (word.text in ")]}" and word.kind == MARK)
            if depth < 0 or (depth == 0 and word.kind == MARK and word.text in (",", ";")):
                break
            if depth == 0 and word.kind == MARK and word.text in ("?", ":"):
                marks += word.text
                if k + 1 < len(self.words) and self.words[k + 1].kind == STRING:
                    found.append(self.words[k + 1])
        return (
            found
            if marks and marks.count("?") == marks.count(":") and len(found) == len(marks) // 2 + 1
            else []
        )
