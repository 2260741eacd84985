"""Duties of regulations: which apply, since when, and what keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.packs.catalog import load
from selector.risk.duties import Kept, rows
from selector.types.regulation import DutyRow

CAT = load()
TODAY = date(2026, 11, 27)
NOTHING = Kept((), (), (), ())
EU_PERSONAL = {
    "req.user_regions": frozenset({"eu"}),
    "req.data_classes": frozenset({"personal"}),
    "req.use_cases": frozenset[str](),
    "req.task": "chat",
    "req.users": frozenset({"customers"}),
    "req.domain": "retail",
    "req.generates_media": False,
    "hosting": "api",
    "region": "us",
    "adaptation": "none",
    "req.decision_effect": "none",
}


def told(facts: dict[str, object], kept: Kept = NOTHING, today: date = TODAY) -> dict[str, DutyRow]:
    return {
        f"{d.regulation} {d.ref}": d
        for d in rows(CAT.regulations.values(), facts, kept, today, CAT.condition)
    }


def test_a_chat_in_the_eu_over_a_vendor_abroad() -> None:
    found = told(EU_PERSONAL)
    assert found["EU-AI-ACT Art 50(1)"].status == "open"
    assert found["EU-AI-ACT Art 50(1)"].missing == ("M-NOTICE",)
    assert found["EU-GDPR Art 28"].missing == ("dpa",)
    assert found["EU-GDPR Art 44-49"].missing == ("scc or bcr or adequacy",)
    assert not any(name.startswith(("US-", "CN-", "PCI")) for name in found)
    assert not any(d.status == "possible" for d in found.values())


@pytest.mark.parametrize(
    ("kept", "status"),
    [
        (NOTHING, "open"),
        (replace(NOTHING, planned=("M-NOTICE",)), "planned"),
        (replace(NOTHING, held=("M-NOTICE",)), "kept"),
    ],
)
def test_what_is_in_place_keeps_what_is_planned_will(kept: Kept, status: str) -> None:
    assert told(EU_PERSONAL, kept)["EU-AI-ACT Art 50(1)"].status == status


def test_one_of_several_contracts_is_enough() -> None:
    assert told(EU_PERSONAL, replace(NOTHING, contracts=("bcr",)))["EU-GDPR Art 44-49"].status == "kept"


def test_a_record_that_nothing_states_stays_open() -> None:
    everything = Kept(tuple(CAT.mitigations), (), ("dpa", "scc"), ())
    assert told(EU_PERSONAL, everything)["EU-GDPR Art 6"].status == "open"


def test_a_duty_binds_from_its_day_on() -> None:
    facts = EU_PERSONAL | {"req.use_cases": frozenset({"credit_scoring"})}
    name = "EU-AI-ACT Art 9-18, Annex III"
    assert told(facts)[name].status == "later"
    assert told(facts, today=date(2027, 12, 1))[name].status == "later"
    assert told(facts, today=date(2027, 12, 2))[name].status == "open"


def test_unknown_facts_are_named_and_nothing_is_claimed() -> None:
    facts = {k: v for k, v in EU_PERSONAL.items() if k != "req.use_cases"}
    row = told(facts)["EU-AI-ACT Art 5"]
    assert (row.status, row.unknown) == ("possible", ("req.use_cases",))


def test_a_banned_use_is_never_kept() -> None:
    facts = EU_PERSONAL | {"req.use_cases": frozenset({"social_scoring"})}
    everything = Kept(tuple(CAT.mitigations), (), ("dpa", "scc", "baa"), ())
    assert told(facts, everything)["EU-AI-ACT Art 5"].status == "open"


def test_a_standard_holds_where_it_is_named() -> None:
    assert "ISO-42001 Annex A" not in told(EU_PERSONAL)
    assert told(EU_PERSONAL, replace(NOTHING, named=("iso-42001",)))["ISO-42001 Annex A"].status == "open"


@given(st.sets(st.sampled_from(sorted(CAT.mitigations))), st.sets(st.sampled_from(["dpa", "scc", "bcr"])))
def test_more_controls_never_open_a_duty(held: set[str], contracts: set[str]) -> None:
    def still_open(kept: Kept) -> set[str]:
        return {name for name, d in told(EU_PERSONAL, kept).items() if d.status == "open"}

    assert still_open(Kept(held, (), contracts, ())) <= still_open(NOTHING)


def test_every_word_of_the_requirements_names_a_regulation() -> None:
    import json

    from selector.packs.locate import rules_dir

    schema = json.loads((rules_dir() / "schemas" / "reqs.json").read_text(encoding="utf-8"))
    words = set(schema["properties"]["regulations"]["items"]["enum"])
    assert words == {r.word for r in CAT.regulations.values() if r.word}
