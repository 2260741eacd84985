"""Hardware on hand stays limited to its count beside what a cloud rents, and keeps its own memory."""

from collections.abc import Callable

from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]
BOTH = """
application: {{task: chat}}
organisation: {{region: us}}
workload: {{peak_requests_per_second: 30, input_tokens: 900, output_tokens: 250}}
deployment: {{hosting: [self_hosted], clouds: [lambda, nebius, runpod, aws, gcp], inventory: [{lines}]}}
pins: {{model: [Qwen/Qwen3-32B], hardware: [h100-sxm-80gb], precision: [bf16]}}
"""


def test_own_devices_stay_counted_where_a_cloud_has_the_same(ranked: Ranked) -> None:
    found = ranked(BOTH.format(lines="{hardware: h100-sxm-80gb, count: 2}"), top=50)
    counts = {s.slots.hosting: set[int]() for s in found.stacks}
    for s in found.stacks:
        counts[s.slots.hosting].add(s.slots.n_devices)
    assert "self_hosted_cloud" in counts
    assert max(counts.get("on_prem", {0})) <= 2


def test_lines_of_one_device_are_pools_of_their_own(ranked: Ranked) -> None:
    lines = "{hardware: h100-sxm-80gb, count: 1}, {hardware: h100-sxm-80gb, count: 8}"
    text = BOTH.format(lines=lines).replace("[self_hosted]", "[on_prem]").replace("second: 30", "second: 3")
    found = ranked(text, top=50)
    assert found.feasible
    assert any(s.slots.n_devices > 1 for s in found.stacks)
    turned = "{hardware: h100-sxm-80gb, count: 8}, {hardware: h100-sxm-80gb, count: 1}"
    again = ranked(text.replace(lines, turned), top=50)
    assert {s.slots.n_devices for s in again.stacks} == {s.slots.n_devices for s in found.stacks}


def test_memory_that_others_use_at_home_is_free_in_the_cloud(ranked: Ranked) -> None:
    lines = "{hardware: h100-sxm-80gb, count: 8, free_memory_gb: 10}"
    found = ranked(BOTH.format(lines=lines), top=50)
    assert {s.slots.hosting for s in found.stacks} == {"self_hosted_cloud"}
    assert all(s.memory and s.memory.usable > 70e9 for s in found.stacks)


def test_a_pinned_device_that_nobody_has_says_so(ranked: Ranked) -> None:
    text = BOTH.format(lines="{hardware: l4, count: 2}").replace("[self_hosted]", "[on_prem, api]")
    found = ranked(text)
    assert any("no offer and no inventory" in e.reason for e in found.excluded)


def test_a_name_of_two_forms_is_an_assumption(ranked: Ranked) -> None:
    lines = "{hardware: A100-80GB, count: 2}, {hardware: l4, count: 1}"
    text = BOTH.format(lines=lines).replace("[self_hosted]", "[on_prem]").replace("h100-sxm-80gb", "a100, l4")
    told = {a.key: str(a.value) for a in ranked(text).assumptions if a.rule == "hardware.which"}
    assert told["deployment.inventory.0.hardware"] == "a100-sxm-80gb or a100-pcie-80gb"
    assert "pins.hardware.0" in told
    assert "deployment.inventory.1.hardware" not in told
