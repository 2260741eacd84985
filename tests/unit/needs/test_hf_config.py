from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from selector.errors import InputError
from selector.needs.hf_config import model_from_config

LLAMA: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
    "max_position_embeddings": 131072, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip
QWEN3_MOE: dict[str, Any] = {
    "model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48,
    "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
    "intermediate_size": 6144, "moe_intermediate_size": 768, "num_experts": 128,
    "num_experts_per_tok": 8, "decoder_sparse_step": 1, "mlp_only_layers": [],
    "vocab_size": 151936, "sliding_window": None,
}  # fmt: skip
MIXTRAL: dict[str, Any] = {
    "model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
    "num_local_experts": 8, "num_experts_per_tok": 2, "vocab_size": 32000,
}  # fmt: skip
DEEPSEEK: dict[str, Any] = {
    "model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61,
    "num_attention_heads": 128, "num_key_value_heads": 128, "intermediate_size": 18432,
    "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
    "num_experts_per_tok": 8, "first_k_dense_replace": 3, "moe_layer_freq": 1,
    "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128,
    "v_head_dim": 128, "vocab_size": 129280, "quantization_config": {"quant_method": "fp8"},
}  # fmt: skip
GEMMA3: dict[str, Any] = {
    "model_type": "gemma3", "vision_config": {}, "text_config": {
        "model_type": "gemma3_text", "hidden_size": 5376, "num_hidden_layers": 62,
        "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128,
        "intermediate_size": 21504, "vocab_size": 262208, "sliding_window": 1024,
        "sliding_window_pattern": 6,
    },
}  # fmt: skip


def config(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("data", "total", "active", "cached"),
    [
        (LLAMA, 8.03, 8.03, 131072),
        (QWEN3_MOE, 30.53, 3.35, 98304),
        (MIXTRAL, 46.70, 12.88, 131072),
        (DEEPSEEK, 671.0, 37.55, 70272),
        (GEMMA3, 27.0, 27.0, 81920),
    ],
)
def test_published_sizes(
    tmp_path: Path, data: dict[str, Any], total: float, active: float, cached: int
) -> None:
    model = model_from_config(config(tmp_path, data), "own/model")
    assert model.params_b == pytest.approx(total, rel=0.005)
    assert model.active_params_b == pytest.approx(active, rel=0.005)
    assert model.kv_bytes_per_token_16bit == cached
    assert model.source == ("user",)
    assert model.id == "own/model"


def test_kinds_of_attention(tmp_path: Path) -> None:
    latent = model_from_config(config(tmp_path, DEEPSEEK)).architecture
    assert latent is not None
    assert (latent.attention, latent.latent_dim) == ("mla", 576)
    window = model_from_config(config(tmp_path, GEMMA3))
    assert window.architecture is not None
    assert window.architecture.sliding_layers == 52
    assert window.model_class == "vlm"
    assert window.architecture.tied


def test_checkpoint_and_context(tmp_path: Path) -> None:
    assert model_from_config(config(tmp_path, DEEPSEEK)).checkpoints == ("fp8",)
    llama = model_from_config(config(tmp_path, LLAMA))
    assert llama.checkpoints == ("bf16",)
    assert llama.context_tokens == 131072


def test_all_missing_fields_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        model_from_config(config(tmp_path, {"model_type": "llama"}))
    text = str(caught.value)
    for key in ("num_hidden_layers", "hidden_size", "num_attention_heads", "vocab_size"):
        assert key in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": -1}, "not a positive whole number"),
        ({"num_hidden_layers": "32"}, "not a positive whole number"),
        ({"hidden_size": 4096.5}, "not a positive whole number"),
        ({"hidden_size": 10**30}, "not a positive whole number"),
        ({"num_key_value_heads": 5}, "do not divide"),
        ({"linear_num_value_heads": 32}, "linear-attention"),
        ({"intermediate_size": None}, "intermediate_size"),
        ({"num_experts": 4, "num_experts_per_tok": 8}, "8 of 4 experts"),
        ({"num_experts": 4}, "num_experts_per_tok is missing"),
        ({"kv_lora_rank": 512}, "qk_rope_head_dim is missing"),
        ({"model_type": "bert"}, "encoders"),
    ],
)
def test_senseless_fields(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        model_from_config(config(tmp_path, LLAMA | change))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "\x00", '{"a":' * 5000])
def test_no_json_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        model_from_config(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        model_from_config(tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot read"):
        model_from_config(tmp_path)
