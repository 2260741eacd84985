"""Comparisons, break-evens and the hosted model against own machines, checked by whole runs."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from selector.decide import counterparts, rank
from selector.decide.explain import answer, api_or_own, ask, break_even, compare, turns
from selector.decide.explain.study import Study
from selector.errors import UsageError
from selector.report import explain as report
from selector.types.explain import BreakEven

Studied = Callable[..., Study]
EXAMPLES = ("chat-api-or-gpus", "image-classification-in-house", "investment-advice-assistant")


@pytest.mark.parametrize("example", EXAMPLES)
def test_steps_sum_to_the_gap_and_points_to_the_score(example: str, studied: Studied) -> None:
    study = studied(example)
    for other in study.rows[1:4]:
        fall = compare.waterfall(study, study.rows[0], other)
        assert math.fsum(s.points for s in fall.steps) == pytest.approx(
            fall.score - fall.other_score, abs=1e-8
        )
    anchors = compare.anchors(study, study.rows[0])
    given = math.fsum(s.own for s in compare.waterfall(study, *study.rows[:2]).steps if s.kind == "criterion")
    assert math.fsum(a.points for a in anchors) == pytest.approx(given, abs=1e-8)
    for a in anchors:
        assert a.points == pytest.approx(a.weight * a.value / 100.0)
        if a.known and a.figure is not None:
            assert by_hand(a.figure, a.worst, a.target, a.ideal, a.at_target, a.log) == pytest.approx(a.value)


def by_hand(x: float, worst: float, target: float, ideal: float, at: float, log: bool) -> float:
    """The value as the printed anchors give it."""
    g = (lambda v: math.log(max(v, 1e-12))) if log else float
    past = (g(x) - g(target)) * (g(ideal) - g(target)) > 0
    share = (
        (g(x) - g(target)) / (g(ideal) - g(target)) if past else (g(x) - g(worst)) / (g(target) - g(worst))
    )
    return min(max(at + (100.0 - at) * share if past else at * share, 0.0), 100.0)


def first(study: Study, found: BreakEven, at: float) -> tuple[object, ...] | None:
    """The choice that comes first in a whole run with a requirement moved."""
    given = replace(study.given, req=break_even.moved(study.given.req, found.key, at))
    run = given.run()
    order = rank.ranking(run, given.settings).order
    return break_even.choice_of(run, order.first()) if len(order.rows) else None


@pytest.mark.parametrize("example", ["driving-perception-edge", "speech-recognition-mixed-hardware"])
def test_break_evens_hold_in_whole_runs(example: str, studied: Studied) -> None:
    study = studied(example)
    assert study.first is not None
    now = break_even.choice_of(study.run, study.first)
    rows = list(break_even.all_of(study))
    assert rows
    turned = 0
    for found in rows:
        assert found.evaluations <= 12
        for stays, turns_ in ((found.low, found.low_turns), (found.high, found.high_turns)):
            if stays is None or turns_ is None:
                continue
            turned += 1
            assert first(study, found, stays) == now
            assert first(study, found, turns_) != now
            assert max(stays, turns_) / min(stays, turns_) < 1.06
        if found.high is None:
            assert first(study, found, found.most) == now
    assert turned


def test_a_narrow_run_has_the_same_first_stack(studied: Studied) -> None:
    study = studied("chat-api-or-gpus")
    run = break_even.narrowed(study).run()
    order = rank.ranking(run, study.given.settings).order
    assert study.first is not None
    assert break_even.choice_of(run, order.first()) == break_even.choice_of(study.run, study.first)
    assert len(run.stacks) < len(study.run.stacks) / 3


def test_hosted_or_own_agrees_with_the_ranking_and_crosses_where_it_says(studied: Studied) -> None:
    study = studied("chat-api-or-gpus")
    found = api_or_own.compare(study)
    ranking = study.ranking
    hosted, own = (counterparts.best(study.run, ranking.chain, ranking.allowed, k) for k in (True, False))
    assert hosted is not None
    assert own is not None
    load, cost = study.run.load, study.ranking.scored.cost
    assert load.requests_per_month is not None
    tokens = load.requests_per_month * (load.input_tokens + load.output_tokens)
    now = next(
        c
        for c in found.cells
        if c.requests_per_s == load.peak_requests_per_second
        and c.tokens_per_month == pytest.approx(tokens, rel=1e-5)
    )
    assert now.hosted_usd == pytest.approx(float(cost[hosted]), rel=1e-5)
    assert now.own_usd == pytest.approx(float(cost[own]), rel=1e-9)
    sides = api_or_own.sides_of(study, hosted, own)
    assert not isinstance(sides, str)
    at = {c.quantity: c for c in found.crossings}
    peak = load.peak_requests_per_second or 0.0
    used = at["utilisation"].low
    assert used is not None
    assert sides.hosted(peak, used) == pytest.approx(sides.own(peak))
    low, high = at["requests_per_s"].low, at["requests_per_s"].high
    assert low is not None
    assert high is not None
    share = (load.requests_per_month or 0.0) / (peak * api_or_own.SECONDS)
    assert (sides.own(low) < sides.hosted(low, share)) != (sides.own(high) < sides.hosted(high, share))
    for cell in found.cells:
        word = "hosted" if cell.hosted_usd < cell.own_usd else "self-hosted"
        assert cell.cheaper == word


def test_nothing_to_compare_is_said(studied: Studied) -> None:
    found = api_or_own.compare(studied("deepseek-r1-on-8xa100"))
    assert found.hosted is None
    assert not found.cells
    assert "no hosted" in found.note


def test_what_a_stack_needs_is_enough_and_not_more(studied: Studied) -> None:
    """The figure at which a stack would win gives it the score of the first."""
    study = studied("chat-api-or-gpus")
    scored = study.ranking.scored
    row = study.rows[3]
    for wins in turns.wins_if(study, row):
        if wins.kind != "criterion" or wins.needed is None:
            continue
        scale = scored.scales[wins.key]
        value = float(scale.value(np, wins.needed))
        gain = scored.weights[wins.key] * (value - float(scored.values[wins.key][row]))
        assert float(scored.score[row]) + gain == pytest.approx(float(scored.score[study.rows[0]]), abs=1e-6)


def test_a_stack_that_is_left_out_says_all_that_is_broken(studied: Studied) -> None:
    study = studied("chat-api-or-gpus", "latency.first_token_p95_ms=300")
    row = ask.stack(study, "model:openai/gpt-6.1-sol")
    made = answer.explain(study, "model:openai/gpt-6.1-sol", None, None, {})
    assert made.stack is not None
    assert made.stack.place is None
    limit = next(b for b in made.broken if b.kind == "limit")
    assert limit.id == "latency.first_token_p95_ms"
    assert limit.value == 1600.0
    assert limit.ratio == pytest.approx(1600.0 / 300.0)
    names = {name for name, column in study.ranking.reasons if column[row]}
    assert {b.id for b in made.broken} == names


def test_a_veto_tells_its_condition_and_the_facts(studied: Studied) -> None:
    made = answer.explain(studied("chat-api-or-gpus"), "model:deepseek/deepseek-flash", None, None, {})
    veto = next(b for b in made.broken if b.kind == "veto")
    assert veto.id.startswith("PRIV-006")
    assert "vendor.trains_on_inputs" in veto.needed


def test_dominating_stacks_are_better_or_equal_on_all(studied: Studied) -> None:
    study = studied("chat-api-or-gpus")
    scored = study.ranking.scored
    # Same machines at a dearer place: that of the first own stack that something betters.
    own = [int(r) for r in study.ranking.order.rows if study.run.stacks.cell[r] >= 0][:500]
    row, found = next((r, x) for r in own if (x := compare.dominators(study, r)))
    assert found
    for ref in found:
        other = ask.stack(study, ref.id)
        assert scored.points[other] >= scored.points[row]
        for name, column in scored.raw.items():
            sign = -1.0 if name == "quality" else 1.0
            assert sign * column[other] <= sign * column[row]


def test_points_of_rules_count_for_what_betters_a_stack(studied: Studied) -> None:
    """What is better on every criterion and gets fewer points from rules betters nothing."""
    study = studied("chat-api-or-gpus")
    row = study.rows[1]
    ahead = [ask.stack(study, r.id) for r in compare.dominators(study, row)]
    assert ahead
    less = np.asarray(study.ranking.scored.points) - np.isin(np.arange(len(study.run.stacks)), ahead) * 1.0
    scored = replace(study.ranking.scored, points=less)
    changed = replace(study, ranking=replace(study.ranking, scored=scored))
    assert not {r.id for r in compare.dominators(changed, row)} & {ask.ref(study, r).id for r in ahead}


@pytest.mark.parametrize("example", [*EXAMPLES, "deepseek-r1-on-8xa100"])
def test_the_first_stack_has_rank_1_and_nothing_dominates_it(example: str, studied: Studied) -> None:
    """Also where stacks with old prices score more and rank after those that are certain."""
    study = studied(example, "deployment.spot=false")
    assert compare.view(study, study.rows[0]).place == 1
    assert compare.dominators(study, study.rows[0]) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("S-99", "S-9"),
        ("model:Qwen/Qwen3-33B", "Qwen/Qwen3-32B"),
        ("deadbeef00", "model:NAME"),
        ("hardware=b300x", "b300x"),
        ("engine=vllm,colour=red", "colour=red"),
        ("model=Qwen/Qwen3-32B,hardware=mi300x", "no candidate"),
    ],
)
def test_unknown_stacks_get_near_misses(text: str, words: str, studied: Studied) -> None:
    with pytest.raises(UsageError) as caught:
        ask.stack(studied("chat-api-or-gpus", "exclude.hardware=[mi300x]"), text)
    assert words in str(caught.value)


def test_stacks_are_named_by_label_id_and_slots(studied: Studied) -> None:
    study = studied("air-gapped-coding-assistant")
    row = study.rows[0]
    ref = ask.ref(study, row)
    assert ref.label == "S-1"
    assert ask.stack(study, ref.label) == ask.stack(study, ref.id) == ask.stack(study, ref.id[:6]) == row
    assert ask.stack(study, "model=Qwen/Qwen3.8-27B,hardware=rtx-5090,precision=nvfp4") == row


def test_a_path_names_a_stack_by_label_or_id_and_not_by_position(studied: Studied) -> None:
    study = studied("air-gapped-coding-assistant")
    second = study.rows[1]
    id_ = ask.ref(study, second).id
    for name in ("S-2", id_):
        assert ask.in_path(study, f"stacks.{name}.estimates.quality_index") == (
            second,
            "estimates.quality_index",
        )
    assert ask.in_path(study, "score") == (None, "score")
    with pytest.raises(UsageError, match=r"position(.|\n)*stacks\.S-2\.score"):
        ask.in_path(study, "stacks.1.score")


def test_where_nothing_passes_the_nearest_and_the_smallest_change_are_told(studied: Studied) -> None:
    dear = studied("credit-default-scoring", "budget.per_month_usd=1")
    made = answer.explain(dear, None, None, None, {})
    assert made.stack is not None
    assert made.stack.place is None
    assert made.relaxations[0].constraints == ("budget.per_month_usd",)
    assert made.relaxations[0].stack == made.stack.ref.what
    assert {b.id for b in made.broken} == {"budget.per_month_usd"}
    assert "budget.per_month_usd" in {e.reason for e in made.excluded}
    lines = report.explanation(made).lines
    assert lines[:2] == (
        "no stack satisfies the requirements",
        f"smallest change: {made.relaxations[0].moves[0]}",
    )


def test_a_counterpart_is_named_by_its_label_and_by_its_whole_id(studied: Studied) -> None:
    study = studied("chat-api-or-gpus")
    found = counterparts.rows(study.run, study.ranking.chain, study.ranking.allowed, study.rows)
    assert found
    assert not set(found) & set(study.rows)
    id_ = ask.ref(study, found[0]).id
    assert len(id_) == 10
    assert ask.stack(study, "H-1") == ask.stack(study, id_) == found[0]
    assert ask.in_path(study, "counterparts.H-1.score") == (found[0], "score")
    with pytest.raises(UsageError, match="H-9"):
        ask.stack(study, "H-9")
