"""Version ranges of engines: whether two ranges have a version in common."""

from __future__ import annotations

from functools import cache


@cache
def meet(one: str, other: str) -> bool:
    """True where some version lies in both ranges (packaging syntax); an empty range accepts any.

    Ranges are made of finitely many bounds, so it is enough to try each bound, what lies just
    below it, and what lies just above.
    """
    from packaging.specifiers import SpecifierSet

    ranges = [SpecifierSet(text) for text in (one, other)]
    bounds = [spec.version.rstrip(".*") for found in ranges for spec in found]
    tried = [v for bound in bounds for v in (bound, _below(bound), f"{bound}.0.1")]
    return not bounds or any(
        v is not None and all(found.contains(v, prereleases=True) for found in ranges) for v in tried
    )


def _below(bound: str) -> str | None:
    """A version just below a bound: its last part that is not 0 less one, then high numbers."""
    from packaging.version import Version

    parts = list(Version(bound).release)
    while parts and parts[-1] == 0:
        parts.pop()
    if not parts:
        return None
    return ".".join(map(str, [*parts[:-1], parts[-1] - 1, 9999]))


def newer(one: str, other: str) -> bool | None:
    """True where the first version comes after the second; None where one of them is no version."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) > Version(other)
    except InvalidVersion:
        return None
