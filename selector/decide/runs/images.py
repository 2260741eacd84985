"""Hours of training on images: the operations of the model at the size that it is trained at.

The points behind the fraction are of classification on few devices; the registry says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selector.decide import train
from selector.estimate import training as formulas
from selector.types.catalog import Device, Model
from selector.types.training import TrainingRun

FRACTION = "plan.image_fraction"


def flops(model: Model) -> Any:
    """Operations of one image forward; 0 where nobody publishes them."""
    found: Any = (model.gflops_per_item or 0.0) * 1e9
    if model.train_px and model.image_px:
        found = found * (model.train_px / model.image_px) ** 2
    return found


def fraction(model: Model, p: Mapping[str, float]) -> str:
    """Parameter with the fraction of the peak that a model reaches."""
    return f"{FRACTION}.small" if flops(model) < p["plan.image_small"] * 1e9 else FRACTION


def hours(model: Model, device: Device, images: Any, p: Mapping[str, float]) -> Any:
    """Device hours of so many images; 0 where operations or peak are not published."""
    peak = train.peak(device, TrainingRun("full", 1.0))
    if not flops(model) or not peak:
        return 0.0
    reached = p[fraction(model, p)] * p.get(_measured_on(device), 1.0)
    return formulas.device_hours(
        images, formulas.image_seconds(flops(model), peak, reached), p["training.goodput"]
    )


def spread(nearer: Any, farther: Any, device: Device, p: Mapping[str, float]) -> Any:
    """Ratio of a quantile to the middle: as of the points, wider for an architecture without any."""
    ratio = farther / nearer
    return ratio if measured(device, p) else ratio ** p["training.width.unlisted"]


def measured(device: Device, p: Mapping[str, float]) -> bool:
    """Whether points of the architecture of a device are at hand."""
    return _measured_on(device) in p


def _measured_on(device: Device) -> str:
    return f"{FRACTION}.arch.{device.arch or device.id}"
