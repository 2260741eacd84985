"""Mitigations: chosen at need, weighed by their evidence, never making a risk worse."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selector.cli.session import scoring
from selector.errors import InputError
from selector.packs.catalog import load
from selector.risk.assess import APPETITE_LEVEL, LEVELS, Scoring, Trigger, assess, level, score
from selector.types.decision import Recommendation
from selector.types.requirement import Application, Requirement

Decide = Callable[..., Recommendation]
CAT = load()
NEED = Requirement(application=Application(task="chat"))
SCALE = scoring(CAT, NEED)
RISKS = sorted(CAT.risks)
HOSTINGS = ("api", "on_prem", "self_hosted_cloud")
STEPS = st.integers(1, 5)
EVIDENCE = ("declared", "detected", "attested")


@st.composite
def triggers(draw: Any) -> list[Trigger]:
    names = draw(st.lists(st.sampled_from(RISKS), min_size=1, max_size=12, unique=True))
    return [Trigger(CAT.risks[n], draw(STEPS), draw(STEPS), draw(st.booleans())) for n in names]


def usable(hosting: str) -> dict[str, Any]:
    return {k: m for k, m in CAT.mitigations.items() if not m.hosting or hosting in m.hosting}


@given(triggers(), st.sampled_from(sorted(APPETITE_LEVEL)), st.sampled_from(HOSTINGS))
@settings(max_examples=150, deadline=None)
def test_no_chosen_mitigation_is_needless(found: list[Trigger], appetite: str, hosting: str) -> None:
    table = assess(found, CAT.mitigations, SCALE, appetite, hosting)
    able, goal = usable(hosting), LEVELS.index(APPETITE_LEVEL[appetite])
    for name in table.mitigations:
        rest = [m for m in table.mitigations if m != name]
        worse = [
            LEVELS.index(level(t, rest, able, SCALE))
            > max(goal, LEVELS.index(level(t, table.mitigations, able, SCALE)))
            for t in found
            if t.certain
        ]
        assert any(worse), name


@given(triggers(), st.sampled_from(HOSTINGS), st.data())
@settings(max_examples=150, deadline=None)
def test_more_controls_never_make_a_risk_worse(found: list[Trigger], hosting: str, data: Any) -> None:
    able = usable(hosting)
    some = data.draw(st.lists(st.sampled_from(sorted(able)), unique=True, max_size=6))
    one = data.draw(st.sampled_from(sorted(able)))
    for t in found:
        assert score(t, [*some, one], able, SCALE) <= score(t, some, able, SCALE) + 1e-12


@given(triggers(), st.data())
@settings(max_examples=100, deadline=None)
def test_better_evidence_never_leaves_more(found: list[Trigger], data: Any) -> None:
    able = usable("on_prem")
    held = data.draw(st.lists(st.sampled_from(sorted(able)), unique=True, min_size=1, max_size=6))
    for t in found:
        left = [score(t, held, able, holding(dict.fromkeys(held, e))) for e in EVIDENCE]
        assert left == sorted(left, reverse=True)


def holding(held: dict[str, str]) -> Scoring:
    return replace(SCALE, held=held)


def test_what_is_in_place_costs_nothing_new() -> None:
    found = [Trigger(CAT.risks["R-INJ-DIRECT"], 5, 4, True)]
    new = assess(found, CAT.mitigations, SCALE, "low", "on_prem")
    assert new.choice.days > 0.0
    held = assess(
        found, CAT.mitigations, holding(dict.fromkeys(new.mitigations, "attested")), "low", "on_prem"
    )
    assert held.choice.days == 0.0
    assert set(new.mitigations) <= set(held.mitigations)
    assert held.rows[0].residual_score <= new.rows[0].residual_score


def test_what_is_required_is_taken_and_paid_for_unless_it_is_in_place() -> None:
    found = [Trigger(CAT.risks["R-INJ-DIRECT"], 1, 1, True)]
    asked = replace(SCALE, required=("M-EVAL", "M-SELF-HOST", "M-REGION"))
    table = assess(found, CAT.mitigations, asked, "high", "on_prem")
    able = {m for m in asked.required if m in usable("on_prem")}
    assert set(table.mitigations) == able
    assert table.choice.days == pytest.approx(sum(CAT.mitigations[m].days for m in able))
    there = replace(asked, held=dict.fromkeys(able, "attested"))
    assert assess(found, CAT.mitigations, there, "high", "on_prem").choice.days == 0.0


def accepting(**change: str) -> dict[str, Any]:
    row = {"risk": "R-INJ-DIRECT", "owner": "ciso", "reason": "internal pilot", "expires": "2027-01-31"}
    return {"risk": {"accepted": [row | change]}}


def shown(decided: Decide, **more: Any) -> set[str]:
    return {r.id for r in decided(**more).stacks[0].risks}


def test_an_accepted_risk_counts_again_after_its_last_day(decided: Decide) -> None:
    users = {"application": {"task": "chat", "users": "public"}}
    assert "R-INJ-DIRECT" in shown(decided, **users)
    assert "R-INJ-DIRECT" not in shown(decided, **users, **accepting())
    assert "R-INJ-DIRECT" not in shown(decided, **users, risk={"accepted": ["R-INJ-DIRECT"]})
    assert "R-INJ-DIRECT" not in shown(decided, **users, **accepting(expires="2026-11-24"))
    assert "R-INJ-DIRECT" in shown(decided, **users, **accepting(expires="2026-11-23"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expires": "soon"}, "is no date"),
        ({"expires": "2027-11-24"}, "longer than 180 days"),
        ({"risk": "R-INJ-DIRCT"}, "R-INJ-DIRECT"),
    ],
)
def test_a_faulty_acceptance_is_an_error(change: dict[str, str], words: str, decided: Decide) -> None:
    with pytest.raises(InputError, match=words):
        decided(**accepting(**change))


def test_an_unknown_control_is_an_error(decided: Decide) -> None:
    with pytest.raises(InputError, match="M-GUARD-IN"):
        decided(risk={"controls": [{"mitigation": "M-GUARDIN"}]})


def test_a_running_cost_that_nobody_knows_wins_nothing() -> None:
    found = [Trigger(CAT.risks["R-MEMORISE"], 3, 3, True)]
    table = assess(found, CAT.mitigations, SCALE, "low", "on_prem")
    assert table.mitigations
    cheap = replace(CAT.mitigations["M-DP"], id="M-DP", days_low=0.0, days_high=0.1)
    known = replace(
        CAT.mitigations["M-DP"],
        id="M-SYNTH",
        days_low=20.0,
        days_high=30.0,
        usd_per_month_low=10.0,
        usd_per_month_high=10.0,
    )
    pool = {**CAT.mitigations, "M-DP": cheap, "M-SYNTH": known}
    assert assess(found, pool, SCALE, "low", "on_prem").mitigations == ("M-SYNTH",)
