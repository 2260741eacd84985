"""Limits, values, score and order of the candidates; then the stacks that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from selector.decide import (
    attitude,
    flips,
    limits,
    notices,
    people,
    pinned,
    proposed,
    relax,
    show,
    switching,
    value,
)
from selector.decide import load as loads
from selector.decide import reasons as causes
from selector.decide.columns import Column, row_by_row
from selector.decide.gate import CRITERIA
from selector.types.decision import AssumptionRow, Exclusion, Recommendation

if TYPE_CHECKING:
    from selector.decide.recommend import Run

DIGITS = 9
FRONT = 20_000
BEHIND = 1e6  # points: more than any score


@dataclass(frozen=True, slots=True)
class Settings:
    """How much to show, and how to treat what is not known."""

    top: int
    strict: bool
    allow_provisional: bool


@dataclass(slots=True)
class Scored:
    """Columns over the candidates that the ranking is made of."""

    cost: Any
    once_usd: Any  # bought hardware, and the move away from the stack in place
    people_usd: Any
    effort: Any  # person-months over the horizon
    scales: dict[str, value.Scale]
    raw: dict[str, Any]
    values: dict[str, Any]
    known: dict[str, Any]
    weights: Mapping[str, float]  # sum to 100
    points: Any
    score: Any
    limits: list[limits.Limit]
    status: list[Any]
    quality_status: Any | None


def rank(
    run: Run,
    settings: Settings,
    assumptions: tuple[AssumptionRow, ...],
    inputs: Mapping[str, object],
) -> Recommendation:
    """The recommendation out of all columns."""
    scored = score(run)
    reasons = _reasons(run, scored, settings)
    allowed, order = _order(run, scored, reasons, settings)
    stacks = show.stacks(run, scored, order, settings)
    excluded = causes.ordered(run, _excluded(run, scored, reasons), bool(len(allowed)))
    first = int(order[0]) if len(order) else None
    moves = () if len(allowed) else relax.relaxations(run, scored, reasons)
    return Recommendation(
        name=run.req.name or run.req.application.task,
        stacks=stacks,
        excluded=excluded,
        relaxations=moves,
        assumptions=assumptions,
        inputs=inputs,
        counts={
            "cells": 0 if run.index.cell is None else len(run.index.model),
            "candidates": len(run.stacks),
            "feasible": len(allowed),
        },
        weights=scored.weights,
        points_budget={k: i.points_budget * run.req.packs.get(k, 1.0) for k, i in run.cat.packs.items()},
        notes=(*_weights_moved(run), *_flips(run, scored, reasons, settings, first)),
        notices=notices.of(run),
        proposed=proposed.judge(run, scored, reasons, order),
        oldest_fact=min((c.as_of for s in stacks for c in s.costs if c.as_of), default=None),
    )


def _weights_moved(run: Run) -> list[str]:
    return [
        f"weight of {r.criterion} x{r.factor:g} before scaling to 100: {r.id} {r.title}"
        for r in run.reweighing
    ]


def _flips(
    run: Run,
    scored: Scored,
    reasons: list[tuple[str, Any]],
    settings: Settings,
    first: int | None,
) -> tuple[str, ...]:
    if first is None:
        return ()
    late = (unknown_weight(scored) > run.p["value.most_unknown"]) & (not settings.allow_provisional)
    return flips.notes(run, scored, dict(reasons), late, first)


def score(run: Run) -> Scored:
    """Value every candidate on every criterion and add up."""
    import numpy as np

    req, p, stacks = run.req, run.p, run.stacks
    horizon = float(req.horizon_months or 12)
    work = people.of(run, horizon)
    once = stacks.once_usd + switching.usd(run)
    total = row_by_row(
        lambda infra, team, risk, paid: infra + team + risk + paid / horizon,
        *(stacks.infra_usd, work.usd, run.risks.usd, once),
    )
    tokens = (run.load.requests_per_month or 0.0) * (run.load.input_tokens + run.load.output_tokens)
    limit, stated = loads.latency_limit_ms(req, run.load, run.assumed)
    # Nobody waits for offline work without a limit: its time sets no stack above another.
    waits = limit is not None or run.load.scenario != "offline"
    level = req.quality.level or "good"
    scales = {
        "quality": value.quality_scale(level, req.application.task, p),
        "cost": value.cost_scale(req.budget.per_month_usd, tokens, p),
        "latency": value.latency_scale(limit or p["value.latency_default_ms"], stated, p),
        "risk": value.risk_scale(req.risk.appetite or "moderate", p),
        "effort": value.effort_scale(horizon, p),
    }
    raw = {
        "quality": run.quality[:, 1],
        "cost": total,
        "latency": stacks.request_p95_ms if waits else np.full(len(stacks), scales["latency"].target),
        "risk": run.risks.index,
        "effort": work.months,
    }
    adverse = attitude.judged(run, raw)
    weights = run.weights
    values, known = {}, {}
    for name in CRITERIA:
        known[name] = row_by_row(lambda x: ~np.isnan(x), raw[name])
        values[name] = row_by_row(partial(_worth, scales[name], p["value.missing"]), raw[name], adverse[name])
    points = np.zeros(run.judge.groups)
    for rule, column, pack_weight in run.gates.points:
        points = points + (column == 1) * (rule.points or 0.0) * pack_weight
    fixed = Column(points, run.judge.group)
    caps = _limits(run, total, once, work.weeks)
    return Scored(
        total,
        once,
        work.usd,
        work.months,
        scales,
        raw,
        values,
        known,
        weights,
        fixed,
        row_by_row(partial(_whole, [weights[c] for c in CRITERIA]), fixed, *(values[c] for c in CRITERIA)),
        caps,
        [row_by_row(partial(limits.status, x.cap), x.column, x.spread) for x in caps],
        _quality_status(run),
    )


def _worth(scale: value.Scale, missing: float, figure: Any, judged: Any) -> Any:
    """Values of figures as they are judged; a fixed one where the figure is not known."""
    import numpy as np

    known = ~np.isnan(figure)
    return np.where(known, scale.value(np, np.where(known, judged, scale.target)), missing)


def _whole(weights: Sequence[float], points: Any, *values: Any) -> Any:
    """Score: weighted values in the order of the criteria, and fixed points."""
    import numpy as np

    found: Any = 0.0
    for weight, column in zip(weights, values, strict=True):
        found = found + weight * column
    return np.round(found + points, DIGITS)


def _limits(run: Run, total: Any, once: Any, weeks: Any) -> list[limits.Limit]:
    """Caps that the requirements state or assume, with the columns that they hold for."""
    req, s = run.req, run.stacks
    doubt = run.p["effort.spread"]
    wanted = [
        ("budget.per_month_usd", req.budget.per_month_usd, "USD/month", total, s.cost_spread),
        ("budget.upfront_usd", req.budget.upfront_usd, "USD", once, 1.0 + 0.0 * s.cost_spread),
        ("launch_weeks", req.launch_weeks, "weeks", weeks, doubt + 0.0 * s.cost_spread),
        ("latency.first_token_p95_ms", req.latency.first_token_p95_ms, "ms", s.first_token_p95_ms, s.spread),
        (
            "latency.per_output_token_p95_ms",
            req.latency.per_output_token_p95_ms,
            "ms",
            s.per_output_token_ms,
            s.spread,
        ),
        ("latency.request_p95_ms", req.latency.request_p95_ms, "ms", s.request_p95_ms, s.spread),
    ]
    return [
        limits.Limit(k, float(c), u, column, spread, k not in run.assumed)
        for k, c, u, column, spread in wanted
        if c is not None
    ]


def _quality_status(run: Run) -> Any | None:
    """A floor on the user's own metric is unverified until the user measures it."""
    import numpy as np

    if run.req.quality.minimum is None:
        return None
    return np.full(len(run.stacks), limits.UNVERIFIED, dtype=np.int8)


def _reasons(run: Run, scored: Scored, settings: Settings) -> list[tuple[str, Any]]:
    """Named bool columns: why a candidate is removed."""
    group = run.judge.group
    found: list[tuple[str, Any]] = [
        (f"{r.id} {r.title}", Column(column, group)) for r, column in run.gates.vetoes if column.any()
    ]
    for cap, status in zip(scored.limits, scored.status, strict=True):
        if not cap.hard:
            continue
        bad = status == limits.VIOLATED
        if settings.strict:
            bad = bad | (status == limits.UNVERIFIED)
        found.append((cap.id, bad))
    found += pinned.reasons(run)
    if settings.strict and scored.quality_status is not None:
        found.append(("quality.minimum", scored.quality_status == limits.UNVERIFIED))
    return found


def _order(run: Run, scored: Scored, reasons: list[tuple[str, Any]], settings: Settings) -> tuple[Any, Any]:
    """Rows that pass, and the best of them in order.

    Chain: score, raw criteria by descending weight, fewer limits at risk, less unknown weight, id.
    Provisional stacks come after the others.
    """
    import numpy as np

    # Columns over groups are put together before they are written out.
    removed: Any = Column(np.zeros(run.judge.groups, dtype=bool), run.judge.group)
    for _, column in reasons:
        removed = removed | column
    allowed = np.nonzero(~removed)[0]
    if not len(allowed):
        return allowed, allowed
    late = np.zeros(len(run.stacks), dtype=bool)
    if not settings.allow_provisional:
        late = unknown_weight(scored) > run.p["value.most_unknown"]
        if run.gates.doubts:
            late |= np.any([column for _, column in run.gates.doubts], axis=0)[run.judge.group]
    # The rest of the chain is worked out for those only that can come first.
    best = _front(scored.score, late, allowed)
    hard = [s[best] for cap, s in zip(scored.limits, scored.status, strict=True) if cap.hard]
    at_risk = sum((s == limits.AT_RISK).astype(int) for s in hard) + np.zeros(len(best))
    keys = [best, unknown_weight(scored, best), at_risk]
    for name in sorted(CRITERIA, key=lambda c: scored.weights[c]):
        sign = -1.0 if name == "quality" else 1.0
        keys.append(np.nan_to_num(sign * scored.raw[name][best], nan=np.inf))
    keys += [-scored.score[best], late[best]]
    return allowed, best[np.lexsort(keys)]


def _front(score: Any, late: Any, allowed: Any) -> Any:
    """Rows that can be among those shown; sorting millions for ten rows is wasted time."""
    import numpy as np

    if len(allowed) <= FRONT:
        return allowed
    found = score[allowed]
    found[late[allowed]] -= BEHIND
    return allowed[found >= np.partition(found, len(found) - FRONT)[len(found) - FRONT]]


def unknown_weight(scored: Scored, rows: Any = slice(None)) -> Any:
    """Share of the weight that rests on criteria nobody knows, of all candidates or of some rows."""
    import numpy as np

    shares = [scored.weights[c] / 100.0 for c in CRITERIA]

    def share(*known: Any) -> Any:
        return sum(np.where(k, 0.0, s) for k, s in zip(known, shares, strict=True))

    known = [scored.known[c][rows] for c in CRITERIA]
    return row_by_row(share, *known) if isinstance(rows, slice) else share(*known)


def _excluded(run: Run, scored: Scored, reasons: list[tuple[str, Any]]) -> list[Exclusion]:
    """Rows removed per reason, with the one that misses by least."""
    import numpy as np

    found = []
    for name, column in reasons:
        rows = np.nonzero(column)[0]
        if not len(rows):
            continue
        cap = next((c for c in scored.limits if c.id == name), None)
        if cap is not None and not np.isnan(cap.column[rows]).all():
            near = rows[np.nanargmin(cap.column[rows])]
            times = f" ({cap.column[near] / cap.cap:.2f}x)" if cap.cap else ""
            text = f"{cap.column[near]:.4g} {cap.unit} against {cap.cap:.4g}{times}"
        else:
            near, text = rows[np.argmax(scored.score[rows])], ""
        found.append(Exclusion(name, len(rows), show.line(run, int(near)), text))
    return found
