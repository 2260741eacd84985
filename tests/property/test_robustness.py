"""What must hold of stability and of draws: properties P5, P12, P14 to P16 and brute force."""

import math
from datetime import date
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from problems import Decision, decisions, many
from scipy.optimize import linprog  # type: ignore[import-untyped]

from selector.decide import limits
from selector.decide.calibrated import Applied, Stack
from selector.decide.robust import acceptability, choices, pareto, sampling, stability
from selector.estimate import calibration
from selector.estimate.numeric import Z90
from selector.iterate.attribution import shapley
from selector.types.calibration import Book, Group, Reading

GRID = 401
PROBLEMS = 200


def fixed(values: Any) -> list[sampling.Figure]:
    """Figures without doubt; the value of a figure is the figure."""
    none = np.zeros(len(values), dtype=np.int64)
    never = np.full(len(values), np.inf)
    return [sampling.Figure(c + 1.0, [], lambda x: x - 1.0, none, never) for c in values.T]


def random_problem(state: Any) -> tuple[Any, Any, Any]:
    n, k = state.randint(2, 9), state.randint(2, 6)
    values = state.random_sample((n, k))
    if state.randint(3) == 0:
        values = np.round(values, 1)  # ties
    return values, state.dirichlet(np.ones(k)) * 100.0, state.choice([0.0, 0.0, 3.0, -2.0], n)


def moved(weights: Any, j: int, t: float) -> Any:
    rest = np.delete(weights, j)
    return np.insert(rest * (100.0 - t) / rest.sum(), j, t)


def test_p5_intervals_agree_with_a_grid_of_weights() -> None:
    state = np.random.RandomState(5)
    wrong = 0
    for _ in range(PROBLEMS):
        values, weights, extra = random_problem(state)
        first = int((values @ weights + extra).argmax())
        for j in range(len(weights)):
            found = stability.interval(values, weights, extra, first, j)
            assert found is not None
            low, high = found[:2]
            assert low - 1e-9 <= weights[j] <= high + 1e-9
            for t in np.linspace(0.0, 100.0, GRID):
                score = values @ moved(weights, j, t) + extra
                lead = score[first] - np.delete(score, first).max()
                if abs(lead) > 1e-4:
                    wrong += bool(low - 1e-6 <= t <= high + 1e-6) != bool(lead > 0)
    assert wrong == 0


@given(decisions(unknown=False), st.data())
@many
def test_p5_a_rival_leads_beyond_the_end_that_names_it(d: Decision, data: st.DataObject) -> None:
    values, extra, k = d.values, d.points, len(d.weights)
    first = d.names.index(d.order[0])
    j = data.draw(st.integers(0, k - 1))
    assume(d.weights[j] < 100.0)
    found = stability.interval(values, d.weights, extra, first, j)
    if found is None:
        return  # rounding: a rival ties
    for end, rivals, step in ((found[0], found[2], -1e-3), (found[1], found[3], 1e-3)):
        for rival in rivals:
            at, beyond = (
                values @ moved(d.weights, j, t) + extra for t in (end, min(max(end + step, 0.0), 100.0))
            )
            assert abs(at[rival] - at[first]) <= 1e-6
            assert beyond[rival] >= beyond[first] - 1e-9


@given(decisions(unknown=False), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
@many
def test_p12_a_wider_box_keeps_every_overtaker(d: Decision, one: float, other: float) -> None:
    first = d.names.index(d.order[0])
    narrow, wide = (
        stability.box_leads(d.values, d.weights, d.points, first, share)[0] for share in sorted((one, other))
    )
    assert (wide >= narrow - 1e-9).all()
    cheap = stability.may_overtake(d.values, d.weights, d.points, first, max(one, other))
    assert (cheap | (wide <= 1e-9)).all()


def test_box_agrees_with_linear_programs() -> None:
    state = np.random.RandomState(12)
    for _ in range(PROBLEMS):
        values, weights, extra = random_problem(state)
        share = state.uniform(0.05, 0.5)
        leads, at = stability.box_leads(values, weights, extra, 0, share)
        for i in range(len(values)):
            bounds = [(w * (1 - share), w * (1 + share)) for w in weights]
            lead = values[i] - values[0]
            best = linprog(-lead, A_eq=np.ones((1, len(weights))), b_eq=[weights.sum()], bounds=bounds)
            assert abs(leads[i] - (extra[i] - extra[0] - best.fun)) < 1e-6
            assert abs(at[i].sum() - 100.0) < 1e-9


def test_nobody_ties_within_the_radius() -> None:
    state = np.random.RandomState(2)
    for _ in range(PROBLEMS):
        values, weights, extra = random_problem(state)
        weights, extra = weights / 100.0, extra / 100.0
        first = int((values @ weights + extra).argmax())
        found = stability.l2_radius(values, weights, extra, first)
        tried = state.dirichlet(np.ones(len(weights)), 4000)
        tried = weights + state.random_sample((4000, 1)) * (tried - weights)
        score = tried @ values.T + extra
        lost = (np.delete(score, first, axis=1) > score[:, [first]] + 1e-12).any(axis=1)
        far = np.linalg.norm(tried - weights, axis=1)
        if found is None:
            assert not lost.any()
        else:
            assert not (far[lost] < found[0] - 1e-9).any()


@given(decisions(unknown=False), st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5))
@many
def test_preferred_under_all_weights_of_an_order(d: Decision, drawn: list[float]) -> None:
    safe = stability.preferred_in_order(d.values, d.weights, d.points, 0)
    order = np.argsort(-d.weights, kind="stable")
    other = np.empty(len(d.weights))
    other[order] = sorted(drawn[: len(d.weights)], reverse=True)
    assume(other.sum() > 0)
    score = d.values @ (100.0 * other / other.sum()) + d.points
    assert (score[0] >= score[safe] - 1e-7).all()


@given(decisions(unknown=False))
@many
def test_front_is_what_nobody_dominates(d: Decision) -> None:
    costs = d.signed[:, :3]
    front = pareto.front(costs)
    assert front.any()
    for i in range(len(costs)):
        assert front[i] == (len(pareto.dominated_by(costs, i)) == 0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 4)), max_size=40))
def test_leading_is_the_front_of_each_group(rows: list[tuple[int, int, int]]) -> None:
    costs = np.array(rows, dtype=float).reshape(-1, 3)
    found = pareto.leading(*costs.T)
    for group in np.unique(costs[:, 0]):
        own = costs[:, 0] == group
        assert (found[own] == pareto.front(costs[own, 1:])).all()


@given(decisions(unknown=False, least=4), st.data())
@many
def test_who_never_decides_never_decides(d: Decision, data: st.DataObject) -> None:
    number = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(d.names), max_size=len(d.names))))
    first = d.names.index(d.order[0])
    kept = choices.leading(d.values, d.points, d.score, number, 5)
    for one in {first, data.draw(st.integers(0, len(d.names) - 1))}:
        rows = [np.concatenate([[one], r[number[r] != number[one]]]) for r in (np.arange(len(number)), kept)]
        for j in range(len(d.weights)):
            found = [stability.interval(d.values[r], d.weights, d.points[r], 0, j) for r in rows]
            if found[0] is None or found[1] is None:
                assert found[0] is None
                assert found[1] is None
            else:
                assert np.allclose(found[0][:2], found[1][:2], atol=1e-6)


def test_those_alike_do_not_remove_each_other() -> None:
    values, number = np.ones((5, 2)), np.array([0, 1, 0, 1, 0])
    points = np.array([-3.0, 0.0, -3.0, 0.0, 0.0])
    kept = choices.leading(values, points, 100.0 + points, number, 5)
    assert {0, 1} <= set(number[kept].tolist())


@given(st.integers(0, 2**31), st.integers(1, 6), st.integers(1, 60))
@many
def test_relaxation_sets_are_the_least(seed: int, bits: int, size: int) -> None:
    state = np.random.RandomState(seed)
    masks = state.randint(1, 2**bits, size)
    found = set(limits.minimal_sets(masks))
    # A set of limits lets somebody through where it holds all that somebody violates.
    enough = [s for s in range(2**bits) if any(m & ~s == 0 for m in masks.tolist())]
    least = {s for s in enough if not any(o != s and o & ~s == 0 for o in enough)}
    assert found == least


@given(decisions(unknown=False), st.integers(0, 2**32 - 1))
@many
def test_p16_shares_of_draws(d: Decision, seed: int) -> None:
    draws = sampling.draw(fixed(d.values), d.weights, np.zeros(len(d.names)), 0.25, 200, seed)
    shares = acceptability.within(draws.leaders[:, :1], len(d.names))
    assert abs(math.fsum(shares) - 1.0) < 1e-12
    top = acceptability.within(draws.leaders, len(d.names))
    assert (top >= shares).all()
    assert np.allclose(draws.weights.sum(axis=1), 100.0, rtol=1e-5)
    used = d.weights > 0
    for i in range(len(d.names)):
        gap = (d.values - d.values[i])[:, used]
        if (gap > 1e-6).all(axis=1).any():
            assert shares[i] == 0
            assert acceptability.central_weights(draws.leaders[:, 0], draws.weights, i) is None
    ranks = acceptability.expected_ranks(draws.ranked, range(len(d.names)))
    above = (draws.score[:, :, None] < draws.score[:, None, :]).sum(axis=2).mean(axis=0)
    assert np.allclose(ranks, 1.0 + above)
    best = int(np.argmax(shares))
    assert acceptability.evpi(draws.score) <= acceptability.regret(draws.score, best) + 1e-4
    assert acceptability.entropy(shares) <= math.log2(len(d.names)) + 1e-9


@given(decisions(unknown=False), st.integers(0, 2**32 - 1))
@many
def test_p14_one_seed_gives_one_outcome(d: Decision, seed: int) -> None:
    one, other = (sampling.draw(fixed(d.values), d.weights, d.points, 0.25, 64, seed) for _ in range(2))
    assert (one.score == other.score).all()
    assert (one.leaders == other.leaders).all()


def doubtful(n: int, sd: float, shared: bool, most: float = math.inf) -> sampling.Figure:
    group = np.zeros(n, dtype=np.int64) if shared else np.arange(n)
    error = sampling.Error("e", group, np.full(n, sd))
    none = np.zeros(n, dtype=np.int64)
    return sampling.Figure(np.ones(n), [error], lambda x: np.clip(x / 4.0, 0, 1), none, np.full(n, most))


def test_p16_who_breaks_a_limit_has_no_rank() -> None:
    figure = doubtful(2, 0.5, True, most=0.0)
    draws = sampling.draw([figure], np.array([100.0]), np.zeros(2), 0.25, 4000, 1)
    shares = acceptability.within(draws.leaders[:, :1], 2)
    assert abs(math.fsum(shares) - 0.5) < 0.03
    assert math.isnan(acceptability.expected_ranks(np.full((4, 2), -np.inf), [0])[0])


def test_shared_doubt_is_no_doubt_about_the_order() -> None:
    points = np.array([1.0, 0.0])
    for shared, low, high in ((True, 0.0, 0.0), (False, 0.3, 0.5)):
        draws = sampling.draw([doubtful(2, 0.5, shared)], np.array([100.0]), points, 0.25, 4000, 1)
        assert low <= acceptability.beats(draws.ranked, 0)[1] <= high


def test_knowing_one_figure_is_worth_no_more_than_knowing_all() -> None:
    figures = [doubtful(6, 0.4, False), doubtful(6, 0.2, False)]
    weights = np.array([70.0, 30.0])
    draws = sampling.draw(figures, weights, np.zeros(6), 0.25, 10_000, 3, watch=range(6))
    score = draws.score.astype(float)
    each = [acceptability.partial_evpi(score, draws.watched[0, :, i]) for i in range(6)]
    assert all(0.0 < e <= acceptability.evpi(draws.score) for e in each)
    assert max(each) - min(each) < 0.3
    noise = sampling.normals(np.random.RandomState(9), (10_000, 1))[:, 0]
    assert acceptability.partial_evpi(score, noise) < min(each) / 5


def test_value_of_knowing_agrees_with_the_closed_form() -> None:
    # One certain rival at the mean of a uniform figure: knowing it is worth E[max(x, 1/2)] - 1/2 = 1/8.
    state = np.random.RandomState(4)
    x = sampling.uniforms(state, (10_000, 1))[:, 0]
    score = 100.0 * np.stack([x.astype(float), np.full(10_000, 0.5)], axis=1)
    assert abs(acceptability.evpi(score) - 12.5) < 0.4
    assert abs(acceptability.partial_evpi(score, x) - 12.5) < 0.7


def test_a_figure_that_decides_nothing_is_worth_nothing_and_not_a_rounding() -> None:
    # One leads by the same everywhere: what is left over is the order of additions.
    x = sampling.uniforms(np.random.RandomState(4), (10_000, 1))[:, 0]
    score = np.stack([40.0 + x, 30.0 + x], axis=1).astype(float)
    assert acceptability.partial_evpi(score, x) == 0.0


def test_the_winner_is_overstated_unless_shrunk() -> None:
    state = np.random.RandomState(11)
    for size, curse in ((50, 0.079), (500, 0.107)):
        raw, held = [], []
        for _ in range(1500):
            true = state.normal(0.0, 0.05, size)
            seen = true + state.normal(0.0, 0.05, size)
            moved_ = sampling.shrunk(seen, np.full(size, 0.05), np.zeros(size))
            raw.append(seen.max() - true[seen.argmax()])
            held.append(moved_.max() - true[moved_.argmax()])
        assert abs(np.mean(raw) - curse) < 0.006
        assert abs(np.mean(held)) < 0.006


def test_normals_are_normal() -> None:
    z = sampling.normals(np.random.RandomState(1), (400, 500)).astype(float)
    assert abs(z.mean()) < 0.01
    assert abs(z.std() - 1.0) < 0.01
    assert abs((z < -Z90).mean() - 0.1) < 0.003


PRIOR = st.floats(0.05, 1.0)
LOGS = st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=20)
GROUP = Group("e", "h", "p", "f")
LATER = date(2026, 1, 1)


def applied(logs: list[float], sd: float, prior: float, day: date = LATER) -> Applied:
    """Measurements of as many stacks of one group, on the first day of a year, as they count on a day."""
    rows = [
        Reading(
            f"r{i}", "f", "token", GROUP, f"m{i}", 1, 1, "tpot_ms", 1, 1, y, prior, sd, dated="2026-01-01"
        )
        for i, y in enumerate(logs)
    ]
    p = {"share.family": 0.5, "share.stack": 0.3, "share.load": 0.2, "omega": 0.15, "sd_floor": 0.03}
    p |= {
        "drift_per_month": 0.1,
        "undated_months": 0.0,
        "load_tolerance": 0.1,
        "most_factor": 9.0,
        "conflict_sds": 1e9,
    }
    return Applied(Book(tuple(rows)), {f"calibration.{k}": v for k, v in p.items()}, day)


@given(PRIOR, LOGS, st.floats(0.03, 0.5))
@many
def test_p15_calibration_lies_between_prior_and_data(prior: float, logs: list[float], sd: float) -> None:
    precision, each = prior**-2, sd**-2
    assert calibration.told(precision, [], []) == 0.0
    after = calibration.told(precision, logs, [each] * len(logs))
    mean = math.fsum(logs) / len(logs)
    assert min(0.0, mean) - 1e-9 <= after <= max(0.0, mean) + 1e-9
    noise = sd**2 / len(logs)
    assert math.isclose(after, mean * prior**2 / (noise + prior**2), abs_tol=1e-9)
    sure = calibration.told(precision, [mean], [each * 100_000])
    assert abs(sure - mean) < 0.01


@given(PRIOR, LOGS, st.floats(0.03, 0.5))
@many
def test_p15_a_family_is_less_sure_of_a_new_member(prior: float, logs: list[float], sd: float) -> None:
    found = applied(logs, sd, prior)
    new, own = (found.belief("token", Stack(GROUP, m, 1, 1), prior) for m in ("new", "m0"))
    more = applied([*logs, 0.0], sd, prior).belief("token", Stack(GROUP, "new", 1, 1), prior)
    old = applied(logs, sd, prior, date(2027, 1, 1)).belief("token", Stack(GROUP, "new", 1, 1), prior)
    assert new is not None and own is not None and more is not None and old is not None  # noqa: PT018
    assert min(0.0, *logs) - 1e-9 <= new.value.mean <= max(0.0, *logs) + 1e-9
    assert own.value.sd < new.value.sd < old.value.sd
    assert more.value.sd <= new.value.sd
    far = 3.1 * math.hypot(prior, sd)
    alone = calibration.LogNormal(0.0, prior)
    assert calibration.conflicts(alone, far, sd)
    assert not calibration.conflicts(alone, 0.0, sd)
    assert calibration.applied_sd(sd, 2, 0.15, 0.03) > calibration.applied_sd(sd, 0, 0.15, 0.03)


@given(st.lists(st.floats(-5, 5), min_size=16, max_size=16))
@many
def test_p13_shares_of_a_change_sum_to_it(figures: list[float]) -> None:
    groups = ["a", "b", "c", "d"]

    def figure(new: frozenset[str]) -> float:
        return figures[sum(1 << i for i, g in enumerate(groups) if g in new)]

    assert math.isclose(math.fsum(shapley(figure, groups).values()), figures[-1] - figures[0], abs_tol=1e-9)
