"""Layouts follow the kinds of parallelism that the packs state of an engine."""

from selector.decide.layouts import layouts
from selector.packs.catalog import Catalogue

MODEL = "meta-llama/Llama-3.1-70B-Instruct"


def allowed(catalogue: Catalogue, engine: str, devices: int = 16) -> list[tuple[int, int]]:
    return layouts(catalogue.models[MODEL], catalogue.frameworks[engine], "llm", devices, 8)


def test_an_engine_that_splits_tensors_only_has_no_stages(catalogue: Catalogue) -> None:
    assert {pp for _, pp in allowed(catalogue, "lmdeploy")} == {1}


def test_an_engine_that_splits_layers_only_takes_any_count(catalogue: Catalogue) -> None:
    assert allowed(catalogue, "llama.cpp", 3) == [(1, 1), (1, 2), (1, 3)]


def test_an_engine_of_which_nothing_is_stated_does_both(catalogue: Catalogue) -> None:
    assert not catalogue.frameworks["vllm"].parallelism
    assert (8, 2) in allowed(catalogue, "vllm")
    assert layouts(catalogue.models[MODEL], None, "llm", 16, 8) == allowed(catalogue, "vllm")
