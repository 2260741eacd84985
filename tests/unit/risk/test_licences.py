"""Licences under facts: broken, open with what to tell, kept; and what a clearance does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from selector.check.gate import check
from selector.check.policy import Policy
from selector.needs.facts import KEYS
from selector.packs.catalog import Catalogue
from selector.risk import licences
from selector.types.decision import Recommendation
from selector.types.legal import Term

Decide = Callable[..., Recommendation]

ORG = {"req.org_region": "us", "req.user_regions": frozenset({"us"}), "req.commercial": True}


def judged(cat: Catalogue, licence: str, **facts: object) -> tuple[dict[str, object], tuple[Term, ...]]:
    from selector.types.facts import of_licence

    found = cat.licences[licence]
    known = ORG | of_licence(found) | {k.replace("__", "."): v for k, v in facts.items()}
    known |= licences.derived(found, known, cat.uses, cat.condition)
    terms = licences.terms(found, known, cat.uses, cat.rules.values(), cat.condition, KEYS)
    return known, terms


def rules(terms: tuple[Term, ...], status: str) -> set[str | None]:
    return {t.rule for t in terms if t.status == status}


@pytest.mark.parametrize(
    ("licence", "facts", "broken"),
    [
        ("Llama-3.2", {"req__org_region": "eu", "model__multimodal": True}, {"LIC-005"}),
        ("Llama-3.2", {"req__org_region": "eu", "model__multimodal": False}, set()),
        ("Llama-4", {"req__org_region": "us", "model__multimodal": True}, set()),
        ("Hunyuan-Community", {"req__user_regions": frozenset({"kr"})}, {"LIC-005"}),
        ("Llama-3.1", {"req__monthly_active_users": 700_000_001}, {"LIC-004"}),
        ("Llama-3.1", {"req__monthly_active_users": 700_000_000}, set()),
        (
            "Kimi-K3",
            {"req__annual_revenue_usd": 3e7, "req__model_use": frozenset({"model_as_service"})},
            {"LIC-003"},
        ),
        ("Kimi-K3", {"req__annual_revenue_usd": 3e7, "req__model_use": frozenset()}, set()),
        ("Stability-Community", {"req__annual_revenue_usd": 1_000_001.0}, {"LIC-003"}),
        ("Llama-3", {"req__model_use": frozenset({"output_training"})}, {"LIC-010"}),
        ("Llama-3.3", {"req__model_use": frozenset({"output_training"})}, {"LIC-011"}),
        ("DeepSeek-1.0", {"req__decision_effect": "solely_automated_legal_effect"}, {"LIC-008"}),
        ("Llama-3.3", {"req__domain": "driving", "req__decision_effect": "actuation"}, {"LIC-008"}),
        ("OpenRAIL-M-BigScience", {"req__use_cases": frozenset({"diagnosis"})}, {"LIC-008"}),
        ("Qwen-Community-1.0", {"req__model_use": frozenset({"model_as_service"})}, {"LIC-009"}),
        ("CC-BY-NC-4.0", {}, {"LIC-001"}),
        ("MIT", {"req__model_use": frozenset({"model_as_service", "output_training"})}, set()),
    ],
)
def test_conditions_that_bite(
    licence: str, facts: dict[str, object], broken: set[str], catalogue: Catalogue
) -> None:
    assert rules(judged(catalogue, licence, **facts)[1], "broken") == broken


def test_a_cap_stays_open_until_somebody_counts(catalogue: Catalogue) -> None:
    _, terms = judged(catalogue, "Llama-3.3")
    cap = next(t for t in terms if t.rule == "LIC-004")
    assert (cap.status, cap.severity, cap.tell) == ("open", "block", ("organisation.monthly_active_users",))
    assert "700,000,000 a month" in cap.text
    assert "on the day of release" in cap.text


def test_unknown_regions_and_uses_stay_unknown(catalogue: Catalogue) -> None:
    licence = catalogue.licences["Hunyuan-Community"]
    found = licences.derived(licence, {}, catalogue.uses, catalogue.condition)
    assert licences.EXCLUDED not in found
    half = licences.derived(licence, {"req.org_region": "us"}, catalogue.uses, catalogue.condition)
    assert licences.EXCLUDED not in half
    llama = catalogue.licences["Llama-3.3"]
    assert licences.FORBIDDEN not in licences.derived(llama, {}, catalogue.uses, catalogue.condition)
    _, terms = judged(catalogue, "Llama-3.3")
    assert next(t for t in terms if t.rule == "LIC-008").tell == (
        "application.decision_effect",
        "application.domain",
        "application.use_cases",
    )


def test_what_has_to_be_kept_is_said(catalogue: Catalogue) -> None:
    _, terms = judged(catalogue, "DeepSeek-1.0")
    kept = [t.text for t in terms if t.status == "keep"]
    assert "its restrictions bind whoever gets a copy" in kept
    assert any("minors" in text for text in kept)


def test_a_licence_that_counsel_cleared_is_not_asked(decided: Decide) -> None:
    pin = ("pins.model=[mistralai/Mistral-Medium-3.5-128B]", "deployment.hosting=[self_hosted]")
    assert any(e.reason.startswith("LIC-002") for e in decided(*pin).excluded)
    found = decided(*pin, "licences.cleared=[mistral-medium-3.5]")
    assert not any(e.reason.startswith("LIC-") for e in found.excluded)
    assert found.stacks[0].terms[0].text.startswith("cleared by counsel")


def test_a_policy_clears_too(tmp_path: Path, catalogue: Catalogue) -> None:
    from datetime import date

    path = tmp_path / "selector.stack.yaml"
    path.write_text(
        "version: 1\nstack: {model: mistralai/Mistral-Medium-3.5-128B, hosting: on_prem}\nrequirements: reqs.yaml\n"
    )
    (tmp_path / "reqs.yaml").write_text("version: 1\napplication: {task: chat}\n")

    def found(policy: Policy) -> set[str]:
        done = check(path, policy, catalogue, date(2026, 11, 24))
        assert done is not None
        return {f.rule for f in done.findings}

    assert "LIC-002" in found(Policy(names=()))
    assert "LIC-002" not in found(Policy(names=(), cleared=frozenset({"mistral-medium-3.5"})))
    (tmp_path / "reqs.yaml").write_text(
        "version: 1\napplication: {task: chat}\nlicences: {cleared: [mistral-medium-3.5]}\n"
    )
    assert "LIC-002" not in found(Policy(names=()))


def test_licences_never_score_but_for_copyleft(catalogue: Catalogue) -> None:
    from selector.types.rule import Effect

    scored = {r.id for r in catalogue.rules.values() if r.id.startswith("LIC-") and r.effect is Effect.POINTS}
    assert scored == {"LIC-007"}
