"""Composite stacks of a run: sized part by part, never in the ranking, consistent with its figures."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import yaml

from selector.cli import session
from selector.decide import recommend
from selector.decide.composite import build, pairs
from selector.decide.composite.shares import Shares, at, shared
from selector.decide.explain.study import Study
from selector.needs.load import load_document
from selector.packs.catalog import Catalogue, load
from selector.types.composite import Composite
from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]
TODAY = date(2026, 11, 24)
OWN = """
version: 1
application: {task: chat, languages: [en], user_regions: [us]}
organisation: {region: us}
workload: {peak_requests_per_second: 60, requests_per_month: 20000000, input_tokens: 900, output_tokens: 250}
latency: {first_token_p95_ms: 3000, per_output_token_p95_ms: 60}
data: {classes: [internal]}
deployment: {hosting: [self_hosted, api]}
pins: {model: [Qwen/Qwen3.8-27B, Qwen/Qwen3-4B-Instruct-2507, openai/gpt-6.1-sol]}
exclude: {vendor: [deepinfra, nebius]}
team: {engineers: 3, usd_per_engineer_month: 12000}
"""


def study(cat: Catalogue, text: str = OWN, **changes: Any) -> Study:
    mapping = yaml.safe_load(text) | changes
    return session.study(load_document(mapping, "test"), cat, 10, False, False, TODAY)


@pytest.fixture(scope="module")
def kept(catalogue: Catalogue) -> Study:
    return study(catalogue)


@pytest.fixture(scope="module")
def shares(kept: Study) -> Shares:
    return Shares(kept.run, kept.ranking)


def self_run(shares: Shares) -> list[int]:
    """Stacks of several replicas, which less load makes smaller."""
    s = shares.run.stacks
    return [int(r) for r in shares.found.order.rows if float(s.replicas[r] - s.spare[r]) > 1.0][:5]


def test_all_of_the_load_costs_what_the_ranking_says(shares: Shares) -> None:
    rows = [*self_run(shares), *shares.found.shown]
    assert any(shares.hosted(row) for row in rows)
    for row in rows:
        alone = shares.whole(row)
        total = shares.total([row], [shares.machines(row)])
        assert total is not None
        assert total.p50 == pytest.approx(alone.p50)
        assert total.p90 == pytest.approx(alone.p90)
        assert total.inputs == alone.inputs


def test_a_stack_sized_again_is_the_one_of_the_ranking(shares: Shares) -> None:
    run, s = shares.run, shares.run.stacks
    for row in self_run(shares):
        again = recommend.resized(run, row, run.load)
        assert float(again.infra_usd[0]) == pytest.approx(float(s.infra_usd[row]))
        assert float(again.n_devices[0]) == float(s.n_devices[row])
        less = recommend.resized(run, row, at(run.load, 0.3))
        share = shares.machines(row, 0.3)
        assert share is not None
        assert share.p50 == pytest.approx(float(less.infra_usd[0]))
        assert share.p50 < float(s.infra_usd[row])


def test_less_of_a_load_never_costs_more(shares: Shares) -> None:
    hosted = [int(r) for r in shares.found.order.rows if shares.hosted(int(r))][:2]
    assert hosted
    for row in (*self_run(shares)[:2], *hosted):
        usd = [e.p50 for e in (shares.machines(row, x) for x in (0.1, 0.3, 0.5, 0.9, 1.0)) if e is not None]
        assert usd == sorted(usd)
        assert len(usd) == 5
    flat = shares.machines(hosted[0], 0.5)
    whole = shares.machines(hosted[0])
    assert flat is not None
    assert whole is not None
    assert flat.p50 == pytest.approx(0.5 * whole.p50)


def of_kind(found: tuple[Composite, ...], kind: str) -> Composite | None:
    return next((c for c in found if c.kind == kind), None)


def test_a_cascade_costs_its_first_part_in_full_and_the_second_by_the_rate(catalogue: Catalogue) -> None:
    free = {"per_output_token_p95_ms": 60}
    kept = study(catalogue, pins={"model": ["openai/gpt-6-luna", "openai/gpt-6.1-sol"]}, latency=free)
    shares, made = Shares(kept.run, kept.ranking), of_kind(build.of(kept.run, kept.ranking), "cascade")
    assert made is not None
    first, second = (p.usd_per_month for p in made.parts)
    assert first is not None
    assert second is not None
    assert [x.rate for x in made.costs] == list(pairs.RATES)
    people = sum(e.p50 for e in shared([(shares, shares.first)]))
    for x in made.costs:
        assert x.rate is not None
        assert x.usd_per_month.p50 == pytest.approx(people + first.p50 + x.rate * second.p50)
    # At a rate of one it costs the first part more than the second alone.
    assert made.break_even is not None
    assert made.break_even_by == "formula"
    assert made.break_even == pytest.approx(1.0 - first.p50 / second.p50)
    assert made.quality is None
    assert made.request_p95_ms is not None
    times = kept.run.stacks.request_p95_ms
    assert made.request_p95_ms.p50 == pytest.approx(2.0 * float(times[shares.first]))


def test_a_first_token_that_waits_for_two_answers_rules_the_cascade_out_and_not_the_router(
    catalogue: Catalogue,
) -> None:
    pins = {"model": ["openai/gpt-6-luna", "openai/gpt-6.1-sol"]}
    kept = study(catalogue, pins=pins)
    found = build.of(kept.run, kept.ranking)
    assert of_kind(found, "cascade") is None
    router = of_kind(found, "router")
    assert router is not None
    assert router.break_even == 1.0


def test_published_figures_speak_for_the_models_that_they_name(catalogue: Catalogue) -> None:
    pins = {"model": ["openai/gpt-6-luna", "openai/gpt-6.1-sol"]}
    kept = study(catalogue, pins=pins)
    known = catalogue.composites["router"]
    ours = replace(known.published[0], first=("openai/gpt-6-luna",), second=("openai/gpt-6.1-sol",))
    told = pairs.of(Shares(kept.run, kept.ranking), replace(known, published=(ours,)))
    assert told is not None
    assert told.quality is not None
    assert ours.what in told.quality
    plain = pairs.of(Shares(kept.run, kept.ranking), known)
    assert plain is not None
    assert plain.quality is None


def test_members_are_different_models_within_the_machines_at_hand(ranked: Ranked) -> None:
    text = """
application: {{task: image-classification, languages: [en], user_regions: [us]}}
organisation: {{region: us}}
workload: {{peak_requests_per_second: 5, requests_per_month: 1000000}}
data: {{classes: [internal], training_examples: 5000}}
deployment: {{hosting: [on_prem], inventory: [{{hardware: l4, count: {n}}}]}}
"""
    many = of_kind(ranked(text.format(n=8)).composites, "voting")
    assert many is not None
    assert len({p.stack.what.split(" ")[0] for p in many.parts}) == 3
    assert sum(p.n_devices for p in many.parts) <= 8
    assert of_kind(ranked(text.format(n=1)).composites, "voting") is None


def test_a_budget_holds_for_composites_too(ranked: Ranked) -> None:
    text = """
application: {{task: text-classification, languages: [en], user_regions: [us]}}
organisation: {{region: us}}
workload: {{peak_requests_per_second: 40, requests_per_month: 20000000, input_tokens: 200, output_tokens: 1}}
data: {{classes: [internal], training_examples: 20000}}
budget: {{per_month_usd: {usd}}}
deployment: {{hosting: [self_hosted]}}
"""
    found = ranked(text.format(usd=100_000))
    assert of_kind(found.composites, "voting") is not None
    # A budget that binds puts the cheapest stack first; few steps reach the least that there is.
    for _ in range(4):
        alone = found.stacks[0].estimates["cost_per_month_usd"]
        assert alone is not None
        usd = round(1.001 * alone.p50)
        found = ranked(text.format(usd=usd))
        assert found.feasible
        assert all(c.costs[0].usd_per_month.p50 <= usd for c in found.composites)
    assert of_kind(found.composites, "voting") is None


def test_the_ranking_knows_nothing_of_them(catalogue: Catalogue, kept: Study) -> None:
    """Techniques taken away change no stack, no score and no order."""
    bare = load()
    bare.__dict__["composites"] = {}
    with_, without = session.outcome(kept), session.outcome(study(bare))
    assert with_.composites
    assert not without.composites
    assert with_.stacks == without.stacks
    assert with_.robustness == without.robustness


def test_a_shared_device_is_paid_once_and_not_by_language_models(ranked: Ranked) -> None:
    text = """
application: {task: embedding, languages: [en], user_regions: [us]}
organisation: {region: us}
data: {classes: [internal]}
deployment: {hosting: [self_hosted], clouds: [aws]}
pins: {hardware: [l4]}
components:
  - {name: embed, application: {task: embedding}, workload: {peak_requests_per_second: 5, input_tokens: 300}}
  - {name: rerank, application: {task: reranking}, workload: {peak_requests_per_second: 2, input_tokens: 2000}}
  - {name: answer, application: {task: chat}, workload: {peak_requests_per_second: 1, input_tokens: 500, output_tokens: 100}}
"""
    found = ranked(text, provisional=False)
    assert found.joint is not None
    made = of_kind(found.joint.composites, "shared-devices")
    assert made is not None
    taken = {x.component: x.stack for x in found.joint.parts}
    assert taken["answer"].fills is None
    for name in ("embed", "rerank"):
        own = taken[name].fills
        assert own is not None
        assert 0.0 < own.memory < 1.0
        assert 0.0 < own.time < 1.0
    free = [p for p in made.parts if p.n_devices == 0]
    assert len(free) == 1
    assert free[0].component in ("embed", "rerank")
    rent = next(c.usd_per_month for c in taken[free[0].component].costs if c.item.startswith("rent"))
    assert rent is not None
    assert made.costs[0].usd_per_month.p50 == pytest.approx(made.alone_usd.p50 - rent.p50)


def test_pools_of_a_split_share_the_units_that_they_are_rented_in(catalogue: Catalogue) -> None:
    work = {
        "peak_requests_per_second": 60,
        "requests_per_month": 20000000,
        "input_tokens": 4000,
        "output_tokens": 200,
    }
    kept = study(
        catalogue,
        workload=work,
        pins={"model": ["Qwen/Qwen3.8-27B"]},
        deployment={"hosting": ["self_hosted"]},
    )
    made = of_kind(build.of(kept.run, kept.ranking), "disaggregated")
    assert made is not None
    prompts, answers = made.parts
    assert (prompts.role, answers.role) == ("prefill", "decode")
    assert min(prompts.n_devices, answers.n_devices) >= 1
    assert prompts.usd_per_month is not None
    assert answers.usd_per_month is not None
    shares = Shares(kept.run, kept.ranking)
    people = sum(e.p50 for e in shared([(shares, shares.first)]))
    machines = prompts.usd_per_month.p50 + answers.usd_per_month.p50
    assert made.costs[0].usd_per_month.p50 == pytest.approx(people + machines)
    assert made.quality == "the same weights on both sides"
