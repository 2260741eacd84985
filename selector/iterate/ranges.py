"""Anchors of values that moved between two decisions while the weights did not."""

from __future__ import annotations

import math
from typing import Any

SUM = 100.0
SAME = 1e-4  # saved figures have six digits


def changed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Criteria whose worst, target or ideal moved, and the weights that keep the trade-offs.

    A weight is what the step from worst to ideal is worth, so that the same weight over a wider
    range trades less of the others for each unit. Equivalent weights are in proportion to the old
    ones times new range over old range, on the scale of the value (decision methods, 3.4); None where
    nothing moved, or where the weights moved as well.
    """
    before, after = _criteria(old), _criteria(new)
    moved = [
        {"criterion": c, "old": before[c]["anchors"], "new": row["anchors"]}
        for c, row in after.items()
        if c in before and row["anchors"] != before[c]["anchors"]
    ]
    same = all(c in before and row["weight"] == before[c]["weight"] for c, row in after.items())
    if not same or not any(after[m["criterion"]]["weight"] for m in moved):
        return {"changed": moved, "as_wide": None, "equivalent_weights": None}
    scaled = {c: row["weight"] * _range(row) / _range(before[c]) for c, row in after.items()}
    total = math.fsum(scaled.values())
    weights = {c: SUM * w / total for c, w in scaled.items()}
    as_wide = all(math.isclose(w, after[c]["weight"], rel_tol=SAME) for c, w in weights.items())
    return {"changed": moved, "as_wide": as_wide, "equivalent_weights": weights}


def advice(found: dict[str, Any]) -> list[str]:
    """What to say of it; nothing where the weights still mean the same."""
    weights = found["equivalent_weights"]
    if weights is None:
        return []
    names = ", ".join(m["criterion"] for m in found["changed"])
    said = f"range-changed: the anchors of {names} moved and the weights did not"
    if found["as_wide"]:
        return [f"{said}; the ranges are as wide as before, in ratios, so that the weights mean the same"]
    shares = ", ".join(f"{c} {w:.1f}" for c, w in weights.items())
    return [f"{said}; the trade-offs of before would take weights {shares}"]


def _criteria(decision: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Criteria of the first stack; all stacks share anchors and weights."""
    rows = decision["stacks"][0]["contributions"] if decision["stacks"] else []
    return {r["id"]: r for r in rows if r["kind"] == "criterion"}


def _range(row: dict[str, Any]) -> float:
    worst, _, ideal = row["anchors"]
    return abs(math.log(ideal / worst)) if row["log"] else abs(float(ideal) - float(worst))
