"""Areas of application and the choice of a framework, as decisions show them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from selector.cli.session import completed, decide
from selector.decide import trainers
from selector.needs import starter
from selector.needs.facts import requirement_facts
from selector.needs.load import from_document, load_document
from selector.packs.catalog import Catalogue
from selector.packs.reader import parse

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("area", "model"), [("credit_scoring", "CatBoost"), ("perception", "D-FINE-l")], ids=["tables", "vehicle"]
)
def test_a_first_file_is_decided_with_what_the_area_always_has(
    area: str, model: str, catalogue: Catalogue
) -> None:
    stated = from_document(parse(starter.text(area, catalogue), "reqs.yaml"))
    found = decide(stated, catalogue, 3, False, False, TODAY)
    first = found.stacks[0]
    assert first.slots.model == model
    assert {r.mitigation for r in catalogue.areas[area].mandatory} <= set(first.slots.mitigations)
    assert any(f"is required in {area}" in line for line in found.acceptances)


@pytest.mark.parametrize("area", ["planning", "control"])
def test_what_the_packs_lack_is_said_until_the_user_names_it(area: str, catalogue: Catalogue) -> None:
    stated = from_document(parse(starter.text(area, catalogue), "reqs.yaml"))
    told = [
        f for f in decide(stated, catalogue, 1, False, False, TODAY).stacks[0].findings if f.rule == "DOM-032"
    ]
    assert told
    assert "packs hold no planner or controller" in told[0].title
    assert "pins.model" in (told[0].fix or "")
    text = starter.text(area, catalogue) + "\npins: {model: [{name: our-planner, params_b: 0.05}]}\n"
    named = decide(from_document(parse(text, "reqs.yaml")), catalogue, 1, False, False, TODAY)
    assert named.stacks[0].slots.model == "our-planner"
    assert not [f for f in named.stacks[0].findings if f.rule == "DOM-032"]


def weigh(
    cat: Catalogue, device: str, role: str, stack: dict[str, object], **need: Any
) -> dict[str, float | None]:
    """Points of each framework that trains a role on a device; None where a rule refuses it."""
    stated = load_document({"application": {"task": "image-classification"}, **need}, "test")
    method = str(stack["adaptation"])
    names = trainers.frameworks(cat.frameworks.values(), method, role, cat.devices[device], "")
    asked = completed(stated, cat).requirement
    known = {**requirement_facts(asked), "model.access": "open_weights", **stack}
    found = trainers.weigh(cat, names, role, asked, known, TODAY)
    return {w.id: None if w.refused else w.points for w in found}


def test_tuning_takes_the_framework_that_the_weights_are_published_for(catalogue: Catalogue) -> None:
    found = weigh(catalogue, "l4-24gb", "vision", {"adaptation": "full"})
    assert found["pytorch"] == 4
    assert found["tensorflow"] is None
    assert found["paddlepaddle"] is None
    order = trainers.ordered(
        catalogue,
        ("tensorflow", "pytorch", "deepspeed"),
        (
            trainers.Weighed("pytorch", 4, ()),
            trainers.Weighed("tensorflow", 0, (), catalogue.rules["FWK-001"]),
        ),
    )
    assert order == ("pytorch", "deepspeed")


def test_the_library_to_take_first_is_data(catalogue: Catalogue) -> None:
    found, judged = ("pytorch", "megatron-core", "torchtitan", "trl"), (trainers.Weighed("pytorch", 4, ()),)
    assert trainers.ordered(catalogue, found, judged)[:2] == ("trl", "pytorch")
    split = trainers.ordered(catalogue, found, judged, split=True)
    assert split[:3] == ("megatron-core", "torchtitan", "pytorch")


def test_a_model_of_ones_own_follows_skills_and_devices(catalogue: Catalogue) -> None:
    """TensorFlow: known to the team (3), reaches browsers by itself (2), no release for eight months (-3)."""
    own: dict[str, object] = {"adaptation": "pretrain", "model.access": "own"}
    need = {"team": {"skills": {"tensorflow": "high"}}, "deployment": {"targets": ["browser"]}}
    found = weigh(catalogue, "l4-24gb", "vision", own, **need)
    assert found["tensorflow"] == 2
    assert found["pytorch"] == 0
    assert found["paddlepaddle"] is None


def test_other_hardware_has_other_frameworks(catalogue: Catalogue) -> None:
    assert set(weigh(catalogue, "tpu-v5e-16gb", "llm", {"adaptation": "full"})) == {"jax", "flax"}
    ascend = weigh(
        catalogue,
        "ascend-910b-64gb",
        "llm",
        {"adaptation": "full"},
        deployment={"portability": ["accelerator_vendor"]},
    )
    assert ascend["mindspore"] == -3
    assert ascend["torch-npu"] == 1
