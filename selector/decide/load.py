"""The load of the formulas, and the facts of the rules, out of a resolved requirement."""

from __future__ import annotations

from selector.types.load import Load
from selector.types.requirement import Requirement


def of(req: Requirement, assumed: frozenset[str] = frozenset()) -> Load:
    """Load with the defaults already filled in by the needs."""
    work = req.workload
    inputs, outputs = work.input_tokens, work.output_tokens
    tokens_in = float((inputs and (inputs.p50 or inputs.p95)) or 1.0)
    tokens_out = float((outputs and (outputs.p50 or outputs.p95)) or 1.0)
    limit = _token_limit_ms(req, max(tokens_out, 1.0))
    return Load(
        input_tokens=tokens_in,
        input_tokens_p95=float((inputs and inputs.p95) or tokens_in),
        output_tokens=max(tokens_out, 1.0),
        context_tokens=float(work.context_tokens_max or tokens_in + tokens_out),
        scenario=work.scenario or "online",
        concurrency=work.concurrency,
        peak_requests_per_second=work.peak_requests_per_second,
        requests_per_month=work.requests_per_month,
        cached_prefix_fraction=work.cached_prefix_fraction or 0.0,
        active_fraction=work.active_hours_fraction or 1.0,
        per_output_token_limit_s=limit / 1e3 if limit else None,
        all_long="workload.concurrency" not in assumed,
    )


def _token_limit_ms(req: Requirement, tokens_out: float) -> float | None:
    """Limit on time per output token: as given, and no more than the whole request may take."""
    limits = req.latency
    given, whole = limits.per_output_token_p95_ms, limits.request_p95_ms
    if whole is None or tokens_out <= 1.0:
        return given
    return whole / tokens_out if given is None else min(given, whole / tokens_out)


def proposed_facts(req: Requirement) -> dict[str, object]:
    """Facts of a plan that the user brings, which only its declaration tells."""
    found: dict[str, object] = {}
    for key in ("weight_format", "weights_source", "trust_remote_code", "revision_pinned"):
        values = req.proposed.get(key)
        if values:
            found[key] = values[0]
    return found


def latency_limit_ms(req: Requirement, load: Load) -> tuple[float | None, bool]:
    """End-to-end p95 limit: as stated, or first token and output tokens together."""
    lat = req.latency
    if lat.request_p95_ms:
        return lat.request_p95_ms, True
    first, each = lat.first_token_p95_ms, lat.per_output_token_p95_ms
    if first is None and each is None:
        return None, False
    return (first or 0.0) + load.output_tokens * (each or 0.0), True


def adaptation(req: Requirement, role: str) -> str:
    """How a model of this role is fitted to the task, where the requirement leaves it open."""
    method = req.adaptation.method
    if req.pins.adaptation:
        return req.pins.adaptation[0]
    if method and method != "auto":
        return method
    changing = req.data.knowledge_change in ("monthly", "weekly", "daily", "often")
    if role == "llm":
        return "rag" if req.application.features.rag or changing else "prompt"
    if role in ("encoder", "vision", "tabular", "time_series", "recommendation"):
        return "full"
    return "none"
