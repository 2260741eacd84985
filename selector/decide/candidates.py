"""Candidates: sized cells joined with the places they can run in, and hosted models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from selector.decide.axes import HOSTED, Axes, Place
from selector.decide.columns import Column, narrow
from selector.decide.enumerate import CellIndex
from selector.decide.size import Sized
from selector.estimate import cost, serving
from selector.types.load import Load

NONE = -1
SPREADS = ("first_token_spread", "token_spread", "request_spread")  # of the times
Columns = dict[str, Any]


@dataclass(slots=True)
class Candidates:
    """One row a candidate stack; indices are -1 where the slot does not apply.

    What follows from the sized cell or the place alone is a `Column`: a million rows of it take
    the memory of one index.
    """

    cell: Any  # row of the cell index, -1 for hosted models
    model: Any
    engine: Any
    precision: Any
    device: Any
    place: Any
    replicas: Any
    spare: Any  # of the replicas, those beside what carries the load
    n_devices: Any
    units: Any
    infra_usd: Any  # rent, power or API bill a month; nan where unknown
    once_usd: Any  # bought hardware
    first_token_ms: Any
    first_token_p95_ms: Any
    per_output_token_ms: Any
    request_p95_ms: Any
    requests_per_s: Any
    # p90 over p50
    first_token_spread: Any
    token_spread: Any
    request_spread: Any
    rate_spread: Any
    cost_spread: Any
    kv8: Any  # True where the cache is kept in 8 bits

    def __len__(self) -> int:
        return len(self.place)

    def some(self, rows: Any) -> Candidates:
        """A few candidates, as arrays."""
        return Candidates(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def join(axes: Axes, index: CellIndex, sized: Sized, load: Load, p: Mapping[str, float]) -> Candidates:
    """Every cell that fits, in every place that rents or owns its device, then the hosted models."""
    hosted = _hosted(axes, load, p)
    own = _own(index, sized)
    shared = {name: np.concatenate([own[name], hosted[name]]) for name in own}
    placed = _placed(axes, index, sized, own["n_devices"], load, p)
    numbers = [*(number for number, *_ in placed), *hosted["place"]]
    counts = [*(len(rows) for _, rows, *_ in placed), *(1 for _ in hosted["place"])]
    place = np.repeat(narrow(np.array(numbers, dtype=int)), np.array(counts, dtype=int))
    last = np.arange(len(hosted["place"]), dtype=np.int32)
    row = np.concatenate([*(rows for _, rows, *_ in placed), last + np.int32(len(sized.rows))])
    units = np.concatenate([*(units for _, _, units, _ in placed), np.zeros_like(last)])
    usd = np.concatenate([*(usd for *_, usd in placed), hosted["infra_usd"]])
    doubt = np.array([p[doubt_of_cost(q)] for q in axes.places] or [np.nan])
    bought = np.array([q.purchase_usd or 0.0 for q in axes.places] or [np.nan])
    return Candidates(
        **{name: Column(values, row) for name, values in shared.items()},
        place=place,
        units=units,
        infra_usd=usd,
        once_usd=Column(bought, place) * units if bought.any() else Column(np.zeros(len(bought)), place),
        cost_spread=Column(doubt, place),
    )


def _own(index: CellIndex, sized: Sized) -> Columns:
    """What follows from a cell that fits."""
    rows = sized.rows
    group = (index.tp * index.pp)[rows].astype(float)
    return {
        "cell": rows.astype(np.int32),
        "model": index.model[rows],
        "engine": index.engine[rows],
        "precision": index.precision[rows],
        "device": index.device[rows],
        "replicas": sized.replicas,
        "spare": sized.spare,
        "n_devices": sized.replicas * group,
        "first_token_ms": sized.first_token_ms,
        "first_token_p95_ms": sized.first_token_p95_ms,
        "per_output_token_ms": sized.per_output_token_ms,
        "request_p95_ms": sized.request_p95_ms,
        "requests_per_s": sized.requests_per_s,
        "first_token_spread": sized.first_token_spread,
        "token_spread": sized.token_spread,
        "request_spread": sized.request_spread,
        "rate_spread": sized.rate_spread,
        "kv8": sized.kv_bits < 16.0,
    }


def _placed(
    axes: Axes, index: CellIndex, sized: Sized, n_devices: Any, load: Load, p: Mapping[str, float]
) -> list[tuple[int, Any, Any, Any]]:
    """Cells that fit in the places of their device: place, rows of `sized`, units, USD a month."""
    devices = index.device[sized.rows]
    order = np.argsort(devices, kind="stable").astype(np.int32)
    bounds = np.searchsorted(devices[order], np.arange(len(axes.devices) + 1))
    names = {(d.id, d.pool): i for i, d in enumerate(axes.devices)}
    held: dict[tuple[int, int, bool], tuple[Any, Any]] = {}
    found = []
    for number, place in enumerate(axes.places):
        device = names.get((place.device or "", place.pool), NONE)
        if device == NONE:
            continue
        key = (device, place.count, place.count >= 8 or place.available is not None)
        if key not in held:
            held[key] = _held(index, sized, order[bounds[device] : bounds[device + 1]], *key[1:])
        chosen, n_units = held[key]
        if len(chosen):
            watts = axes.devices[device].device.tdp_w or np.nan
            usd = _usd(place, n_units, n_devices[chosen], watts, load, p)
            found.append((number, chosen, n_units, usd))
    return found


def _held(index: CellIndex, sized: Sized, rows: Any, count: int, joined: bool) -> tuple[Any, Any]:
    """Those of some cells that machines of `count` devices hold, and how many machines; `joined`: a
    replica may spread over several of them."""
    cell = sized.rows[rows]
    group = index.tp[cell] * index.pp[cell]
    kept = (index.tp[cell] <= count) & ((group <= count) | joined)
    rows, groups = rows[kept], group[kept].astype(float)
    replicas = sized.replicas[rows]
    per_unit = np.floor(count / groups)
    units = np.where(
        per_unit >= 1.0,
        np.ceil(replicas / np.maximum(per_unit, 1.0)),
        replicas * cost.whole_units(np, groups, count),
    )
    return rows, units.astype(np.int32)


def _usd(place: Place, units: Any, n_devices: Any, watts: float, load: Load, p: Mapping[str, float]) -> Any:
    """Bill of a month: rent, or the power of owned devices; nan where it is not known."""
    if place.usd_per_month is not None:
        return units * place.usd_per_month
    if place.usd_per_hour is not None:
        active = load.active_fraction if load.scenario == "offline" else 1.0
        usd = cost.rented(place.usd_per_hour, units, active)
        return usd * (p["cost.spot_rework"] if place.spot else 1.0)
    if place.hosting == "on_prem":
        return cost.power(watts, n_devices, p["cost.power_overhead"], p["cost.usd_per_kwh"])
    return np.full(len(units), np.nan)


def doubt_of_cost(place: Place) -> str:
    """Parameter that says p90 over p50 of the infrastructure in a place."""
    if place.hosting in HOSTED:
        return "cost.spread.hosted"
    if place.spot:
        return "cost.spread.spot"
    if place.guessed:
        return "cost.spread.bought"
    paid = place.usd_per_hour is not None or place.usd_per_month is not None
    return "cost.spread.rented" if paid else "cost.spread.owned"


def _hosted(axes: Axes, load: Load, p: Mapping[str, float]) -> Columns:
    """Hosted models in the regions where their vendor processes."""
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
    none = np.full(size, NONE, dtype=np.int16)
    times = serving.hosted(first, each, p["api.tail"], load.output_tokens)
    return {
        "cell": none,
        "model": np.array([m for m, _ in pairs], dtype=np.int16),
        "engine": none,
        "precision": none,
        "device": none,
        "place": np.array([i for _, i in pairs], dtype=int),
        "replicas": np.zeros(size),
        "spare": np.zeros(size),
        "n_devices": np.zeros(size),
        "infra_usd": np.array([place_usd(axes, m, i, load) for m, i in pairs], dtype=float),
        **times,
        "requests_per_s": np.full(size, np.nan),
        **{name: np.full(size, p["api.spread"]) for name in SPREADS},
        "rate_spread": np.full(size, np.nan),
        "kv8": np.zeros(size, dtype=bool),
    }


def place_usd(axes: Axes, model: int, place: int, load: Load) -> float:
    """API bill of a month in USD; nan where the price list lacks what the load needs."""
    from selector.estimate.requests import request_usd

    api, where = axes.models[model].api, axes.places[place]
    assert api is not None
    if where.usd_per_month is not None:
        return where.usd_per_month
    if where.usd_per_mtok is not None:
        return at_one_price(load, where.usd_per_mtok)
    if where.hosting == "managed_dedicated":
        return math.nan  # on request
    batch = where.hosting == "api_batch"
    usd = request_usd(api, load, batch, axes.days)
    if usd is None or load.requests_per_month is None:
        return float("nan")
    return usd * load.requests_per_month


def at_one_price(load: Load, usd_per_mtok: float) -> float:
    """Bill of a month where every token costs the same; nan where the volume is not known."""
    tokens = (load.requests_per_month or math.nan) * (load.input_tokens + load.output_tokens)
    return tokens / 1e6 * usd_per_mtok
