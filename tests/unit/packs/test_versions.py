"""Whether two version ranges have a version in common."""

import pytest

from selector.packs.versions import meet


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("", "", True),
        ("", ">=0.31", True),
        ("<0.7.0", ">=0.31", False),
        (">=0.31", "<0.7.0", False),
        ("<0.7.0", ">=0.6", True),
        ("<11", "==10.9", True),
        ("<11", ">=11", False),
        ("==0.14.1", ">=0.31", False),
        ("==0.14.*", "<0.31", True),
        (">=1.0,<2.0", ">2.0", False),
        (">=1.0,<2.0", ">1.9", True),
        ("<0", ">=0", False),
    ],
)
def test_meet(one: str, other: str, common: bool) -> None:
    assert meet(one, other) is common
    assert meet(other, one) is common
