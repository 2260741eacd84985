"""Decision cases: requirements with the answer that experts or vendors gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from selector.errors import InputError, Position, Problem, SelectorError
from selector.needs.load import Stated, load_document
from selector.needs.tables import axes
from selector.packs.reader import read_yaml
from selector.types.decision import RankedStack, Recommendation

Decide = Callable[[Stated], Recommendation]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Outcome of one case."""

    id: str
    kind: str
    strength: str
    judgeable: bool
    verdict: str
    passed: bool
    got: str
    reason: str


def run(path: Path, decide: Decide) -> list[CaseResult]:
    """Judge every case of a file; a case that cannot be run fails with its error as the reason."""
    document = read_yaml(path)
    rows = document.data.get("cases") if isinstance(document.data, dict) else None
    if not isinstance(rows, list):
        raise InputError(Problem("a file of decision cases has the key cases", Position(str(path))))
    return [_one(row, str(path), decide) for row in rows]


def _one(row: Mapping[str, Any], file: str, decide: Decide) -> CaseResult:
    expected = row["expected"]
    verdict = expected["verdict"]
    try:
        found = decide(load_document(row["requirements"], f"{file}#{row['id']}"))
        got = "feasible" if found.feasible else "infeasible"
        passed, reason = _judge(row, found, got)
    except SelectorError as error:
        got, passed, reason = "error", False, str(error.problems[0]).splitlines()[0]
    return CaseResult(
        row["id"],
        row["kind"],
        row["strength"],
        bool(row.get("judgeable", True)),
        verdict,
        passed,
        got,
        reason,
    )


def _judge(row: Mapping[str, Any], found: Recommendation, got: str) -> tuple[bool, str]:
    expected = row["expected"]
    if expected["verdict"] in ("feasible", "infeasible"):
        why = _why(found)
        return got == expected["verdict"], f"expected {expected['verdict']}, got {got} ({why})"
    if not found.stacks:
        return False, f"no stack ({_why(found)})"
    missing = [r for r in expected.get("required_risks", []) if not _shown(found, r)]
    if missing:
        return False, f"risks not shown: {', '.join(missing)}"
    if expected["verdict"] == "warn":
        return True, "risks shown"
    first, aside = _planned(found), row.get("not_judged", {})
    wrong = []
    for axis, accepted in expected["acceptable"].items():
        if axis in aside:
            continue
        if axis != "combination" and _value(first, axis) is None:
            wrong.append(f"{axis} is silent")
        elif not any(_agrees(first, axis, a) for a in accepted):
            wrong.append(f"{axis} is {_value(first, axis)}, accepted {accepted}")
    for axis, refused in expected.get("forbidden", {}).items():
        for one in refused if axis not in aside else ():
            if _agrees(first, axis, one):
                wrong.append(f"{axis} is {one}, which is forbidden")
    return not wrong, "; ".join(wrong) or "all axes accepted"


def _planned(found: Recommendation) -> RankedStack:
    """The first stack with the lines of its plan among its facts."""
    first = found.stacks[0]
    return replace(first, facts={**first.facts, **found.plan.axes}) if found.plan else first


def _why(found: Recommendation) -> str:
    if found.stacks:
        s = found.stacks[0].slots
        return f"{s.model} {s.precision} on {s.n_devices}x {s.hardware} {s.engine}"
    if not found.excluded:
        return "nothing to choose from"
    return found.excluded[0].reason


def _shown(found: Recommendation, wanted: str) -> bool:
    """True where the plan that was brought, or the first stack, shows a risk by any of its names."""
    plan = found.proposed.stack if found.proposed else None
    names = {wanted, *axes()["required_risks"].groups.get(wanted, ())}
    return not names.isdisjoint(found.proposed.risks if found.proposed else ()) or any(
        not names.isdisjoint((r.id, *r.aliases)) for s in (found.stacks[0], plan) if s for r in s.risks
    )


def _value(first: RankedStack, axis: str) -> object:
    slots, lay = first.slots.as_dict(), first.slots.layout
    if axis == "layout" and lay:
        split = ("layer-split",) if lay.tp == 1 and lay.pp > 1 else ()
        return (f"tp{lay.tp}-pp{lay.pp}-replicas{lay.replicas}", *split)
    if axis == "hardware":
        return slots["hardware"] and f"{slots['n_devices']}x{slots['hardware']}"
    return slots.get(axis, first.facts.get(axis))


def _agrees(first: RankedStack, axis: str, accepted: object) -> bool:
    """Part by part: what the accepted value leaves out accepts anything."""
    if axis == "combination":
        assert isinstance(accepted, Mapping)
        return all(_agrees(first, part, value) for part, value in accepted.items())
    value = _value(first, axis)
    if value is None:
        return False
    known = axes().get(axis)
    words = (accepted, *(known.groups.get(str(accepted), ()) if known else ()))
    values = value if isinstance(value, list | tuple) else (value,)
    return any(_like(axis, v, w) for v in values for w in words)


def _like(axis: str, value: object, accepted: object) -> bool:
    if isinstance(accepted, list) and isinstance(value, int | float):
        return bool(accepted[0] <= value <= accepted[1])
    text, wanted = str(value).lower(), str(accepted).lower()
    if axis == "hardware":
        if not wanted[:1].isdigit() or "x" not in wanted.split("-")[0]:
            text = text.split("x", 1)[1]
        return text == wanted or text.startswith(wanted + "-")
    if axis == "engine":
        return text == wanted.split("<")[0].split(">")[0]
    if axis in ("precision", "adaptation"):
        return set(wanted.replace("+", "-").split("-")) <= set(text.replace("+", "-").split("-"))
    if axis == "layout":
        parts = dict.fromkeys(text.split("-"))
        return text == wanted or all(part in parts for part in wanted.split("-"))
    return text == wanted


def as_json(found: list[CaseResult]) -> dict[str, Any]:
    """Cases and counts by kind and strength."""
    return {
        "schema_version": 1,
        "kind": "decision-results",
        "cases": [
            {
                "id": c.id,
                "kind": c.kind,
                "verdict": c.verdict,
                "pass": c.passed,
                "got": c.got,
                "judgeable": c.judgeable,
                "strength": c.strength,
                "reason": c.reason,
            }
            for c in found
        ],
        "counts": {kind: {"passed": passed, "of": total} for kind, (passed, total) in counts(found).items()},
    }


def counts(found: list[CaseResult]) -> dict[str, tuple[int, int]]:
    """Passed and all judgeable cases, by kind and by strength."""
    good: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for case in found:
        if case.judgeable:
            for key in (case.kind, case.strength):
                every[key] += 1
                good[key] += case.passed
    return {k: (good[k], every[k]) for k in sorted(every)}


def summary(found: list[CaseResult]) -> list[str]:
    """Lines for a terminal."""
    return [f"{k}: {p} of {n} pass ({100 * p / n:.0f} %)" for k, (p, n) in counts(found).items()]
