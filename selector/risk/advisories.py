"""Which known vulnerabilities a component of some version has, under the facts of a stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Protocol

from selector.types.advisory import Advisory, Hit
from selector.types.rule import Severity

# Lowest CVSS base scores of the levels, FIRST CVSS v3.1 and v4.0 specification.
LEVELS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.0, Severity.LOW))

VERSION = "version"  # stands among what would settle a hit


class Asks(Protocol):
    """A compiled condition."""

    def evaluate(self, facts: Mapping[str, object]) -> bool | None:
        """True, false, or None where a fact is unknown."""

    def trace(self, facts: Mapping[str, object]) -> Mapping[str, object]:
        """The facts that it asks for, None where unknown."""


def hits(
    advisories: Iterable[Advisory],
    component: str,
    version: str | None,
    facts: Mapping[str, object],
    condition: Callable[[str], Asks],
) -> tuple[Hit, ...]:
    """Advisories on a component that do not fail to apply; the worst first.

    A version that is unknown or cannot be compared makes a hit uncertain, with `VERSION` among what would
    settle it: every old release of anything has some hole.
    """
    found = []
    for advisory in advisories:
        if advisory.component != component:
            continue
        hit = affects(advisory, version) if version is not None else None
        if hit is False:
            continue
        answer: bool | None = True
        unknown: tuple[str, ...] = () if hit else (VERSION,)
        if advisory.when is not None:
            asked = condition(advisory.when)
            answer = asked.evaluate(facts)
            if answer is None:
                unknown += tuple(k for k, v in asked.trace(facts).items() if v is None)
        if answer is not False:
            found.append(Hit(advisory, not unknown, unknown))
    return tuple(sorted(found, key=lambda h: (not h.certain, -(h.advisory.cvss or 0.0), h.advisory.id)))


def summary(found: Iterable[Hit]) -> dict[str, object]:
    """Facts that the register and the policies ask for: the worst level that is certain and rests on more
    than one unofficial source, whether such a hole is exploited, and whether other holes are possible."""
    every = tuple(found)
    sure = [h.advisory for h in every if is_sure(h)]
    order = list(Severity)
    worst = max((severity(a) for a in sure), key=order.index, default=None)
    told: dict[str, object] = {
        "advisory.worst": worst.value if worst else "none",
        "advisory.known_exploited": any(a.known_exploited for a in sure),
    }
    return told | ({"advisory.possible": True} if len(sure) < len(every) else {})


def is_sure(hit: Hit) -> bool:
    """A hit that is certain, on word that is better than one unofficial source."""
    return hit.certain and hit.advisory.confidence != "low"


def severity(advisory: Advisory) -> Severity:
    """Level of an advisory: critical where it is exploited, else by its score, else as the record says."""
    if advisory.known_exploited:
        return Severity.CRITICAL
    if advisory.cvss is None:
        return Severity(advisory.severity or "medium")
    return next(level for least, level in LEVELS if advisory.cvss >= least)


def affects(advisory: Advisory, version: str) -> bool | None:
    """Whether a version lies in one of the ranges; None where it cannot be compared."""
    return _inside(tuple(advisory.affected), advisory.scheme, version)


@cache  # a repository names the same few versions in many places
def _inside(ranges: tuple[str, ...], scheme: str, version: str) -> bool | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    plain = comparable(version, scheme)
    if plain is None:
        return None
    try:
        here = Version(plain)
        return any(SpecifierSet(r).contains(here, prereleases=True) for r in ranges)
    except (InvalidVersion, InvalidSpecifier):
        return None


def first_free(
    advisories: Iterable[Advisory],
    component: str,
    version: str,
    least: Severity,
    facts: Mapping[str, object],
    condition: Callable[[str], Asks],
) -> str | None:
    """The first later version, of those that mend something, that no hole of a severity or above is known
    or possible in under the facts; None where there is none."""
    from packaging.version import Version

    order = list(Severity)
    own = [a for a in advisories if a.component == component]
    worse = [a for a in own if order.index(severity(a)) >= order.index(least)]
    later: dict[Version, str] = {}
    for advisory in own:
        here = comparable(version, advisory.scheme)
        for text in (advisory.fixed or "").split(" or "):
            plain = comparable(text, advisory.scheme)
            if plain and here and Version(plain) > Version(here):
                later.setdefault(Version(plain), text)
    for _, text in sorted(later.items()):
        if not hits(worse, component, text, facts, condition):
            return text
    return None


def comparable(version: str, scheme: str) -> str | None:
    """A version in the form that its scheme compares: `b5000` of llama.cpp as 5000, `25.07-py3` and `r26.03`
    as a date of release, `v1.82.7-stable` without what surrounds it."""
    text = version.strip().lower()
    if scheme == "build":
        number = re.search(r"(?:^|[-_b])(\d{3,6})$", text)
        return number[1] if number else None
    if scheme == "calver":
        date = re.search(r"(?:^|r)(\d{2}\.\d{2})(?!\d)", text)
        return date[1] if date else None
    found = re.match(
        r"v?(\d+(?:\.\d+)*(?:[._-]?(?:a|b|rc|post|dev|alpha|beta)[._-]?\d*)*)", text.removeprefix("main-")
    )
    return found[1] if found else None
