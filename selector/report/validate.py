"""Predicted against measured, as JSON of the contract and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from selector.report.numbers import plain

if TYPE_CHECKING:
    from selector.iterate.validate import Group, Outcome

SHOWN_REASONS = 12


def as_json(outcomes: Sequence[Outcome], groups: Sequence[Group]) -> dict[str, Any]:
    """Fields of the contract."""
    found: dict[str, Any] = plain(
        {
            "schema_version": 1,
            "kind": "validation",
            "points": [_point(o) for o in outcomes],
            "summary": [{name: getattr(g, name) for name in g.__dataclass_fields__} for g in groups],
        }
    )
    return found


def _point(o: Outcome) -> dict[str, Any]:
    predicted: Any = None
    if o.guess is not None:
        g = o.guess
        band = (g.p50 / g.spread, g.p50, g.p50 * g.spread) if g.truth is None else (g.truth,) * 3
        predicted = dict(zip(("p10", "p50", "p90"), band, strict=True))
    return {
        "id": o.point.id,
        "metric": o.point.metric,
        "measured": o.measured,
        "predicted": predicted,
        "ape": o.ape,
        "inside": o.inside,
        "status": "ok" if o.guess is not None else "unsupported",
        "reason": o.reason,
    }


def as_text(outcomes: Sequence[Outcome], groups: Sequence[Group]) -> str:
    """Errors by group, then why points have no prediction."""
    wide = max(len(g.group) for g in groups)
    heads = ("n", "unsupported", "median error", "p90 error", "80 % covers", "right")
    lines = [f"{'group':{wide}} " + " ".join(f"{h:>12}" for h in heads)]
    for g in groups:
        figures = [_percent(x) for x in (g.median_ape, g.p90_ape, g.coverage_80, g.accuracy)]
        lines.append(
            f"{g.group:{wide}} {g.n:>12} {g.unsupported:>12} " + " ".join(f"{x:>12}" for x in figures)
        )
    reasons = Counter(o.reason for o in outcomes if o.reason)
    if reasons:
        lines += ["", "without a prediction:"]
        lines += [f"  {n:6}  {why}" for why, n in reasons.most_common(SHOWN_REASONS)]
        rest = len(reasons) - SHOWN_REASONS
        if rest > 0:
            lines.append(f"  and {rest} further reasons (--format json names every point)")
    return "\n".join(lines) + "\n"


def _percent(x: float | None) -> str:
    return "-" if x is None else f"{100 * x:.1f} %"
