"""Hours of training on images rest on points of one device, at the size that models are trained at."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from selector.decide.runs import images
from selector.packs.catalog import Catalogue

POINTS = Path(__file__).parents[2] / "evidence" / "points" / "training" / "timm.csv"
PEAK = 71e12


def test_the_fractions_are_those_of_the_points(catalogue: Catalogue) -> None:
    """Each point: images a second times three passes over the operations of an image of its size."""
    p = {k: v.value for k, v in catalogue.parameters.items()}
    device = catalogue.devices["rtx-3090-24gb"]
    assert device.tflops_dense["bf16"] * 1e12 == PEAK
    models = {m.id.split("/")[-1].split(".")[0]: m for m in catalogue.models.values() if m.image_px}
    found: dict[str, list[float]] = {"plan.image_fraction": [], "plan.image_fraction.small": []}
    for row in csv.DictReader(POINTS.read_text(encoding="utf-8").splitlines()):
        known = models.get(row["model"])
        if known is not None:
            seen = replace(known, train_px=int(row["img_size"]))
            reached = 3.0 * images.flops(seen) * float(row["value"]) / PEAK
            found[images.fraction(seen, p)].append(reached)
    for key, values in found.items():
        told = catalogue.parameters[key]
        assert told.n == len(values)
        for stated, own in zip(
            (told.low, told.value, told.high), (min(values), median(values), max(values)), strict=True
        ):
            assert stated == pytest.approx(own, rel=0.03)


def test_operations_are_those_of_the_size_trained_at(catalogue: Catalogue) -> None:
    tuned, first = (catalogue.models[f"timm/resnet50.{tag}_in1k"] for tag in ("a1", "tv"))
    assert (tuned.gflops_per_item, first.gflops_per_item) == (13.6, 8.22)
    assert images.flops(tuned) == pytest.approx(images.flops(first), rel=1e-3)


def test_the_interval_is_wider_on_what_has_no_points(catalogue: Catalogue) -> None:
    p = {k: v.value for k, v in catalogue.parameters.items()}
    own, other = (catalogue.devices[d] for d in ("rtx-3090-24gb", "l4-24gb"))
    assert images.spread(1.0, 2.0, own, p) == 2.0
    assert images.spread(1.0, 2.0, other, p) == pytest.approx(2.0 ** p["training.width.unlisted"])
