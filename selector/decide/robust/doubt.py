"""How the figures of some candidates err, and which errors they share (section 3.1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from selector.decide.gate import CRITERIA
from selector.decide.robust import sampling
from selector.decide.robust.sampling import Error, Figure
from selector.estimate.numeric import Z90

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

# Criterion that a limit bears on, by the start of its key.
BEARS_ON = (("budget.per_month", "cost"), ("latency.", "latency"), ("launch_weeks", "effort"))
EDGE = 1e-6  # an index of exactly 0 or 1 has no log-odds


def figures(run: Run, scored: Scored, rows: Any) -> list[Figure]:
    """Figures of some candidates in the order of the criteria."""
    made = {
        "quality": _quality(run, scored, rows),
        "cost": _cost(run, scored, rows),
        "latency": _latency(run, scored, rows),
        "risk": _figure(scored, rows, "risk", [], _zeros(rows)),
        "effort": _effort(run, scored, rows),
    }
    return [made[c] for c in CRITERIA]


def log_sd(spread: Any) -> Any:
    """Standard deviation of the logarithm, from p90 over p50."""
    import numpy as np

    return np.log(spread) / Z90


def weights_of(run: Run, model: int) -> str:
    """Weights that an option runs: hosted or not, their quality is one figure."""
    option = run.axes.models[model]
    open_model = option.api.open_model if option.api else None
    return open_model if open_model in run.cat.models and open_model else option.id


def _zeros(rows: Any) -> Any:
    import numpy as np

    return np.zeros(len(rows), dtype=np.int64)


def _numbered(rows: Any, key: Callable[[int], Hashable]) -> Any:
    """Groups by a key of each row, numbered as they appear."""
    import numpy as np

    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(key(int(r)), len(seen)) for r in rows], dtype=np.int64)


def _split(sd: Any, shares: Sequence[float]) -> list[Any]:
    """Standard deviations of the parts of a variance, and of what they leave."""
    rest = max(1.0 - math.fsum(shares), 0.0)
    return [sd * math.sqrt(s) for s in (*shares, rest)]


def _figure(
    scored: Scored, rows: Any, name: str, errors: list[Error], unknown: Any, own: Any = None
) -> Figure:
    """`own` names the groups within which a log-figure is shrunk by its own, last error."""
    import numpy as np

    middle = np.array(scored.raw[name][rows], dtype=float)
    most = np.full(len(rows), np.inf)
    for cap in scored.limits:
        if cap.hard and any(cap.id.startswith(start) and c == name for start, c in BEARS_ON):
            with np.errstate(divide="ignore", invalid="ignore"):
                most = np.fmin(most, np.log(cap.cap / cap.column[rows]))
    if own is not None:
        with np.errstate(divide="ignore"):
            logs = np.log(middle)
        logs[np.isinf(logs)] = np.nan
        moved = np.nan_to_num(sampling.shrunk(logs, errors[-1].sd, own) - logs)
        middle, most = middle * np.exp(moved), most - moved
    scale = scored.scales[name]
    return Figure(middle, errors, lambda x: scale.value(np, x), unknown, most, name == "quality")


def _quality(run: Run, scored: Scored, rows: Any) -> Figure:
    """Log-odds of the index: how public scores transfer, what a family shares, what the weights are
    worth, which every stack of theirs has in common, and what the precision costs."""
    import numpy as np

    model = run.stacks.model[rows]
    low, _, high = run.quality[rows].clip(EDGE, 1.0 - EDGE).T
    sd = np.nan_to_num((_odds(high) - _odds(low)) / (2.0 * Z90))
    base = np.array([_base_sd(run, int(m)) for m in model])
    base = np.minimum(np.where(np.isnan(base), sd, base), sd)
    weights = _numbered(rows, lambda r: weights_of(run, int(run.stacks.model[r])))
    family = _numbered(rows, lambda r: _family(run, int(run.stacks.model[r])))
    precision = _numbered(
        rows, lambda r: (weights_of(run, int(run.stacks.model[r])), int(run.stacks.precision[r]))
    )
    p = run.p
    parts = _split(base, [p["robust.share.transfer"], p["robust.share.family"]])
    errors = [
        Error("transfer", _zeros(rows), parts[0]),
        Error("family", family, parts[1]),
        Error("weights", weights, parts[2]),
        Error("precision", precision, np.sqrt(np.maximum(sd**2 - base**2, 0.0))),
    ]
    return _figure(scored, rows, "quality", errors, weights)


def _odds(x: Any) -> Any:
    import numpy as np

    return np.log(x / (1.0 - x))


def _base_sd(run: Run, model: int) -> float:
    """Of the index of a model before its precision; the middle is not needed."""
    index = run.quality_of[model]
    low, high = (min(max(q, EDGE), 1.0 - EDGE) for q in (index.p10, index.p90))
    return (math.log(high / (1.0 - high)) - math.log(low / (1.0 - low))) / (2.0 * Z90)


def _family(run: Run, model: int) -> str:
    known = run.cat.models.get(weights_of(run, model))
    if known is not None:
        return known.family or known.vendor
    option = run.axes.models[model]
    return str(option.facts.get("model.vendor") or option.id)


def _cost(run: Run, scored: Scored, rows: Any) -> Figure:
    """The volume moves every bill, a price list those of its vendor; what is rented in one place in
    one number costs the same whatever runs on it."""
    s, p = run.stacks, run.p
    sd = log_sd(scored.cost_spread[rows])
    vendor = _numbered(rows, lambda r: _payee(run, r))
    parts = _split(sd, [p["robust.share.volume"], p["robust.share.price_list"]])
    errors = [
        Error("volume", _zeros(rows), parts[0]),
        Error("price list", vendor, parts[1]),
        Error("cost", _numbered(rows, lambda r: (int(s.place[r]), float(s.units[r]))), parts[2]),
    ]
    unknown = _numbered(rows, lambda r: (_payee(run, r), int(s.device[r])))
    return _figure(scored, rows, "cost", errors, unknown, _hosted(run, rows))


def _payee(run: Run, row: int) -> str:
    """Who is paid: a provider of devices, a vendor of hosted models, or the own machines."""
    place = run.axes.places[int(run.stacks.place[row])]
    if place.offer is not None:
        return place.offer.provider
    api = run.axes.models[int(run.stacks.model[row])].api
    return api.provider if api is not None else place.id


def _latency(run: Run, scored: Scored, rows: Any) -> Figure:
    """The volume loads what is hosted by oneself; the estimator errs alike for an engine on an
    architecture, and what is assumed of hosted models for a provider."""
    import numpy as np

    s, p = run.stacks, run.p
    hosted = _hosted(run, rows)
    machine = _numbered(rows, lambda r: _machine(run, r))
    if not scored.waits:
        return _figure(scored, rows, "latency", [], machine)
    sd = log_sd(s.request_spread[rows])
    load = p["robust.share.load"] * np.where(hosted == 1, 0.0, 1.0)
    kind = np.full(len(rows), p["robust.share.estimator"])
    errors = [
        Error("volume", _zeros(rows), sd * np.sqrt(load)),
        Error("estimator", machine, sd * np.sqrt(kind)),
        Error("latency", _numbered(rows, lambda r: r), sd * np.sqrt(np.maximum(1.0 - load - kind, 0.0))),
    ]
    return _figure(scored, rows, "latency", errors, machine, hosted)


def _hosted(run: Run, rows: Any) -> Any:
    import numpy as np

    return (run.stacks.cell[rows] < 0).astype(np.int64)


def _machine(run: Run, row: int) -> tuple[str, str]:
    s = run.stacks
    if int(s.cell[row]) < 0:
        return ("", _payee(run, row))
    device = run.axes.devices[int(s.device[row])].device
    return run.axes.engines[int(s.engine[row])].id, device.arch or device.id


def _effort(run: Run, scored: Scored, rows: Any) -> Figure:
    """People are slower or faster at everything, and at one way of hosting more than at another."""
    import numpy as np

    sd = np.full(len(rows), float(log_sd(run.p["effort.spread"])))
    hosting = _numbered(rows, lambda r: run.axes.places[int(run.stacks.place[r])].hosting)
    common, rest = _split(sd, [run.p["robust.share.people"]])
    errors = [Error("people", _zeros(rows), common), Error("hosting", hosting, rest)]
    return _figure(scored, rows, "effort", errors, hosting)
