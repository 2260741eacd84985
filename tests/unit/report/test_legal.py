"""The table of the licence, the line of what bars a launch, and both in pages."""

from collections.abc import Callable
from dataclasses import replace

from selector.report import legal
from selector.report.html import recommendation as page
from selector.report.screen import screen
from selector.types.decision import Recommendation
from selector.types.legal import Term
from selector.types.regulation import DutyRow
from selector.types.rule import Severity

Decide = Callable[..., Recommendation]

DUTY = DutyRow(
    "X", "Art 1", "do it", Severity.HIGH, "open", "2026-01-01", ("M-HITL",), ("M-HITL",), (), None, "low", ("privacy.gdpr",)
)  # fmt: skip
TERM = Term("L", "open", "block", "a cap", ("organisation.monthly_active_users",), "LIC-004")


def test_terms_name_what_settles_them(decided: Decide, catalogue: object) -> None:
    found = decided(top=1)
    first = replace(found.stacks[0], duties=(DUTY,), terms=(TERM,))
    shown = replace(found, stacks=(first,))
    assert legal.licence(shown).rows == (
        ("open", "block", "a cap: tell organisation.monthly_active_users to settle it"),
    )
    assert "a cap: tell" in page(shown, catalogue)  # type: ignore[arg-type]
    assert [x.pieces for x in screen(shown) if x.label == "BEFORE LAUNCH"] == [
        ("X Art 1 (duties: see below)",)
    ]


def test_only_open_duties_before_launch_bar_it() -> None:
    others = [replace(DUTY, status=x) for x in ("planned", "later", "kept", "possible")]
    assert legal.before_launch([*others, replace(DUTY, severity=Severity.MEDIUM)]) == ""
    assert legal.before_launch([DUTY, *others]) == "X Art 1"


def test_no_term_is_no_table(decided: Decide) -> None:
    found = decided(top=1)
    bare = replace(found, stacks=(replace(found.stacks[0], terms=()),))
    assert legal.licence(bare) is legal.NOTHING
    assert legal.licence(replace(found, stacks=())) is legal.NOTHING
