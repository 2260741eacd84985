"""Text of a repository, made safe for where it is printed: terminals, logs of runners, Markdown, SARIF."""

from __future__ import annotations

import re
import unicodedata

# Controls, formats that hide or reorder text, surrogates of odd file names, line and paragraph ends.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Commands of GitHub's runner: the first only at the start of a line, the second anywhere.
COMMAND, OLD_COMMAND = "::", "##["
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#|~!])")
BREAK = "\u200b"  # splits what would become a mention, a reference or a link of a bare address
LIVE = re.compile(r"(?i)(@|(?<=#)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\bGH-)(?=\d))")


def printable(text: str) -> str:
    """One line without characters that are not seen; they are written as their numbers."""
    return "".join(_seen(c) for c in text)


def _seen(c: str) -> str:
    if unicodedata.category(c) not in UNSEEN:
        return c
    return f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}"


def line(text: str) -> str:
    """A line of a log that no runner takes for a command."""
    safe = printable(text).replace(OLD_COMMAND, "## [")
    return safe.replace(COMMAND, f"./{COMMAND}", 1) if safe.lstrip().startswith(COMMAND) else safe


def markdown(text: str) -> str:
    """Words of Markdown: no link, image, mention, reference, HTML or cell of a table."""
    return LIVE.sub(lambda m: m[0] + BREAK, SPECIAL.sub(r"\\\1", printable(text)))


def code(text: str) -> str:
    """A code span that no backtick of the text ends; a pipe would end the cell of a table."""
    safe = printable(text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", safe)), default=0) + 1)
    pad = " " if safe.startswith("`") or safe.endswith("`") else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


def sarif(text: str) -> str:
    """A plain message of SARIF, where brackets would begin a link."""
    return re.sub(r"([\\\[\]])", r"\\\1", printable(text))
