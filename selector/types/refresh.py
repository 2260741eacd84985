"""Prices and versions that a source has, and how they differ from the packs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Feed:
    """What one source says. `as_of` is the day that the data are of."""

    id: str  # genai-prices litellm gpuhunt pypi
    title: str
    url: str
    as_of: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing by the source's name; `why_not` says why its figures cannot be taken.

    `prices` of a hosted model are rows as in the packs, those in force and those to come. `offer` has
    instance, region, count and prices an hour of the whole in USD; `version` version and release date.
    """

    name: str
    prices: tuple[Mapping[str, Any], ...] = ()
    batch: Mapping[str, Any] | None = None
    offer: Mapping[str, Any] | None = None
    version: Mapping[str, Any] | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that changed, before and after; a price to come has its day."""

    key: str
    old: float | str | None
    new: float | str
    from_date: str | None = None

    @property
    def ratio(self) -> float | None:
        """How many times dearer or cheaper, never below 1; None of what is no number."""
        if isinstance(self.old, str) or isinstance(self.new, str) or self.old is None:
            return None
        low, high = sorted((self.old, self.new))
        return high / low if low > 0 else float("inf") if high > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the packs that a source has newer figures for; `entry` is the whole entry to append."""

    kind: str  # apis offers frameworks
    id: str
    feed: str
    figures: tuple[Figure, ...]
    entry: Mapping[str, Any]
    held: bool  # a jump that is taken only where the user accepts it


@dataclass(frozen=True, slots=True)
class Differences:
    """All that one run found."""

    feeds: tuple[Feed, ...]
    changes: tuple[Change, ...]
    unchanged: int
    unknown: tuple[tuple[str, str], ...]  # feed and name that the packs have no id for
    not_taken: tuple[tuple[str, str, str], ...]  # feed, name and why
    disputed: tuple[tuple[str, str, str], ...]  # id, feed taken, feed that says something else
