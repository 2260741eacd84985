"""Times of composites: the first token too, and nothing known where a part is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from selector.decide.composite import times
from selector.types.decision import Constraint, Recommendation

Ranked = Callable[..., Recommendation]


def stacks(whole: list[float], first: list[float]) -> Any:
    ones = np.full(len(whole), 1.5)
    return SimpleNamespace(
        request_p95_ms=np.array(whole),
        request_spread=ones,
        first_token_p95_ms=np.array(first),
        first_token_spread=ones,
    )


def test_the_slowest_part_gives_the_first_token_and_the_whole_request() -> None:
    took = times.slowest(stacks([900.0, 400.0], [50.0, 200.0]), (0, 1))
    assert took[times.FIRST] == (200.0, 1.5)
    assert took[times.WHOLE] == (900.0, 1.5)


def test_what_is_joined_shows_nothing_before_all_have_answered() -> None:
    took = times.slowest(stacks([900.0, 400.0], [50.0, 200.0]), (0, 1), joined=True)
    assert took[times.FIRST] == took[times.WHOLE] == (900.0, 1.5)


@pytest.mark.parametrize("rows", [(0, 1), (1, 0)])
def test_an_unknown_part_makes_the_time_unknown_in_any_order(rows: tuple[int, int]) -> None:
    took = times.slowest(stacks([900.0, math.nan], [math.nan, 200.0]), rows)
    assert math.isnan(took[times.WHOLE][0])
    assert math.isnan(took[times.FIRST][0])
    assert times.estimate(took) is None


@pytest.mark.parametrize(("status", "kept"), [("ok", True), ("unverified", True), ("violated", False)])
def test_only_a_limit_that_is_known_to_be_broken_rules_out(status: str, kept: bool) -> None:
    one = Constraint(times.FIRST, status, 300.0, None, "ms", None, "")
    assert times.kept((one,)) == kept


LABELS = """
application: {{task: text-classification, languages: [en], user_regions: [us]}}
organisation: {{region: us}}
workload: {{peak_requests_per_second: 40, requests_per_month: 20000000, input_tokens: 200, output_tokens: 1}}
data: {{classes: [internal], training_examples: 20000}}
latency: {{{limits}}}
deployment: {{hosting: [self_hosted]}}
"""


def test_a_stated_first_token_is_a_limit_of_what_several_answer(ranked: Ranked) -> None:
    found = ranked(LABELS.format(limits="first_token_p95_ms: 5000, request_p95_ms: 5000"))
    voting = next(c for c in found.composites if c.kind == "voting")
    assert {x.id for x in voting.limits} >= {times.WHOLE, times.FIRST}
