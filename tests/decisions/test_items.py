"""Each item of the plan: the requirement that brings its line with rule and source, and one that does not."""

from __future__ import annotations

import pytest

from . import items


@pytest.mark.parametrize("row", items.ROWS, ids=lambda r: r.item)
def test_the_line_follows_from_the_requirement(row: items.Row) -> None:
    found = items.printed(row.base, row.when)
    assert row.rule in found
    assert row.source in found[row.rule][3].split(", ")
    assert row.rule not in items.printed(row.base, row.otherwise)


def test_items_are_told_apart() -> None:
    names = [row.item for row in items.ROWS]
    assert len(names) == len(set(names))


def test_the_page_is_what_the_rows_give() -> None:
    assert items.PAGE.read_text() == items.page()
