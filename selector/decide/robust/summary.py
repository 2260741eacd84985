"""Robustness of a ranking: exact quantities over all rivals, sampled ones over the best of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from selector.decide import value
from selector.decide.columns import BLOCK
from selector.decide.gate import CRITERIA
from selector.decide.robust import (
    acceptability,
    additive,
    counterfactual,
    doubt,
    field,
    measure,
    pareto,
    sampling,
    stability,
)
from selector.types.robust import Overtaker, ParetoPoint, Robustness, Share, StackRef, WeightInterval

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run
    from selector.decide.robust.field import Field

SEED_FROM = ("requirements_sha256", "packs")
SEED_BYTES = 4
SEEN = 0.01  # a share of the draws below this is not told, unless the stack is shown
MOST_OVERTAKERS = 20
SIEVES = 16  # strong candidates that take out what they better before the front is sought


def seed(inputs: Mapping[str, object]) -> int:
    """Seed from what the outcome depends on; the same on every day."""
    text = json.dumps({k: inputs.get(k) for k in SEED_FROM}, sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:SEED_BYTES], "big")


def drawn(
    run: Run, scored: Scored, rows: Any, inputs: Mapping[str, object], watch: Sequence[int] = ()
) -> tuple[list[sampling.Figure], sampling.Draws]:
    """Figures of some rows, and seeded draws of them and of the weights; `watch` as of `sampling.draw`."""
    import numpy as np

    weights = np.array([scored.weights[c] for c in CRITERIA])
    figures = doubt.figures(run, scored, rows)
    spread, samples = run.p["robust.weight_spread"], int(run.p["robust.samples"])
    return figures, sampling.draw(figures, weights, scored.points[rows], spread, samples, seed(inputs), watch)


def of(
    run: Run,
    scored: Scored,
    chain: additive.Chain,
    reasons: Sequence[tuple[str, Any]],
    allowed: Any,
    shown: Sequence[int],
    inputs: Mapping[str, object],
) -> Robustness | None:
    """What the ranking rests on; None where no stack is left."""
    import numpy as np

    if not shown:
        return None
    f = field.of(run, scored, chain, allowed, shown)
    p, rows = run.p, np.array(f.screen)
    watch = measure.worth_a_look(f)
    figures, draws = drawn(run, scored, rows, inputs, watch)
    exchange = counterfactual.exchange(f)
    usd = next(e.per_point for e in exchange if e.criterion == "cost")
    shares = acceptability.within(draws.leaders[:, :1], len(rows))
    beats = acceptability.beats(draws.ranked, 0)
    points = acceptability.evpi(draws.score)
    exact = _exact(f)
    return Robustness(
        samples=int(p["robust.samples"]),
        seed=seed(inputs),
        screened=len(rows),
        shares=_shares(f, draws, shares, beats),
        regret_points=acceptability.regret(draws.score, 0),
        evpi_points=points,
        evpi_usd_per_month=None if usd is None else points * usd,
        disappointment_points=acceptability.disappointment(_neutral(f), draws.score, 0),
        entropy_bits=acceptability.entropy(shares),
        p_best_any_weights=float((draws.best_any == 0).mean()),
        measure_first=measure.first(f, figures, draws, watch, usd),
        exchange=exchange,
        wins_if=counterfactual.wins_if(f, reasons),
        pareto=_pareto(f),
        tied_points=p["value.tied_points"],
        tied_probability=p["robust.tied_probability"],
        tied=_tied(f, beats, shown),
        **exact,
    )


def _exact(f: Field) -> dict[str, Any]:
    """What holds over all rivals and all weights of a kind."""
    import numpy as np

    weights, box = f.weights, f.run.p["robust.box"]
    every = f.rivals(f.first)
    values, extra = f.values(every), f.scored.points[every]
    safe = stability.preferred_in_order(values, weights, extra, 0)
    open_ = np.bincount(f.number[np.isin(f.rows, every[~safe], assume_unique=True)])
    close = np.nonzero(stability.may_overtake(values, weights, extra, 0, box))[0]
    close = np.concatenate([[0], close])
    leads, at = stability.box_leads(values[close], weights, extra[close], 0, box)
    tight = f.rivals(f.first, f.tight)
    values, extra = f.values(tight), f.scored.points[tight]
    near = stability.l2_radius(values, weights / 100.0, extra / 100.0, 0)
    total = len(f.choices.best) - 1
    return {
        "intervals": _intervals(f, tight, values, extra),
        "box": box,
        "overtakers": _overtakers(f, every[close], leads, at),
        "overtaking": _overtaking(f, every[close], leads),
        "max_regret_points": max(float(leads.max()), 0.0),
        "l2_radius": near[0] if near else None,
        "l2_rival": _ref(f, tight[near[1]]) if near else None,
        "necessarily_preferred": total - int(np.count_nonzero(open_)),
        "rivals": total,
    }


def _ref(f: Field, rows: Any) -> StackRef | None:
    alike = f.alike(rows) if len(rows) else rows
    return f.ref(f.best(alike)) if len(alike) else None


def _intervals(f: Field, rows: Any, values: Any, extra: Any) -> tuple[WeightInterval, ...]:
    if len(rows) < 2:
        return ()
    found = []
    for j, name in enumerate(CRITERIA):
        now = float(f.weights[j])
        got = stability.interval(values, f.weights, extra, 0, j)
        # Rounding may leave the stated weight a hair outside where a rival ties.
        low, high, at_low, at_high = got if got else (now, now, rows[:0], rows[:0])
        low, high = min(low, now), max(high, now)
        found.append(WeightInterval(name, now, low, high, _ref(f, rows[at_low]), _ref(f, rows[at_high])))
    return tuple(found)


def _overtakers(f: Field, rows: Any, leads: Any, at: Any) -> tuple[Overtaker, ...]:
    """Rivals that lead within the box, each choice once, the furthest first."""
    import numpy as np

    leads = np.round(leads, additive.DIGITS)
    ahead = np.nonzero(leads > 0.0)[0]
    keys = np.stack([-leads[ahead], -f.chain.score[rows[ahead]]])
    ranked = np.lexsort(keys[::-1])
    tied = np.concatenate([[False], (keys[:, ranked[1:]] == keys[:, ranked[:-1]]).all(axis=0)])
    # Equals stand in the order of their ids.
    order = additive.Order(ahead[ranked], tied, lambda i: f.chain.name(int(rows[i])))
    seen: set[int] = set()
    found: list[Overtaker] = []
    for i in order if len(ahead) else ():
        number = f.choices.of(int(rows[i]))
        if len(seen) == MOST_OVERTAKERS:
            break
        if number not in seen:
            seen.add(number)
            weights = dict(zip(CRITERIA, at[i].tolist(), strict=True))
            found.append(Overtaker(f.ref(int(rows[i])), float(leads[i]), weights))
    return tuple(found)


def _overtaking(f: Field, rows: Any, leads: Any) -> int:
    """How many choices lead within the box."""
    import numpy as np

    ahead = rows[np.round(leads, additive.DIGITS) > 0.0]
    return len(np.unique(f.choices.number[np.searchsorted(f.choices.rows, ahead)]))


def _shares(f: Field, draws: sampling.Draws, shares: Any, beats: Any) -> tuple[Share, ...]:
    """Stacks that are shown or that lead in some of the draws, the likeliest first."""
    top3 = acceptability.within(draws.leaders, len(f.screen))
    told = [i for i, row in enumerate(f.screen) if row in f.labels or shares[i] >= SEEN]
    told.sort(key=lambda i: (-shares[i], i))
    ranks = acceptability.expected_ranks(draws.ranked, told)
    found = []
    for i, rank in zip(told, ranks, strict=True):
        low, high = acceptability.quantiles(draws.score, i, (0.1, 0.9))
        central = acceptability.central_weights(draws.leaders[:, 0], draws.weights, i)
        found.append(
            Share(
                stack=f.ref(f.screen[i]),
                p_best=float(shares[i]),
                p_top3=float(top3[i]),
                expected_rank=rank,
                score_p10=low,
                score_p90=high,
                central_weights=None
                if central is None
                else dict(zip(CRITERIA, central.tolist(), strict=True)),
                p_beats_first=float(beats[i]),
            )
        )
    return tuple(found)


def _tied(f: Field, beats: Any, shown: Sequence[int]) -> tuple[StackRef, ...]:
    """Stacks that the first does not really lead; relative to the first alone, since such ties do
    not carry over from one to the next."""
    p, score = f.run.p, f.scored.score
    rows = [
        row
        for i, row in enumerate(f.screen)
        if i
        and (
            score[f.first] - score[row] <= p["value.tied_points"] or beats[i] >= p["robust.tied_probability"]
        )
    ]
    late = f.chain.late
    rows += [
        row
        for row in shown[1:]
        if row not in rows
        and late[row] == late[f.first]
        and score[f.first] - score[row] <= p["value.tied_points"]
    ]
    return tuple(f.ref(row) for row in sorted(rows, key=lambda r: -score[r]))


def _pareto(f: Field) -> tuple[ParetoPoint, ...]:
    """Candidates that no other betters on cost, quality and latency together, the cheapest first; of
    each choice, and of those with the same figures, the best one."""
    import numpy as np

    raw = f.scored.raw
    columns = (raw["cost"], -raw["quality"], raw["latency"])
    coarse = np.stack([c[f.choices.best] for c in columns], axis=1)
    strong = f.choices.best[np.nonzero(pareto.front(coarse))[0]]
    some = strong[np.linspace(0, len(strong) - 1, SIEVES).astype(int)] if len(strong) else ()
    sieves = [[float(c[one]) for c in columns] for one in some]
    # A block of rows passes all sieves while it is in the cache.
    blocks = (f.choices.rows[at : at + BLOCK] for at in range(0, len(f.choices.rows), BLOCK))
    rows = np.concatenate([b[pareto.sieved([c[b] for c in columns], sieves)] for b in blocks])
    costs = np.stack([c[rows] for c in columns], axis=1)
    known = ~np.isnan(costs).any(axis=1)
    rows, costs = rows[known], costs[known]
    first = pareto.leading(costs[:, 1], costs[:, 0], costs[:, 2])
    rows, costs = rows[first], costs[first]
    by_choice: dict[int, list[int]] = {}
    for row in rows[pareto.front(costs)].tolist():
        by_choice.setdefault(f.choices.of(row), []).append(row)
    found: dict[tuple[float, ...], list[int]] = {}
    for members in by_choice.values():
        best = f.best(members)
        found.setdefault(tuple(float(c[best]) for c in columns), []).append(best)
    points = []
    for alike in (found[k] for k in sorted(found)):
        row = f.best(alike)
        latency = float(f.run.stacks.request_p95_ms[row])
        cost, quality = float(raw["cost"][row]), float(raw["quality"][row])
        points.append(ParetoPoint(f.ref(row), cost, quality, latency))
    return tuple(points)


def _neutral(f: Field) -> float:
    """Score of the first stack by the middle of its estimates, which the draws lie around."""
    import numpy as np

    scored, missing = f.scored, f.run.p["value.missing"]
    at = np.array([f.first])
    columns = [value.filled(np, scored.scales[c], scored.raw[c][at], missing)[0] for c in CRITERIA]
    return float(additive.total(columns, [scored.weights[c] for c in CRITERIA], scored.points[at])[0])
