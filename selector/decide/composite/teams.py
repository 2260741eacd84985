"""Several models that answer the same request together, and several tunings that become one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selector.decide import people
from selector.decide.composite import times
from selector.types.composite import AtRate, Composite, Technique

if TYPE_CHECKING:
    from selector.decide.composite.shares import Shares


def ensemble(shares: Shares, t: Technique) -> Composite | None:
    """The best stacks of different models, all of which answer every request; None where there are too
    few, or where what joins them lacks examples."""
    run, found = shares.run, shares.found
    members = _members(shares, t)
    if len(members) < t.members or (t.labelled and not run.req.data.training_examples):
        return None
    usd = shares.total(members, (shares.machines(row) for row in members))
    if usd is None or not shares.at_hand((row, float(run.stacks.n_devices[row])) for row in members):
        return None
    took = times.slowest(run.stacks, members, joined=True)
    return Composite(
        technique=t.id,
        kind=t.kind,
        title=t.title,
        parts=tuple(shares.part("member", row) for row in members),
        costs=(AtRate(None, usd),),
        rate_of="",
        alone=(shares.ref(shares.first),),
        alone_usd=shares.whole(shares.first),
        break_even=None,
        break_even_by="",
        quality=None,
        request_p95_ms=times.estimate(took),
        request_of="no less than the slowest member",
        limits=times.held(found, took),
        needs=t.needs,
        published=t.published,
    )


def _members(shares: Shares, t: Technique) -> list[int]:
    """The best row of each model, the recommended one first."""
    run, chain, one = shares.run, shares.found.chain, shares.first
    rows = np.asarray(shares.found.order.rows)
    kept = (chain.late[rows] == chain.late[one]) & ~np.isnan(run.stacks.infra_usd[rows])
    if t.own_weights:
        kept &= run.stacks.cell[rows] >= 0
    rows = rows[kept]
    _, first = np.unique(run.stacks.model[rows], return_index=True)
    best: dict[str, int] = {}
    for row in rows[np.sort(first)]:
        best.setdefault(_weights(shares, int(row)), int(row))
    found = list(best.values())[: t.members]
    return found if found and found[0] == one else []


def _weights(shares: Shares, row: int) -> str:
    """What two vendors of one model share."""
    option = shares.run.axes.models[int(shares.run.stacks.model[row])]
    return (option.api.open_model if option.api else None) or option.id


def merged(shares: Shares, t: Technique) -> Composite | None:
    """Several tuning runs of the recommended model in one set of weights; None where nothing is tuned."""
    run, one = shares.run, shares.first
    option = run.axes.models[int(run.stacks.model[one])]
    if shares.hosted(one) or option.role not in t.roles or not people.trained(option.method):
        return None
    usd, took = shares.whole(one), times.slowest(run.stacks, [one])
    return Composite(
        technique=t.id,
        kind=t.kind,
        title=t.title,
        parts=(shares.part("tuned", one),),
        costs=(AtRate(None, usd),),
        rate_of="",
        alone=(shares.ref(one),),
        alone_usd=usd,
        break_even=None,
        break_even_by="",
        quality=None,
        request_p95_ms=times.estimate(took),
        request_of="as the single model",
        limits=times.held(shares.found, took),
        needs=t.needs,
        published=t.published,
        notes=("serves as one model; each further run costs, once, what the plan says of one",),
    )
