"""Replicas are added until the tails of first token and request keep their limits."""

from collections.abc import Callable

import pytest

from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]
TEXT = """
application: {{task: chat}}
organisation: {{region: us}}
workload: {{peak_requests_per_second: 12, input_tokens: {{p50: 2000, p95: 6000}}, output_tokens: 300}}
latency: {latency}
pins: {{model: [Qwen/Qwen3-32B], precision: [bf16], hardware: [h100-sxm-80gb], engine: [vllm], layout: [tp2-pp1]}}
deployment: {deployment}
"""
CLOUD = "{hosting: [self_hosted_cloud]}"


def replicas(found: Recommendation) -> int:
    layout = found.stacks[0].slots.layout
    assert layout
    return layout.replicas


def test_a_first_token_limit_adds_replicas(ranked: Ranked) -> None:
    easy = ranked(TEXT.format(latency="{first_token_p95_ms: 60000}", deployment=CLOUD), top=1)
    late = easy.stacks[0].estimates["first_token_p95_ms"]
    assert late
    limit = late.p50 * 0.93
    hard = ranked(TEXT.format(latency=f"{{first_token_p95_ms: {limit}}}", deployment=CLOUD), top=1)
    found = hard.stacks[0].estimates["first_token_p95_ms"]
    assert found
    assert found.p50 <= limit
    assert replicas(hard) > replicas(easy)


def test_a_request_limit_adds_replicas(ranked: Ranked) -> None:
    easy = ranked(TEXT.format(latency="{request_p95_ms: 100000}", deployment=CLOUD), top=1)
    late = easy.stacks[0].estimates["request_p95_ms"]
    assert late
    limit = late.p50 * 0.75
    hard = ranked(TEXT.format(latency=f"{{request_p95_ms: {limit}}}", deployment=CLOUD), top=1)
    found = hard.stacks[0].estimates["request_p95_ms"]
    assert found
    assert found.p50 <= limit
    assert replicas(hard) > replicas(easy)


def test_no_more_replicas_than_devices_on_hand(ranked: Ranked) -> None:
    easy = ranked(TEXT.format(latency="{first_token_p95_ms: 60000}", deployment=CLOUD), top=1)
    late = easy.stacks[0].estimates["first_token_p95_ms"]
    assert late
    own = f"{{hosting: [on_prem], inventory: [{{hardware: h100-sxm-80gb, count: {2 * replicas(easy)}}}]}}"
    hard = ranked(TEXT.format(latency=f"{{first_token_p95_ms: {late.p50 * 0.93}}}", deployment=own))
    assert not hard.stacks


@pytest.mark.parametrize("limit", [1.0, 10.0])
def test_a_limit_that_replicas_cannot_reach_stays_violated(ranked: Ranked, limit: float) -> None:
    found = ranked(TEXT.format(latency=f"{{first_token_p95_ms: {limit}}}", deployment=CLOUD))
    assert not found.stacks
    assert found.excluded[0].reason == "latency.first_token_p95_ms"


def tail(found: Recommendation) -> float:
    late = found.stacks[0].estimates["request_p95_ms"]
    assert late
    return late.p50


def test_a_small_cache_stays_small(ranked: Ranked) -> None:
    small = TEXT.replace("layout: [tp2-pp1]", "layout: [tp2-pp1], kv_precision: [fp8]")
    easy = ranked(small.format(latency="{request_p95_ms: 100000}", deployment=CLOUD), top=1)
    limit = f"{{request_p95_ms: {tail(easy) * 0.75}}}"
    found = ranked(small.format(latency=limit, deployment=CLOUD), top=1)
    many = replicas(found)
    assert many > replicas(easy)
    share = small.replace("peak_requests_per_second: 12", f"peak_requests_per_second: {12 / many}")
    alone = ranked(share.format(latency="{request_p95_ms: 100000}", deployment=CLOUD), top=1)
    assert replicas(alone) == 1
    assert tail(found) == pytest.approx(tail(alone))


def test_an_assumed_limit_adds_no_replicas(ranked: Ranked) -> None:
    text = TEXT.replace("task: chat", "task: extraction").replace("output_tokens: 300", "output_tokens: 100")
    assumed = ranked(text.format(latency="{}", deployment=CLOUD), top=1)
    assert "latency.request_p95_ms" in {a.key for a in assumed.assumptions}
    text = text.replace("output_tokens: 100", "output_tokens: 200")
    late = ranked(text.format(latency="{}", deployment=CLOUD), top=1)
    assert tail(late) > 5000.0
    stated = ranked(text.format(latency="{request_p95_ms: 5000}", deployment=CLOUD), top=1)
    assert replicas(late) < replicas(stated)


@pytest.mark.parametrize(
    ("availability", "fits"), [("{target: 0.995}", True), ("{spare_replicas: 1}", False)]
)
def test_assumed_spares_take_no_device_that_is_not_there(
    ranked: Ranked, availability: str, fits: bool
) -> None:
    text = TEXT + "availability: {spare}\n"
    text = text.replace("layout: [tp2-pp1]", "layout: [tp2-pp1], kv_precision: [bf16]")
    slack = "{request_p95_ms: 100000}"
    none = text.replace("{spare}", "{{spare_replicas: 0}}").format(latency=slack, deployment=CLOUD)
    count = 2 * replicas(ranked(none, top=1))
    own = f"{{hosting: [on_prem], inventory: [{{hardware: h100-sxm-80gb, count: {count}}}]}}"
    made = text.replace("{spare}", f"{{{availability}}}").format(latency=slack, deployment=own)
    assert bool(ranked(made).stacks) is fits
