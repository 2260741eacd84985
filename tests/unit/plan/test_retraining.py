"""Training anew: at the pace of what changes, with the hours and money of the runs of a month."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from selector.decide.runs import anew
from selector.plan import retraining
from selector.report import plan as report
from selector.types.decision import Recommendation
from selector.types.estimate import Estimate
from selector.types.plan import Plan, RetrainingPlan

Ranked = Callable[..., Recommendation]

TEXTS = "application: {task: text-classification}\npins: {model: [microsoft/deberta-v3-base]}\n"
RENTED = "deployment: {hosting: [self_hosted]}\n"
OWN = "deployment: {hosting: [on_prem], inventory: [{hardware: l4-24gb, count: 1}]}\n"
TABLE = "application: {task: tabular, domain: retail}\n"
CPU = "deployment: {hosting: [on_prem], inventory: [{hardware: cpu-xeon-8480, count: 1}]}\n"


def planned(ranked: Ranked, text: str) -> Plan:
    found = ranked(text, top=1).plan
    assert found is not None
    return found


def data(more: str) -> str:
    return f"data: {{training_examples: 20000{more}}}\n"


@pytest.mark.parametrize(
    ("text", "change", "mode", "runs"),
    [
        (TEXTS + OWN, ", drift: monthly", "periodic", 1.0),
        (TEXTS + OWN, ", drift: weekly", "replay", 4.3),
        (TEXTS + OWN, ", drift: rare", "drift_triggered", 0.15),
        (TEXTS + OWN, ", labels: {change: monthly}, drift: rare", "periodic", 1.0),
        (TABLE + CPU, ", drift: weekly", "periodic", 4.3),
        (TABLE + CPU, ", drift: daily", "incremental", 1.0),
    ],
)
def test_the_pace_follows_what_changes_most_often(
    ranked: Ranked, text: str, change: str, mode: str, runs: float
) -> None:
    plan = planned(ranked, text + data(change))
    assert plan.retraining is not None
    assert plan.retraining.mode == mode
    assert plan.retraining.runs.p50 == pytest.approx(runs)
    # Exactly one way holds.
    assert len([x for x in plan.lines if anew.way(x.settings)]) == 1


@pytest.mark.parametrize(
    "text",
    [
        TEXTS + OWN + data(""),
        TEXTS + OWN + data(", drift: never"),
        "application: {task: chat}\ndeployment: {hosting: [api]}\n" + data(", drift: weekly"),
    ],
    ids=["not stated", "never", "nothing is trained"],
)
def test_nothing_is_trained_anew_where_nothing_changes(ranked: Ranked, text: str) -> None:
    found = ranked(text, top=1)
    assert found.plan is not None
    assert found.plan.retraining is None
    topics = {row[0] for row in report.brief(found).rows}
    assert topics.isdisjoint({"retrain", "retraining"})
    assert "Retraining" not in {t.title for t in report.whole(found.plan)}


def test_a_month_costs_its_runs(ranked: Ranked) -> None:
    plan = planned(ranked, TEXTS + RENTED + data(", drift: monthly"))
    assert plan.training is not None
    assert plan.retraining is not None
    one, month, runs = plan.training.estimates["usd"], plan.retraining.usd, plan.retraining.runs
    assert one is not None
    assert month is not None
    assert month.p50 == pytest.approx(one.p50 * runs.p50)
    # No surer than one run, and no wider than if the ends came together.
    assert month.p50 / month.p10 >= one.p50 / one.p10 * 0.999
    assert month.p90 <= one.p90 * runs.p90 * 1.001


def test_the_pace_of_people_is_the_same(ranked: Ranked) -> None:
    weekly, monthly = (
        planned(ranked, TEXTS + OWN + data(f", drift: {pace}")).retraining for pace in ("weekly", "monthly")
    )
    assert weekly is not None
    assert monthly is not None
    ratio = weekly.runs.p50 / monthly.runs.p50
    assert weekly.person_months / monthly.person_months == pytest.approx(ratio)


def test_a_run_that_outlasts_its_pace_is_named(ranked: Ranked) -> None:
    text = "application: {task: chat}\npins: {model: [Qwen/Qwen3-8B]}\nadaptation: {method: lora}\n"
    plan = planned(ranked, text + OWN + "data: {training_examples: 30000000, drift: monthly}")
    assert any("asks for one every 730 h" in p for p in plan.problems)


def test_replay_is_a_part_of_a_run_that_nobody_knows(ranked: Ranked) -> None:
    plan = planned(ranked, TEXTS + OWN + data(", drift: weekly"))
    assert plan.retraining is not None
    assert plan.retraining.mode == "replay"
    assert (plan.retraining.device_hours, plan.retraining.usd) == (None, None)


def test_products_of_estimates_add_their_doubts() -> None:
    one, other = Estimate.around(2.0, 2.0, "", ""), Estimate.around(3.0, 1.0, "", "")
    assert one.times(other, "", "").p90 == pytest.approx(12.0)
    both = one.times(one, "", "")
    assert both.p90 / both.p50 == pytest.approx(math.exp(math.hypot(math.log(2.0), math.log(2.0))))
    assert one.times(Estimate.exact(0.0, "", ""), "", "").p90 == 0.0


def test_a_run_in_time_is_no_problem() -> None:
    month = Estimate.exact(1.0, "", "")
    found = RetrainingPlan("periodic", "", "monthly", "data.drift", month, None, None, 0.1, "", ())
    assert retraining.late(found, None) is None
