"""An 8-bit cache where a 16-bit one does not fit, and only there."""

from collections.abc import Callable

import pytest

from selector.packs.catalog import Catalogue
from selector.report.table import recommendation as as_table
from selector.types.decision import RankedStack, Recommendation

Decide = Callable[..., Recommendation]
MODEL = "pins.model=[Qwen/Qwen3-32B]"
BOX = "deployment={hosting: [self_hosted], inventory: [{hardware: h100-sxm-80gb, count: 1}]}"
FP8 = "pins.precision=[fp8-w8a8]"


def caches(found: Recommendation) -> set[object]:
    return {s.facts["kv_precision"] for s in found.stacks}


def chat(decided: Decide, context: int, *sets: str) -> Recommendation:
    work = {"concurrency": 1, "input_tokens": 1000, "output_tokens": 200, "context_tokens_max": context}
    return decided(MODEL, BOX, FP8, *sets, workload=work, top=40)


def test_only_where_sixteen_bits_do_not_fit(decided: Decide) -> None:
    # 64 layers x 8 heads x 128 x 2 x 2 bytes = 256 KiB a token: 40 GiB beside 31 GiB of weights.
    assert caches(chat(decided, 40_000)) == {"bf16"}
    own = "pins.model=[{name: own/long-32b, params_b: 32}]"  # 160 kB a token where layers are not known
    assert caches(chat(decided, 200_000, own)) == {"bf16"}
    assert caches(chat(decided, 400_000, own)) == {"fp8"}


def tight(decided: Decide, *sets: str) -> Recommendation:
    work = {"concurrency": 6, "input_tokens": 1000, "output_tokens": 200, "context_tokens_max": 40_000}
    return decided(MODEL, BOX, FP8, *sets, workload=work, top=40)


def test_it_is_printed_and_costs_quality(decided: Decide, catalogue: Catalogue) -> None:
    found = tight(decided)
    assert caches(found) == {"fp8"}
    assert "with an fp8 cache" in as_table(found, terminal=False)
    first = found.stacks[0]
    assert ("kv_precision", "fp8") in [(a.key, a.value) for a in first.assumptions]
    keeps = next(r for r in catalogue.recoveries if r.precision == "kv-fp8")
    wide = chat(decided, 40_000)
    same = next(s for s in wide.stacks if s.slots.engine == first.slots.engine)
    assert quality(first) == pytest.approx(quality(same) * keeps.p50, rel=1e-6)
    assert first.memory is not None
    assert first.memory.total <= first.memory.usable


def quality(stack: RankedStack) -> float:
    found = stack.estimates["quality_index"]
    assert found is not None
    return found.p50


def test_only_engines_and_devices_that_have_it(decided: Decide) -> None:
    assert {s.slots.engine for s in tight(decided).stacks} <= {"vllm", "sglang", "tensorrt-llm"}
    older = "deployment={hosting: [self_hosted], inventory: [{hardware: a100-sxm-80gb, count: 1}]}"
    found = tight(decided, older, "pins.precision=[fp8, int8]")
    assert "fp8" not in caches(found)


def test_a_pinned_cache_stands(decided: Decide) -> None:
    assert caches(chat(decided, 8_000, "pins.kv_precision=fp8")) == {"fp8"}
    assert not tight(decided, "pins.kv_precision=bf16").stacks
