"""Prices: old and undated ones give way and are marked; unknown electricity stays unknown."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from selector.cli import session
from selector.decide.single import size
from selector.needs.load import load
from selector.packs.catalog import Catalogue
from selector.types.catalog import Offer
from selector.types.decision import Recommendation
from selector.types.load import Load

TODAY = date(2026, 11, 24)
CHAT = {
    "application": {"task": "chat", "user_regions": ["us"]},
    "workload": {"peak_requests_per_second": 1, "input_tokens": 500, "output_tokens": 100},
    "pins": {"model": ["Qwen/Qwen3-8B"], "engine": ["vllm"], "precision": ["bf16"]},
}


def ranked(folder: Path, catalogue: Catalogue, needs: object, top: int = 200) -> Recommendation:
    path = folder / "reqs.yaml"
    path.write_text(yaml.safe_dump(needs))
    return session.one(load(path), catalogue, top, False, False, TODAY)


def only(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, *offers: Offer) -> None:
    monkeypatch.setitem(catalogue.__dict__, "offers", {o.id: o for o in offers})


@pytest.fixture
def offer(catalogue: Catalogue) -> Offer:
    found = next(
        o
        for o in catalogue.offers.values()
        if o.device == "h100-sxm-80gb" and o.jurisdiction == "us" and o.on_demand_per_hour and o.as_of
    )
    return replace(
        found, id="fresh", tier="neocloud", as_of="2026-11-01", on_demand_per_hour=4.0, currency="USD"
    )


RENTED = CHAT | {"deployment": {"hosting": ["self_hosted_cloud"]}}


def test_an_old_price_gives_way_to_a_fresh_one(
    offer: Offer, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = replace(offer, id="old", as_of="2025-06-01", on_demand_per_hour=1.0)
    none = replace(offer, id="undated", as_of=None, on_demand_per_hour=0.5)
    only(catalogue, monkeypatch, offer, old, none)
    assert {s.slots.offer for s in ranked(tmp_path, catalogue, RENTED).stacks} == {"fresh"}
    only(catalogue, monkeypatch, old, none)
    found = ranked(tmp_path, catalogue, RENTED)
    assert {s.slots.offer for s in found.stacks} == {"old"}
    assert "OFF-003" in {f.rule for f in found.stacks[0].findings}
    assert found.oldest_fact == "2025-06-01"


def test_an_undated_price_is_provisional_and_after_the_dated(
    offer: Offer, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = replace(offer, id="undated", as_of=None, on_demand_per_hour=0.5, tier="hyperscaler")
    only(catalogue, monkeypatch, offer, none)
    stacks = ranked(tmp_path, catalogue, RENTED).stacks
    assert stacks[0].slots.offer == "fresh"
    assert not stacks[0].provisional
    assert {s.provisional for s in stacks if s.slots.offer == "undated"} == {True}


HEALTH = RENTED | {
    "application": {"task": "chat", "domain": "health", "user_regions": ["us"]},
    "data": {"classes": ["health"]},
}


def test_health_data_never_goes_to_a_marketplace_host(
    offer: Offer, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = [
        replace(offer, id="host", tier="marketplace", on_demand_per_hour=0.3),
        replace(offer, id="cloud", tier="hyperscaler", provider="aws"),
        replace(offer, id="small", tier="neocloud", provider="somebody", on_demand_per_hour=1.0),
    ]
    only(catalogue, monkeypatch, *hosts)
    found = ranked(tmp_path, catalogue, HEALTH)
    first = found.stacks[0]
    assert first.slots.offer == "cloud"
    assert "PRIV-018" in {f.rule for f in first.findings}
    assert {s.slots.offer for s in found.stacks} == {"cloud", "small"}
    assert all(s.provisional for s in found.stacks if s.slots.offer == "small")
    assert any(e.reason.startswith("PRIV-015") for e in found.excluded)


def test_unknown_power_is_not_free_electricity(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = CHAT | {"deployment": {"hosting": ["on_prem"], "inventory": [{"hardware": "rtx-4090", "count": 2}]}}
    known = ranked(tmp_path, catalogue, own).stacks[0]
    assert known.costs[0].usd_per_month is not None
    assert known.estimates["cost_per_month_usd"] is not None
    card = replace(catalogue.devices["rtx-4090-24gb"], tdp_w=None)
    monkeypatch.setitem(catalogue.devices, "rtx-4090-24gb", card)
    first = ranked(tmp_path, catalogue, own).stacks[0]
    assert first.costs[0].usd_per_month is None
    assert "not in the catalogue" in first.costs[0].item
    assert first.estimates["cost_per_month_usd"] is None
    assert first.provisional


@pytest.mark.parametrize(
    "device", ["apple-m2-ultra-192gb", "rtx-3070-8gb", "h100-nvl-94gb", "h200-nvl-141gb"]
)
def test_power_of_devices_that_people_own(device: str, catalogue: Catalogue) -> None:
    assert catalogue.devices[device].tdp_w


def test_estimate_takes_a_fresh_price_and_prints_its_date(
    offer: Offer, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = replace(offer, id="old", as_of="2024-06-01", on_demand_per_hour=1.0)
    only(catalogue, monkeypatch, offer, old)
    model, device = catalogue.models["Qwen/Qwen3-8B"], catalogue.devices["h100-sxm-80gb"]
    load_ = Load(500.0, 500.0, 100.0, 600.0, concurrency=1.0)
    found = size(catalogue, model, device, 1, load_)
    assert found.usd_per_hour == 4.0
    assert found.price_source is not None
    assert "neocloud" in found.price_source
    assert "2026-11-01" in found.price_source
