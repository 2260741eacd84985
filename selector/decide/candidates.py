"""Candidates: sized cells joined with the places they can run in, and hosted models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selector.decide.axes import HOSTED, Axes, Place
from selector.decide.enumerate import CellIndex
from selector.decide.size import Sized
from selector.estimate import cost
from selector.types.load import Load

NONE = -1


@dataclass(slots=True)
class Candidates:
    """One row a candidate stack; indices are -1 where the slot does not apply."""

    cell: Any  # row of the cell index, -1 for hosted models
    model: Any
    engine: Any
    precision: Any
    device: Any
    place: Any
    replicas: Any
    n_devices: Any
    units: Any
    infra_usd: Any  # rent, power or API bill a month; nan where unknown
    once_usd: Any  # bought hardware
    first_token_ms: Any
    first_token_p95_ms: Any
    per_output_token_ms: Any
    request_p95_ms: Any
    requests_per_s: Any
    spread: Any  # p90 over p50 of the times
    cost_spread: Any  # p90 over p50 of the cost

    def __len__(self) -> int:
        return len(self.model)

    def take(self, rows: Any) -> Candidates:
        """The same columns for some rows."""
        return Candidates(**{f: getattr(self, f)[rows] for f in self.__dataclass_fields__})


def join(axes: Axes, index: CellIndex, sized: Sized, load: Load, p: Mapping[str, float]) -> Candidates:
    """Every cell that fits, in every place that rents or owns its device."""
    import numpy as np

    parts: list[dict[str, Any]] = []
    fitting = np.nonzero(sized.fits)[0]
    by_device = {d: fitting[index.device[fitting] == d] for d in range(len(axes.devices))}
    names = {(d.id, d.pool): i for i, d in enumerate(axes.devices)}
    for pi, place in enumerate(axes.places):
        rows = by_device.get(names.get((place.device or "", place.pool), NONE))
        if rows is None or not len(rows):
            continue
        group = (index.tp * index.pp)[rows]
        node = index.tp[rows] <= place.count
        across = (group <= place.count) | (place.count >= 8) | (place.available is not None)
        rows = rows[node & across]
        if len(rows):
            parts.append(_in_place(axes, index, sized, rows, pi, load, p))
    parts.append(_hosted(axes, load, p))
    keys = Candidates.__dataclass_fields__
    return Candidates(**{k: np.concatenate([part[k] for part in parts]) for k in keys})


def _in_place(
    axes: Axes,
    index: CellIndex,
    sized: Sized,
    rows: Any,
    place_number: int,
    load: Load,
    p: Mapping[str, float],
) -> dict[str, Any]:
    import numpy as np

    place = axes.places[place_number]
    group = (index.tp * index.pp)[rows].astype(float)
    replicas = sized.replicas[rows]
    per_unit = np.floor(place.count / group)
    units = np.where(
        per_unit >= 1.0,
        np.ceil(replicas / np.maximum(per_unit, 1.0)),
        replicas * cost.whole_units(np, group, place.count),
    )
    devices = replicas * group
    if place.usd_per_month is not None:
        usd = units * place.usd_per_month
    elif place.usd_per_hour is not None:
        active = load.active_fraction if load.scenario == "offline" else 1.0
        usd = cost.rented(place.usd_per_hour, units, active)
        usd = usd * (p["cost.spot_rework"] if place.spot else 1.0)
    elif place.hosting == "on_prem":
        watts = np.array([d.device.tdp_w or np.nan for d in axes.devices])[index.device[rows]]
        usd = cost.power(watts, devices, p["cost.power_overhead"], p["cost.usd_per_kwh"])
    else:
        usd = np.full(len(rows), np.nan)
    return {
        "cell": rows,
        "model": index.model[rows],
        "engine": index.engine[rows],
        "precision": index.precision[rows],
        "device": index.device[rows],
        "place": np.full(len(rows), place_number, dtype=np.int32),
        "replicas": replicas,
        "n_devices": devices,
        "units": units,
        "infra_usd": usd,
        "once_usd": units * (place.purchase_usd or 0.0),
        "first_token_ms": sized.first_token_ms[rows],
        "first_token_p95_ms": sized.first_token_p95_ms[rows],
        "per_output_token_ms": sized.per_output_token_ms[rows],
        "request_p95_ms": sized.request_p95_ms[rows],
        "requests_per_s": sized.requests_per_s[rows],
        "spread": sized.spread[rows],
        "cost_spread": np.full(len(rows), p[_doubt_of_cost(place)]),
    }


def _doubt_of_cost(place: Place) -> str:
    if place.spot:
        return "cost.spread.spot"
    if place.guessed:
        return "cost.spread.bought"
    paid = place.usd_per_hour is not None or place.usd_per_month is not None
    return "cost.spread.rented" if paid else "cost.spread.owned"


def _hosted(axes: Axes, load: Load, p: Mapping[str, float]) -> dict[str, Any]:
    """Hosted models in the regions where their vendor processes."""
    import numpy as np

    models = {m.id: i for i, m in enumerate(axes.models)}
    pairs = [
        (models[place.id.split("@")[0].removeprefix("api:")], i)
        for i, place in enumerate(axes.places)
        if place.hosting in HOSTED
    ]
    size = len(pairs)
    # Nobody says when a batch is answered, only that it is within a day or so.
    live = np.array([axes.places[i].hosting != "api_batch" for _, i in pairs], dtype=bool)
    first = np.where(live, p["api.first_token_ms"], np.nan)
    each = np.where(live, p["api.per_output_token_ms"], np.nan)
    none = np.full(size, NONE, dtype=np.int32)
    usd = [place_usd(axes, m, i, load) for m, i in pairs]
    tail = first * p["api.tail"]
    return {
        "cell": none,
        "model": np.array([m for m, _ in pairs], dtype=np.int32),
        "engine": none,
        "precision": none,
        "device": none,
        "place": np.array([i for _, i in pairs], dtype=np.int32),
        "replicas": np.zeros(size),
        "n_devices": np.zeros(size),
        "units": np.zeros(size),
        "infra_usd": np.array(usd, dtype=float),
        "once_usd": np.zeros(size),
        "first_token_ms": first,
        "first_token_p95_ms": tail,
        "per_output_token_ms": each,
        "request_p95_ms": tail + load.output_tokens * each,
        "requests_per_s": np.full(size, np.nan),
        "spread": np.full(size, p["api.spread"]),
        "cost_spread": np.full(size, p["cost.spread.hosted"]),
    }


def place_usd(axes: Axes, model: int, place: int, load: Load) -> float:
    """API bill of a month in USD; nan where the price list lacks what the load needs."""
    from selector.decide.prices import request_usd

    api, where = axes.models[model].api, axes.places[place]
    assert api is not None
    if where.usd_per_month is not None:
        return where.usd_per_month
    if where.usd_per_mtok is not None:
        tokens = (load.requests_per_month or math.nan) * (load.input_tokens + load.output_tokens)
        return tokens / 1e6 * where.usd_per_mtok
    if where.hosting == "managed_dedicated":
        return math.nan  # on request
    batch = where.hosting == "api_batch"
    usd = request_usd(api, load, batch, axes.days)
    if usd is None or load.requests_per_month is None:
        return float("nan")
    return usd * load.requests_per_month
