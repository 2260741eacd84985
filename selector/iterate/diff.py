"""What changed between two recommendations: winner, ranks, figures, risks, feasibility, causes."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from selector.iterate import advice, attribution, figures, flips, ranges
from selector.iterate.figures import FIRST, NOBODY, TOGETHER, key, name
from selector.iterate.runs import Runs, Watch
from selector.packs.sealed import parts

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a comparison rests on beside the two sides. Without `runs` only what they say is compared,
    and a change is attributed where one group of inputs changed; `why` says what kept them from being
    computed. `files_differ`: of the files that the requirements name."""

    runs: Runs | None = None
    why: str = ""
    files_differ: bool = False


def causes(old: Mapping[str, Any], new: Mapping[str, Any], files_differ: bool) -> list[str]:
    """Kinds of input that differ; a file that requirements name is part of them."""
    found = attribution.changed(old, new)
    extra = ["requirements"] if files_differ and "requirements" not in found else []
    return extra + found


def diff(old: Part, new: Part, basis: Basis = Basis()) -> dict[str, Any]:
    """What differs, and which inputs it is due to; components are matched by their names."""
    runs = basis.runs
    sides = parts(old), parts(new)
    watch = _watch(*sides)
    if runs is not None:
        runs.run(watch)
    found = _one("", dict(sides[0][""]), dict(sides[1][""]), basis)
    others = [n for n in dict.fromkeys([*sides[1], *sides[0]]) if n]
    if others:
        before, after = ({n: dict(p) for n, p in side.items()} for side in sides)
        found["components"] = [
            {
                "name": n,
                "diff": _one(n, before.get(n) or _nothing(old), after.get(n) or _nothing(new), basis),
            }
            for n in others
        ]
        found["joint"] = _joint(old, new, basis)
    return found


def winner_changed(found: Mapping[str, Any]) -> bool:
    """True where the first stack of the application, or of any component, is another one."""
    return any(p["winner"]["changed"] for p in every(found))


def every(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The differences of each component."""
    return [found, *(c["diff"] for c in found.get("components", []))]


def _watch(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Watch:
    """Stacks that either side shows, by component and key."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for part in dict.fromkeys([*old, *new]):
        shown = [s for side in (old, new) for s in side.get(part, {"stacks": ()})["stacks"]]
        found[part] = {str(key(s)): s["slots"] for s in shown}
    return found


def _nothing(like: Part) -> Part:
    """A component that one side does not have."""
    return {"stacks": [], "assumptions": [], "counts": {"feasible": 0}, "inputs": like["inputs"]}


def _joint(old: Part, new: Part, basis: Basis) -> dict[str, Any]:
    """All components together: cost with what it is due to, and the verdict on the budget."""
    cost = [figures.joint_cost(d) for d in (old, new)]
    budgets = [((d.get("joint") or {}).get("budget") or {}).get("status") for d in (old, new)]
    row = {"stack": TOGETHER, "figure": figures.COST, "old": cost[0], "new": cost[1]}
    names = attribution.groups(causes(old["inputs"], new["inputs"], basis.files_differ))
    at = basis.runs.joint() if basis.runs else None
    return {
        figures.COST: {"old": cost[0], "new": cost[1]},
        "budget": {"old": budgets[0], "new": budgets[1]},
        "composites": changes(
            _composed(old.get("joint") or {}), _composed(new.get("joint") or {}), "composite"
        ),
        "attribution": None if None in cost or cost[0] == cost[1] else _split(row, names, basis.runs, at),
    }


def _one(part: str, old: Part, new: Part, basis: Basis) -> dict[str, Any]:
    """One application or component; stacks are matched by their slots."""
    runs = basis.runs
    leaders = [figures.first(d) for d in (old, new)]
    changed = causes(old["inputs"], new["inputs"], basis.files_differ)
    names = attribution.groups(changed)
    moved = ranges.changed(old, new)
    alike = figures.shared(s for d in (old, new) for s in d["stacks"])
    feasibility = flips.feasibility(part, old, new, runs, alike)
    switch = advice.switch(part, old, new, runs, alike)
    rows = _estimates(part, old, new, runs, alike)
    return {
        "schema_version": 1,
        "kind": "diff",
        "winner": _winner(leaders[0], leaders[1], alike),
        "ranks": _ranks(old, new, alike),
        "estimates": [{k: v for k, v in row.items() if k != "key"} for row in rows],
        "risks": _risks(old, new, alike),
        "risk_levels": _levels(*leaders),
        "composites": changes(_composed(old), _composed(new), "composite"),
        "feasibility": feasibility,
        "options": flips.options(part, runs),
        "assumptions": changes(_assumed(old), _assumed(new), "key"),
        "ranges": moved,
        "attribution": {
            "changed": changed,
            "inputs": attribution.inputs(old["inputs"], new["inputs"]),
            "figures": [
                _split(row, names, runs, runs.figure(part, row["key"], row["figure"]) if runs else None)
                for row in rows
                if row["old"] is not None and row["new"] is not None
            ],
            "winner": _flips(part, leaders, names, runs, alike),
            "computed": runs is not None,
            "not_computed": runs.failed if runs else 0,
            "note": attribution.note(changed, runs is not None, basis.why),
        },
        "switch": switch,
        "advice": [*advice.lines(switch), *ranges.advice(moved)],
    }


def _winner(old: Part | None, new: Part | None, shared: Container[str]) -> dict[str, Any]:
    same = key(old) == key(new)
    alike = old is not None and new is not None and key(old, figures.CHOICE) == key(new, figures.CHOICE)
    kind = "same" if same else "resized" if alike else "none" if new is None else "other"
    sides = [s and name(s["slots"], shared) for s in (old, new)]
    return {"old": sides[0], "new": sides[1], "changed": not same, "kind": kind}


def _ranks(old: Part, new: Part, shared: Container[str]) -> list[dict[str, Any]]:
    before, after = ({key(s): s for s in d["stacks"]} for d in (old, new))
    found = []
    for k in dict.fromkeys([*after, *before]):
        sides = [side[k]["rank"] if k in side else None for side in (before, after)]
        if sides[0] != sides[1]:
            slots = (after.get(k) or before[k])["slots"]
            found.append({"stack": name(slots, shared), "old": sides[0], "new": sides[1]})
    return found


def _estimates(
    part: str, old: Part, new: Part, runs: Runs | None, shared: Container[str]
) -> list[dict[str, Any]]:
    """Figures that differ: of the first place, then of each stack that both sides have."""
    tables = [figures.table(d, {}) for d in (old, new)]
    if runs is not None:
        # What a side shows stands as it was recorded; of other candidates its run speaks.
        for table, at in zip(tables, (runs.at[frozenset()], runs.at[frozenset(runs.names)]), strict=True):
            mine = dict(at.figures.get(part, {})) if at else {}
            table |= {k: v for k, v in mine.items() if k not in table}
    names = {str(key(s)): name(s["slots"], shared) for d in (old, new) for s in d["stacks"]}
    draws = int((new.get("robustness") or {}).get("samples") or 0)
    order = [FIRST, *(str(key(s)) for s in new["stacks"]), *(str(key(s)) for s in old["stacks"])]
    return [
        {"key": k, "stack": names.get(k, k), "figure": f, "old": tables[0][k, f], "new": tables[1][k, f]}
        for k in dict.fromkeys(order)
        for own, f in tables[1]
        if own == k and (k, f) in tables[0] and figures.differs(f, tables[0][k, f], tables[1][k, f], draws)
    ]


def _split(
    row: Mapping[str, Any],
    names: list[str],
    runs: Runs | None,
    at: Mapping[frozenset[str], float | None] | None,
) -> dict[str, Any]:
    """A change with its parts; the program has what the same inputs now give beyond what was recorded."""
    program = 0.0
    if runs is not None and at is not None:
        ends = at[frozenset()], at[frozenset(runs.names)]
        if None not in ends:
            program = (row["new"] - ends[1]) + (ends[0] - row["old"])
    return attribution.figure(row, names, at, program)


def _flips(
    part: str, leaders: list[Part | None], names: list[str], runs: Runs | None, shared: Container[str]
) -> list[dict[str, Any]]:
    """The smallest sets of groups that, changed alone, put another stack first, or leave none."""
    was, now = (key(s) or NOBODY for s in leaders)
    if runs is None:
        return [_flip(names, now, now, shared)] if was != now and len(names) == 1 else []
    at = runs.leaders(part)
    found = [
        _flip([g for g in runs.names if g in s], to, now, shared)
        for s, to in attribution.flips(at, runs.names)
    ]
    again = at[frozenset()]
    if again is not None and again != was:
        found.insert(0, _flip(["program"], again, now, shared))
    return found


def _flip(names: list[str], to: str, now: str, shared: Container[str]) -> dict[str, Any]:
    return {"inputs": names, "to": figures.label(to, shared) if to else None, "new_winner": to == now}


def _levels(old: Part | None, new: Part | None) -> list[dict[str, Any]]:
    """Risks of the first place by residual level."""
    sides = [figures.levels(s) for s in (old, new)]
    return [{"level": x, "old": sides[0][x], "new": sides[1][x]} for x in reversed(figures.LEVELS)]


def _risks(old: Part, new: Part, shared: Container[str]) -> list[dict[str, Any]]:
    """Residual levels that differ: of the first place, then of the other stacks that both sides show."""
    before, after = ({key(s): s for s in d["stacks"]} for d in (old, new))
    leaders = [figures.first(d) for d in (old, new)]
    stays = key(leaders[0]) == key(leaders[1])
    both = {k: s for k, s in after.items() if k in before and not (stays and k == key(leaders[1]))}
    pairs = [(name(s["slots"], shared), before[k], s) for k, s in both.items()]
    if leaders[0] and leaders[1]:
        pairs.insert(0, (FIRST, leaders[0], leaders[1]))
    return [
        {"stack": who, **row} for who, o, n in pairs for row in changes(_residual(o), _residual(n), "risk")
    ]


def _residual(stack: Mapping[str, Any]) -> dict[str, str]:
    return {r["id"]: r["residual"] for r in stack["risks"]}


def _assumed(decision: Part) -> dict[str, Any]:
    return {a["key"]: a["value"] for a in decision["assumptions"]}


def _composed(decision: Mapping[str, Any]) -> dict[str, Any]:
    """Several stacks as one, by technique: of which, and USD a month at the middle of the rates printed."""
    return {
        c["technique"]: {
            "stacks": [x["stack"]["what"] for x in c["parts"]],
            "usd_per_month": float(f"{c['costs'][len(c['costs']) // 2]['usd_per_month']['p50']:.6g}"),
        }
        for c in decision.get("composites", ())
    }


def changes(old: Mapping[str, Any], new: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """Keys whose value differs; None where a side has none."""
    return [
        {what: k, "old": old.get(k), "new": new.get(k)}
        for k in sorted({*old, *new})
        if old.get(k) != new.get(k)
    ]
