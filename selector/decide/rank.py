"""Limits, values, score and order of the candidates; then the stacks that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from selector.decide.gate import CRITERIA
from selector.decide.robust import additive, summary
from selector.types.decision import AssumptionRow, Exclusion, Recommendation
from selector.types.requirement import Requirement

if TYPE_CHECKING:
    from selector.decide.recommend import Run

FRONT = 20_000


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
    judged: Mapping[str, Any]  # figures that the values are taken of; other than `raw` for the cautious
    waits: bool  # somebody waits for the answer
    values: dict[str, Any]
    known: dict[str, Any]
    weights: Mapping[str, float]  # sum to 100
    points: Any
    score: Any
    limits: list[limits.Limit]
    status: list[Any]
    quality_status: Any | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Columns, named reasons of removal, the rows that are left, the best of them in order, and those
    that are shown."""

    scored: Scored
    reasons: list[tuple[str, Any]]
    chain: additive.Chain
    allowed: Any
    order: additive.Order
    shown: Sequence[int]


def ranking(run: Run, settings: Settings) -> Ranking:
    """Score all candidates, remove, and put what is left in order."""
    import numpy as np

    scored = score(run)
    reasons = _reasons(run, scored, settings)
    chain = _chain(run, scored, settings)
    allowed = np.nonzero(~_removed(run, reasons))[0]
    order = additive.order(chain, additive.best_of(chain, allowed, FRONT))
    return Ranking(scored, reasons, chain, allowed, order, show.pick(run, order, settings.top))


def rank(
    run: Run,
    settings: Settings,
    assumptions: tuple[AssumptionRow, ...],
    inputs: Mapping[str, object],
) -> Recommendation:
    """The recommendation out of all columns."""
    found = ranking(run, settings)
    scored, reasons, allowed, shown = found.scored, found.reasons, found.allowed, found.shown
    robust = summary.of(run, scored, found.chain, reasons, allowed, shown, inputs)
    stacks = show.stacks(run, scored, shown, robust)
    excluded = causes.ordered(run, _excluded(run, scored, reasons), bool(len(allowed)))
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
        notes=(*_weights_moved(run), *_flips(run, scored, reasons, settings, shown)),
        notices=notices.of(run),
        proposed=proposed.judge(run, scored, reasons, found.order),
        oldest_fact=min((c.as_of for s in stacks for c in s.costs if c.as_of), default=None),
        robustness=robust,
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
    shown: Sequence[int],
) -> tuple[str, ...]:
    late = _late(run, scored, settings)
    return flips.notes(run, scored, dict(reasons), late, shown[0]) if shown else ()


def score(run: Run) -> Scored:
    """Value every candidate on every criterion and add up."""
    import numpy as np

    stacks = run.stacks
    horizon = months(run.req)
    work = people.of(run, horizon)
    once = stacks.once_usd + switching.usd(run)
    total = stacks.infra_usd + work.usd + run.risks.usd + once / horizon
    scales_ = scales(run, run.req)
    # Nobody waits for offline work without a limit: its time sets no stack above another.
    limit, _ = loads.latency_limit_ms(run.req, run.load, run.assumed)
    waits = limit is not None or run.load.scenario != "offline"
    raw = {
        "quality": run.quality[:, 1],
        "cost": total,
        "latency": stacks.request_p95_ms if waits else np.full(len(stacks), scales_["latency"].target),
        "risk": run.risks.index,
        "effort": work.months,
    }
    adverse = attitude.judged(run, raw)
    values, known = {}, {}
    for name in CRITERIA:
        known[name] = ~np.isnan(raw[name])
        values[name] = worth(scales_[name], adverse[name], run.p["value.missing"])
    points = np.zeros(len(stacks))
    for rule, column, pack_weight in run.gates.points:
        points = points + (column == 1)[run.judge.group] * (rule.points or 0.0) * pack_weight
    caps = _limits(run, total, once, work.weeks)
    return Scored(
        total,
        once,
        work.usd,
        work.months,
        scales_,
        raw,
        adverse,
        waits,
        values,
        known,
        run.weights,
        points,
        additive.total([values[c] for c in CRITERIA], [run.weights[c] for c in CRITERIA], points),
        caps,
        [limits.status(x) for x in caps],
        _quality_status(run),
    )


def months(req: Requirement) -> float:
    """Horizon that costs and effort are spread over."""
    return float(req.horizon_months or 12)


def scales(run: Run, req: Requirement) -> dict[str, value.Scale]:
    """Value functions of the criteria, by the limits of a requirement."""
    p = run.p
    tokens = (run.load.requests_per_month or 0.0) * (run.load.input_tokens + run.load.output_tokens)
    limit, stated = loads.latency_limit_ms(req, run.load, run.assumed)
    return {
        "quality": value.quality_scale(req.quality.level or "good", req.application.task, p),
        "cost": value.cost_scale(req.budget.per_month_usd, tokens, p),
        "latency": value.latency_scale(limit or p["value.latency_default_ms"], stated, p),
        "risk": value.risk_scale(req.risk.appetite or "moderate", p),
        "effort": value.effort_scale(months(req), p),
    }


def worth(scale: value.Scale, figures: Any, missing: float) -> Any:
    """Values of figures; a fixed one where the figure is not known."""
    import numpy as np

    known = ~np.isnan(figures)
    return np.where(known, scale.value(np, np.where(known, figures, scale.target)), missing)


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
    found = [(f"{r.id} {r.title}", column[group]) for r, column in run.gates.vetoes if column.any()]
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


def _removed(run: Run, reasons: list[tuple[str, Any]]) -> Any:
    import numpy as np

    removed = np.zeros(len(run.stacks), dtype=bool)
    for _, column in reasons:
        removed |= column
    return removed


def _late(run: Run, scored: Scored, settings: Settings) -> Any:
    """True where too much is unknown to come before a stack that is certain."""
    unknown = unknown_weight(run, scored)
    return (unknown > run.p["value.most_unknown"]) & (not settings.allow_provisional)


def _chain(run: Run, scored: Scored, settings: Settings) -> additive.Chain:
    """What the order goes by. Provisional stacks come after the others."""
    import numpy as np

    late = _late(run, scored, settings)
    for _, column in run.gates.doubts:
        late = late | (column[run.judge.group] & (not settings.allow_provisional))
    hard = [s for cap, s in zip(scored.limits, scored.status, strict=True) if cap.hard]
    at_risk = sum((s == limits.AT_RISK).astype(int) for s in hard) + np.zeros(len(late))
    return additive.Chain(
        late.astype(np.int8),
        scored.score,
        [-scored.raw[c] if c == "quality" else scored.raw[c] for c in CRITERIA],
        [scored.weights[c] for c in CRITERIA],
        at_risk,
        unknown_weight(run, scored),
        lambda row: show.slots(run, row).digest(),
    )


def unknown_weight(run: Run, scored: Scored) -> Any:
    """Share of the weight that rests on criteria nobody knows."""
    import numpy as np

    total = np.zeros(len(run.stacks))
    for name in CRITERIA:
        total = total + np.where(scored.known[name], 0.0, scored.weights[name] / 100.0)
    return total


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
