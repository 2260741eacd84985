"""Settled figures from the literature and in closed form: tests/decisions/ranking-vectors.yaml."""

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from selector.decide import limits
from selector.decide.calibrated import Applied, Stack
from selector.decide.robust import acceptability, additive, pareto, sampling, stability
from selector.decide.value import Scale
from selector.estimate import calibration
from selector.estimate.numeric import Z90
from selector.iterate.attribution import shapley
from selector.types.calibration import Book, Group, Reading

FILE = Path(__file__).parents[2] / "decisions" / "ranking-vectors.yaml"
VECTORS: dict[str, Any] = {v["id"]: v for v in yaml.safe_load(FILE.read_text(encoding="utf-8"))}


def values(v: dict[str, Any], anchors: Any = None) -> Any:
    """Columns through straight value functions from the worst to the best anchor."""
    matrix = np.array(v["matrix"], dtype=float)
    anchors = v["anchors"] if anchors is None else anchors
    columns = []
    for column, (low, high), rising in zip(matrix.T, anchors, v["rising"], strict=True):
        worst, best = (low, high) if rising else (high, low)
        middle = worst + 0.8 * (best - worst)
        columns.append(Scale("c", "u", worst, middle, best, False, "").value(np, column))
    return np.stack(columns, axis=1)


def scores(columns: Any, weights: Any) -> Any:
    return additive.total(list(columns.T), weights, np.zeros(len(columns)))


def ranks(score: Any) -> list[int]:
    return [1 + int((score > s).sum()) for s in score]


@pytest.mark.parametrize("name", ["SPOTIS-A", "SPOTIS-B", "RR-WITNESS"])
def test_additive_with_fixed_anchors(name: str) -> None:
    v = VECTORS[name]
    score = scores(values(v), v["weights"])
    assert score == pytest.approx(v["score"], abs=1e-4)
    assert ranks(score) == v["rank"]


def test_no_option_moves_the_score_of_another() -> None:
    v = VECTORS["RR-WITNESS"]
    whole = scores(values(v), v["weights"])
    for left_out in range(4):
        kept = [i for i in range(4) if i != left_out]
        less = values({**v, "matrix": [v["matrix"][i] for i in kept]})
        assert (scores(less, v["weights"]) == whole[kept]).all()


def test_additive_winner_turns_with_the_weights() -> None:
    v = VECTORS["DAM"]
    matrix = np.array(v["matrix"])
    columns = values(v, list(zip(matrix.min(axis=0), matrix.max(axis=0), strict=True)))
    for weights, score, best in zip(v["weight_sets"], v["score"], v["best"], strict=True):
        found = scores(columns, np.array(weights) / sum(weights))
        assert found == pytest.approx(score, abs=1.5e-3)
        assert int(found.argmax()) == best


@pytest.mark.parametrize("case", VECTORS["PVF"]["cases"], ids=str)
def test_value_functions(case: dict[str, Any]) -> None:
    (worst, _), *inner, (ideal, _) = sorted(case["knots"], key=lambda k: k[1])
    middle, at = inner[0] if inner else (worst + 0.8 * (ideal - worst), 0.8)
    scale = Scale("c", "u", worst, middle, ideal, False, "", at)
    assert scale.value(np, np.array(case["x"], dtype=float)) == pytest.approx(case["v"], abs=1e-12)


def test_dominance() -> None:
    v = VECTORS["DOM-STOCK"]
    costs = np.array(v["matrix"], dtype=float) * np.where(v["rising"], -1.0, 1.0)
    names = np.array(v["names"])
    assert list(names[pareto.front(costs)]) == v["front"]
    for i, name in enumerate(names):
        assert list(names[pareto.dominated_by(costs, i)]) == v["dominated"].get(name, [])


def test_hiding_a_figure_does_not_pay() -> None:
    v = VECTORS["MISSING-WITNESS"]

    def score(replaced: float | None) -> float:
        x = list(v["hides"])
        if replaced is not None:
            x[v["hidden"]] = replaced
        return float(scores(np.array([x]), v["weights"])[0])

    assert score(None) == pytest.approx(v["score"]["full"])
    assert score(v["missing"]) == pytest.approx(v["score"]["hidden"])
    assert score(v["missing"]) < v["score"]["other"]
    assert [score(0.0), score(1.0)] == pytest.approx(v["bounds"])


def test_weight_intervals() -> None:
    v = VECTORS["WSI-EXACT"]
    x, w = np.array(v["values"]), np.array(v["weights"])
    assert scores(x, w) == pytest.approx(v["score"])
    for j, ((low, high), (at_low, at_high)) in enumerate(zip(v["intervals"], v["rivals"], strict=True)):
        found = stability.interval(x, w, np.zeros(3), 0, j)
        assert found is not None
        assert found[:2] == pytest.approx((low, high), abs=1e-8)
        assert list(found[2]) == ([] if at_low is None else [at_low])
        assert list(found[3]) == ([] if at_high is None else [at_high])


def test_change_of_one_weight() -> None:
    v = VECTORS["WSM-TS1997"]
    x, w = np.array(v["matrix"]), np.array(v["weights"])
    assert x @ w == pytest.approx(v["score"], abs=5e-4)
    change = stability.one_weight_change(x, w, 0, 1)
    assert change == pytest.approx(v["change"], abs=5e-4)
    assert list(change <= w) == v["possible"]


def test_box_radius_and_order() -> None:
    v = VECTORS["ROBUST-BOX"]
    x, w, none = np.array(v["values"]), np.array(v["weights"]), np.zeros(3)
    leads, at = stability.box_leads(x, w, none, 0, v["share"])
    assert leads[1:] == pytest.approx(v["leads"], abs=1e-9)
    assert at[1] == pytest.approx(v["at"], abs=1e-9)
    assert stability.may_overtake(x, w, none, 0, v["share"])[1:].all()
    assert stability.l2_bounds(x, w, none, 0)[1:] == pytest.approx(v["l2"], abs=1e-6)
    near = stability.l2_radius(x, w, none, 0)
    assert near is not None
    assert near[0] == pytest.approx(v["l2"][0], abs=1e-6)
    assert list(near[1]) == [1]
    assert bool(stability.preferred_in_order(x, w, none, 0)[1]) is v["in_order"]


@pytest.mark.parametrize("case", VECTORS["SMAA-EXACT"]["cases"], ids=str)
def test_acceptability_under_any_weights(case: dict[str, Any]) -> None:
    x = np.array(case["values"], dtype=float)
    weights = sampling.simplex(np.random.RandomState(7), x.shape[1], 1.0, 10_000)
    best = sampling.first_places(weights @ x.T, 1)
    shares = acceptability.within(best, len(x))
    assert shares == pytest.approx(case["first"], abs=0.015)
    assert math.fsum(shares) == pytest.approx(1.0)
    for i, share in enumerate(case["first"]):
        central = acceptability.central_weights(best[:, 0], weights, i)
        assert (central is None) == (share == 0)
    if "central" in case:
        assert acceptability.central_weights(best[:, 0], weights, 0) == pytest.approx(
            case["central"], abs=0.015
        )


def test_shrinkage() -> None:
    v = VECTORS["SHRINK-EM"]
    y = np.array(v["y"])
    sd = np.full(len(y), math.sqrt(y.mean() * (1 - y.mean()) / v["trials"]))
    found = sampling.shrunk(y, sd, np.zeros(len(y)))
    assert y.mean() == pytest.approx(v["mean"], abs=1e-3)
    assert (found[0] - y.mean()) / (y[0] - y.mean()) == pytest.approx(v["kept"], abs=1e-3)
    assert (found[0], found[-1]) == pytest.approx((v["first"], v["last"]), abs=1e-3)


def test_calibration_of_a_factor() -> None:
    v = VECTORS["CALIB-NN"]
    low, high = v["band"]
    prior = math.log(high / low) / (2.0 * Z90)
    logs = [math.log(r) for r in v["ratios"]]
    group = Group("e", "h", "p", "f")
    rows = [
        Reading(str(i), "f", "token", group, "m", 1, 1, "tpot_ms", 1.0, 1.0, y, prior, v["sd"])
        for i, y in enumerate(logs)
    ]
    # All of the band is what a group has in common, so that its factor is that of the vector.
    p = dict.fromkeys(("sd_floor", "drift_per_month", "undated_months", "omega"), 0.0)
    p |= {"share.family": 1.0, "share.stack": 0.0, "share.load": 0.0, "most_factor": 9.0, "conflict_sds": 3.0}
    applied = Applied(Book(tuple(rows)), {f"calibration.{k}": x for k, x in p.items()}, date.min)
    found = applied.belief("token", Stack(group, "another", 1, 1), prior)
    assert found is not None
    after = found.value
    assert prior == pytest.approx(v["tau"], abs=1e-5)
    assert after.factor == pytest.approx(v["factor"], abs=1e-5)
    assert after.sd == pytest.approx(v["posterior_sd"], abs=1e-5)
    assert after.band == pytest.approx(v["posterior_band"], abs=1e-5)
    assert after.mean == pytest.approx((1.0 - v["shrink"]) * sum(logs) / len(logs), abs=1e-5)


def test_calibration_of_a_rate() -> None:
    v = VECTORS["CALIB-BB"]
    after = calibration.after_trials(
        calibration.beta_prior(v["mean"], v["strength"]), v["successes"], v["trials"]
    )
    assert (after.alpha, after.beta) == pytest.approx((v["alpha"], v["beta"]))
    assert after.mean == pytest.approx(v["posterior_mean"], abs=1e-6)


def test_chance_to_keep_a_limit() -> None:
    v = VECTORS["CHANCE"]
    assert limits.p_ok(v["p50"], v["spread"], v["limit"]) == pytest.approx(v["chance"], abs=2e-5)
    column, spread = np.array([float(v["p50"])]), np.array([v["spread"]])
    code = limits.status(limits.Limit("x", v["limit"], "u", column, spread))
    assert limits.STATUS[int(code[0])] == v["status"]


def test_change_shared_out() -> None:
    v = VECTORS["SHAPLEY-DIFF"]

    def score(new: frozenset[str]) -> float:
        x = {k: v["new"][k] if k in new else v["old"][k] for k in v["old"]}
        return float(x["w"] * (1 - x["price"] * x["cal"] / 20))

    assert [score(frozenset()), score(frozenset(v["new"]))] == pytest.approx(v["score"])
    assert shapley(score, list(v["old"])) == pytest.approx(v["shares"], abs=1e-6)


def test_weights_of_a_tie_are_none_or_at_no_distance() -> None:
    weights, none = np.array([0.5, 0.5]), np.zeros(2)
    better = np.array([[0.9, 0.9], [0.1, 0.1]])
    assert stability.l2_radius(better, weights, none, 0) is None
    even = np.array([[0.9, 0.1], [0.1, 0.9]])
    near = stability.l2_radius(even, weights, none, 0)
    assert near is not None
    assert near[0] == 0.0
    assert near[1].tolist() == [1]
