"""What one stack rests on that nobody stated or published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selector.decide.limits import AT_RISK, VIOLATED
from selector.types.decision import AssumptionRow

if TYPE_CHECKING:
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

SOFT = {
    AT_RISK: "an assumed limit that it keeps in the middle case only",
    VIOLATED: "an assumed limit that it does not keep",
}


def rows(run: Run, scored: Scored, row: int) -> tuple[AssumptionRow, ...]:
    """Stand-ins behind the figures of this stack, beside the assumptions of the requirements."""
    s = run.stacks
    place = run.axes.places[int(s.place[row])]
    model = run.axes.models[int(s.model[row])]
    found: list[AssumptionRow] = []
    if int(s.cell[row]) < 0:
        found += [_parameter(run, k) for k in ("api.first_token_ms", "api.per_output_token_ms")]
    index = run.quality_of[int(s.model[row])]
    if not index.known:
        found.append(AssumptionRow("quality_index", None, "quality.prior", index.why, "models pack"))
    if place.as_of is None and place.usd_per_hour is not None:
        found.append(
            AssumptionRow("price.date", None, "offer", "nobody says of when this price is", place.source)
        )
    if int(s.cell[row]) >= 0:
        found += _own(run, row, model.id)
    for cap, column in zip(scored.limits, scored.status, strict=True):
        why = SOFT.get(int(column[row]))
        if not cap.hard and why:
            found.append(AssumptionRow(cap.id, cap.cap, "default", why, "judgement"))
    return tuple(found)


def _own(run: Run, row: int, model: str) -> list[AssumptionRow]:
    s, found = run.stacks, []
    shape = run.index.shapes.get(model)
    if shape is not None and not shape.known:
        why = "the dimensions of the model are not published: its cache and layers are stood in for"
        found.append(
            AssumptionRow("model.dimensions", None, "memory.kv_bytes_per_token_unknown", why, "judgement")
        )
    if bool(run.kv8[row]):
        why = "a 16-bit cache does not fit; quality by the recoveries of the compression pack"
        found.append(AssumptionRow("kv_precision", "fp8", "cache.auto", why, "compression pack"))
    place = run.axes.places[int(s.place[row])]
    spare = run.req.availability.spare_replicas or 0
    wants = spare and "availability.spare_replicas" in run.assumed
    if wants and place.available is not None and _short(run, row, place.available):
        why = f"the devices on hand hold no spare replica, {spare} wanted for the availability"
        found.append(AssumptionRow("availability.spare_replicas", 0, "spare.devices", why, "inventory"))
    return found


def _short(run: Run, row: int, available: int) -> bool:
    """True where one more replica would not have fitted, so that a spare one is missing or the last."""
    s = run.stacks
    group = float(s.n_devices[row] / s.replicas[row])
    return float(s.n_devices[row]) + group > available and float(s.replicas[row]) <= 1.0


def _parameter(run: Run, key: str) -> AssumptionRow:
    p = run.cat.parameters[key]
    return AssumptionRow(key, p.value, "parameter", p.note or "stand-in", p.source or "judgement")
