"""What changed between two saved decisions: winner, ranks, costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from selector.errors import InputError, Position, Problem
from selector.packs.reader import Document, parse, read_text
from selector.packs.schema import validate

FIGURES = ("cost_per_month_usd", "request_p95_ms", "risk_index", "quality_index")


def read(path: Path) -> dict[str, Any]:
    """A saved decision that passes its schema; raises `InputError` with the place of every fault."""
    text = read_text(path)
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as problem:
        where = Position(str(path), problem.lineno, problem.colno)
        raise InputError(Problem(f"not JSON: {problem.msg}", where, "save with --save")) from None
    except (ValueError, RecursionError) as problem:
        raise InputError(Problem(f"not JSON: {problem}", Position(str(path)), "save with --save")) from None
    if not isinstance(found, dict) or found.get("kind") != "recommendation":
        raise InputError(Problem("not a saved decision", Position(str(path)), "save with --save"))
    if found.get("schema_version") != 1:
        version = found.get("schema_version")
        raise InputError(Problem(f"schema version {version} is not read here, only 1", Position(str(path))))
    if validate(Document(str(path), found), "recommendation"):
        # JSON is YAML: the places are read only for the message.
        raise InputError(validate(parse(text, str(path)), "recommendation"))
    return found


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not a number of JSON")


def diff(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Winner, ranks, estimates, risks and inputs that differ; stacks are matched by their slots."""
    before = {_key(s): s for s in old["stacks"]}
    after = {_key(s): s for s in new["stacks"]}
    winners = [d["stacks"][0] if d["stacks"] else None for d in (old, new)]
    return {
        "schema_version": 1,
        "kind": "diff",
        "winner": {
            "old": winners[0] and _name(winners[0]),
            "new": winners[1] and _name(winners[1]),
            "changed": _key(winners[0]) != _key(winners[1]),
        },
        "ranks": [
            {
                "stack": _name(after.get(k) or before[k]),
                "old": _get(before, k, "rank"),
                "new": _get(after, k, "rank"),
            }
            for k in [*after, *(k for k in before if k not in after)]
            if _get(before, k, "rank") != _get(after, k, "rank")
        ],
        "estimates": [
            {"stack": _name(after[k]), "figure": f, "old": a, "new": b}
            for k in after
            if k in before
            for f in FIGURES
            if (a := _p50(before[k], f)) != (b := _p50(after[k], f))
        ],
        "inputs": [
            {"input": k, "old": old["inputs"].get(k), "new": new["inputs"].get(k)}
            for k in sorted({*old["inputs"], *new["inputs"]})
            if old["inputs"].get(k) != new["inputs"].get(k)
        ],
    }


def as_text(found: dict[str, Any]) -> str:
    """Lines for a terminal."""
    winner = found["winner"]
    lines = [
        f"winner: {winner['old']} -> {winner['new']}"
        if winner["changed"]
        else f"winner stays: {winner['new']}"
    ]
    lines += [f"rank: {r['old'] or '-'} -> {r['new'] or '-'}  {r['stack']}" for r in found["ranks"]]
    lines += [f"{e['figure']}: {e['old']} -> {e['new']}  {e['stack']}" for e in found["estimates"]]
    lines += [f"input changed: {i['input']}" for i in found["inputs"]]
    return "\n".join(lines) + "\n"


def _key(stack: dict[str, Any] | None) -> str | None:
    return str(stack["id"]) if stack else None


def _name(stack: dict[str, Any]) -> str:
    slots = stack["slots"]
    parts = [slots["model"], slots["precision"], slots["hardware"], slots["engine"], slots["offer"]]
    return " ".join(str(p) for p in parts if p)


def _get(stacks: dict[str | None, dict[str, Any]], key: str | None, field: str) -> Any:
    return stacks[key][field] if key in stacks else None


def _p50(stack: dict[str, Any], figure: str) -> float | None:
    found: dict[str, float | None] | None = stack["estimates"].get(figure)
    return None if found is None else found["p50"]
