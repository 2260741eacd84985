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
    found = like(run, described)
    return [(f"pins.{axis}", ~column) for axis, column in found.columns.items()]
