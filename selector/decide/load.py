"""The load of the formulas, and the facts of the rules, out of a resolved requirement."""

from __future__ import annotations

from dataclasses import replace

from selector.decide import limits
from selector.types.load import Load
from selector.types.requirement import LatencyLimits, Requirement


def of(req: Requirement, assumed: frozenset[str] = frozenset()) -> Load:
    """Load with the defaults already filled in by the needs."""
    work = req.workload
    inputs, outputs = work.input_tokens, work.output_tokens
    tokens_in, tokens_out = ((size and size.average) or 1.0 for size in (inputs, outputs))
    limit, limit_assumed = _token_limit_ms(req, max(tokens_out, 1.0), assumed)
    return Load(
        input_tokens=tokens_in,
        input_tokens_p50=float((inputs and (inputs.p50 or inputs.p95)) or tokens_in),
        input_tokens_p95=float((inputs and (inputs.p95 or inputs.p50)) or tokens_in),
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
        limit_assumed=limit_assumed,
        limit_share=limit_share(req),
    )


def limit_share(req: Requirement) -> float:
    """How far from p50 to p90, in logarithms, a stated limit on latency must be kept."""
    return limits.share(req.confidence.get("latency", limits.MIDDLE))


def cache(req: Requirement) -> str:
    """How the cache may be kept: auto, or 16 or 8 bits where that is pinned."""
    pinned = {str(v) for v in req.pins.others.get("kv_precision", ())}
    if not pinned or "auto" in pinned:
        return "auto"
    small, wide = pinned & {"fp8"}, pinned & {"bf16", "fp16"}
    return "auto" if small and wide else "8" if small else "16"


def _token_limit_ms(
    req: Requirement, tokens_out: float, assumed: frozenset[str]
) -> tuple[float | None, bool]:
    """Limit on time per output token, as given and no more than a stated limit on the whole request
    leaves; True where it is only assumed. What is stated goes before what is assumed."""
    given, whole = req.latency.per_output_token_p95_ms, stated_latency(req, assumed).request_p95_ms
    guessed = "latency.per_output_token_p95_ms" in assumed
    if whole is None or tokens_out <= 1.0:
        return given, guessed
    each = whole / tokens_out
    return each if given is None or guessed else min(given, each), False


def stated_latency(req: Requirement, assumed: frozenset[str]) -> LatencyLimits:
    """The limits on latency that the user stated."""
    dropped = {k: None for k in ("first_token_p95_ms", "request_p95_ms") if f"latency.{k}" in assumed}
    return replace(req.latency, **dropped)


def latency_limit_ms(req: Requirement, load: Load, assumed: frozenset[str]) -> tuple[float | None, bool]:
    """End-to-end p95 limit, as given or first token and output tokens together; False where any
    part of it is only assumed."""
    lat = req.latency
    if lat.request_p95_ms:
        return lat.request_p95_ms, "latency.request_p95_ms" not in assumed
    first, each = lat.first_token_p95_ms, lat.per_output_token_p95_ms
    if first is None and each is None:
        return None, False
    parts = {"latency.first_token_p95_ms": first, "latency.per_output_token_p95_ms": each}
    stated = assumed.isdisjoint(k for k, v in parts.items() if v is not None)
    return (first or 0.0) + load.output_tokens * (each or 0.0), stated
