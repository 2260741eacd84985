"""Facts that a policy or a stack file states, beside those that files show: these are not talked away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from selector.check.policy import Facts
from selector.check.subjects import Subject
from selector.types.rule import Finding, Severity

# What a contract or counsel can settle against the general terms that the catalogue knows.
AGREED = ("vendor.", "licence.")


def merged(shown: Mapping[str, object], stated: Facts, defaults: frozenset[str]) -> dict[str, object]:
    """Facts of a stack: what is stated fills what nothing shows, replaces defaults and general terms, and
    gives way to the rest."""
    found = {name: one.value for name, one in stated.items()}
    return found | {k: v for k, v in shown.items() if k not in found or not _gives_way(k, defaults)}


def contradictions(
    subjects: Iterable[tuple[Subject, Mapping[str, object]]], stated: Facts
) -> Iterator[Finding]:
    """FACT-001 of each stated fact that stacks contradict, at the place of the statement; each stack comes
    with what its files show."""
    told: dict[str, list[str]] = {}
    for subject, shown in subjects:
        for name, one in stated.items():
            if name in shown and shown[name] != one.value and not _gives_way(name, subject.defaults):
                text = f"{subject.plan.unit} shows {_text(shown[name])}"
                told.setdefault(name, []).append(text)
    for name, rows in told.items():
        one, more = stated[name], f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        yield Finding(
            "FACT-001",
            "A stated fact contradicts what files show",
            Severity.HIGH,
            "high",
            "fail",
            f"{name} is stated as {_text(one.value)}, {rows[0]}{more}; what is shown counts",
            "A statement that files contradict would hide what the rules find in them.",
            "take the statement out, or mend the files",
            one.place.file,
            one.place.line,
            one.place.column,
            None,
            f"{name} {_text(one.value)}",
        )


def _gives_way(name: str, defaults: frozenset[str]) -> bool:
    return name in defaults or name.startswith(AGREED)


def _text(value: object) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)
