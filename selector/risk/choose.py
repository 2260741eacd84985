"""The cheapest mitigations that bring every certain risk to the appetite.

For each risk that is above it, the sets of mitigations that reach it and hold nothing needless; then the
cheapest way of taking one set for each risk, by depth first with a bound. A risk that nothing brings
to the appetite asks for the lowest level that can be reached. Where there are too many ways, the
best reduction for the money is taken risk by risk, and what later choices made needless goes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

MOST_STEPS = 20_000  # of the search; more is left to the quick way
# How many have a running cost that nobody knows, USD a month, person-days: each settles ties of those before.
Price = tuple[int, float, float]
Cost = tuple[int, float, float, int]  # of a set, then its size


@dataclass(frozen=True)
class Need:
    """One risk that is above what can be reached: which mitigations help, and from when they suffice."""

    key: tuple[str, int, int]  # id of the risk, likelihood and impact before mitigation
    helps: tuple[str, ...]
    score: Callable[[frozenset[str]], float]  # of the risk after these and what is in place
    reached: Callable[[frozenset[str]], bool]

    @cached_property
    def ways(self) -> list[frozenset[str]]:
        """Sets that suffice and hold nothing needless, the smaller ones first."""
        found: list[frozenset[str]] = []
        for size in range(len(self.helps) + 1):
            for names in combinations(self.helps, size):
                some = frozenset(names)
                if not any(have <= some for have in found) and self.reached(some):
                    found.append(some)
        return found


def cheapest(needs: Sequence[Need], price: Mapping[str, Price]) -> frozenset[str]:
    """The set with the least cost that meets all needs.

    A running cost that nobody knows is no low one: as few such mitigations as the needs allow are
    taken, and money decides among those.
    """
    if not needs:
        return frozenset()
    search = _Search([n.ways for n in needs], price)
    quick = _spared(needs, _quickly(needs, price), price)
    return search.best(quick) or quick


class _Search:
    def __init__(self, ways: list[list[frozenset[str]]], price: Mapping[str, Price]) -> None:
        self.ways = sorted(ways, key=len)
        self.price = price
        self.steps = 0
        self.found: frozenset[str] = frozenset()
        self.least: Cost = (len(price) + 1, math.inf, math.inf, 0)

    def best(self, known: frozenset[str]) -> frozenset[str] | None:
        """The cheapest set, starting from a known one; None where the search takes too long."""
        self.found, self.least = known, cost(known, self.price)
        self._down(frozenset(), 0)
        return None if self.steps > MOST_STEPS else self.found

    def _down(self, taken: frozenset[str], depth: int) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            return
        now = cost(taken, self.price)
        if now >= self.least:
            return
        while depth < len(self.ways) and any(w <= taken for w in self.ways[depth]):
            depth += 1
        if depth == len(self.ways):
            self.found, self.least = taken, now
            return
        nexts = sorted((cost(taken | w, self.price), sorted(w), taken | w) for w in self.ways[depth])
        for _, _, more in nexts:
            self._down(more, depth + 1)


def cost(names: frozenset[str], price: Mapping[str, Price]) -> Cost:
    """What a set costs; sums round once, so that their order does not matter."""
    unknown = sum(price[n][0] for n in names)
    usd, days = (math.fsum(price[n][part] for n in names) for part in (1, 2))
    return unknown, usd, days, len(names)


def _quickly(needs: Sequence[Need], price: Mapping[str, Price]) -> frozenset[str]:
    """Most reduction for the money, one risk after the other."""
    taken: frozenset[str] = frozenset()
    for need in needs:
        while not need.reached(taken):
            now = need.score(taken)
            offers = [
                (price[m][0], (need.score(taken | {m}) - now) / (price[m][1] or price[m][2] or 1.0), m)
                for m in need.helps
                if m not in taken
            ]
            taken |= {min(offers)[-1]}
    return taken


def _spared(needs: Sequence[Need], taken: frozenset[str], price: Mapping[str, Price]) -> frozenset[str]:
    """Without what others made needless, the dearest first."""
    for name in sorted(taken, key=lambda m: (price[m], m), reverse=True):
        if all(n.reached(taken - {name}) for n in needs):
            taken -= {name}
    return taken
