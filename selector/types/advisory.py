"""Known vulnerabilities of components, by ranges of versions."""

from __future__ import annotations

from dataclasses import dataclass

from selector.types.rule import RuleTest


@dataclass(frozen=True, slots=True)
class Advisory:
    """A vulnerability, or a release that is malicious; `when` is what else has to hold."""

    id: str
    component: str
    scheme: str  # pep440 semver calver build npm
    affected: tuple[str, ...]  # ranges, any of which hits
    title: str
    confidence: str  # high medium low
    source: tuple[str, ...]
    as_of: str
    fixed: str | None = None
    never_fixed: bool = False
    cvss: float | None = None
    cvss_version: str | None = None
    severity: str | None = None  # where the record has no score
    cwe: tuple[str, ...] = ()
    when: str | None = None
    known_exploited: bool = False
    aliases: tuple[str, ...] = ()
    note: str | None = None
    tests: tuple[RuleTest, ...] = ()  # of `when`


@dataclass(frozen=True, slots=True)
class Hit:
    """An advisory that may concern a stack; not `certain` where the version or a fact is unknown."""

    advisory: Advisory
    certain: bool
    unknown: tuple[str, ...] = ()  # facts that would settle it; `version` where it is not known or odd
