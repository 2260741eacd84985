"""Ways to spread a run: tensors stay inside a machine, a 4-bit base is computed again whole."""

from collections.abc import Mapping

import pytest

from selector.decide.cells import shape
from selector.decide.runs.spreads import Hardware, Spread, Wish, fastest
from selector.packs.catalog import Catalogue

LARGE = "meta-llama/Llama-3.1-70B-Instruct"
SMALL = "Qwen/Qwen3-8B"


@pytest.fixture
def p(catalogue: Catalogue) -> Mapping[str, float]:
    return {k: v.value for k, v in catalogue.parameters.items()}


def spread(
    catalogue: Catalogue, p: Mapping[str, float], model: str, count: int, machine: int, wish: Wish
) -> Spread:
    on = Hardware(catalogue.devices["h100-sxm-80gb"], count, machine)
    found = fastest(shape(catalogue.models[model], p), on, wish, p)
    assert found is not None
    return found


@pytest.mark.parametrize(("machine", "tensors"), [(8, 8), (4, 4)])
def test_tensors_stay_inside_a_machine(
    catalogue: Catalogue, p: Mapping[str, float], machine: int, tensors: int
) -> None:
    assert spread(catalogue, p, LARGE, 32, machine, Wish("pretrain", 4096.0, 64)).run.tp == tensors


@pytest.mark.parametrize(("method", "recompute"), [("lora", "none"), ("qlora", "full")])
def test_a_4_bit_base_is_computed_again_where_there_is_room(
    catalogue: Catalogue, p: Mapping[str, float], method: str, recompute: str
) -> None:
    assert spread(catalogue, p, SMALL, 1, 8, Wish(method, 512.0, 8)).run.recompute == recompute
