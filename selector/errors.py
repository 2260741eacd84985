"""Errors that a user can act on.

SelectorError
├── InputError      a file of the user's is wrong; holds every problem found
├── PackError       a pack is wrong; holds every problem found
└── UsageError      flags or names on the command line are wrong
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and how to fix it."""

    what: str
    where: Position | None = None
    fix: str | None = None

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  fix: {self.fix}" if self.fix else text


class SelectorError(Exception):
    """Base of all errors that the command line reports without a traceback."""

    def __init__(self, problems: Sequence[Problem] | Problem | str) -> None:
        """Take one problem, several, or a text."""
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class InputError(SelectorError):
    """A file of the user's is wrong."""


class PackError(SelectorError):
    """A pack is wrong."""


class UsageError(SelectorError):
    """Flags or names on the command line are wrong."""
