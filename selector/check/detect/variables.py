"""Replace variables by what the files say they are; what no file says stays as written.

Forms: `$A`, `${A}`, `${A:-b}`, `${A-b}`, `${A:=b}`, `${A=b}` (azd), `${A:+b}`, `${A:?text}`, `$(A)` of
Kubernetes, `${A,B:c}` (the first that is set, else c), `$(.Values.a.b)` of charts, `${1:-b}`; `$$A` is `$A`
that compose leaves to the shell. Output of commands, words of the command line and cut values
(`$(cat f)`, `$1`, `${A##*/}`) are not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_STEPS = 10
_NAME = r"(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+)"
_FORM = re.compile(
    r"\$\{(?P<names>"
    + _NAME
    + r"(?:,\s*"
    + _NAME
    + r")*)(?P<op>:-|:=|:\+|:\?|:|-|=|\+|\?)?(?P<rest>[^{}]*)\}"
    r"|\$\((?P<kube>\.?[A-Za-z_][A-Za-z0-9_./-]*)\)"
    r"|\$(?P<plain>[A-Za-z_][A-Za-z0-9_]*)"
)
_LEFT = re.compile(r"\$[A-Za-z0-9_({@*#?!-]|`")  # starts what only a shell or a renderer can replace
_ESCAPED = re.compile(r"\$\$(?=[A-Za-z_{(])")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Text after replacement; not `complete` where a variable is left."""

    text: str
    complete: bool


def resolve(text: str, known: Mapping[str, str]) -> Resolved:
    """Replace what is known, defaults included; values may name other variables."""
    found = _ESCAPED.sub("$", text)
    for _ in range(MOST_STEPS):
        after = _FORM.sub(lambda m: _value(m, known), found)
        if after == found or len(after) > 4 * len(text) + 4_000:
            break
        found = after
    return Resolved(found, not _LEFT.search(found))


def _value(match: re.Match[str], known: Mapping[str, str]) -> str:
    name = match["kube"] or match["plain"]
    if name is not None:
        value = known.get(name, match[0])
        return match[0] if _itself(name, value) else value
    # A variable that is set to itself comes from outside.
    named = re.split(r",\s*", match["names"])
    given = next((known[n] for n in named if known.get(n) and not _itself(n, known[n])), None)
    op, rest = match["op"] or "", match["rest"]
    if rest and not op:
        return match[0]  # cut or replaced inside
    if op in (":+", "+"):
        return rest if given else ""
    if given is not None:
        return given
    return rest if op in (":-", ":=", ":", "-", "=") else match[0]


def _itself(name: str, value: str) -> bool:
    return re.search(rf"\$(?:{re.escape(name)}\b|[{{(]{re.escape(name)}\b)", value) is not None


def env_file(text: str) -> dict[str, str]:
    """Names and values of a `.env` file or of the `export` lines of a script; the first value counts
    least. Lines that are no assignment are passed over."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = re.match(r"\s*(?:export\s+|set\s+-x\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$", line)
        if match:
            value = bare(match[2])
            own = re.fullmatch(rf"\$\{{{match[1]}:?[-=](.*)\}}", value)
            found[match[1]] = own[1] if own else value
    return found


def bare(value: str) -> str:
    """A value without its quotes, or without the comment behind it."""
    if value[:1] in ("'", '"'):
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value[1:]
    return re.split(r"\s+#", value)[0].strip().rstrip(";")
