"""Batches, contexts, exclusions and pins decide which options are looked at."""

from collections.abc import Callable

import pytest

from selector.packs.catalog import Catalogue
from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]
CHAT = """
application: {{task: chat}}
organisation: {{region: us}}
workload: {{requests_per_month: 100000, input_tokens: {size}, output_tokens: {out}}}
deployment: {{hosting: [{hosting}]}}
"""


def chat(hosting: str = "api", size: int = 500, out: int = 200, more: str = "") -> str:
    return CHAT.format(hosting=hosting, size=size, out=out) + more


def reasons(found: Recommendation) -> str:
    return "\n".join(e.reason for e in found.excluded)


def test_a_batch_serves_offline_work_only(ranked: Ranked) -> None:
    live = ranked(chat("api, api_batch"), top=500)
    assert {s.slots.hosting for s in live.stacks} == {"api"}
    assert "only for offline work" in reasons(live)


def test_a_batch_has_no_live_latency(ranked: Ranked) -> None:
    text = chat("api_batch").replace("workload: {", "workload: {scenario: offline, ")
    found = ranked(text, top=5)
    assert {s.slots.hosting for s in found.stacks} == {"api_batch"}
    assert all(s.estimates["request_p95_ms"] is None for s in found.stacks)


def test_excluded_hosting_is_gone(ranked: Ranked) -> None:
    found = ranked(chat("api, self_hosted", more="exclude: {hosting: [api]}\n"), top=300)
    assert found.feasible
    assert "api" not in {s.slots.hosting for s in found.stacks}


def test_short_contexts_are_left_out(ranked: Ranked, catalogue: Catalogue) -> None:
    found = ranked(chat("api, self_hosted", size=300_000), top=500)
    assert "context shorter than the 300200 tokens needed" in reasons(found)
    for s in found.stacks:
        known = catalogue.models.get(s.slots.model) or catalogue.apis[s.slots.model]
        assert known.context_tokens is None or known.context_tokens >= 300_200


def test_an_assumed_context_leaves_short_models_in(ranked: Ranked, catalogue: Catalogue) -> None:
    short = next(m for m in catalogue.models.values() if m.context_tokens == 4096 and "chat" in m.tasks)
    pin = f"pins: {{model: ['{short.id}']}}\n"
    assert "context shorter" not in reasons(ranked(chat("self_hosted", more=pin)))
    assert "context shorter" in reasons(ranked(chat("self_hosted", size=5000, more=pin)))


def test_answers_longer_than_an_api_gives_are_left_out(ranked: Ranked, catalogue: Catalogue) -> None:
    found = ranked(chat(out=20_000), top=500)
    assert "answers shorter than the 20000 tokens needed" in reasons(found)
    most = [catalogue.apis[s.slots.model].max_output_tokens for s in found.stacks]
    assert all(m is None or m >= 20_000 for m in most)


@pytest.mark.parametrize("kind", ["managed_app", "serverless_gpu", "confidential_gpu", "hybrid"])
def test_a_kind_of_hosting_that_nobody_offers_says_so(ranked: Ranked, kind: str) -> None:
    found = ranked(chat(kind))
    assert not found.stacks
    assert found.excluded[0].reason == f"no offer of hosting kind {kind} in the packs"


def test_a_pinned_layout_that_cannot_be_says_why(ranked: Ranked) -> None:
    text = (
        "application: {task: chat}\npins: {model: [Qwen/Qwen3-8B], layout: [tp4]}\n"
        "deployment: {hosting: [on_prem], inventory: [{hardware: h100-sxm-80gb, count: 2}]}\n"
    )
    found = ranked(text)
    assert not found.stacks
    assert "pinned layout tp4-pp1: needs 4 devices, 2 can be had" in reasons(found)


def test_a_pinned_layout_leaves_its_other_parts_free(ranked: Ranked) -> None:
    text = (
        "application: {task: chat}\nworkload: {peak_requests_per_second: 1}\n"
        "pins: {model: [deepseek-ai/DeepSeek-R1], layout: [{pp: 2}]}\n"
        "deployment: {hosting: [on_prem], inventory: [{hardware: h100-sxm-80gb, count: 16, nodes: 2}]}\n"
    )
    found = ranked(text)
    assert found.feasible, found.excluded[0].reason
    layouts = {(s.slots.layout.tp, s.slots.layout.pp) for s in found.stacks if s.slots.layout}
    assert layouts == {(8, 2)}


def test_a_pinned_api_without_internet_says_so(ranked: Ranked, catalogue: Catalogue) -> None:
    api = next(a.id for a in catalogue.apis.values() if "chat" in a.tasks and a.open_model is None)
    text = f"application: {{task: chat}}\npins: {{model: ['{api}']}}\ndeployment: {{internet: false}}\n"
    found = ranked(text)
    assert not found.stacks
    assert found.excluded[0].reason.startswith("pinned model is a hosted API")


def test_support_of_devices_that_nobody_has_is_no_reason(ranked: Ranked) -> None:
    text = (
        "application: {task: chat}\npins: {model: [Qwen/Qwen3-32B], precision: [fp8-w8a8]}\n"
        "deployment: {hosting: [on_prem], inventory: [{hardware: a100-sxm-80gb, count: 1}]}\n"
    )
    rows = [e.reason for e in ranked(text).excluded if " on " in e.reason]
    assert rows
    assert all(" on sm80" in r or " on a100" in r for r in rows), rows


def test_offline_work_takes_the_cheaper_batch(ranked: Ranked) -> None:
    text = chat("api").replace("workload: {", "workload: {scenario: offline, ")
    first = ranked(text + "pins: {model: [anthropic/claude-haiku-5-5]}\n", top=1).stacks[0]
    assert first.slots.hosting == "api_batch"
    assert next(c.value for c in first.contributions if c.id == "latency") == pytest.approx(0.8)


def test_a_task_that_no_model_serves_says_so(ranked: Ranked) -> None:
    found = ranked("application: {task: custom-model}")
    assert found.excluded[0].reason == "no model in the packs serves the task as stated"


@pytest.mark.parametrize(
    ("pin", "reason"),
    [("", " on neuron-v3"), (", engine: [mlx-lm]", "no engine is known to run the models on this hardware")],
)
def test_hardware_that_no_engine_is_known_for_says_so(ranked: Ranked, pin: str, reason: str) -> None:
    found = ranked(
        f"application: {{task: chat}}\npins: {{model: [Qwen/Qwen3-8B]{pin}}}\n"
        "deployment: {hosting: [on_prem], inventory: [{hardware: trn2-96gb, count: 1}]}\n"
    )
    assert not found.stacks
    assert reason in found.excluded[0].reason


def test_hosted_models_for_code_serve_no_chat(catalogue: Catalogue) -> None:
    for api in ("dashscope/qwen3-coder-plus", "mistral/codestral-2508", "moonshotai/kimi-k2.7-code"):
        assert "code" in catalogue.apis[api].tasks
        assert "chat" not in catalogue.apis[api].tasks
