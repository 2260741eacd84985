"""Publishers of weights have a row each, and the rules see where they sit."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from selector.check.gate import check
from selector.check.policy import Policy
from selector.decide.axes import ModelOption
from selector.decide.options import _hosted, _open
from selector.packs.catalog import Catalogue


@pytest.mark.parametrize(
    ("model", "origin"),
    [
        ("Qwen/Qwen3-8B", "cn"),
        ("zai-org/GLM-5.3", "cn"),
        ("google/gemma-3-27b-it", "us"),
        ("mistralai/Mistral-Nemo-Instruct-2407", "eu"),
        ("hexgrad/Kokoro-82M", None),
    ],
)
def test_origin_of_weights(model: str, origin: str | None, catalogue: Catalogue, tmp_path: Path) -> None:
    option: ModelOption = _open(catalogue.models[model], catalogue)
    assert option.facts.get("model.origin") == origin
    path = tmp_path / "selector.stack.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "stack": {"model": model, "hosting": "on_prem"}}))
    found = check(path, Policy(names=()), catalogue, date(2026, 11, 24))
    assert found is not None
    assert next(iter(found.rule_facts.values())).get("model.origin") == origin


def test_origin_of_a_hosted_model_is_that_of_its_weights(catalogue: Catalogue) -> None:
    api = next(a for a in catalogue.apis.values() if a.vendor == "nebius" and a.open_model)
    twin = catalogue.models[api.open_model or ""]
    assert _hosted(api, catalogue).facts.get("model.origin") == catalogue.origin(twin)
