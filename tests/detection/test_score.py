"""Detection on all excerpts reaches what docs/check.md promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from .score import ATTRIBUTES, HELD_OUT, Score, compare, load, names, run

PRECISION, RECALL = 0.9, 0.8


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names(), pool.map(lambda name: compare(load(name), run(name)), names()), strict=True))


def _total(scores: list[Score]) -> Score:
    total = Score()
    for score in scores:
        total.add(score)
    return total


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_of_all_excerpts_enough_is_found_and_little_is_wrong(
    scores: dict[str, Score], attribute: str
) -> None:
    total = _total(list(scores.values()))
    precision, recall = total.precision(attribute), total.recall(attribute)
    assert precision is not None
    assert recall is not None
    assert precision >= PRECISION, total.notes
    assert recall >= RECALL, total.notes


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_of_what_was_held_out_little_is_wrong(scores: dict[str, Score], attribute: str) -> None:
    precision = _total([scores[name] for name in HELD_OUT]).precision(attribute)
    assert precision is not None
    assert precision >= PRECISION


def test_nothing_is_found_where_nothing_is_declared(scores: dict[str, Score]) -> None:
    nothing = _total([score for name, score in scores.items() if name.startswith("none-")])
    assert sum(nothing.wrong.values()) == 0, nothing.notes
