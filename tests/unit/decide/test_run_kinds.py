"""What a model is to a trainer stands in the packs and is not guessed from its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml

from selector.decide.axes import ModelOption
from selector.decide.runs import kinds
from selector.packs.catalog import Catalogue
from selector.types.catalog import ROLES, Model
from selector.types.decision import Recommendation
from selector.types.plan import Plan

Ranked = Callable[..., Recommendation]

OPEN = ("vision", "time_series", "recommendation")  # roles whose class says little of their layers
OWN = "deployment: {hosting: [on_prem], inventory: [{hardware: l4-24gb, count: 1}]}\n"
DATA = "data: {training_examples: 5000}\n"


def option(model: Model) -> ModelOption:
    return ModelOption(model.id, model, None, ROLES.get(model.model_class, "llm"), {})


@pytest.mark.parametrize(
    ("model", "backbone", "sgd"),
    [
        ("timm/resnet50.a1_in1k", "cnn", True),
        ("timm/repvit_m1_1.dist_450e_in1k", "cnn", True),
        ("timm/convnext_tiny.fb_in22k_ft_in1k", "cnn", False),
        ("timm/vit_base_patch16_224.augreg_in21k_ft_in1k", "transformer", False),
        ("D-FINE-l", "cnn", True),
        ("DeepAR", "rnn", False),
        ("implicit ALS", "factorisation", False),
        ("auto_arima (statsforecast)", "linear", False),
        ("PriorLabs/TabPFN-v2", "in_context", False),
        ("XGBoost", "tree", False),
    ],
)
def test_layers_are_those_of_the_model(catalogue: Catalogue, model: str, backbone: str, sgd: bool) -> None:
    one = option(catalogue.models[model])
    assert kinds.backbone(one) == backbone
    assert kinds.descends(one, "image-classification") == sgd
    assert not kinds.descends(one, "object-detection")


def test_models_whose_class_leaves_it_open_state_their_layers(catalogue: Catalogue) -> None:
    silent = [m.id for m in catalogue.models.values() if ROLES.get(m.model_class) in OPEN and not m.backbone]
    assert silent == []


def test_a_vision_model_of_unknown_layers_is_not_guessed(catalogue: Catalogue) -> None:
    known = catalogue.models["timm/resnet50.tv_in1k"]
    layers = replace(known, id="own/vit-detr-former", backbone=None)
    assert kinds.backbone(option(layers)) == "cnn"
    assert kinds.backbone(option(replace(layers, architecture=None))) == "other"


def planned(ranked: Ranked, task: str, model: str, more: str = "") -> Plan:
    text = f"application: {{task: {task}}}\npins: {{model: ['{model}']}}\n{OWN}{DATA}{more}"
    found = ranked(text, top=1).plan
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "more", "fire", "quiet"),
    [
        ("timm/resnet50.a1_in1k", "", {"TEC-114", "TEC-222", "TEC-131"}, {"TEC-113", "TEC-214", "TEC-111"}),
        (
            "timm/resnet50.a1_in1k",
            "adaptation: {method: pretrain}\n",
            {"TEC-113", "TEC-214"},
            {"TEC-114", "TEC-222"},
        ),
        (
            "timm/convnext_tiny.fb_in22k_ft_in1k",
            "",
            {"TEC-111", "TEC-223"},
            {"TEC-131", "TEC-114", "TEC-133"},
        ),
    ],
)
def test_recipes_follow_layers_and_start(
    ranked: Ranked, model: str, more: str, fire: set[str], quiet: set[str]
) -> None:
    plan = planned(ranked, "image-classification", model, more)
    rules = {line.rule for line in plan.lines}
    assert fire <= rules
    assert rules.isdisjoint(quiet)


def test_the_rate_says_the_batch_it_is_for(ranked: Ranked) -> None:
    plan = planned(ranked, "image-classification", "timm/resnet50.a1_in1k")
    line = next(x for x in plan.lines if x.rule == "TEC-222")
    assert line.settings["limits"] == {"batch_of_rate": 512}
    settings = yaml.safe_load(next(f.text for f in plan.fragments if f.name == "trainer.yaml"))
    assert settings["optim"] == "sgd"
    assert settings["learning_rate"] <= 0.003


def test_every_role_says_its_modality_and_methods(catalogue: Catalogue) -> None:
    assert set(catalogue.roles) == set(ROLES.values())
