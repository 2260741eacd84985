"""Lines of rules: facts in their settings, and searches of which just one is proposed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from selector.packs.catalog import Catalogue
from selector.plan import lines, search
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
    steps = transforms(catalogue, IMAGES | {"model.train_px": 448.0})
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


TRIALS = (0.0, 1.0, 7.0, 8.0, 17.0, 18.0, 60.0, 61.0, 1000.0)
PARALLEL = (1.0, 15.0, 16.0, 32.0)
HOURS = (0.05, 4.0, 4.1, 9.9, 100.0)
SPACES = ((1.0, 3.0), (3.0, 18.0), (3.0, 200.0), (4.0, 18.0), (7.0, 2000.0))
FITTED = (
    ("full", "encoder"),
    ("distill", "reranker"),
    ("lora", "encoder"),
    ("full", "vision"),
    ("lora", "llm"),
)
METHOD = ("TEC-201", "TEC-202", "TEC-203", "TEC-204", "TEC-205", "TEC-206", "TEC-207")


def searches(catalogue: Catalogue, facts: Mapping[str, object]) -> list[str]:
    return [rule for rule in METHOD if catalogue.condition(catalogue.rules[rule].when).evaluate(facts)]


def test_just_one_search_is_proposed_wherever_something_can_be_searched(catalogue: Catalogue) -> None:
    chosen = set()
    for trials, parallel, hours, (parameters, cells), (method, role) in itertools.product(
        TRIALS, PARALLEL, HOURS, SPACES, FITTED
    ):
        facts = {
            "plan.trials_paid": trials,
            "plan.parallel_trials": parallel,
            "plan.trial_hours": hours,
            "plan.parameters": parameters,
            "plan.grid_cells": cells,
            "plan.method": method,
            "model.role": role,
        }
        found = searches(catalogue, facts)
        assert len(found) == 1, (facts, found)
        chosen |= set(found)
    assert chosen == set(METHOD) - {"TEC-206"}


def test_a_search_of_unknown_trials_is_timed_first(catalogue: Catalogue) -> None:
    facts = {"plan.parameters": 3.0, "plan.grid_cells": 18.0, "plan.method": "full", "model.role": "encoder"}
    assert searches(catalogue, facts) == ["TEC-206"]


DOMAINS: tuple[dict[str, object], ...] = (
    {},
    {"req.domain": "health"},
    {"req.area": "credit_scoring"},
    {"req.decision_effect": "actuation"},
)
BACKBONES = ("transformer", "cnn", "rnn", "mlp", "tree", "linear", "factorisation", "in_context", "other")


def test_just_one_way_of_training_anew_is_proposed(catalogue: Catalogue) -> None:
    for pace, backbone, modality, more in itertools.product(
        ("rare", "monthly", "weekly", "often", "daily"), BACKBONES, ("tabular", "image"), DOMAINS
    ):
        facts = {"plan.retrained": pace, "plan.backbone": backbone, "plan.modality": modality, **more}
        ways = [x.rule for x in lines.fired(catalogue, facts) if x.settings.get("retraining")]
        assert len(ways) == 1, (facts, ways)
        assert not more or ways[0] in ("TEC-403", "TEC-404")


OWN_NAMES = {
    "XGBoost": "colsample_bytree",
    "LightGBM": "num_leaves",
    "CatBoost": "l2_leaf_reg",
    "scikit-learn HistGradientBoosting": "min_samples_leaf",
}


def test_boosted_trees_are_searched_by_the_names_of_their_own_tool(catalogue: Catalogue) -> None:
    assert {m.id for m in catalogue.models.values() if m.model_class == "tree"} == set(OWN_NAMES)
    for model, own in OWN_NAMES.items():
        facts = {"plan.backbone": "tree", "model.id": model, "plan.trained": True, "model.role": "tabular"}
        (line,) = lines.fired(catalogue, facts, spaces=True)
        assert set(OWN_NAMES.values()) & set(search.space([line])) == {own}
