"""Pins on facts of the chosen options, which only whole candidates show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selector.decide.match import like

if TYPE_CHECKING:
    from selector.decide.recommend import Run


def reasons(run: Run) -> list[tuple[str, Any]]:
    """Named bool columns: candidates that do not have a pinned property."""
    pins = run.req.pins
    described: dict[str, tuple[object, ...]] = dict(pins.others)
    replicas = tuple({"replicas": q.replicas} for q in pins.layout if q.replicas)
    if replicas:
        described["layout"] = replicas
        if run.wanted.devices and all(q.count for q in run.wanted.devices):
            # So many replicas on so many devices: none of them may stand idle.
            described["hardware"] = pins.hardware
    found = like(run, described)
    return [(f"pins.{axis}", ~column) for axis, column in found.columns.items()]
