"""What is stated acts, or is named as not acting; what is only assumed rules nothing out."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from selector.decide.notices import ALWAYS
from selector.packs.catalog import Catalogue
from selector.packs.schema import load
from selector.types.decision import Constraint, RankedStack, Recommendation

Decide = Callable[..., Recommendation]
ROOT = Path(__file__).parents[3]
OWN = "deployment.hosting=[self_hosted]"
SMALL = ("pins.model=[Qwen/Qwen3-8B]", OWN)
STATED: dict[str, Any] = {
    "application.description": "a text",
    "application.features.needs": ["json_schema"],
    "budget.cut_fraction": 0.2,
    "incumbent.problems": ["cost"],
    "incumbent.quality": 0.8,
    "quality.target": 0.9,
    "quality.metric": "f1",
    "availability.target": 0.9,
    "workload.active_hours_fraction": 0.5,
    "workload.traits": ["fp64"],
    "data.labels": {"source": "existing"},
    "deployment.targets": ["browser"],
    "deployment.vendor_support_required": True,
    "deployment.capacity_limited": True,
    "deployment.orchestrator": "docker",
    "adaptation.precision": "amp",
    "adaptation.sequence_tokens": 4096,
    "weights.energy": 5,
    "pins.layout": [{"ep": 8}],
}


def limit(stack: RankedStack, key: str) -> Constraint:
    return next(c for c in stack.constraints if c.id == key)


def values(stack: RankedStack) -> dict[str, float]:
    return {c.id: c.value or 0.0 for c in stack.contributions}


def features() -> list[str]:
    found = load("reqs")["$defs"]["features"]["properties"]["needs"]["items"]["enum"]
    return [str(x) for x in found]


@pytest.mark.parametrize("key", [k for k, _, _ in ALWAYS])
def test_a_stated_value_that_does_not_act_is_named(decided: Decide, key: str) -> None:
    wanted = "pins.layout" if key == "pins.layout.ep" else key
    value = features()[:1] if key.endswith("features.needs") else STATED[wanted]
    beside = {"pins.layout": SMALL, "weights.energy": ("weights.cost=1",)}.get(wanted, ())
    found = decided(f"{wanted}={json.dumps(value)}", *beside)
    assert key in [n.key for n in found.notices]


def test_nothing_is_said_of_what_was_not_stated(decided: Decide) -> None:
    assert decided().notices == ()


def leaves(node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if "$ref" in node:
        part, name = node["$ref"].split("/")[1:]
        node = load("reqs")[part][name]
    inner = dict(node.get("properties", {}))
    if isinstance(node.get("items"), dict):
        yield from leaves(node["items"], path)
    for key, child in inner.items():
        yield (*path, key)
        yield from leaves(child, (*path, key))


def test_every_key_of_the_requirements_is_read_or_named() -> None:
    """A new key that no code reads and no notice names fails here."""
    skipped = ("types/requirement.py", "needs/contradictions.py")
    code = "\n".join(
        p.read_text(encoding="utf-8")
        for p in (ROOT / "selector").rglob("*.py")
        if not str(p).endswith(skipped)
    )
    defaults = (ROOT / "rules" / "needs" / "defaults.yaml").read_text(encoding="utf-8")
    named = {k for k, _, _ in ALWAYS}
    lost = []
    for path in leaves(load("reqs")):
        key = ".".join(path)
        if path[0] in ("proposed", "components", "version") or "pins" in path:
            continue  # compared axis by axis, or the same keys once more
        covered = any(key == n or key.startswith(n + ".") for n in named)
        read = f".{path[-1]}" in code or f'"{path[-1]}"' in code or f"{key}:" in defaults
        if not covered and not read:
            lost.append(key)
    assert lost == []


def test_pins_without_a_slot_are_named_and_facts_are_kept(decided: Decide) -> None:
    found = decided("pins={vendor: [mistral], training_framework: [pytorch]}", OWN)
    assert {s.facts["vendor"] for s in found.stacks} == {"mistral"}
    assert [n.key for n in found.notices] == ["pins.training_framework"]
    two = decided(*SMALL, "pins.layout=[{replicas: 2}]", top=30)
    assert {s.slots.layout.replicas for s in two.stacks if s.slots.layout} == {2}


def test_excluded_hosting_is_left_out(decided: Decide) -> None:
    assert {s.slots.hosting for s in decided("exclude.hosting=[api]").stacks} == {"self_hosted_cloud"}
    assert {s.slots.hosting for s in decided("exclude.hosting=[self_hosted]").stacks} == {"api"}


def test_hosting_without_offers_is_named(decided: Decide) -> None:
    found = decided("deployment.hosting=[api, serverless_gpu]")
    assert ["serverless_gpu" in n.why for n in found.notices if n.key == "deployment.hosting"] == [True]


def test_host_memory_is_named_for_accelerators_and_holds_for_processors(decided: Decide) -> None:
    gpu = decided(OWN, "deployment.inventory=[{hardware: l4, count: 1, host_ram_gb: 256}]")
    assert "deployment.inventory.0.host_ram_gb" in [n.key for n in gpu.notices]
    cpu = "deployment.inventory=[{hardware: epyc-9654, count: 1, host_ram_gb: %d}]"
    pin = "pins.model=[Qwen/Qwen3-32B]"
    assert not decided(OWN, pin, cpu % 8).stacks
    found = decided(OWN, pin, cpu % 256)
    assert found.stacks
    assert found.notices == ()


def test_context_that_is_asked_for_must_be_read(decided: Decide, catalogue: Catalogue) -> None:
    found = decided("workload.context_tokens_max=500000", top=40)
    for stack in found.stacks:
        known = catalogue.models.get(stack.slots.model) or catalogue.apis[stack.slots.model]
        assert known.context_tokens is None or known.context_tokens >= 500000
    assert any("context shorter" in e.reason for e in found.excluded)


@pytest.mark.parametrize("key", ["first_token_p95_ms", "per_output_token_p95_ms"])
def test_an_assumed_limit_rules_nothing_out(decided: Decide, key: str) -> None:
    """R1 on eight A100 keeps neither limit with every engine; all of them stay in."""
    base = {
        "application": {"task": "reasoning", "languages": ["en"]},
        "workload": {"concurrency": 8, "input_tokens": 30000, "output_tokens": 500},
        "deployment": {"hosting": ["self_hosted"], "inventory": [{"hardware": "8xA100-80GB"}]},
        "pins": {"model": ["deepseek-ai/DeepSeek-R1-Distill-Llama-70B"]},
    }
    assumed = decided(top=60, **base)
    value = limit(assumed.stacks[0], f"latency.{key}").limit
    slow = [s for s in assumed.stacks if limit(s, f"latency.{key}").status == "violated"]
    assert slow
    assert "assumed" in limit(slow[0], f"latency.{key}").why
    assert f"latency.{key}" in [a.key for a in slow[0].assumptions]
    assert not any(e.reason.startswith("latency.") for e in assumed.excluded)
    stated = decided(f"latency.{key}={value}", top=60, **base)
    assert stated.counts["feasible"] < assumed.counts["feasible"]
    assert not any(limit(s, f"latency.{key}").status == "violated" for s in stated.stacks)


def test_availability_keeps_a_spare_replica(decided: Decide) -> None:
    sets = (*SMALL, "pins.hardware=[h100-sxm-80gb]", "pins.precision=[bf16]", "pins.engine=[vllm]")
    one = decided(*sets, "availability.target=0.99").stacks[0].slots.layout
    two = decided(*sets, "availability.target=0.999").stacks[0].slots.layout
    assert one
    assert two
    assert two.replicas == one.replicas + 1


def test_an_assumed_spare_gives_way_to_the_devices_on_hand(decided: Decide) -> None:
    sets = (*SMALL, "deployment.inventory=[{hardware: h100, count: 1}]", "availability.target=0.999")
    found = decided(*sets)
    assert found.stacks
    assert "availability.spare_replicas" in [a.key for a in found.stacks[0].assumptions]
    assert not decided(*sets, "availability.spare_replicas=1").stacks


def test_appetite_moves_the_value_of_risk(decided: Decide) -> None:
    low, high = (decided(f"risk.appetite={a}").stacks[0] for a in ("low", "high"))
    assert values(low)["risk"] < values(high)["risk"]


def test_cautious_judges_the_adverse_quartile(decided: Decide) -> None:
    neutral = {s.slots.digest(): s for s in decided(top=60).stacks}
    shared = [s for s in decided("risk_attitude=cautious", top=60).stacks if s.slots.digest() in neutral]
    assert shared
    for stack in shared:
        before, after = values(neutral[stack.slots.digest()]), values(stack)
        assert all(after[k] <= before[k] for k in ("quality", "cost", "latency", "effort"))
        assert after["quality"] < before["quality"]
        assert after["risk"] == before["risk"]


@pytest.mark.parametrize("kind", ["accelerator_vendor", "cloud"])
def test_portability_costs_points_and_warns(decided: Decide, kind: str) -> None:
    rule, points = {"accelerator_vendor": ("PORT-001", "PORT-002"), "cloud": ("PORT-003", "PORT-004")}[kind]
    own = kind == "accelerator_vendor"
    hosting = f"deployment.hosting=[{'self_hosted' if own else 'api'}]"
    engines = ("pins={model: [Qwen/Qwen3-8B], engine: [tensorrt-llm]}",) if own else ()
    tied = [
        s
        for s in decided(hosting, f"deployment.portability=[{kind}]", *engines, top=50).stacks
        if _ids(s) & {points}
    ]
    assert tied
    for stack in tied:
        assert rule in [f.rule for f in stack.findings]
        if own:
            assert stack.slots.engine == "tensorrt-llm"
        else:
            assert stack.facts["model_access"] == "closed_api"
    assert not any(_ids(s) & {points} for s in decided(hosting, *engines, top=50).stacks)


def _ids(stack: RankedStack) -> set[str]:
    return {c.id for c in stack.contributions}
