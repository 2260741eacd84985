"""Tables keep numbers whole at every width and stand as named values where the terminal is narrow."""

import re
from dataclasses import replace

import pytest

from selector.report.numbers import band
from selector.report.table import fits, render
from selector.report.tabular import Table, middle
from selector.types.estimate import NOT_COUNTED, Estimate

ROWS = (
    ("1", "S-1", "meta-models/Muse-Glimmer-30B", "5,070 [4,060-6,340]", "4,200 [3,460-5,120]"),
    ("2", "S-2", "deepreinforce-ai/Ornith-1.0-35B-with-a-long-name", "15,070 [14,060-16,340]", "?"),
)
TABLE = Table(
    "Ranking",
    ("rank", "id", "model", "USD/month", "p95 ms"),
    ROWS,
    frozenset({"rank", "USD/month", "p95 ms"}),
    "a note",
)


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160])
def test_numbers_never_break(width: int, terminal: bool) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", render([TABLE], terminal, width))
    for row in ROWS:
        for number in (row[3], row[4]):
            assert number in text
    assert all(len(line) <= width for line in text.splitlines())
    assert "a note" in text


def test_a_narrow_terminal_gets_named_values() -> None:
    assert not fits(TABLE, 60)
    text = render([TABLE], False, 60)
    assert "USD/month 5,070 [4,060-6,340]" in text
    assert "|" not in text


def test_a_wide_terminal_gets_the_table() -> None:
    assert fits(TABLE, 120)
    assert "|" in render([TABLE], False, 120)


def test_a_cost_that_lacks_an_unknown_part_is_a_lower_bound() -> None:
    known = Estimate(80.0, 100.0, 120.0, "USD/month", "cost.total")
    least = replace(known, inputs={NOT_COUNTED: "running cost of M-DP"})
    assert (band(known), band(least), middle(least)) == ("100 [80-120]", ">=100 [80-120]", ">=100")
