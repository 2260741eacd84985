"""Which kinds of input a changed figure is due to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, TypeVar

T = TypeVar("T")
PARTS = ("facts_sha256", "rules_sha256")
CAUSES = ("requirements", "facts", "rules", "measurements", "program")
# A later date brings other prices into force; settings say what is asked for.
COUNTED_AS = {"date": "facts", "settings": "requirements"}


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Kinds of input that differ, in the order of `CAUSES`, then settings and date."""
    packs = [d["packs"] for d in (old, new)]
    facts, rules = ([{k: v[part] for k, v in p.items()} for p in packs] for part in PARTS)
    differs = {
        "requirements": old["requirements_sha256"] != new["requirements_sha256"],
        "facts": facts[0] != facts[1],
        "rules": rules[0] != rules[1],
        "measurements": old.get("measurements") != new.get("measurements"),
        "program": old["selector"] != new["selector"],
        "settings": old["settings"] != new["settings"],
        "date": old["as_of"] != new["as_of"],
    }
    return [cause for cause, differing in differs.items() if differing]


def groups(causes: Sequence[str]) -> list[str]:
    """Groups of inputs behind the causes, in the order of `CAUSES`."""
    behind = {COUNTED_AS.get(c, c) for c in causes}
    return [c for c in CAUSES if c in behind]


def inputs(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Inputs that differ, packs one by one and by the part that changed."""
    flat = [_flat(d) for d in (old, new)]
    return [
        {"input": k, "old": flat[0].get(k), "new": flat[1].get(k)}
        for k in sorted({*flat[0], *flat[1]})
        if flat[0].get(k) != flat[1].get(k)
    ]


def _flat(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {k: v for k, v in given.items() if k != "packs"}
    for pack, info in given["packs"].items():
        found |= {f"packs.{pack}.{part}": info[part] for part in ("version", *PARTS)}
    return found


def subsets(names: Sequence[str]) -> list[frozenset[str]]:
    """Every set of groups, the empty one first and the whole last."""
    return [frozenset(c) for k in range(len(names) + 1) for c in combinations(names, k)]


def shapley(figure: Callable[[frozenset[str]], float], names: Sequence[str]) -> dict[str, float]:
    """Share of each group of inputs in the change of a figure; they sum to the change.

    `figure` gives the figure with the groups named in the new state and the others in the old one.
    """
    found = shares({s: figure(s) for s in subsets(names)}, names)
    assert found is not None  # every state has a figure
    return found


def shares(at: Mapping[frozenset[str], float | None], names: Sequence[str]) -> dict[str, float] | None:
    """Shapley values of a figure that some mixtures of inputs do not have.

    The mean, over the orders in which the groups may change, of what each group adds. Orders that
    pass through a state without the figure (a stack that there does not exist) are left out; of the
    others the parts still sum to the change. None where no order is left. Where every state has the
    figure, all orders count and this is Shapley's value.
    """
    every = subsets(names)
    defined = [s for s in every if at[s] is not None]
    into = _paths(defined, names, frozenset(), grow=True)
    onward = _paths(list(reversed(defined)), names, every[-1], grow=False)
    total = into.get(every[-1], 0)
    if not total:
        return None
    found = {}
    for g in names:
        steps = []
        for s in defined:
            before, after = at[s], at.get(s | {g})
            weight = into.get(s, 0) * onward.get(s | {g}, 0)
            if g not in s and weight and before is not None and after is not None:
                steps.append(weight / total * (after - before))
        found[g] = math.fsum(steps)
    return found


def _paths(
    states: Sequence[frozenset[str]], names: Sequence[str], start: frozenset[str], grow: bool
) -> dict[frozenset[str], int]:
    """Number of orders that lead between `start` and each state, one group at a time."""
    found: dict[frozenset[str], int] = {}
    for s in states:
        near = (s - {g} if grow else s | {g} for g in names if (g in s) == grow)
        found[s] = 1 if s == start else sum(found.get(n, 0) for n in near)
    return found


def figure(
    row: Mapping[str, Any],
    names: Sequence[str],
    at: Mapping[frozenset[str], float | None] | None,
    program: float,
) -> dict[str, Any]:
    """A change of a figure, split among the groups that changed.

    `at` holds the figure for every mixture, None where nothing was computed; `program` is what the
    same inputs give with this program beyond what was recorded. A group that changed alone has all.
    """
    change = row["new"] - row["old"]
    split: dict[str, float] | None = None
    if len(names) == 1:
        split = {names[0]: change}
    elif at is not None:
        own = [g for g in names if g != "program"]
        split = shares(at, own)
        if split is not None:
            split["program"] = program
    found: dict[str, float | None] = dict.fromkeys(CAUSES, 0.0)
    found |= split if split is not None else dict.fromkeys(names)
    return {"stack": row["stack"], "figure": row["figure"], "change": change, **found}


def flips(at: Mapping[frozenset[str], T | None], names: Sequence[str]) -> list[tuple[frozenset[str], T]]:
    """The smallest sets of groups which, changed alone, put another first, with who that is."""
    found: list[tuple[frozenset[str], T]] = []
    for s in subsets(names):
        leads = at[s]
        if leads is not None and leads != at[frozenset()] and not any(less < s for less, _ in found):
            found.append((s, leads))
    return found


def note(causes: Sequence[str], computed: bool, why: str = "") -> str:
    """How far the attribution goes."""
    if not causes:
        return "no input changed"
    if len(groups(causes)) == 1:
        return f"all of it is due to: {', '.join(causes)}"
    if computed:
        return f"Shapley shares of what changed: {', '.join(causes)}"
    return f"changed together and not told apart: {', '.join(causes)}" + (f" ({why})" if why else "")
