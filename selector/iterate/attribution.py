"""Which kind of input a changed figure is due to, as far as the digests of two decisions tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

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


def figure(row: Mapping[str, Any], causes: list[str]) -> dict[str, Any]:
    """A change of a figure, split among the causes: all of it where one kind of input changed,
    None where several did."""
    change = (row["new"] or 0.0) - (row["old"] or 0.0)
    behind = {COUNTED_AS.get(c, c) for c in causes}
    shares: dict[str, float | None]
    if len(behind) == 1:
        shares = {c: change if c in behind else 0.0 for c in CAUSES}
    else:
        shares = {c: None if c in behind else 0.0 for c in CAUSES}
    return {"stack": row["stack"], "figure": row["figure"], "change": change, **shares}


def note(causes: list[str]) -> str:
    """How far the attribution goes."""
    if not causes:
        return "no input changed"
    if len({COUNTED_AS.get(c, c) for c in causes}) == 1:
        return f"all of it is due to: {', '.join(causes)}"
    return f"changed together and not told apart: {', '.join(causes)}"


def shapley(figure: Callable[[frozenset[str]], float], groups: Sequence[str]) -> dict[str, float]:
    """Share of each group of inputs in the change of a figure; they sum to the change.

    `figure` gives the figure with the groups named in the new state and the others in the old one.
    """
    subsets = [frozenset(c) for k in range(len(groups) + 1) for c in combinations(groups, k)]
    at = {s: figure(s) for s in subsets}
    size = math.factorial(len(groups))
    shares = {}
    for g in groups:
        parts = [
            math.factorial(len(s)) * math.factorial(len(groups) - len(s) - 1) / size * (at[s | {g}] - at[s])
            for s in subsets
            if g not in s
        ]
        shares[g] = math.fsum(parts)
    return shares
