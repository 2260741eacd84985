"""Facts of the requirement, and of a place under it, that rules and risks may test.

What is not known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from selector.needs.regions import jurisdiction

if TYPE_CHECKING:
    from selector.types.requirement import Requirement

UNNAMED = frozenset({"unspecified", "any"})
# Facts of the weights that only a declaration tells: of a plan in the requirements, or of a stack.
TRAINING = "training_framework"
DECLARED = (
    "weight_format",
    "weights_source",
    "trust_remote_code",
    "revision_pinned",
    "endpoint_exposure",
    "endpoint_auth",
    "multi_tenant",
    "gpu_shared",
    "fetches_user_urls",
    "logs_prompts",
    "agent_memory",
    "multi_agent",
    "mcp_third_party",
    "retrieves_untrusted",
    "signature_verified",
)

# Facts that one stated value answers -> its key in `reqs.yaml`.
FACT_KEYS: dict[str, str] = {
    "req.data_classes": "data.classes",
    "req.user_regions": "application.user_regions",
    "req.users": "application.users",
    "req.decision_effect": "application.decision_effect",
    "req.use_cases": "application.use_cases",
    "req.org_region": "organisation.region",
    "req.commercial": "organisation.commercial",
    "req.may_leave_premises": "data.may_leave_premises",
    "req.provider_may_see_plaintext": "data.provider_may_see_plaintext",
    "req.internet": "deployment.internet",
}

# Where `reqs.yaml` states a fact that duties and licences ask for.
KEYS: Mapping[str, str] = FACT_KEYS | {
    "req.task": "application.task",
    "req.domain": "application.domain",
    "req.area": "application.area",
    "req.model_use": "application.model_use",
    "req.generates_media": "application.features.generates_media",
    "req.monthly_active_users": "organisation.monthly_active_users",
    "req.annual_revenue_usd": "organisation.annual_revenue_usd",
    "req.contracts": "contracts",
    "req.residency": "data.residency",
    "req.cn_subjects_out_per_year": "data.cn_subjects_out_per_year",
    "req.cn_sensitive_subjects_out_per_year": "data.cn_sensitive_subjects_out_per_year",
    "req.regulations": "regulations",
}


def requirement_facts(need: Requirement) -> Mapping[str, object]:
    """`req.*` facts; sets are frozensets, an empty set is known to be empty."""
    app, data, work = need.application, need.data, need.workload
    facts: dict[str, object] = {
        "req.task": app.task,
        "req.domain": app.domain,
        "req.area": app.area,
        "req.stage": app.stage,
        "req.users": app.users,
        "req.user_regions": app.user_regions,
        "req.languages": app.languages,
        "req.model_use": app.model_use,
        "req.decision_effect": app.decision_effect,
        "req.use_cases": app.use_cases,
        "req.rag": app.features.rag,
        "req.agentic": app.features.agentic,
        "req.tools": app.features.tools,
        "req.generates_media": app.features.generates_media,
        "req.org_region": need.organisation.region,
        "req.commercial": need.organisation.commercial,
        "req.monthly_active_users": need.organisation.monthly_active_users,
        "req.annual_revenue_usd": need.organisation.annual_revenue_usd,
        "req.contracts": need.contracts,
        "req.data_classes": data.classes,
        "req.cn_subjects_out_per_year": data.cn_subjects_out_per_year,
        "req.cn_sensitive_subjects_out_per_year": data.cn_sensitive_subjects_out_per_year,
        "req.residency": data.residency,
        "req.may_leave_premises": data.may_leave_premises,
        "req.provider_may_see_plaintext": data.provider_may_see_plaintext,
        "req.training_examples": data.training_examples,
        "req.drift": data.drift,
        "req.knowledge_change": data.knowledge_change,
        "req.quality_level": need.quality.level,
        "req.priorities": need.priorities,
        "req.label_source": data.labels.source,
        "req.label_change": data.labels.change,
        "req.label_count": data.labels.count,
        "req.internet": need.deployment.internet,
        "req.regulations": need.regulations,
        "req.scale": work.scale,
        "req.scenario": work.scenario,
        "req.batch_large": _large_batch(need),
        "req.portability": need.deployment.portability or None,
        "req.skill_ml": need.team.skills.get("ml"),
        "req.appetite": need.risk.appetite,
        "req.peak_requests_per_second": work.peak_requests_per_second,
    }
    return {k: frozenset(v) if isinstance(v, tuple) else v for k, v in facts.items() if v is not None}


def _large_batch(need: Requirement) -> bool | None:
    """Whether many requests are in work on one device; unknown where nothing says it."""
    if "large_batch" in need.workload.traits or "throughput" in need.priorities:
        return True
    if "small_batch" in need.workload.traits or need.workload.scenario == "single_stream":
        return False
    return None


def proposed_facts(need: Requirement) -> dict[str, object]:
    """Facts of a plan that the user brings."""
    found: dict[str, object] = {k: need.proposed[k][0] for k in DECLARED if need.proposed.get(k)}
    if need.proposed.get(TRAINING):
        found[TRAINING] = frozenset(str(v) for v in need.proposed[TRAINING])
    return found


def place_facts(hosting: str | None, region: str, need: Requirement | None) -> dict[str, object]:
    """What follows from where a stack runs: region, and whether residency and users agree with it."""
    found: dict[str, object] = {} if hosting is None else {"hosting": hosting}
    if region in UNNAMED:
        return found
    place = jurisdiction(region) or region
    found["region"] = place
    if need is not None and need.data.residency is not None:
        found["residency_ok"] = not need.data.residency or place in need.data.residency
    if need is not None and need.application.user_regions is not None:
        found["in_user_region"] = place in need.application.user_regions
    return found


def own_region(need: Requirement) -> str:
    """Where own machines stand, as far as the requirement says."""
    return next(iter(need.deployment.regions), need.organisation.region or "unspecified")
