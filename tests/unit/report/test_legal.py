"""Tables of duties and of the licence: all rows in pages, a note for what may apply in terminals."""

from collections.abc import Callable
from dataclasses import replace

from selector.report import legal
from selector.report.html import recommendation as page
from selector.types.decision import Recommendation
from selector.types.legal import Due, Term

Decide = Callable[..., Recommendation]

DUE = Due(
    "x.1", "x", "X", "Art. 1", "block", "do it", "in_force", "2026-01-01", None, "to_do", ("M-HITL",), (), None,
    "recalled", "privacy.gdpr",
)  # fmt: skip


def test_rows_and_notes(decided: Decide, catalogue: object) -> None:
    found = decided(top=1)
    rows = (
        DUE,
        replace(
            DUE, id="x.2", ref="Art. 2", severity="warn", status="from", since="2027-12-02", state="planned"
        ),
        replace(
            DUE, id="x.3", ref="Art. 3", status="unknown", tell=("application.users",), until="2028-01-01"
        ),
        replace(DUE, id="x.4", ref="Art. 4", severity="info", state="unknown", tell=("contracts",)),
    )
    term = Term("L", "open", "block", "a cap", ("organisation.monthly_active_users",), "LIC-004")
    first = replace(found.stacks[0], duties=rows, terms=(term,))
    shown = replace(found, stacks=(first,))
    full = legal.duties(shown)
    assert [r[4] for r in full.rows] == [
        "since 2026-01-01",
        "from 2027-12-02",
        "may apply, dated 2026-01-01 until 2028-01-01",
        "since 2026-01-01",
    ]
    assert [r[5] for r in full.rows] == [
        "to do",
        "planned",
        "tell application.users",
        "unknown: tell contracts",
    ]
    assert full.rows[0][0] == "x (recalled)"
    brief = legal.duties(shown, brief=True)
    assert [r[1] for r in brief.rows] == ["Art. 1", "Art. 2"]
    assert "for information: x Art. 4; may apply: x Art. 3 (tell application.users)" in brief.note
    assert legal.licence(shown).rows == (
        ("open", "block", "a cap: tell organisation.monthly_active_users to settle it"),
    )
    assert legal.before_launch(rows) == "x Art. 1"
    assert "a cap: tell" in page(shown, catalogue)  # type: ignore[arg-type]


def test_nothing_due_is_no_table(decided: Decide) -> None:
    found = decided(top=1)
    bare = replace(found, stacks=(replace(found.stacks[0], duties=(), terms=()),))
    assert legal.duties(bare) is legal.NOTHING
    assert legal.licence(bare) is legal.NOTHING
    assert legal.duties(replace(found, stacks=())) is legal.NOTHING
