"""Requirements to start from: commented files of the packs, with lines filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from selector.errors import InputError, Problem, UsageError
from selector.needs import starter
from selector.needs.load import check_key
from selector.packs.catalog import Catalogue
from selector.packs.locate import rules_dir
from selector.packs.reader import parse, read_text
from selector.packs.schema import near

FILE = "reqs.yaml"
GENERAL = "general"
SCHEMA_LINE = "# yaml-language-server:"
LINE = r"^(?P<indent>{indent})(?:# ?)?(?P<key>{key}):(?P<value>.*?)(?P<note>\s{{2,}}#.*)?$"


def starts() -> dict[str, Path]:
    """Files by name: domains of the packs, and in a clone the examples."""
    base = rules_dir()
    folders = sorted(p.parent for p in (base / "domains").glob(f"*/{FILE}"))
    folders += sorted(p.parent for p in (base.parent / "examples").glob(f"*/{FILE}"))
    return {f.name: f / FILE for f in reversed(folders)}


def names(cat: Catalogue) -> list[str]:
    """What `text` takes: files, areas of application and their domains."""
    return sorted({*starts(), *starter.names(cat)})


def text(name: str, cat: Catalogue) -> str:
    """A file without the line that leads editors to the schema of this installation, or that of an area."""
    known = starts()
    if name not in known:
        every = names(cat)
        if name in every:
            return starter.text(name, cat)
        fix = near(name, every) or f"one of: {', '.join(every)}"
        raise UsageError(Problem(f"--from {name}: there is nothing of this name", None, fix))
    lines = read_text(known[name]).splitlines(keepends=True)
    return "".join(x for x in lines if not x.startswith(SCHEMA_LINE))


def fill(start: str, sets: Iterable[str]) -> str:
    """The file with `KEY=VALUE` stated on the lines that stand there for those keys."""
    problems = []
    for one in sets:
        key, equals, value = one.partition("=")
        key, value = key.strip(), value.strip()
        problem = check_key(key) if equals and key else Problem(f"--set {one}: no key=value")
        problem = problem or _one_line(one, value)
        found = None if problem else _stated(start, key, value)
        if found is None:
            fix = "leave it out and write it into the file"
            problems.append(problem or Problem(f"--set {key}: the file has no line for it", None, fix))
        else:
            start = found
    if problems:
        raise UsageError(problems)
    return start


def _one_line(one: str, value: str) -> Problem | None:
    """A problem where the value cannot stand in a line of YAML."""
    try:
        document = parse(f"x: {value}", "--set")
    except InputError as error:
        return Problem(f"--set {one}: {error.problems[0].what}", None, "write the value as YAML in one line")
    if "\n" in value or not isinstance(document.data, dict) or list(document.data) != ["x"]:
        return Problem(f"--set {one}: not a value of one line", None, "write the value as YAML in one line")
    return None


def _stated(start: str, key: str, value: str) -> str | None:
    """The file with one key stated; None where it has no line for it."""
    *section, last = key.split(".")
    if len(section) > 1:
        return None
    begin, end = (0, len(start)) if not section else _section(start, section[0])
    pattern = LINE.format(indent="  " if section else "", key=re.escape(last))
    found = re.search(pattern, start[begin:end], re.MULTILINE)
    if found is None:
        return None
    line = f"{found['indent']}{last}: {value}{found['note'] or ''}"
    return start[: begin + found.start()] + line + start[begin + found.end() :]


def _section(start: str, name: str) -> tuple[int, int]:
    """Where the lines of a section begin and end."""
    found = re.search(rf"^{re.escape(name)}:[ \t]*$", start, re.MULTILINE)
    if found is None:
        return 0, 0
    after = re.search(r"^\S", start[found.end() :], re.MULTILINE)
    return found.end(), found.end() + after.start() if after else len(start)
