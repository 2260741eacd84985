"""Areas of application: what they supply, that stated values stand, and a first file for each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from selector.errors import UsageError
from selector.needs import areas, starter
from selector.needs.components import expand
from selector.needs.contradictions import contradictions
from selector.needs.defaults import Resolved, complete
from selector.needs.load import Stated, load, load_document
from selector.packs.catalog import Catalogue

AREAS = {
    *("diagnosis", "drug_discovery", "treatment", "credit_scoring", "risk_assessment", "robo_advice"),
    *("fault_prediction", "quality_control", "process_optimisation", "perception", "planning", "control"),
    *("speech_recognition", "speech_synthesis", "voice_interaction"),
}


def resolved(cat: Catalogue, application: dict[str, Any], **more: Any) -> Resolved:
    return complete(load_document({"application": application, **more}, "test"), areas.defaults(cat))


def supplied(found: Resolved, key: str) -> tuple[Any, str]:
    """Value and rule of an assumption; None and nothing where there is none."""
    return next(((a.value, a.rule) for a in found.assumptions if a.key == key), (None, ""))


def test_all_areas_are_there(catalogue: Catalogue) -> None:
    assert set(catalogue.areas) == AREAS
    assert {a.domain for a in catalogue.areas.values()} == {
        "health",
        "finance",
        "manufacturing",
        "driving",
        "voice",
    }
    named = {r for a in catalogue.areas.values() for r in a.rules}
    assert named == {r for r in catalogue.rules if r.startswith("DOM-")}


def test_an_area_fills_what_is_left_out_and_says_from_where(catalogue: Catalogue) -> None:
    found = resolved(catalogue, {"task": "tabular", "area": "credit_scoring"})
    assert supplied(found, "application.use_cases") == (
        ["credit_scoring"],
        "area.credit_scoring.application.use_cases",
    )
    assert found.requirement.application.domain == "finance"
    assert found.requirement.quality.metric == "auc"
    rows = {a.rule: a.source for a in found.assumptions}
    assert rows["area.credit_scoring.quality.metric"] == "domains.credit-auc"
    assert rows["area.credit_scoring.data.drift"] == "judgement"


def test_stated_values_stand(catalogue: Catalogue) -> None:
    told = {"task": "tabular", "area": "credit_scoring", "decision_effect": "advisory"}
    found = resolved(catalogue, told, quality={"metric": "f1", "minimum": 0.8}, data={"classes": ["public"]})
    assert found.requirement.application.decision_effect == "advisory"
    assert found.requirement.quality.metric == "f1"
    assert found.requirement.data.classes == ("public",)


def test_without_an_area_nothing_of_it_is_supplied(catalogue: Catalogue) -> None:
    found = resolved(catalogue, {"task": "tabular", "domain": "finance"})
    assert found.requirement.application.area is None
    assert not [a for a in found.assumptions if a.rule.startswith("area.")]


@pytest.mark.parametrize(
    ("application", "area"),
    [
        ({"task": "speech-recognition"}, "speech_recognition"),
        ({"task": "tabular", "use_cases": ["credit_scoring"]}, "credit_scoring"),
        ({"task": "image-classification", "use_cases": ["triage", "diagnosis"]}, "diagnosis"),
        ({"task": "speech-recognition", "area": "voice_interaction"}, "voice_interaction"),
        ({"task": "image-classification", "domain": "health"}, None),
    ],
)
def test_an_area_follows_from_what_defines_it(
    application: dict[str, Any], area: str | None, catalogue: Catalogue
) -> None:
    assert resolved(catalogue, application).requirement.application.area == area


def test_regulations_follow_where_users_are(catalogue: Catalogue) -> None:
    scored = {"task": "tabular", "area": "credit_scoring"}
    there = resolved(catalogue, {**scored, "user_regions": ["us"]}).requirement.regulations or ()
    assert {"ecoa", "us-mrm"} <= set(there)
    assert "ecoa" not in (
        resolved(catalogue, {**scored, "user_regions": ["jp"]}).requirement.regulations or ()
    )


def test_a_floor_without_a_name_is_no_error_rate(catalogue: Catalogue) -> None:
    """0.9 of a word error rate would be a bad floor for 0.9 right words."""
    found = resolved(catalogue, {"task": "speech-recognition"}, quality={"minimum": 0.9})
    assert found.requirement.quality.metric == "accuracy"
    assert resolved(catalogue, {"task": "speech-recognition"}).requirement.quality.metric == "wer"


def test_mitigations_that_an_area_always_has(catalogue: Catalogue) -> None:
    need = resolved(catalogue, {"task": "object-detection", "area": "perception"}).requirement
    assert "M-SAFETY-CASE" in [r.mitigation for r in areas.required(need, catalogue)]
    assert any("M-SAFETY-CASE is required in perception" in line for line in areas.told(need, catalogue))


def test_an_area_that_nobody_has(catalogue: Catalogue) -> None:
    stated = load_document({"application": {"task": "chat", "area": "credit_scorin"}}, "test")
    found = list(areas.problems(stated, catalogue))
    assert [p.fix for p in found] == ['did you mean "credit_scoring"?']


@pytest.fixture(params=sorted(AREAS))
def first(request: pytest.FixtureRequest, catalogue: Catalogue, tmp_path: Path) -> tuple[str, Path]:
    """An area and its first file."""
    path = tmp_path / "reqs.yaml"
    path.write_text(starter.text(request.param, catalogue), encoding="utf-8")
    return request.param, path


def _checked(stated: Stated, cat: Catalogue) -> None:
    for part in expand(stated):
        assert contradictions(part, cat) == []
        assert list(areas.problems(part, cat)) == []


def test_a_first_file_loads_with_and_without_its_comments(
    first: tuple[str, Path], catalogue: Catalogue
) -> None:
    name, path = first
    stated = load(path)
    assert stated.requirement.application.area == name
    _checked(stated, catalogue)
    body, _, tail = path.read_text().partition("\n\n")
    assert catalogue.areas[name].mandatory[0].mitigation in tail
    for law in catalogue.areas[name].laws:
        assert catalogue.regulations[law.regulation].title.split()[0] in tail
    lines = [re.sub(r"^( *)# ((?:  )?[a-z_0-9]+:.*)$", r"\1\2", line) for line in body.splitlines()]
    assert len([line for line in lines if "#" in line.lstrip()[:1]]) < 6  # what is left is the head
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _checked(load(path), catalogue)


def test_a_domain_stands_for_its_first_area(catalogue: Catalogue) -> None:
    assert starter.text("finance", catalogue) == starter.text("credit_scoring", catalogue)
    assert "Other areas of finance: risk_assessment, robo_advice." in starter.text("finance", catalogue)
    with pytest.raises(UsageError, match="did you mean"):
        starter.text("finanse", catalogue)
