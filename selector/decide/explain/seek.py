"""A candidate of a run by its slots, and how it stands against another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from selector.decide import show, switching
from selector.decide.gate import CRITERIA
from selector.decide.robust import acceptability, additive, doubt, sampling, summary

SIZE = ("n_devices", "layout")

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.decide.recommend import Run


def row(study: Study, slots: Mapping[str, Any]) -> int | None:
    """The candidate with these slots, whatever its mitigations and adaptation; of several, which differ
    in their cache, the best. None where there is none."""

    wanted = {k: slots[k] for k in SIZE}
    for one in _best_first(study, slots):
        found = show.slots(study.run, one).as_dict()
        if {k: found[k] for k in SIZE} == wanted:
            return one
    return None


def resized(study: Study, slots: Mapping[str, Any]) -> int | None:
    """The best candidate that is the same but for how many devices it takes and how it spreads over them,
    those that pass before the others; None where there is none."""
    import numpy as np

    rows = _best_first(study, slots)
    passing = np.isin(rows, study.ranking.allowed)
    return next((r for r, ok in zip(rows, passing, strict=True) if ok), rows[0] if rows else None)


def _best_first(study: Study, slots: Mapping[str, Any]) -> list[int]:
    if not len(study.run.stacks):
        return []
    return _ordered(study, _alike(study.run, slots))


def _ordered(study: Study, mask: Any) -> list[int]:
    """Candidates of a mask as the ranking orders them."""
    import numpy as np

    return list(additive.order(study.ranking.chain, np.nonzero(mask)[0]))


def _alike(run: Run, slots: Mapping[str, Any]) -> Any:
    """True for candidates with the same model, place, engine, precision and device."""
    import numpy as np

    s, axes = run.stacks, run.axes
    offers = [(q.hosting, show.offer(q)) for q in axes.places]
    found = np.isin(np.asarray(s.model), _ids([m.id for m in axes.models], slots["model"]))
    found &= np.isin(np.asarray(s.place), _ids(offers, (slots["hosting"], slots["offer"])))
    named = (
        (s.engine, [e.id for e in axes.engines], slots["engine"]),
        (s.precision, [q.id for q in axes.precisions], slots["precision"]),
        (s.device, [d.id for d in axes.devices], slots["hardware"]),
    )
    for column, ids, wanted in named:
        if wanted is not None:
            found &= np.isin(np.asarray(column), _ids(ids, wanted))
    return found


def _ids(known: list[Any], wanted: Any) -> list[int]:
    return [i for i, one in enumerate(known) if one == wanted]


def in_place(study: Study) -> int | None:
    """The stack in place that the requirements describe; of several alike the best. None: there is none."""
    import numpy as np

    if not len(study.run.stacks):
        return None
    return next(iter(_ordered(study, np.asarray(switching.stays(study.run)))), None)


def beats(study: Study, one: int, other: int) -> float:
    """Share of the draws of figures and weights in which one candidate is before another."""
    import numpy as np

    run, scored, p = study.run, study.ranking.scored, study.run.p
    rows = np.array([one, other])
    weights = np.array([scored.weights[c] for c in CRITERIA])
    draws = sampling.draw(
        doubt.figures(run, scored, rows),
        weights,
        scored.points[rows],
        p["robust.weight_spread"],
        int(p["robust.samples"]),
        summary.seed(study.inputs),
    )
    return float(acceptability.beats(draws.ranked, 1)[0])


def options(study: Study) -> dict[str, frozenset[str]]:
    """Ids that the candidates take, by slot."""
    import numpy as np

    s, axes = study.run.stacks, study.run.axes
    named: dict[str, tuple[Any, list[Any]]] = {
        "model": (s.model, [m.id for m in axes.models]),
        "engine": (s.engine, [e.id for e in axes.engines]),
        "precision": (s.precision, [q.id for q in axes.precisions]),
        "hardware": (s.device, [d.id for d in axes.devices]),
        "offer": (s.place, [show.offer(q) for q in axes.places]),
    }
    return {
        slot: frozenset(str(ids[i]) for i in np.unique(np.asarray(column)) if i >= 0 and ids[i] is not None)
        for slot, (column, ids) in named.items()
    }
