"""Secrets that stand in files: their name and kind, never their value."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Forms that a provider documents for its keys; the value itself is never kept.
FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("private key", re.compile(r"-----BEGIN (?:RSA |EC |OPENSSH |PGP )?PRIVATE KEY")),
    ("Anthropic key", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{20,}")),
    ("OpenAI key", re.compile(r"(?<![\w-])sk-(?=[a-z_-]*[A-Z0-9])(?:proj-|svcacct-|or-)?[A-Za-z0-9_-]{20,}")),
    ("Hugging Face token", re.compile(r"\bhf_[A-Za-z0-9]{30,}")),
    ("AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("Google key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}")),
    ("GitHub token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}")),
    ("GitHub token", re.compile(r"\bgithub_pat_[A-Za-z0-9_]{40,}")),
    ("GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("NVIDIA key", re.compile(r"\bnvapi-[A-Za-z0-9_-]{40,}")),
    ("Groq key", re.compile(r"\bgsk_[A-Za-z0-9]{40,}")),
    ("Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}")),
)
_FIELD = re.compile(
    r"\b((?i:[\w.-]*(?:api[_-]?key|secret(?:[_-]?(?:access[_-]?)?key)?|access[_-]?token|auth[_-]?token|password|passwd))"
    r"|(?!\w*PUBLIC)[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD))"
    r"[\"']?\s*[:=]\s*[\"']?([^\s\"'#,;]{8,200})"
)
_PLACEHOLDER = re.compile(
    r"(?i)^[$<{%*.]|\$\{|\{\{|x{4,}|\*{3,}|example|changeme|change[_-]me|your[_-]|placeholder|dummy|fake|secret$|token$|"
    r"password|none|null|true|false|os\.|process\.|env[.\[(]|getenv|valuefrom|test|sample|not[_-]?needed|empty|local"
)
LONGEST = 4_000  # characters of a line; longer ones are data
ENTROPY = 3.5  # bits a character; words lie below, random keys above
# Pieces, in small letters, one of which stands in any line with a secret: looked for before the forms.
HINTS = (
    "key", "secret", "token", "passw", "sk-", "hf_", "akia", "asia", "aiza", "gh", "glpat", "nvapi", "gsk_",
    "xox",
)  # fmt: skip


ROUNDS = 20_000  # of the hash: slow for who guesses values, a few milliseconds a secret here
SALT = "selector check: marks of secrets"
MARK_DIGITS = 12
BLOCK, BLOCK_END, MOST_LINES = "-----BEGIN", "-----END", 200


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that stands in a file: its kind, the name beside it, its place, and a mark."""

    kind: str
    name: str
    line: int
    column: int
    mark: str  # tells one value from another; the value does not follow from it


def found(text: str) -> Iterator[Secret]:
    """Each secret with its place; a line is told once."""
    lower = text.lower()
    hints = [hint for hint in HINTS if hint in lower]
    lines = text.splitlines() if hints else []
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST or not _any(hints, line.lower()):
            continue
        known = next(((kind, m) for kind, form in FORMS if (m := form.search(line))), None)
        if known and not _repeats(known[1][0]):
            name = _FIELD.search(line)
            label, value = name[1] if name else "", _whole(lines[number - 1 :], known[1])
            yield Secret(known[0], label, number, known[1].start() + 1, mark(known[0], label, value))
            continue
        field = _FIELD.search(line)
        if field and not _PLACEHOLDER.search(field[2]) and _random(field[2]):
            kind, value = "value of high entropy", field[2]
            yield Secret(kind, field[1], number, field.start(2) + 1, mark(kind, field[1], value))


def _whole(lines: Sequence[str], form: re.Match[str]) -> str:
    """The value whose start has a known form: it goes on to a space or a quote, and a block to its end."""
    first = lines[0][form.start() :]
    if not first.startswith(BLOCK):
        return re.split(r"[\s\"']", first, maxsplit=1)[0]
    if BLOCK_END in first:
        return first
    rest = [line.strip() for line in lines[1:MOST_LINES]]
    ends = next((i for i, line in enumerate(rest) if BLOCK_END in line), len(rest))
    return "\n".join([first, *rest[:ends]])


def mark(kind: str, name: str, value: str) -> str:
    """A salted, slow and cut hash of a value: another value under the same name has another mark."""
    salt = "\0".join((SALT, kind, name)).encode()
    return hashlib.pbkdf2_hmac("sha256", value.encode(errors="replace"), salt, ROUNDS).hex()[:MARK_DIGITS]


def _any(hints: Sequence[str], line: str) -> bool:
    return any(hint in line for hint in hints)


def _random(value: str) -> bool:
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return bits >= ENTROPY and len(value) >= 20 and any(c.isdigit() for c in value) and "/" not in value[:3]


def _repeats(value: str) -> bool:
    """True for `sk-xxxxxxxx` and the like."""
    body = value.rsplit("-", maxsplit=1)[-1].rsplit("_", maxsplit=1)[-1]
    return len(set(body)) <= 3 or bool(re.search(r"(?i)x{5,}|your|example|1234567|abcdef", value))
