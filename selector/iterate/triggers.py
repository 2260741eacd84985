"""Conditions of --fail-on: which changes a pipeline stops at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selector.errors import Problem, UsageError
from selector.iterate.diff import every, winner_changed
from selector.iterate.figures import COST, FIRST, HIGH
from selector.packs.schema import near

WORDS = ("winner-change", "new-high-risk", "infeasible", "switch-advised")
FIGURES = {
    "cost": COST,
    "latency": "request_p95_ms",
    "first-token": "first_token_p95_ms",
    "quality": "quality_index",
    "risk": "risk_index",
    "score": "score",
}
BOUND = re.compile(r"^(?P<figure>[a-z-]+)(?P<side>[<>])(?P<by>[-+]?\d+(\.\d+)?)(?P<share>%?)$")
FORMS = f"{', '.join(WORDS)}, or such as cost>+10%, cost>+500, quality<-5%"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One condition: a word, or a change of a figure of the first place beyond a bound."""

    text: str
    figure: str | None = None
    by: float = 0.0
    relative: bool = False


def parse(text: str) -> list[Trigger]:
    """Conditions of a comma list; all mistakes at once."""
    found, problems = [], []
    for one in (part.strip() for part in text.split(",")):
        bound = BOUND.match(one)
        if one in WORDS:
            found.append(Trigger(one))
        elif bound and bound["figure"] in FIGURES:
            by, rising = float(bound["by"]), bound["side"] == ">"
            if (by < 0) == rising and by != 0:
                fix = f"write {bound['figure']}{'>+' if rising else '<-'}{abs(by):g}{bound['share']}"
                problems.append(
                    Problem(f"--fail-on {one}: the sign does not go with {bound['side']}", None, fix)
                )
                continue
            found.append(Trigger(one, FIGURES[bound["figure"]], by, bool(bound["share"])))
        else:
            known = (*WORDS, *FIGURES)
            word = re.split("[<>]", one)[0]
            hint = near(word, known) if word not in known else None
            problems.append(Problem(f"--fail-on {one or repr(text)} is not known", None, hint or FORMS))
    if problems:
        raise UsageError(problems)
    return found


def pulled(found: Mapping[str, Any], wanted: list[Trigger]) -> list[str]:
    """What fired, in words."""
    said = []
    for one in wanted:
        why = _figure(found, one) if one.figure else _word(found, one.text)
        if why:
            said.append(f"{one.text}: {why}")
    return said


def _word(found: Mapping[str, Any], word: str) -> str:
    parts = every(found)
    if word == "winner-change":
        moved = [p["winner"] for p in parts if p["winner"]["changed"]]
        return "; ".join(f"{w['old']} -> {w['new']}" for w in moved) if winner_changed(found) else ""
    if word == "infeasible":
        over = (found.get("joint") or {}).get("budget", {}).get("new") == "violated"
        gone = [p for p in parts if not p["feasibility"]["new"]]
        return (
            "no stack satisfies the requirements" if gone else "all together break the budget" if over else ""
        )
    if word == "switch-advised":
        return "; ".join(
            p["switch"]["to"] for p in parts if p["switch"]["verdict"] in ("switch", "move_needed")
        )
    rows = [r for p in parts for r in p["risks"] if r["stack"] == FIRST]
    return ", ".join(f"{r['risk']} {r['new']}" for r in rows if r["new"] in HIGH and r["old"] not in HIGH)


def _figure(found: Mapping[str, Any], wanted: Trigger) -> str:
    """The change of the first place; of cost, that of all components together where there are several."""
    joint = found.get("joint")
    if wanted.figure == COST and joint:
        rows = [joint[COST]]
    else:
        rows = [
            e
            for p in every(found)
            for e in p["estimates"]
            if e["stack"] == FIRST and e["figure"] == wanted.figure
        ]
    return "; ".join(said for row in rows if (said := _beyond(row, wanted)))


def _beyond(row: Mapping[str, Any], wanted: Trigger) -> str:
    old, new = row["old"], row["new"]
    if old is None or new is None:
        # Nobody knows that it stayed within the bound.
        return "" if old is new else f"{old} -> {new}, not known on one side"
    change = new - old
    bound = wanted.by / 100.0 * abs(old) if wanted.relative else wanted.by
    rising = ">" in wanted.text
    if (change > bound) if rising else (change < bound):
        share = f" ({100 * change / abs(old):+.1f} %)" if old else ""
        return f"{old:,.6g} -> {new:,.6g}{share}"
    return ""
