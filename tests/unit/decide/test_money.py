"""Quotes, purchases, the cost of moving, spot capacity, and the limits on them."""

import re
from collections.abc import Callable

import pytest

from selector.errors import InputError
from selector.types.decision import RankedStack, Recommendation

Decide = Callable[..., Recommendation]
HOURS = 730.0
OWN = "deployment.hosting=[self_hosted]"
DATA = "data.classes=[internal]"  # else nobody knows whether a host without a name may have them
PINNED = ("pins.model=[Qwen/Qwen3-8B]", "pins.precision=[bf16]", "pins.engine=[vllm]", OWN, DATA)


def lines(stack: RankedStack) -> dict[str, float]:
    return {c.usd_per_month.formula: c.usd_per_month.p50 for c in stack.costs if c.usd_per_month}


def notice(found: Recommendation, key: str) -> str:
    return next(f"{n.status}: {n.why}" for n in found.notices if n.key == key)


def test_a_quote_competes_with_the_offers(decided: Decide) -> None:
    plain = decided(*PINNED, "pins.hardware=[h100-sxm-80gb]")
    assert not any("quote" in str(s.slots.offer) for s in plain.stacks)
    quote = "quotes=[{hardware: h100-sxm, usd_per_hour: 0.5, as_of: '2026-11-01'}]"
    first = decided(*PINNED, "pins.hardware=[h100-sxm-80gb]", quote).stacks[0]
    assert first.slots.offer == "quote:0:h100-sxm-80gb"
    assert lines(first)["cost.infrastructure"] == pytest.approx(0.5 * HOURS * first.slots.n_devices)
    assert first.costs[0].source == "quotes.0 of the requirements"
    dear = decided(*PINNED, "pins.hardware=[h100-sxm-80gb]", quote.replace("0.5", "500"))
    assert dear.stacks[0].slots.offer == plain.stacks[0].slots.offer


def test_a_monthly_quote_is_for_the_counted_devices(decided: Decide) -> None:
    quote = "quotes=[{hardware: 4xl4, usd_per_month: 700}]"
    found = decided(*PINNED, "pins.hardware=[l4]", quote)
    stack = next(s for s in found.stacks if str(s.slots.offer).startswith("quote:0"))
    units = -(-stack.slots.n_devices // 4)
    assert lines(stack)["cost.infrastructure"] == pytest.approx(700 * units)


def test_a_quote_for_a_hosted_model(decided: Decide) -> None:
    name = decided("deployment.hosting=[api]").stacks[0].slots.model
    pin = f"pins.model=[{name}]"
    found = decided("deployment.hosting=[api]", pin, f"quotes=[{{model: {name}, usd_per_mtok: 0.01}}]")
    first = found.stacks[0]
    assert str(first.slots.offer).endswith("quote:0")
    assert lines(first)["cost.infrastructure"] == pytest.approx(700 * 0.01)  # 700 Mtok a month


def test_a_quote_for_all_hosted_models_replaces_list_prices(decided: Decide) -> None:
    found = decided("deployment.hosting=[api]", "quotes=[{hosting: api, usd_per_mtok: 3.0}]")
    assert {round(lines(s)["cost.infrastructure"]) for s in found.stacks} == {2100}
    assert found.notices == ()


@pytest.mark.parametrize(
    ("quote", "why"),
    [
        ("{hosting: self_hosted, usd_per_month: 1800}", "without hardware"),
        ("{hardware: h100, relative_price: 2.0}", "no amount of money"),
        ("{hardware: h100, usd_per_mtok: 2.0}", "usd_per_hour"),
        ("{model: microsoft/mdeberta-v3-base, usd_per_month: 9}", "catalogue has no hosted model"),
        ("{hosting: managed_app, hardware: h100, usd_per_month: 9}", "no stack runs as managed_app"),
    ],
)
def test_a_quote_that_cannot_act_is_named(decided: Decide, quote: str, why: str) -> None:
    found = decided(f"quotes=[{quote}]")
    assert notice(found, "quotes.0").startswith("not_used")
    assert why in notice(found, "quotes.0")


def test_a_quote_for_nothing_that_is_left_is_named(decided: Decide) -> None:
    found = decided("deployment.hosting=[api]", "quotes=[{hardware: h100, usd_per_hour: 1}]")
    assert "leave no stack" in notice(found, "quotes.0")


def test_a_quote_for_an_unknown_device_is_an_error(decided: Decide) -> None:
    with pytest.raises(InputError, match="unknown hardware 'h1000'"):
        decided("quotes=[{hardware: h1000, usd_per_hour: 1}]")


def test_bought_hardware_is_written_off_and_keeps_the_upfront_budget(decided: Decide) -> None:
    quote = "quotes=[{hardware: h100-sxm, usd_once: 24000}]"
    sets = (*PINNED, "pins.hardware=[h100-sxm-80gb]", quote, "pins.hosting=[on_prem]")
    first = decided(*sets).stacks[0]
    upfront = first.estimates["upfront_usd"]
    assert upfront is not None
    assert upfront.p50 == 24000 * first.slots.n_devices
    assert lines(first)["cost.purchase"] == pytest.approx(upfront.p50 / 12)
    assert any(c.item == "electricity of bought devices" for c in first.costs)
    short = decided(*sets, "budget.upfront_usd=20000")
    assert not short.stacks
    assert [e.reason for e in short.excluded if "upfront" in e.reason] == ["budget.upfront_usd"]
    assert decided(*sets, "budget.upfront_usd=30000").stacks


def test_no_purchase_keeps_an_upfront_budget_of_nothing(decided: Decide) -> None:
    first = decided("budget.upfront_usd=0").stacks[0]
    assert [c.status for c in first.constraints if c.id == "budget.upfront_usd"] == ["ok"]


def test_only_other_stacks_pay_for_moving(decided: Decide) -> None:
    sets = (
        "incumbent={switching_cost_usd: 12000, stack: {model: Qwen/Qwen3-8B, engine: vllm}}",
        "pins={model: [Qwen/Qwen3-8B], engine: [vllm, sglang]}",
        OWN,
    )
    paid = {s.slots.engine: lines(s).get("cost.switching", 0.0) for s in decided(*sets, top=400).stacks}
    assert paid["vllm"] == 0
    assert paid["sglang"] == 1000.0
    lost = decided("incumbent.switching_cost_usd=12000")
    assert "does not say what is in place" in notice(lost, "incumbent.switching_cost_usd")
    assert {lines(s)["cost.switching"] for s in lost.stacks} == {1000.0}


def test_spot_only_for_work_that_can_wait(decided: Decide) -> None:
    online = decided(OWN, top=50)
    assert not any(s.facts.get("spot") for s in online.stacks)
    offline = decided(OWN, "workload.scenario=offline", top=50)
    spot = [s for s in offline.stacks if s.facts.get("spot")]
    assert spot
    assert all(str(s.slots.offer).endswith("(spot)") for s in spot)
    assert any(a.key == "deployment.spot" and a.value is True for a in offline.assumptions)
    refused = decided(OWN, "workload.scenario=offline", "deployment.spot=false", top=50)
    assert not any(s.facts.get("spot") for s in refused.stacks)


def test_spot_behind_an_online_service_is_warned_of(decided: Decide) -> None:
    asked = decided(OWN, "deployment.spot=true", top=50)
    spot = [s for s in asked.stacks if s.facts.get("spot")]
    assert spot
    assert all("SPOT-001" in [f.rule for f in s.findings] for s in spot)
    assert not any("SPOT-001" in [f.rule for f in s.findings] for s in asked.stacks if s not in spot)


def test_duty_cycle_sets_volume_and_the_rent_of_batches(decided: Decide) -> None:
    work = {"peak_requests_per_second": 2, "input_tokens": 500, "output_tokens": 200}
    half, whole = (
        decided("deployment.hosting=[api]", f"workload.active_hours_fraction={share}", workload=work)
        for share in (0.5, 1.0)
    )
    mine = {s.slots.digest(): lines(s)["cost.infrastructure"] for s in half.stacks}
    both = [(mine[s.slots.digest()], s) for s in whole.stacks if s.slots.digest() in mine]
    assert both
    for usd, stack in both:
        assert lines(stack)["cost.infrastructure"] == pytest.approx(2 * usd)
    sets = (*PINNED, "pins.hardware=[l4]", "workload.scenario=offline", "deployment.spot=false")
    quarter, full = (
        {s.slots.digest(): lines(s)["cost.infrastructure"] for s in found.stacks}
        for found in (decided(*sets, f"workload.active_hours_fraction={x}", top=50) for x in (0.25, 1))
    )
    assert set(quarter) == set(full)
    assert all(full[k] == pytest.approx(4 * quarter[k]) for k in full)


def test_launch_weeks_limits_the_time_to_build(decided: Decide) -> None:
    known = decided("launch_weeks=3", "team.engineers=1", top=30)
    for stack in known.stacks:
        row = next(c for c in stack.constraints if c.id == "launch_weeks")
        assert isinstance(row.value, float)
        assert row.value <= 3
    assert any(e.reason == "launch_weeks" for e in known.excluded)
    more = decided("launch_weeks=3", "team.engineers=2", top=30)
    assert more.counts["feasible"] > known.counts["feasible"]
    open_ = decided("launch_weeks=3")
    assert [c.status for c in open_.stacks[0].constraints if c.id == "launch_weeks"] == ["unverified"]
    assert "team.engineers" in notice(open_, "launch_weeks")
    assert not decided("launch_weeks=3", strict=True).stacks


def test_offers_name_what_is_paid_for(decided: Decide) -> None:
    for stack in decided(OWN, "deployment.inventory=[{hardware: l4, count: 2}]").stacks:
        assert stack.slots.offer is None
    for stack in decided("deployment.hosting=[api]").stacks:
        assert re.fullmatch(r"api(_batch)?\.\w+", str(stack.slots.offer))
