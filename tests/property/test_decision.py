"""What must hold of every ranking: properties P1 to P11 of the decision methods, section 5."""

import math
from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from problems import MISSING, Decision, better, decisions, many, scale_of, scaled

from selector.decide import limits
from selector.decide.rank import worth
from selector.decide.value import Scale


@given(decisions(), st.data(), st.floats(1.0, 3.0))
@many
def test_p1_better_figures_never_cost_points(d: Decision, data: st.DataObject, by: float) -> None:
    i = data.draw(st.integers(0, len(d.names) - 1))
    j = data.draw(st.integers(0, len(d.scales) - 1))
    assume(not math.isnan(d.raw[i, j]))
    raw = d.raw.copy()
    raw[i, j] = better(d.scales[j], raw[i, j], by)
    after, before = replace(d, raw=raw).score, d.score
    assert after[i] >= before[i]
    assert (np.delete(after, i) == np.delete(before, i)).all()


@given(decisions(), st.data())
@many
def test_p2_who_is_left_out_moves_nobody(d: Decision, data: st.DataObject) -> None:
    out = data.draw(st.integers(0, len(d.names) - 1))
    rest = d.take([i for i in range(len(d.names)) if i != out])
    assert (rest.score == np.delete(d.score, out)).all()
    assert rest.order == [n for n in d.order if n != d.names[out]]


@given(decisions(), st.randoms(use_true_random=False))
@many
def test_p3_order_of_the_catalogue_does_not_matter(d: Decision, random: Random) -> None:
    rows = list(range(len(d.names)))
    random.shuffle(rows)
    assert d.take(rows).order == d.order


@given(decisions(), st.lists(st.floats(0.01, 1000.0), min_size=5, max_size=5))
@many
def test_p4_units_do_not_matter(d: Decision, factors: list[float]) -> None:
    raw, scales = d.raw.copy(), []
    for j, (s, by) in enumerate(zip(d.scales, factors, strict=False)):
        raw[:, j] *= by
        scales.append(replace(s, worst=s.worst * by, target=s.target * by, ideal=s.ideal * by))
    assert np.abs(replace(d, raw=raw, scales=tuple(scales)).score - d.score).max() <= 1e-7


@given(decisions(), st.lists(st.integers(0, 10), min_size=5, max_size=5))
@many
def test_p5_scores_follow_weights_smoothly(d: Decision, others: list[int]) -> None:
    k = len(d.scales)
    assume(any(others[:k]))
    other = scaled(others[:k])
    moved = replace(d, weights=other).score
    assert np.abs(moved - d.score).max() <= 0.5 * np.abs(other - d.weights).sum() + 1e-8


@given(decisions(unknown=False), st.data())
@many
def test_p6_who_dominates_comes_first(d: Decision, data: st.DataObject) -> None:
    i, other = data.draw(st.permutations(range(len(d.names))))[:2]
    # The second candidate becomes one that the first dominates, often by a hair or where values are flat.
    raw, points = d.raw.copy(), d.points.copy()
    worse = data.draw(st.lists(st.sampled_from([1.0, 1.0, 1.0001, 3.0]), min_size=5, max_size=5))
    for j, s in enumerate(d.scales):
        raw[other, j] = better(s, raw[i, j], 1.0 / worse[j])
    assume((raw[other] != raw[i]).any())
    points[other] = points[i]
    order = replace(d, raw=raw, points=points).order
    assert order.index(d.names[i]) < order.index(d.names[other])


@given(decisions(), scale_of(), st.integers(1, 10), st.integers(1, 30), st.data())
@many
def test_p7_what_is_equal_between_two_keeps_their_order(
    d: Decision, scale: Scale, weight: int, figure: int, data: st.DataObject
) -> None:
    a, b = data.draw(st.permutations(range(len(d.names))))[:2]
    new = np.array(data.draw(st.lists(st.integers(1, 30), min_size=len(d.names), max_size=len(d.names))))
    new[[a, b]] = figure
    weights = scaled([*d.weights, float(weight)])
    # A rule that gives both the same points changes as little; points are in points, whatever the weights.
    wider = replace(
        d,
        raw=np.column_stack([d.raw, new.astype(float)]),
        scales=(*d.scales, scale),
        weights=weights,
        points=np.zeros(len(d.names)),
    )
    plain = replace(d, points=np.zeros(len(d.names)))
    for with_rule in (
        wider,
        replace(plain, points=np.where(np.isin(np.arange(len(d.names)), [a, b]), 2.5, 0.0)),
    ):
        pairs = [[n for n in x.order if n in (d.names[a], d.names[b])] for x in (plain, with_rule)]
        assert pairs[0] == pairs[1]


@given(st.lists(st.floats(1.0, 1000.0), min_size=1, max_size=8), st.floats(1.0, 1000.0), st.floats(0.1, 1.0))
@many
def test_p8_a_tighter_limit_lets_nobody_in(column: list[float], cap: float, by: float) -> None:
    x, spread = np.array(column), np.full(len(column), 1.5)
    wide, tight = (limits.status(limits.Limit("x", c, "u", x, spread)) for c in (cap, cap * by))
    assert ((tight == limits.VIOLATED) | (wide != limits.VIOLATED)).all()
    vetoed = limits.masks([wide, np.where(x > cap / 2, limits.VIOLATED, limits.OK)], len(x))
    assert ((vetoed == 0) <= (limits.masks([wide], len(x)) == 0)).all()


@given(decisions(), st.data())
@many
def test_p10_knowing_a_figure_that_is_no_worse_than_assumed_never_costs(
    d: Decision, data: st.DataObject
) -> None:
    i = data.draw(st.integers(0, len(d.names) - 1))
    j = data.draw(st.integers(0, len(d.scales) - 1))
    raw = d.raw.copy()
    raw[i, j] = np.nan
    hidden = replace(d, raw=raw)
    found = data.draw(st.integers(1, 30))
    known = raw.copy()
    known[i, j] = found
    worth_of_it = float(worth(d.scales[j], np.array([float(found)]), MISSING)[0])
    assume(worth_of_it >= MISSING)
    assert replace(d, raw=known).score[i] >= hidden.score[i]


@given(decisions(), st.lists(st.lists(st.integers(-50, 50), min_size=7, max_size=7), min_size=2, max_size=4))
@many
def test_p11_order_of_packs_does_not_matter(d: Decision, rules: list[list[int]]) -> None:
    columns = [np.array(r[: len(d.names)]) / 10.0 for r in rules]
    one, other = (replace(d, points=sum(c, np.zeros(len(d.names)))) for c in (columns, columns[::-1]))
    assert (one.score == other.score).all()
    assert one.order == other.order


@given(decisions())
@many
def test_p13_contributions_sum_to_the_gap(d: Decision) -> None:
    parts = np.column_stack([d.weights * d.values, d.points])
    first = d.names.index(d.order[0])
    for i in range(len(d.names)):
        gap = math.fsum(parts[first] - parts[i])
        assert abs(gap - (d.score[first] - d.score[i])) <= 2e-9
