"""What `estimate` says of layouts, replicas, rates and engines that nobody ran."""

from __future__ import annotations

from typing import Any

import pytest

from selector.decide.single import Sizing, size
from selector.packs.catalog import Catalogue
from selector.types.load import Load


def sized(cat: Catalogue, model: str, device: str, count: int, **more: Any) -> Sizing:
    load = {"input_tokens": 1000.0, "output_tokens": 250.0, "concurrency": 1.0}
    load |= {k: more.pop(k) for k in ("concurrency", "peak_requests_per_second") if k in more}
    asked = Load(input_tokens_p95=1000.0, context_tokens=1250.0, **load)  # type: ignore[arg-type]
    return size(cat, cat.models[model], cat.devices[device], count, asked, **more)


def test_a_layout_larger_than_the_devices_does_not_fit(catalogue: Catalogue) -> None:
    found = sized(catalogue, "Qwen/Qwen3-8B", "h100-sxm-80gb", 1, tp=8)
    assert found.fits is False
    assert found.limits == ("layout: tp 8 x pp 1 needs 8 devices, 1 given",)
    assert found.estimates["requests_per_s"] is None


def test_replicas_share_the_requests_in_flight(catalogue: Catalogue) -> None:
    one = sized(catalogue, "Qwen/Qwen3-8B", "h100-sxm-80gb", 1, tp=1, concurrency=8.0)
    eight = sized(catalogue, "Qwen/Qwen3-8B", "h100-sxm-80gb", 8, tp=1, concurrency=64.0)
    assert eight.replicas == 8
    assert one.memory
    assert eight.memory
    assert eight.memory.kv_cache == pytest.approx(one.memory.kv_cache)
    many, few = eight.estimates["requests_per_s"], one.estimates["requests_per_s"]
    assert many
    assert few
    assert many.p50 == pytest.approx(8 * few.p50)


def test_one_request_does_not_work_on_eight_replicas(catalogue: Catalogue) -> None:
    one = sized(catalogue, "Qwen/Qwen3-8B", "h100-sxm-80gb", 1, tp=1).estimates["requests_per_s"]
    eight = sized(catalogue, "Qwen/Qwen3-8B", "h100-sxm-80gb", 8, tp=1).estimates["requests_per_s"]
    assert one
    assert eight
    assert eight.p50 == pytest.approx(one.p50)


def test_replicas_compete_with_wide_layouts(catalogue: Catalogue) -> None:
    crowd = sized(catalogue, "Qwen/Qwen3-8B", "h100-sxm-80gb", 8, concurrency=512.0)
    alone = sized(catalogue, "Qwen/Qwen3-8B", "h100-sxm-80gb", 8, concurrency=1.0)
    assert crowd.replicas > 1
    assert (alone.tp, alone.replicas) == (8, 1)


def test_a_rate_beyond_capacity_does_not_fit(catalogue: Catalogue) -> None:
    found = sized(
        catalogue,
        "Qwen/Qwen3-32B",
        "h100-sxm-80gb",
        1,
        concurrency=None,
        peak_requests_per_second=100.0,
    )
    assert found.fits is False
    assert found.limits[0].startswith("rate: serves ")
    assert found.limits[0].endswith(" of 100 requests/s")
    assert found.nearest
    need = int(found.nearest.split(" devices")[0].rsplit(" ", 1)[1])
    more = sized(
        catalogue,
        "Qwen/Qwen3-32B",
        "h100-sxm-80gb",
        need,
        concurrency=None,
        peak_requests_per_second=100.0,
    )
    assert more.fits is True


def test_no_rows_refuse_and_missing_rows_leave_open(catalogue: Catalogue) -> None:
    no = sized(catalogue, "Qwen/Qwen3-8B", "a100-sxm-80gb", 1, engines=["vllm"], precisions=["fp8-w8a8"])
    assert no.fits is False
    assert all("vllm" in reason for reason in no.limits)
    open_ = sized(catalogue, "Qwen/Qwen3-8B", "gaudi2-96gb", 1, engines=["vllm"])
    assert open_.fits is None
    assert all("vllm" in reason for reason in open_.limits)
