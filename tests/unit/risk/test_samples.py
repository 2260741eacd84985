"""Five stacks of the research on risk, in the words of `reqs.yaml`: what bars each of them.

Expected are the rule blocks of that research, by duty, licence rule and advisory.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from selector.needs.defaults import complete
from selector.needs.facts import KEYS, requirement_facts
from selector.needs.load import load_document
from selector.packs.catalog import Catalogue
from selector.risk import advisories, duties, licences
from selector.types.facts import of_licence
from selector.types.regulation import DutyRow
from selector.types.rule import Severity

TODAY = date(2026, 11, 27)
CONTROLS = (
    "PII-REDACT HITL EXPLAIN AUDIT FRIA ENC-TRANSIT ENC-REST AUTHN EGRESS VULN SBOM PIN-SIGN SAFE-FORMAT "
    "NO-REMOTE-CODE LOG-REDACT EVAL MONITOR DEDUP UNLEARN QMS DATA-PROV SECRETS CHANGE REDTEAM MINIMISE "
    "QUANT-TEST LICENCE"
)


@dataclass(frozen=True)
class Sample:
    needs: dict[str, Any]
    stack: dict[str, object]
    blocks: set[str]
    licence: str = ""
    broken: set[str] = field(default_factory=set)
    held: str = ""
    pins: dict[str, str] = field(default_factory=dict)


def needs(task: str, domain: str, effect: str, org: str, **more: Any) -> dict[str, Any]:
    application = {"task": task, "domain": domain, "decision_effect": effect} | more.pop("application")
    return {"application": application, "organisation": {"region": org} | more.pop("organisation", {})} | more


SAMPLES = {
    "credit scoring in the EU by a hosted model in China, no controls": Sample(
        needs(
            "text-classification",
            "finance",
            "solely_automated_legal_effect",
            "eu",
            application={"users": "customers", "user_regions": "eu", "use_cases": "credit_scoring"},
            data={"classes": ["personal", "financial_account"]},
            contracts=[],
        ),
        {"hosting": "api", "region": "cn", "adaptation": "none"},
        {"EU-GDPR Art 22", "EU-GDPR Art 28", "EU-GDPR Art 44-49"},
    ),
    "credit scoring in the EU on own machines, 27 controls": Sample(
        needs(
            "text-classification",
            "finance",
            "human_decides",
            "eu",
            application={"users": "employees", "user_regions": "eu", "use_cases": "credit_scoring"},
            data={"classes": ["personal", "financial_account"]},
        ),
        {"hosting": "self_hosted_cloud", "region": "eu", "adaptation": "lora"},
        set(),
        "Apache-2.0",
        held=CONTROLS,
        pins={"vllm": "0.27.0", "pytorch": "2.9.0", "transformers": "4.57.0"},
    ),
    "imaging assistant on Llama 4, EU company, few controls": Sample(
        needs(
            "vision-language",
            "health",
            "advisory",
            "eu",
            application={
                "users": "clinicians",
                "user_regions": ["eu", "us"],
                "use_cases": ["clinical_decision_support", "diagnosis"],
            },
            data={"classes": ["health", "personal"]},
        ),
        {
            "hosting": "on_prem",
            "region": "eu",
            "adaptation": "qlora",
            "finetuned": True,
            "weight_format": "pickle",
            "weights_source": "community_quant",
            "revision_pinned": False,
            "trust_remote_code": True,
            "multi_node": True,
            "multi_tenant": True,
            "gpu_shared": True,
            "endpoint_exposure": "private",
            "endpoint_auth": "engine_api_key",
            "fetches_user_urls": True,
            "model.multimodal": True,
            "model.access": "open_weights",
        },
        {"EU-GDPR Art 9", "US-HIPAA 164.312(a)(1), (d)"},
        "Llama-4",
        {"LIC-005"},
        "ENC-TRANSIT ENC-REST HITL",
        {
            "vllm": "0.10.2",
            "pytorch": "2.5.1",
            "ray-serve": "2.48.0",
            "nvidia-container-toolkit": "1.17.4",
            "transformers": "4.47.0",
        },
    ),
    "customer bot for the public in China by a hosted model in the US": Sample(
        needs(
            "chat",
            "customer_service",
            "advisory",
            "cn",
            application={"users": "public", "user_regions": "cn", "use_cases": []},
            data={
                "classes": "personal",
                "cn_subjects_out_per_year": 300_000,
                "cn_sensitive_subjects_out_per_year": 0,
            },
            contracts=["dpa"],
        ),
        {"hosting": "api", "region": "us", "adaptation": "none", "model.model_class": "llm"},
        {
            "CN-XBORDER PIPL Art 38-40; Order 16 Art 7-8",
            "CN-GENAI Interim Art 17; Algorithms Art 24",
            "CN-LABEL Art 4-5",
        },
        held="GUARD-IN GUARD-OUT RATE NOTICE",
        pins={"litellm": "1.82.7", "langchain-core": "1.2.3"},
    ),
    # The task is perception: as a service of generated content to the public, filing and labels would be due too.
    "planning in a car by Llama 3.2 vision, EU company, EU and China": Sample(
        needs(
            "object-detection",
            "driving",
            "actuation",
            "eu",
            application={
                "users": "drivers",
                "user_regions": ["eu", "cn"],
                "use_cases": ["perception", "planning_control"],
            },
            data={"classes": ["vehicle_video", "location"]},
        ),
        {"hosting": "on_prem", "adaptation": "distill", "model.multimodal": True},
        {"AUTO-SAFETY ISO 26262-6, 21448 cl. 7-12, PAS 8800", "CN-AUTO-DATA Art 6, 11"},
        "Llama-3.2",
        {"LIC-005", "LIC-008"},
        "PIN-SIGN EVAL",
        {"llama.cpp": "b5000"},
    ),
}


def facts_of(sample: Sample, cat: Catalogue) -> tuple[dict[str, object], tuple[DutyRow, ...]]:
    need = complete(load_document(sample.needs, "test")).requirement
    known = {**requirement_facts(need), **sample.stack}
    held = [f"M-{c}" for c in sample.held.split()]
    kept = duties.Kept(held, (), need.contracts or (), need.regulations or ())
    return known, duties.rows(cat.regulations.values(), known, kept, TODAY, cat.condition)


@pytest.mark.parametrize("name", SAMPLES)
def test_duties_that_bar(name: str, catalogue: Catalogue) -> None:
    _, rows = facts_of(SAMPLES[name], catalogue)
    bars = {f"{d.regulation} {d.ref}" for d in rows if d.status == "open" and d.severity is Severity.HIGH}
    assert bars == SAMPLES[name].blocks


@pytest.mark.parametrize("name", SAMPLES)
def test_licence_conditions_that_bar(name: str, catalogue: Catalogue) -> None:
    sample = SAMPLES[name]
    licence = catalogue.licences.get(sample.licence)
    known = facts_of(sample, catalogue)[0] | of_licence(licence)
    known |= licences.derived(licence, known, catalogue.uses, catalogue.condition)
    rows = licences.terms(licence, known, catalogue.uses, catalogue.rules.values(), catalogue.condition, KEYS)
    assert {t.rule for t in rows if t.status == "broken"} == sample.broken


@pytest.mark.parametrize(
    ("name", "certain", "possible"),
    [
        ("credit scoring in the EU on own machines, 27 controls", 0, 0),
        ("imaging assistant on Llama 4, EU company, few controls", 13, 3),
        ("customer bot for the public in China by a hosted model in the US", 2, 3),
        ("planning in a car by Llama 3.2 vision, EU company, EU and China", 1, 3),
    ],
)
def test_holes_of_the_pins(name: str, certain: int, possible: int, catalogue: Catalogue) -> None:
    sample = SAMPLES[name]
    known, _ = facts_of(sample, catalogue)
    rows = catalogue.advisories.values()
    found = [
        hit
        for part, version in sample.pins.items()
        for hit in advisories.hits(rows, part, version, known, catalogue.condition)
    ]
    assert (sum(h.certain for h in found), sum(not h.certain for h in found)) == (certain, possible)


def test_the_malicious_release_is_certain(catalogue: Catalogue) -> None:
    rows = catalogue.advisories.values()
    hit = advisories.hits(rows, "litellm", "1.82.7", {}, catalogue.condition)[0]
    assert (hit.advisory.id, hit.certain, hit.advisory.cvss) == ("MAL-LITELLM-2026-03", True, 10.0)
