"""A column stands for the array that it is short for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selector.decide.columns import Column, Formed, alike, distinct, narrow, of_option, row_by_row, spread

VALUES = np.array([3.0, -1.0, np.nan, 7.0])
ROWS = np.array([3, 0, 0, 1, 2, 3], dtype=np.int16)
COLUMN = Column(VALUES, ROWS)
WRITTEN = VALUES[ROWS]


def test_rows_of_a_column_are_those_of_the_array() -> None:
    assert len(COLUMN) == 6
    assert COLUMN.shape == WRITTEN.shape
    assert COLUMN[1] == 3.0
    np.testing.assert_array_equal(COLUMN[np.array([0, 4])], WRITTEN[[0, 4]])
    np.testing.assert_array_equal(COLUMN[WRITTEN > 0], WRITTEN[WRITTEN > 0])
    np.testing.assert_array_equal(np.asarray(COLUMN[1:3]), WRITTEN[1:3])


def test_arithmetic_with_its_own_kind_stays_a_column() -> None:
    for found in (COLUMN * 2.0 + COLUMN, np.where(COLUMN > 1.0, COLUMN, 0.0), np.nan_to_num(COLUMN)):
        assert isinstance(found, Column)
        assert found.rows is ROWS
    np.testing.assert_array_equal(np.asarray(COLUMN * 2.0 + COLUMN), WRITTEN * 2.0 + WRITTEN)
    np.testing.assert_array_equal(np.asarray(np.where(COLUMN > 1, 1, 0)), np.where(WRITTEN > 1, 1, 0))


def test_with_anything_else_the_array_is_written_out() -> None:
    other = Column(np.arange(6.0), np.arange(6))
    for found in (COLUMN + np.arange(6.0), np.arange(6.0) + COLUMN, COLUMN + other):
        assert isinstance(found, np.ndarray)
        np.testing.assert_array_equal(found, WRITTEN + np.arange(6.0))
    total = np.zeros(6)
    total += COLUMN
    np.testing.assert_array_equal(total, WRITTEN)
    np.testing.assert_array_equal(np.concatenate([COLUMN, np.ones(1)]), [*WRITTEN, 1.0])


def test_a_value_that_no_row_takes_does_not_count() -> None:
    assert not Column(np.array([False, True]), np.zeros(3, dtype=int)).any()


def test_two_indices_give_a_part_of_wide_values() -> None:
    wide = Column(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0, 1]))
    np.testing.assert_array_equal(np.asarray(wide[:, 1]), [4.0, 2.0, 4.0])
    assert wide[0, 1] == 4.0
    np.testing.assert_array_equal(wide[1], [1.0, 2.0])


def test_values_by_option_follow_the_option() -> None:
    option = Column(np.array([1, 0]), np.array([0, 1, 1]))
    np.testing.assert_array_equal(np.asarray(of_option(np.array([10.0, 20.0]), option)), [20.0, 10.0, 10.0])
    np.testing.assert_array_equal(np.asarray(of_option(np.array([10.0, 20.0]), np.array([1, 1]))), [20.0] * 2)


def test_blocks_change_nothing() -> None:
    size = 100_001
    one, two = np.arange(float(size)), Column(np.array([1.0, 2.0]), np.arange(size) % 2)
    np.testing.assert_array_equal(row_by_row(lambda a, b: a * b, one, two), one * np.asarray(two))
    assert isinstance(row_by_row(np.sqrt, two), Column)
    assert row_by_row(lambda a: a > 1.0, one[:0]).dtype == bool


def test_a_formed_column_is_the_array_that_its_function_gives() -> None:
    one = np.arange(6.0)
    formed, written = Formed(np.multiply, COLUMN, one), WRITTEN * one
    assert len(formed) == 6
    for rows in (3, slice(1, 4), np.array([5, 0])):
        np.testing.assert_array_equal(np.asarray(formed[rows]), written[rows])
    np.testing.assert_array_equal(formed**2.0, written**2.0)
    np.testing.assert_array_equal(np.where(formed > 5.0, formed, 0.0), np.where(written > 5.0, written, 0.0))


@given(st.lists(st.integers(0, 40), max_size=60))
def test_distinct_values_and_where_they_stand(numbers: list[int]) -> None:
    code = np.array(numbers, dtype=int)
    found, which = distinct(code, 41)
    assert found.tolist() == sorted(set(numbers))
    np.testing.assert_array_equal(found[which], code)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40))
def test_rows_that_are_alike_share_a_number(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array(x) for x in zip(*pairs, strict=True))
    rows, which = alike([left, Column(np.arange(4), right)])
    assert len(rows) == len(set(pairs))
    assert [pairs[i] for i in rows[which]] == pairs


def test_runs_are_spread_over_their_members() -> None:
    run, number = spread(np.array([2, 0, 3]))
    assert run.tolist() == [0, 0, 2, 2, 2]
    assert number.tolist() == [0, 1, 0, 1, 2]


def test_narrow_columns_leave_room_for_one_more() -> None:
    assert narrow(np.array([5, 32_766])).dtype == np.int16
    assert narrow(np.array([32_767])).dtype == np.int32
