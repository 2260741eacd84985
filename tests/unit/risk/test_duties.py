"""Duties by facts and day: in force, from when, unknown, and how far they are fulfilled."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from selector.needs.defaults import complete
from selector.needs.facts import KEYS, requirement_facts
from selector.needs.laws import undecided
from selector.needs.load import load_document
from selector.packs.catalog import Catalogue
from selector.risk.duties import due
from selector.types.decision import Recommendation
from selector.types.legal import Due, Duty, Regulation

Decide = Callable[..., Recommendation]

TODAY = date(2026, 11, 27)
API = {"hosting": "api", "region": "us"}


def duties(cat: Catalogue, facts: dict[str, object], today: date = TODAY, **more: Any) -> dict[str, Due]:
    rows = due(cat.regulations.values(), facts, today, cat.condition, undecided={}, keys=KEYS, **more)
    return {d.id: d for d in rows}


def law(*names: str, **facts: object) -> dict[str, object]:
    return {"req.regulations": frozenset(names)} | {k.replace("__", "."): v for k, v in facts.items()}


def test_a_duty_has_a_day(catalogue: Catalogue) -> None:
    facts = law(
        "ai-act", req__use_cases=frozenset({"recruitment"}), req__generates_media=True, req__task="chat"
    )
    now = duties(catalogue, facts)
    assert (now["ai-act.9"].status, now["ai-act.9"].since) == ("from", "2027-12-02")
    assert (now["ai-act.5-imagery"].status, now["ai-act.5-imagery"].since) == ("from", "2026-12-02")
    assert now["ai-act.50-1"].status == "in_force"
    later = duties(catalogue, facts, date(2026, 12, 2))
    assert later["ai-act.5-imagery"].status == "in_force"
    assert duties(catalogue, facts, date(2027, 12, 1))["ai-act.9"].status == "from"
    assert duties(catalogue, facts, date(2027, 12, 2))["ai-act.9"].status == "in_force"


def test_a_fact_that_nobody_tells_leaves_a_duty_unknown_and_says_which(catalogue: Catalogue) -> None:
    found = duties(catalogue, law("ai-act", req__task="tabular", req__domain="hr"))
    assert found["ai-act.9"].status == "unknown"
    assert found["ai-act.9"].tell == ("application.use_cases",)
    assert "ai-act.annex-i-b" not in found


@pytest.mark.parametrize(
    ("contracts", "state", "tell"),
    [(frozenset({"dpa"}), "met", ()), (frozenset(), "not_met", ()), (None, "unknown", ("contracts",))],
)
def test_contracts_decide_the_processor_duty(
    contracts: frozenset[str] | None, state: str, tell: tuple[str, ...], catalogue: Catalogue
) -> None:
    facts = law("gdpr") | API | ({} if contracts is None else {"req.contracts": contracts})
    found = duties(catalogue, facts)["gdpr.28"]
    assert (found.state, found.tell, found.blocks) == (state, tell, state == "not_met")
    assert "gdpr.28" not in duties(catalogue, law("gdpr", hosting="on_prem"))


def test_controls_in_place_meet_a_duty_and_chosen_ones_plan_it(catalogue: Catalogue) -> None:
    facts = law("gdpr", req__decision_effect="solely_automated_legal_effect")
    need = ("M-HITL", "M-EXPLAIN")
    assert duties(catalogue, facts)["gdpr.22"].state == "to_do"
    assert duties(catalogue, facts)["gdpr.22"].blocks
    assert duties(catalogue, facts, held=need)["gdpr.22"].state == "met"
    assert duties(catalogue, facts, held=need[:1])["gdpr.22"].state == "to_do"
    planned = duties(catalogue, facts, held=need[:1], planned=need[1:])["gdpr.22"]
    assert (planned.state, planned.blocks) == ("planned", False)


def test_a_duty_ends_after_its_last_day(catalogue: Catalogue) -> None:
    text = Regulation(
        "x", "X", "eu", "recalled", "s", "2026", duties=(Duty("x.1", "1", "warn", "t", until="2026-12-31"),)
    )

    def on(day: date) -> tuple[Due, ...]:
        facts = law("x")
        return due([text], facts, day, catalogue.condition, undecided={}, keys={})

    assert len(on(date(2026, 12, 31))) == 1
    assert on(date(2027, 1, 1)) == ()


@pytest.mark.parametrize(
    ("persons", "sensitive", "expected"),
    [
        (99_999, 0, "cn-xborder.exempt"),
        (100_000, 0, "cn-xborder.contract"),
        (999_999, 0, "cn-xborder.contract"),
        (1_000_000, 0, "cn-xborder.assessment"),
        (1, 1, "cn-xborder.contract"),
        (1, 9_999, "cn-xborder.contract"),
        (1, 10_000, "cn-xborder.assessment"),
    ],
)
def test_the_path_out_of_china_follows_the_numbers(
    persons: int, sensitive: int, expected: str, catalogue: Catalogue
) -> None:
    facts = law("pipl", region="us") | {
        "req.cn_subjects_out_per_year": persons,
        "req.cn_sensitive_subjects_out_per_year": sensitive,
        "req.data_classes": frozenset({"personal"}),
    }
    found = [d for d in duties(catalogue, facts).values() if d.regulation == "cn-xborder"]
    assert [d.id for d in found if d.status == "in_force"] == [expected]


def test_a_law_that_a_missing_value_decides_is_told(catalogue: Catalogue) -> None:
    need = complete(load_document({"application": {"task": "chat"}}, "test")).requirement
    open_ = undecided(need)
    assert "application.user_regions" in open_["gdpr"]
    rows = due(
        catalogue.regulations.values(),
        requirement_facts(need),
        TODAY,
        catalogue.condition,
        undecided=open_,
        keys=KEYS,
    )
    gdpr = next(d for d in rows if d.regulation == "gdpr")
    assert (gdpr.status, gdpr.ref, gdpr.severity) == ("unknown", "", "block")


def test_a_law_that_stated_values_rule_out_is_not_open() -> None:
    stated = {
        "application": {"task": "chat", "domain": "retail", "user_regions": ["us"], "users": "customers"},
        "organisation": {"region": "us"},
        "data": {"classes": ["personal"]},
    }
    open_ = undecided(complete(load_document(stated, "test")).requirement)
    assert not {"gdpr", "pipl", "hipaa", "dora", "mdr", "kr-ai-basic"} & set(open_)


def test_every_regulation_can_be_named_and_every_inferred_one_has_duties(catalogue: Catalogue) -> None:
    from selector.needs.tables import defaults
    from selector.packs import schema

    named = set(schema.load("reqs")["properties"]["regulations"]["items"]["enum"])
    assert set(catalogue.regulations) == named
    assert {r.value for r in defaults() if r.key == "regulations"} <= named


def test_a_rule_that_a_duty_names_fires_only_where_the_duty_stands(catalogue: Catalogue) -> None:
    """One source of truth: whatever breaks the rule is a duty that applies, or may, and is not met."""
    for text in catalogue.regulations.values():
        for duty in text.duties:
            rule = catalogue.rules[duty.rule] if duty.rule else None
            for test in rule.tests if rule else ():
                if test.expect != "fires":
                    continue
                facts = {k: frozenset(v) if isinstance(v, list) else v for k, v in test.given.items()}
                when = catalogue.condition(duty.when).evaluate(facts) if duty.when else True
                met = catalogue.condition(duty.met).evaluate(facts) if duty.met else None
                if when is not False:
                    assert met is not True, (duty.id, duty.rule, test.given)


def test_recommend_prints_the_duties_of_the_first_stack(decided: Decide) -> None:
    from selector.report.markdown import recommendation

    found = decided("application.user_regions=[eu]", "organisation.region=eu", "data.classes=[personal]")
    ids = {d.id for d in found.stacks[0].duties}
    assert {"gdpr.25", "ai-act.50-1"} <= ids
    page = recommendation(found)
    assert "## Duties of S-1" in page
    assert "BEFORE LAUNCH" in page
    assert "Art. 50(1)" in page


def test_a_vendor_without_a_processor_contract_is_removed(decided: Decide) -> None:
    base = ("application.user_regions=[eu]", "organisation.region=eu", "data.classes=[personal]")
    found = decided(*base, "deployment.hosting=[api]", "contracts=[]")
    assert found.stacks == ()
    assert any(e.reason.startswith("PRIV-020") for e in found.excluded)
    kept = decided(*base, "deployment.hosting=[api]", "contracts=[dpa, scc, adequacy]")
    assert kept.stacks
