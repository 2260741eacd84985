"""Enumeration and sizing of many cells against loops over one cell after the other."""

import random
from dataclasses import fields

import numpy as np
import pytest

from selector.decide import cells, generate, tuning
from selector.decide.axes import Axes, DeviceOption, EngineOption, ModelOption, Place, PrecisionOption
from selector.decide.enumerate import CellIndex, Refusals, enumerate_cells
from selector.decide.layouts import layouts
from selector.decide.runnable import SMALL_CACHE, considered
from selector.decide.spare import Spare
from selector.estimate import sizing
from selector.packs.catalog import load
from selector.packs.support import SupportTable, newest
from selector.types.catalog import ROLES
from selector.types.load import Cell, Load

CAT = load()
P = {k: v.value for k, v in CAT.parameters.items()}
TABLE = SupportTable(CAT.support, newest(CAT.frameworks))
CONTEXT = 8192.0
COUNTS = (1, 2, 3, 4, 8, 16)
Found = tuple[int, int, int, int, int, int, bool, str | None]


def some_axes(seed: int) -> Axes:
    """A few options of each slot, and places of several sizes, one of them owned."""
    choice = random.Random(seed)
    engines = sorted({r.engine for r in CAT.support} & set(CAT.frameworks))
    devices = choice.sample(sorted(CAT.devices), 5)
    places = [place(d, choice.choice(COUNTS), None) for d in devices for _ in range(2)]
    places.append(place(devices[0], 4, 6))
    return Axes(
        models=[
            ModelOption(m, CAT.models[m], None, ROLES.get(CAT.models[m].model_class, "llm"), {})
            for m in choice.sample(sorted(CAT.models), 12)
        ],
        engines=[EngineOption(e, CAT.frameworks[e], {}) for e in choice.sample(engines, 8)],
        precisions=[PrecisionOption(q, CAT.precisions[q], {}) for q in CAT.precisions],
        devices=[
            *(DeviceOption(d, CAT.devices[d], {}) for d in devices),
            DeviceOption(devices[0], CAT.devices[devices[0]], {}, pool=places[-1].id),
        ],
        places=places,
    )


def place(device: str, count: int, available: int | None) -> Place:
    return Place(
        id=f"{device}-{count}-{available}",
        hosting="on_prem" if available else "self_hosted_cloud",
        region="us",
        offer=None,
        device=device,
        count=count,
        available=available,
        usd_per_hour=None if available else 1.0,
        facts={},
        free_memory_bytes=20e9 if available else None,
    )


def span(axes: Axes, device: DeviceOption) -> tuple[int, int]:
    """Devices at most in a replica, and in a machine."""
    own = [q for q in axes.places if (q.device, q.pool) == (device.id, device.pool)]
    most = [q.available or (q.count * 4 if q.count >= 8 else q.count) for q in own]
    return max(most), max(q.count for q in own)


def plain(axes: Axes, explain: bool) -> tuple[list[Found], Refusals]:
    """Cells by nested loops, and refusals as they are met."""
    found: list[Found] = []
    refusals = Refusals({})
    for mi, option in enumerate(axes.models):
        model = option.model
        assert model is not None
        shp = cells.shape(model, P)
        for di, device in enumerate(axes.devices):
            room = cells.memory_bytes(device.device, P)
            for ei, engine in enumerate(axes.engines):
                if not explain and not TABLE.runs_any(engine.id, device.device, option.role):
                    continue
                old = TABLE.too_old(engine.id, model)
                if old is not None:
                    refusals.add(old, model.id)
                    continue
                allowed = layouts(model, engine.framework, option.role, *span(axes, device))
                small = TABLE.look_up(engine.id, device.device, SMALL_CACHE, model, option.role)
                for ri, precision in enumerate(axes.precisions):
                    if not considered(model, precision.precision, option.role, False):
                        continue
                    answer = TABLE.look_up(engine.id, device.device, precision.id, model, option.role)
                    if answer.status != "yes":
                        if explain and answer.row is not None:
                            note = answer.row.note or f"support is {answer.status}"
                            where = device.device.arch or device.id
                            refusals.add(f"{engine.id} {precision.id} on {where}: {note}", option.id)
                        continue
                    need = shp.total * precision.precision.bits_weights / 8.0
                    roomy = P["search.roomy"] * room - shp.kv_per_token * CONTEXT / shp.kv_shards
                    for tp, pp in allowed:
                        crowded = need > P["search.hopeless"] * room * tp * pp
                        if not explain and len(allowed) > 1 and (crowded or (pp > 1 and need <= roomy * tp)):
                            continue
                        kv8 = option.role == "llm" and small.status == "yes"
                        found.append((mi, ei, ri, di, tp, pp, kv8, answer.compute))
    return found, refusals


def enumerated(axes: Axes, explain: bool) -> tuple[CellIndex, Refusals]:
    refusals = Refusals({})
    return enumerate_cells(axes, TABLE, P, refusals, [], explain, False, CONTEXT), refusals


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("explain", [False, True])
def test_enumeration_is_that_of_plain_loops(seed: int, explain: bool) -> None:
    axes = some_axes(seed)
    wanted, told = plain(axes, explain)
    index, refusals = enumerated(axes, explain)
    names = ("model", "engine", "precision", "device", "tp", "pp", "kv8")
    assert list(zip(*(getattr(index, n).tolist() for n in names), strict=True)) == [w[:7] for w in wanted]
    assert list(refusals.counts.items()) == list(told.counts.items())


@pytest.mark.parametrize("seed", range(6))
def test_numbers_of_cells_are_those_of_one(seed: int) -> None:
    axes = some_axes(seed)
    wanted, _ = plain(axes, False)
    index, _ = enumerated(axes, False)
    assert index.cell is not None
    rows = random.Random(seed).sample(range(len(wanted)), min(60, len(wanted)))
    found = index.cell.take(np.array(rows))
    for position, row in enumerate(rows):
        mi, ei, ri, di, tp, pp, _, compute = wanted[row]
        one = alone(axes, mi, ei, ri, di, tp, pp, compute)
        for field in fields(Cell):
            # Factors of measurements are plain numbers where nothing was measured.
            column = np.broadcast_to(getattr(found, field.name), len(rows))
            np.testing.assert_equal(column[position], getattr(one, field.name))


def alone(axes: Axes, mi: int, ei: int, ri: int, di: int, tp: int, pp: int, compute: str | None) -> Cell:
    model, device, precision = axes.models[mi].model, axes.devices[di], axes.precisions[ri].precision
    assert model is not None
    free = 20e9 if device.pool else None
    shp, engine = cells.shape(model, P), axes.engines[ei].id
    return cells.scalar_cell(
        [
            cells.model_part(shp),
            cells.device_part(device.device, engine, free, False, P),
            cells.format_part(model, device.device, precision, compute),
            cells.layout_part(tp, pp),
            tuning.tuning_part(device.device, engine, shp, tp * pp, precision, P),
        ]
    )


LOADS = [
    Load(900.0, 2500.0, 250.0, 4096.0, peak_requests_per_second=10.0, per_output_token_limit_s=0.02),
    Load(200.0, 900.0, 20.0, 2048.0, peak_requests_per_second=2.0, per_output_token_limit_s=0.005),
    Load(4000.0, 9000.0, 300.0, 9500.0, peak_requests_per_second=0.5),
    Load(900.0, 2500.0, 250.0, 4096.0, scenario="offline", concurrency=64.0),
    Load(900.0, 2500.0, 250.0, 4096.0, scenario="single_stream", peak_requests_per_second=1.0),
]


@pytest.mark.parametrize("load_", LOADS)
def test_halving_and_leaving_out_find_what_trying_everything_finds(load_: Load) -> None:
    index, _ = enumerated(some_axes(3), False)
    assert index.cell is not None
    c = index.cell.take(slice(None))
    free = Spare(0, True)
    caps = np.full(len(index.cell), np.inf)
    found = generate.carry(c, index.kv8, load_, free, caps, "16", P)
    mem = sizing.ledger(np, c, load_, P)
    rows = np.nonzero(found.fits)[0]
    assert len(rows)
    np.testing.assert_array_equal(found.capacity[rows], sizing.capacity(np, c, load_, mem, P)[rows])
    some = c.take(rows)
    inside = generate.some(mem, rows)
    answered = generate.answer_ms(some, load_, inside, found.rate[rows], found.batch[rows], P)
    held = sizing.settled(np, some, load_, inside, found.rate[rows], found.batch[rows], P)
    times = sizing.times(np, some, load_, held, found.rate[rows], P)
    np.testing.assert_array_equal(answered["first_token_ms"], times.first_token * 1e3)
    np.testing.assert_array_equal(answered["per_output_token_ms"], times.per_output_token * 1e3)


def test_cells_of_equal_numbers_stand_for_each_other() -> None:
    index, _ = enumerated(some_axes(5), False)
    assert index.cell is not None
    first, which = index.cell.alike(index.kv8)
    assert len(first) <= len(index.cell) == len(which)
    whole, some = index.cell.take(slice(None)), index.cell.take(first)
    for field in fields(Cell):
        column = np.broadcast_to(getattr(some, field.name), len(first))
        np.testing.assert_array_equal(np.broadcast_to(getattr(whole, field.name), len(which)), column[which])
