"""A whole recommendation keeps within the width of the terminal."""

import re
from collections.abc import Callable

import pytest

from selector.report.table import recommendation
from selector.types.decision import Recommendation

Decide = Callable[..., Recommendation]


@pytest.mark.parametrize("width", [80, 100, 120, 160])
@pytest.mark.parametrize("terminal", [True, False])
def test_tables_keep_within_the_width(decided: Decide, width: int, terminal: bool) -> None:
    text = recommendation(decided(), terminal, width)
    tables = text[text.index("Ranking") :]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", tables)
    assert max(len(line) for line in plain.splitlines()) <= width
    ranking = plain.split("Cost of")[0]
    for word in ("id", "points", "USD/month", "p95 ms", "quality", "risk"):
        assert re.search(rf"\b{word}\b", ranking), word
