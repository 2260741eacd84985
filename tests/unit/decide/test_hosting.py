"""Ways of hosting: reserved capacity, listed providers, bought hardware, pins that hosted models cannot keep."""

from __future__ import annotations

from collections.abc import Callable

from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]
CHAT = "application: {task: chat}\norganisation: {region: us}\n"


def test_a_guarantee_asks_for_reserved_capacity_at_an_unknown_price(ranked: Ranked) -> None:
    text = "application: {task: chat, features: {needs: [performance_guarantee]}}\ndeployment: {clouds: [databricks]}\n"
    found = ranked(text)
    assert {s.slots.hosting for s in found.stacks} == {"managed_dedicated"}
    assert found.stacks[0].estimates["cost_per_month_usd"] is None
    assert "on request" in found.stacks[0].costs[0].item


def test_listed_providers_hold_for_hosted_models(ranked: Ranked) -> None:
    found = ranked(CHAT + "deployment: {hosting: [api], clouds: [aws]}\n", top=30)
    assert found.stacks
    assert all(s.slots.model.startswith("bedrock/") for s in found.stacks)
    assert any("provider that is not listed" in e.reason for e in found.excluded)


def test_what_may_not_leave_is_bought_where_nothing_is_on_hand(ranked: Ranked) -> None:
    found = ranked(CHAT + "data: {may_leave_premises: false}\n")
    first = found.stacks[0]
    assert {s.slots.hosting for s in found.stacks} == {"on_prem"}
    upfront = first.estimates["upfront_usd"]
    assert upfront is not None
    assert upfront.p50 > 0.0
    assert any("ask for quotes" in line.item for line in first.costs)


def test_pinned_hardware_rules_hosted_models_out(ranked: Ranked) -> None:
    found = ranked(CHAT + "pins: {hardware: [l40s-48gb]}\n")
    assert {s.slots.hosting for s in found.stacks} == {"self_hosted_cloud"}


def test_three_cards_of_one_replica_are_three_stages(ranked: Ranked) -> None:
    own = "deployment: {inventory: [{hardware: rtx-3090-24gb, count: 3}]}\n"
    found = ranked(CHAT + own + "pins: {hardware: [3xrtx-3090-24gb], layout: [{replicas: 1}]}\n", top=20)
    layouts = {(s.slots.layout.tp, s.slots.layout.pp) for s in found.stacks if s.slots.layout}
    assert layouts == {(1, 3)}
    assert "lmdeploy" not in {s.slots.engine for s in found.stacks}


def test_many_languages_ask_for_a_model_of_many(ranked: Ranked) -> None:
    text = "application: {task: moderation, languages: [multi]}\ndeployment: {hosting: [self_hosted]}\n"
    found = ranked(text, top=50)
    assert "ibm-granite/granite-guardian-4.1-8b" not in {s.slots.model for s in found.stacks}


def test_whole_answers_within_a_second_are_short(ranked: Ranked) -> None:
    found = ranked(CHAT + "latency: {request_p95_ms: 600}\n")
    assert "tokens.out.fast" in {a.rule for a in found.assumptions}


def test_ollama_is_behind_the_server_of_llama_cpp_in_production(ranked: Ranked) -> None:
    text = CHAT + "deployment: {inventory: [{hardware: strix-halo-128gb, count: 1}]}\n"
    text += "pins: {engine: [ollama, llama.cpp], model: [openai/gpt-oss-120b]}\n"
    assert ranked(text).stacks[0].slots.engine == "llama.cpp"
