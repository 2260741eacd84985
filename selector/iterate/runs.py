"""The runs behind an attribution: both sides, and every mixture of the groups that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selector.errors import PackError, Problem, SelectorError
from selector.iterate import figures
from selector.iterate.attribution import subsets
from selector.iterate.state import Evaluate, Evaluated, Side, State, mixed
from selector.packs.sealed import parts

Watch = Mapping[str, Mapping[str, Mapping[str, Any]]]  # component -> key -> slots
# What a pack of another time may lack for this program, or for the rules of the other side.
LACKING = (SelectorError, LookupError, TypeError, ValueError)


class UncomputedError(Exception):
    """A side cannot be computed; the text says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of one run: figures and first stack of each component."""

    figures: Mapping[str, figures.Table]
    leaders: Mapping[str, str]  # keys
    joint: float | None


@dataclass(slots=True)
class Runs:
    """Runs of two sides and of what lies between; each mixture runs once, whatever is asked of it."""

    old: Evaluated
    new: Evaluated
    names: Sequence[str]  # groups that changed, without the program
    sides: tuple[State, State]
    evaluate: Evaluate
    threshold: float  # chance of being better from which a switch is advised
    at: dict[frozenset[str], Outcome | None] = field(default_factory=dict)

    def run(self, watch: Watch) -> None:
        """Every mixture; None where its parts do not go together."""
        every = subsets(self.names)
        for chosen in every:
            # Alone, a group is all of the change, and nothing changed is nothing to mix.
            if chosen == every[0] or chosen == every[-1]:
                self.at[chosen] = outcome(self.old if chosen == every[0] else self.new, watch)
            else:
                self.at[chosen] = self._between(chosen, watch)

    def _between(self, chosen: frozenset[str], watch: Watch) -> Outcome | None:
        try:
            return outcome(self.evaluate(mixed(*self.sides, chosen)), watch)
        except LACKING:
            return None

    def figure(self, part: str, key: str, name: str) -> dict[frozenset[str], float | None]:
        """One figure over all mixtures."""
        return {
            s: None if o is None else o.figures.get(part, {}).get((key, name)) for s, o in self.at.items()
        }

    def joint(self) -> dict[frozenset[str], float | None]:
        """Cost of all components together over all mixtures."""
        return {s: None if o is None else o.joint for s, o in self.at.items()}

    def leaders(self, part: str) -> dict[frozenset[str], str | None]:
        """Who comes first over all mixtures."""
        return {s: None if o is None else o.leaders.get(part) for s, o in self.at.items()}

    @property
    def switching_usd(self) -> float:
        """What the new requirements say that moving costs, USD once."""
        return self.sides[1].stated.requirement.incumbent.switching_cost_usd or 0.0

    @property
    def failed(self) -> int:
        """Mixtures that cannot be computed."""
        return sum(o is None for o in self.at.values())


def end(side: Side, evaluate: Evaluate) -> Evaluated:
    """The run of one side; raises `UncomputedError` where a decision that speaks for itself cannot be run."""
    if side.state is None:
        raise UncomputedError(f"{side.name}: {side.why}")
    try:
        return evaluate(side.state)
    except LACKING as problem:
        said = str(problem).splitlines()[0]
        if side.recorded is None and isinstance(problem, SelectorError):
            raise
        if side.recorded is None:
            what = f"{side.name} cannot be computed with its packs, which lack {said}"
            raise PackError(Problem(what, None, "use packs of this version of selector")) from problem
        raise UncomputedError(
            f"{side.name} cannot be computed with this version of selector: {said}"
        ) from problem


def outcome(run: Evaluated, watch: Watch) -> Outcome:
    """What is kept of a run."""
    tables, leaders = {}, {}
    for part, found in parts(run.found).items():
        shown = {figures.key(s) for s in found["stacks"]}
        others = {}
        for key, slots in watch.get(part, {}).items():
            look = run.look(part, slots) if key not in shown else None
            others[key] = look.stack if look else None
        tables[part] = figures.table(found, others)
        leaders[part] = figures.key(figures.first(found)) or figures.NOBODY
    return Outcome(tables, leaders, figures.joint_cost(run.found))
