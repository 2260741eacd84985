"""Limits, values, score and order of the candidates; then the stacks that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from selector.decide import (
    attitude,
    bill,
    counterparts,
    defaults_check,
    flips,
    frontier,
    limits,
    measured_rows,
    notices,
    own_quality,
    people,
    pinned,
    proposed,
    relax,
    show,
    spending,
    trainable,
    value,
    weighing,
)
from selector.decide import load as loads
from selector.decide import reasons as causes
from selector.decide.columns import Column, row_by_row
from selector.decide.composite import build as composites
from selector.decide.gate import CRITERIA
from selector.decide.robust import additive, summary
from selector.packs import fresh
from selector.types.decision import AssumptionRow, DecidingDefault, Recommendation

if TYPE_CHECKING:
    from selector.decide.recommend import Run

FRONT = 20_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How much to show, and how to treat what is not known."""

    top: int
    strict: bool
    allow_provisional: bool
    front: bool = False  # add what a component could run for less


@dataclass(slots=True)
class Scored:
    """Columns over the candidates that the ranking is made of."""

    cost: Any
    cost_spread: Any  # p90 over p50 of it
    parts: Mapping[str, spending.Part]  # of the cost, by formula
    once: spending.Part  # paid at the start, beside people
    people_usd: Any
    people_once_usd: Any  # of it, paid at the start
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


def told(
    run: Run,
    found: Ranking,
    settings: Settings,
    assumptions: tuple[AssumptionRow, ...],
    inputs: Mapping[str, object],
) -> Recommendation:
    """A ranking with everything that is printed of it."""
    scored, reasons, allowed, shown = found.scored, found.reasons, found.allowed, found.shown
    # Neither needs the other, and numpy lets both cores work.
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(_deciding, run, found)
        robust = summary.of(run, scored, found.chain, reasons, allowed, shown, inputs)
        defaults = asked.result()
    stacks = show.stacks(run, scored, shown, robust)
    if settings.front:
        from selector.decide.composite import shared

        stacks = tuple(replace(s, fills=shared.fills(run, row)) for s, row in zip(stacks, shown, strict=True))
    excluded = causes.ordered(run, causes.removed(run, scored, found.chain, reasons), bool(len(allowed)))
    moves = () if len(allowed) else relax.relaxations(run, scored, found.chain, reasons)
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
        weights_form=run.weights_form,
        points_quantile=attitude.quantile(run.req.risk_attitude),
        defaults_that_decide=defaults,
        points_budget={k: i.points_budget * run.req.packs.get(k, 1.0) for k, i in run.cat.packs.items()},
        notes=(
            *weighing.note(run.weights_form, run.weights),
            *_weights_moved(run),
            *attitude.note(run.req.risk_attitude),
            *measured_rows.note(run, shown),
            *_flips(run, found, settings),
            *defaults_check.note(defaults),
        ),
        notices=notices.of(run),
        proposed=proposed.judge(run, scored, reasons, found.order),
        oldest_fact=min((c.as_of for s in stacks for c in s.costs if c.as_of), default=None),
        stale_prices=fresh.stale(bill.dated(stacks), run.p, run.today),
        horizon_months=float(run.req.horizon_months or 12),
        counterparts=counterparts.of(run, scored, found.chain, allowed, shown),
        composites=composites.of(run, found),
        cheaper=frontier.of(run, scored, found.chain, allowed, shown) if settings.front else (),
        on_processors=frontier.on_processors(run, scored, found.chain, allowed, shown)
        if settings.front
        else (),
        at_hand=_at_hand(run),
        robustness=robust,
    )


def _at_hand(run: Run) -> dict[str, int]:
    """Own devices by id, over all machines."""
    found: dict[str, int] = {}
    for place in run.axes.places:
        if place.device is not None and place.available is not None:
            found[place.device] = found.get(place.device, 0) + place.available
    return found


def _weights_moved(run: Run) -> list[str]:
    return [
        f"weight of {r.criterion} x{r.factor:g} before scaling to 100: {r.id} {r.title}"
        for r in run.reweighing
    ]


def _flips(run: Run, found: Ranking, settings: Settings) -> tuple[str, ...]:
    if not found.shown:
        return ()
    late = _late(run, found.scored, settings, found.chain.unknown)
    return flips.notes(run, found.scored, found.chain, dict(found.reasons), late, found.shown[0])


def _deciding(run: Run, found: Ranking) -> tuple[DecidingDefault, ...]:
    """Defaults under which another row that can come first does."""
    if not found.shown:
        return ()
    first, late, allowed = found.shown[0], found.chain.late, found.allowed
    rows = allowed[late[allowed] == late[first]]
    return defaults_check.deciding(run, found.scored, found.chain, rows, first)


def score(run: Run) -> Scored:
    """Value every candidate on every criterion and add up."""
    import numpy as np

    stacks = run.stacks
    horizon = float(run.req.horizon_months or 12)
    work = people.of(run, horizon)
    once = spending.upfront(run)
    parts = spending.parts(run, work.usd)
    total, spread = spending.total(parts)
    # Nobody waits for offline work without a limit: its time sets no stack above another.
    limit, _ = loads.latency_limit_ms(run.req, run.load, run.assumed)
    waits = limit is not None or run.load.scenario != "offline"
    scales = run.scales
    raw = {
        "quality": run.quality[:, 1],
        "cost": total,
        "latency": stacks.request_p95_ms if waits else np.full(len(stacks), scales["latency"].target),
        "risk": run.risks.index,
        "effort": work.months,
    }
    adverse = attitude.judged(run, raw, spread, waits)
    values, known = {}, {}
    for name in CRITERIA:
        both = partial(value.filled, np, scales[name], missing=run.p["value.missing"])
        values[name] = row_by_row(lambda x, both=both: both(x)[0], adverse[name])
        known[name] = row_by_row(lambda x: ~np.isnan(x), adverse[name])
    points = np.zeros(run.judge.groups)
    for rule, column, pack_weight in run.gates.points:
        points = points + (column == 1) * (rule.points or 0.0) * pack_weight
    fixed = Column(points, run.judge.group)
    caps = _limits(run, total, spread, once, work.weeks)
    return Scored(
        total,
        spread,
        parts,
        once,
        work.usd,
        work.once_usd,
        work.months,
        scales,
        raw,
        adverse,
        waits,
        values,
        known,
        run.weights,
        fixed,
        row_by_row(
            lambda extra, *columns: additive.total(columns, [run.weights[c] for c in CRITERIA], extra),
            *(fixed, *(values[c] for c in CRITERIA)),
        ),
        caps,
        [limits.status(x) for x in caps],
        own_quality.column(run),
    )


def _limits(run: Run, total: Any, spread: Any, once: spending.Part, weeks: Any) -> list[limits.Limit]:
    """Caps that the requirements state or assume, with the columns that they hold for."""
    req, s = run.req, run.stacks
    doubt = run.p["effort.spread"]
    wanted = [
        ("budget.per_month_usd", req.budget.per_month_usd, "USD/month", total, spread),
        (
            *("budget.upfront_usd", req.budget.upfront_usd, "USD"),
            *(spending.held_to_budget(run, once), once.spread),
        ),
        ("launch_weeks", req.launch_weeks, "weeks", weeks, doubt + 0.0 * s.cost_spread),
        *(
            (f"latency.{name}", getattr(req.latency, name), "ms", column, doubts)
            for name, column, doubts in (
                ("first_token_p95_ms", s.first_token_p95_ms, s.first_token_spread),
                ("per_output_token_p95_ms", s.per_output_token_ms, s.token_spread),
                ("request_p95_ms", s.request_p95_ms, s.request_spread),
            )
        ),
    ]
    return [
        limits.Limit(k, float(c), u, column, spread, k not in run.assumed, _confidence(run, k))
        for k, c, u, column, spread in wanted
        if c is not None
    ]


def _confidence(run: Run, key: str) -> float:
    """Chance with which a limit must be kept; the user states it for stated limits only."""
    if key in run.assumed:
        return limits.MIDDLE
    return run.req.confidence.get(key.partition(".")[0], limits.MIDDLE)


def _reasons(run: Run, scored: Scored, settings: Settings) -> list[tuple[str, Any]]:
    """Named bool columns: why a candidate is removed."""
    import numpy as np

    group = run.judge.group
    found: list[tuple[str, Any]] = [
        (f"{r.id} {r.title}", Column(np.asarray(column), group))
        for r, column in run.gates.vetoes
        if column.any()
    ]
    for cap, status in zip(scored.limits, scored.status, strict=True):
        if not cap.hard:
            continue
        bad = status == limits.VIOLATED
        if settings.strict:
            bad = bad | (status == limits.UNVERIFIED)
        found.append((cap.id, bad))
    found += pinned.reasons(run) + _untrainable(run)
    if scored.quality_status is not None:
        bad = scored.quality_status == limits.VIOLATED
        if settings.strict:
            bad = bad | (scored.quality_status == limits.UNVERIFIED)
        if settings.strict or run.axes.measured is not None:
            found.append(("quality.minimum", bad))
    return found


def _untrainable(run: Run) -> list[tuple[str, Any]]:
    """Models that neither the machines at hand nor their vendor train as the requirement asks."""
    import numpy as np

    reserved = np.array([q.hosting == "managed_dedicated" for q in run.axes.places] or [False])
    found = []
    for begins, hosted in ((trainable.DOES_NOT_FIT, False), (trainable.NOT_OFFERED, True)):
        short = np.array([bool(m.untrainable) and bool(m.api) == hosted for m in run.axes.models] or [False])
        if short.any():
            first = run.axes.models[int(np.argmax(short))]
            why = f"{begins}: {first.method} of {first.id}, {first.untrainable}"
            column: Any = Column(short[run.stacks.model.values], run.stacks.model.rows)
            # Reserved capacity serves weights that are tuned.
            found.append((why, column & ~reserved[run.stacks.place] if hosted else column))
    return found


def _removed(run: Run, reasons: list[tuple[str, Any]]) -> Any:
    import numpy as np

    # Columns over groups are put together before they are written out.
    removed: Any = Column(np.zeros(run.judge.groups, dtype=bool), run.judge.group)
    for _, column in reasons:
        removed = removed | column
    return np.asarray(removed)


def _chain(run: Run, scored: Scored, settings: Settings) -> additive.Chain:
    """What the order goes by. Provisional stacks come after the others."""
    import numpy as np

    unknown = unknown_weight(scored)
    late = _late(run, scored, settings, unknown)
    if run.gates.doubts and not settings.allow_provisional:
        late = late | np.any([column for _, column in run.gates.doubts], axis=0)[run.judge.group]
    at_risk = np.zeros(len(run.stacks), dtype=np.int8)
    for cap, status in zip(scored.limits, scored.status, strict=True):
        if cap.hard:
            at_risk += status == limits.AT_RISK
    return additive.Chain(
        late.astype(np.int8),
        scored.score,
        [-scored.raw[c] if c == "quality" else scored.raw[c] for c in CRITERIA],
        [scored.weights[c] for c in CRITERIA],
        at_risk,
        unknown,
        lambda row: show.slots(run, row).digest(),
    )


def _late(run: Run, scored: Scored, settings: Settings, unknown: Any) -> Any:
    """Rows that rank after the others: too much of their weight (`unknown`), or a stated limit, rests on
    a figure that nobody knows. None where the user ranks them among the others."""
    import numpy as np

    late = np.zeros(len(run.stacks), dtype=bool)
    if settings.allow_provisional:
        return late
    late |= unknown > run.p["value.most_unknown"]
    for cap, status in zip(scored.limits, scored.status, strict=True):
        if cap.hard:
            late |= status == limits.UNVERIFIED
    return late


def unknown_weight(scored: Scored, row: int | None = None) -> Any:
    """Share of the weight that rests on criteria nobody knows, of all candidates or of one."""
    import numpy as np

    names = [c for c in CRITERIA if row is not None or not scored.known[c].all()]

    def share(*known: Any) -> Any:
        shares = zip(known, names, strict=True)
        return sum(np.where(k, 0.0, scored.weights[c] / 100.0) for k, c in shares)

    if row is not None:
        return share(*(scored.known[c][row] for c in names))
    known = [scored.known[c] for c in names]
    return row_by_row(share, *known) if known else np.zeros(len(scored.score))
