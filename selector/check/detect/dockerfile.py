"""Dockerfiles: the image that runs, its variables, what it installs and starts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selector.check.detect import argv, packages, variables
from selector.check.detect.argv import Word
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen, Trouble

WORDS = frozenset(
    {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
     "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)  # fmt: skip
_HEREDOC = re.compile(r"<<-?[\"']?([A-Za-z_]\w*)[\"']?")


_NAMED = re.compile(r"(?:docker|container)file(?:$|\.|[_-](?!.*\.(?:md|py|sh|txt|ya?ml|json)$))")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, the text behind it, where both stand."""

    word: str
    text: str
    line: int
    column: int


def reads(file: File) -> bool:
    """True for `Dockerfile`, `Containerfile`, `Dockerfile.gpu`, `Dockerfile_gpu`, `api.Dockerfile`."""
    name = file.base.lower()
    return _NAMED.match(name) is not None or name.endswith((".dockerfile", ".containerfile"))


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of the last stage; earlier stages only build."""
    text = tree.text(file)
    if text is None:
        return []
    found = list(instructions(text))
    if not found:
        return []
    wrong = [i for i in found if i.word not in WORDS]
    if wrong or found[0].word not in ("FROM", "ARG"):
        bad = (wrong or found)[0]
        what = f"cannot be read: {bad.word[:40]} is no instruction that may stand here"
        tree.troubles.append(Trouble("DETECT-001", what, file.name, bad.line, bad.column))
    return _told(found, file, tables)


def _told(found: list[Instruction], file: File, tables: Tables) -> list[Seen]:
    stages = [i for i, x in enumerate(found) if x.word == "FROM"]
    last = stages[-1] if stages else 0
    known = {k: v for x in found if x.word in ("ARG", "ENV") for k, v, _ in _pairs(x)}
    teller = Teller(file.name, file.name, tables, known)
    image = _base(found, stages)
    if image is not None:
        teller.image(image.text, At(image.line, image.column, "FROM"))
    start: dict[str, list[Word]] = {}
    for one in found[last:]:
        if one.word == "ENV":
            for name, value, column in _pairs(one):
                teller.variable(name, value, At(one.line, column, f"variable {name}"))
        elif one.word == "RUN":
            for command in argv.commands(one.text, one.line, one.column):
                _run(command, teller)
        elif one.word in ("CMD", "ENTRYPOINT"):
            start[one.word] = _words(one)
    words = [*start.get("ENTRYPOINT", []), *start.get("CMD", [])]
    if words:
        teller.command(words)
    return teller.told()


def _run(words: list[Word], teller: Teller) -> None:
    """What a step of the build installs, and models that it pulls into the image."""
    packages.installed(words, teller)
    for one in argv.unwrapped(words):
        if any(w.text == "pull" for w in one):
            teller.command(one)


def _base(found: list[Instruction], stages: list[int]) -> Word | None:
    """The image that the last stage rests on, through stages that are named."""
    named: dict[str, Word] = {}
    image: Word | None = None
    for i in stages:
        first = argv.commands(found[i].text, found[i].line, found[i].column)[:1]
        words = [w for command in first for w in command if not w.text.startswith("--")]
        if not words:
            continue
        image = named.get(words[0].text.lower(), words[0])
        if len(words) > 2 and words[1].text.lower() == "as":
            named[words[2].text.lower()] = image
    return image


def instructions(text: str) -> Iterator[Instruction]:
    """Instructions with their continued lines and heredocs."""
    lines = text.splitlines()
    i = 0
    while i < len(lines):
        line, start = lines[i], i
        stripped = line.lstrip()
        i += 1
        if not stripped or stripped.startswith("#"):
            continue
        word, _, rest = stripped.partition(" ")
        column = len(line) - len(stripped) + len(word) + 2
        parts = [rest]
        while parts[-1].rstrip().endswith("\\") and i < len(lines):
            parts.append("" if lines[i].lstrip().startswith("#") else lines[i])
            if not parts[-1]:
                parts[-1] = "\\"
            i += 1
        for end in _HEREDOC.findall(rest) if word.upper() in ("RUN", "COPY", "ADD") else ():
            while i < len(lines) and lines[i].strip() != end:
                parts.append(lines[i])
                i += 1
            i += 1
        yield Instruction(word.upper(), "\n".join(parts), start + 1, column)


def _words(one: Instruction) -> list[Word]:
    """Words of CMD and ENTRYPOINT, in either form."""
    if one.text.lstrip().startswith("["):
        joined = re.sub(r"\\\n", "\n", one.text)
        try:
            found = json.loads(joined)
        except ValueError:
            return []
        words, at = [], 0
        for item in found if isinstance(found, list) else ():
            place = max(joined.find(f'"{str(item)[:20]}', at), at)
            at = place + 1
            line = joined[:place].count("\n")
            column = place - joined.rfind("\n", 0, place) if line else one.column + place
            words.append(Word(str(item), one.line + line, column))
        return words
    return [w for c in argv.commands(one.text, one.line, one.column) for w in c]


def _pairs(one: Instruction) -> Iterator[tuple[str, str, int]]:
    """Names and values of ENV and ARG."""
    words = [w for c in argv.commands(one.text, one.line, one.column) for w in c]
    if words and "=" not in words[0].text:
        if len(words) > 1 and one.word == "ENV":
            yield words[0].text, " ".join(w.text for w in words[1:]), words[0].column
        return
    for word in words:
        name, equals, value = word.text.partition("=")
        if equals:
            yield name, variables.bare(value), word.column
