"""What an outcome follows from, in groups that can be taken from one side or the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from selector.needs.load import Stated
from selector.packs.catalog import Catalogue
from selector.packs.mixed import mix

GROUPS = ("requirements", "facts", "rules", "measurements")


@dataclass(frozen=True, slots=True)
class State:
    """Inputs of one run. Settings belong to the requirements, the date to facts and prices, which
    come into force and go stale by it."""

    stated: Stated
    cat: Catalogue
    today: date
    settings: Mapping[str, Any]  # top, strict, allow_provisional
    measurements: Sequence[Mapping[str, str]] = ()  # files as {path, text}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison. `state` None: it cannot be computed, and `why`; `recorded` is what a
    saved decision says, None where there is none and the run itself speaks."""

    name: str
    inputs: Mapping[str, Any]  # digests, as in a decision
    requirements: Mapping[str, Any]  # as stated
    files: Mapping[str, str]  # that the requirements name
    state: State | None
    why: str = ""
    recorded: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One candidate of a run: its JSON as in `stacks`, and what keeps it out."""

    stack: Mapping[str, Any]
    broken: tuple[Mapping[str, Any], ...]


class Evaluated(Protocol):
    """A run that can be asked about candidates which it does not show."""

    @property
    def found(self) -> dict[str, Any]:
        """The JSON of `recommend`."""

    def look(self, part: str, slots: Mapping[str, Any], resized: bool = False) -> Look | None:
        """A candidate of a component; where there is no such one, with `resized` the same in another count
        or layout; else None."""

    def options(self, part: str) -> Mapping[str, frozenset[str]]:
        """Ids that candidates of a component take, by slot."""

    def incumbent(self, part: str) -> Mapping[str, Any] | None:
        """Slots of the stack in place, where the requirements describe one that is a candidate."""

    def beats(self, part: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
        """Chance that one candidate has more points than another, over draws of figures and weights."""


Evaluate = Callable[[State], Evaluated]


def mixed(old: State, new: State, groups: Collection[str]) -> State:
    """The groups named from the new side, the others from the old one."""
    chosen = {g: new if g in groups else old for g in GROUPS}
    facts, rules = chosen["facts"], chosen["rules"]
    cat = facts.cat if facts is rules else Catalogue(mix(facts.cat.raw, rules.cat.raw))
    asked = chosen["requirements"]
    return State(asked.stated, cat, facts.today, asked.settings, chosen["measurements"].measurements)
