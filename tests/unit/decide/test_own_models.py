"""A model that the catalogue lacks is ranked although nobody states its licence."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
}
NEEDS = """
application: {{task: chat}}
organisation: {{commercial: true}}
workload: {{concurrency: 4, input_tokens: 500, output_tokens: 200}}
deployment: {{hosting: [on_prem], inventory: [{{hardware: h100-sxm-80gb, count: 1}}]}}
pins: {{model: [{pin}]}}
"""


@pytest.mark.parametrize("pin", ["{config: config.json}", "{name: acme/ours, params_b: 8}", "{params_b: 8}"])
def test_own_model_is_not_vetoed_by_an_unknown_licence(ranked: Ranked, tmp_path: Path, pin: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    found = ranked(NEEDS.format(pin=pin))
    assert found.feasible, [e.reason for e in found.excluded]
    assert "licence" not in found.stacks[0].facts


def test_a_catalogue_licence_that_nobody_read_still_vetoes(ranked: Ranked) -> None:
    found = ranked("application: {task: chat}\norganisation: {commercial: true}\n")
    assert any(e.reason.startswith("LIC-002") for e in found.excluded)
