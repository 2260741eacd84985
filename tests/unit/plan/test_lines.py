"""Lines of rules: facts in their settings, and searches of which just one is proposed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from selector.packs.catalog import Catalogue
from selector.plan import lines
from selector.plan.lines import FACT

IMAGES = {
    "plan.modality": "image",
    "plan.trained": True,
    "req.task": "image-classification",
    "data.examples_level": "enough",
}


def transforms(catalogue: Catalogue, facts: Mapping[str, object]) -> object:
    found = {x.rule: x for x in lines.fired(catalogue, facts)}
    return found["TEC-141"].settings["transforms"]


def test_crops_are_of_the_size_that_the_model_reads(catalogue: Catalogue) -> None:
    steps = transforms(catalogue, IMAGES | {"model.image_px": 448.0})
    assert steps == [{"RandomResizedCrop": {"size": 448}}, {"RandAugment": {"num_ops": 2, "magnitude": 9}}]


def test_a_step_whose_fact_is_unknown_is_left_out(catalogue: Catalogue) -> None:
    assert transforms(catalogue, IMAGES) == [{"RandAugment": {"num_ops": 2, "magnitude": 9}}]


def test_facts_in_settings_are_in_the_vocabulary(catalogue: Catalogue) -> None:
    named = {name for rule in catalogue.rules.values() for name in facts_in(rule.settings)}
    assert named
    assert named <= set(catalogue.raw.single["vocabulary"]["facts"])


def facts_in(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == {FACT}:
            yield str(value[FACT])
        for inner in value.values():
            yield from facts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from facts_in(inner)


def test_nothing_for_single_classes_is_done_to_boxes(catalogue: Catalogue) -> None:
    boxes = {x.rule for x in lines.fired(catalogue, IMAGES | {"req.task": "object-detection"})}
    assert boxes.isdisjoint({"TEC-141", "TEC-143"})
    assert {"TEC-142", "TEC-150"} <= boxes
