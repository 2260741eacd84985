"""A model from its Hugging Face `config.json`: dimensions, and the parameters that follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selector.errors import InputError, Position, Problem
from selector.types.catalog import OF_USER, Architecture, Model

MAX_BYTES = 4_000_000
# Multimodal configurations keep the dimensions of the language model one level down.
NESTED = ("text_config", "language_config", "llm_config", "thinker_config")
NOT_GATED = frozenset({"phi", "gpt_neox", "gpt2", "opt", "bloom", "falcon", "starcoder2", "gptj"})
UNSUPPORTED = ("ssm_state_size", "mamba_d_state", "ssm_cfg", "linear_num_value_heads")
ENCODERS = frozenset(
    (
        "bert",
        "roberta",
        "xlm-roberta",
        "deberta",
        "deberta-v2",
        "electra",
        "distilbert",
        "modernbert",
    )
)
LIMIT = 10**9


def model_from_config(path: str | Path, name: str | None = None) -> Model:
    """A generic language model with the dimensions in `path`; errors name what is missing."""
    file = Path(path)
    data = _read(file)
    inner = next((data[k] for k in NESTED if isinstance(data.get(k), Mapping)), data)
    config = _Config({**data, **inner}, Position(str(file)))
    architecture, total, active, cached = _dimensions(config)
    config.raise_problems()
    vision = inner is not data and "vision_config" in data
    title = name or config.text("_name_or_path") or file.resolve().parent.name or file.stem
    return Model(
        id=title,
        vendor=title.split("/")[0] if "/" in title else "user",
        tasks=("chat", "vision-language") if vision else ("chat",),
        model_class="vlm" if vision else "llm",
        licence="",  # config.json does not say it
        languages=(),
        source=OF_USER,
        as_of="",
        params_b=total / 1e9,
        active_params_b=active / 1e9,
        architecture=architecture,
        kv_bytes_per_token_16bit=cached,
        context_tokens=config.whole("max_position_embeddings", None),
        checkpoints=(_checkpoint(data),),
        family=config.text("model_type"),
        note="parameters computed from the dimensions in config.json",
    )


def _read(file: Path) -> dict[str, Any]:
    fix = "give the path of the config.json that is published with the weights"
    try:
        if file.stat().st_size > MAX_BYTES:
            what = f"{file.name} is larger than 4 MB"
            raise InputError([Problem(what, Position(str(file)), fix)])
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        what = f"cannot read {file.name}: {error.strerror or error}"
        raise InputError([Problem(what, Position(str(file)), fix)]) from error
    except (ValueError, RecursionError) as error:
        raise InputError([Problem(f"not valid JSON: {error}", Position(str(file)), fix)]) from error
    if not isinstance(data, dict):
        raise InputError([Problem("the file holds no JSON object", Position(str(file)), fix)])
    return data


class _Config:
    """Reads fields and collects what is missing or senseless."""

    def __init__(self, data: Mapping[str, Any], where: Position) -> None:
        self.data = data
        self.where = where
        self.problems: list[Problem] = []

    def fail(self, what: str, fix: str) -> None:
        self.problems.append(Problem(what, self.where, fix))

    def raise_problems(self) -> None:
        if self.problems:
            raise InputError(self.problems)

    def text(self, key: str) -> str | None:
        value = self.data.get(key)
        return value if isinstance(value, str) and value.strip() else None

    def whole(self, key: str, default: int | None) -> int | None:
        """A positive whole number, or `default` where the field is absent."""
        value = self.data.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < LIMIT:
            self.fail(f"{key} is {value!r}, not a positive whole number", f"correct {key}")
            return default
        return value

    def need(self, *keys: str) -> int:
        """A positive whole number under one of several names; 1 stands in after an error."""
        for key in keys:
            if self.data.get(key) is not None:
                return self.whole(key, None) or 1
        self.fail(f"{keys[0]} is missing", f"add {keys[0]} or state params_b in the pin")
        return 1

    def count(self, key: str) -> int:
        """A whole number of zero or more; absent is zero."""
        value = self.data.get(key)
        return 0 if value in (None, 0) else self.whole(key, None) or 0


def _dimensions(c: _Config) -> tuple[Architecture, float, float, int]:
    for key in UNSUPPORTED:
        if c.data.get(key) is not None:
            c.fail(
                f"{key}: state-space and linear-attention layers are not derived from config.json",
                "pin the model by name, or with params_b and active_params_b",
            )
    if c.text("model_type") in ENCODERS:
        fix = "pin the model by name, or with params_b"
        c.fail(f"model_type {c.text('model_type')}: encoders are not derived from config.json", fix)
    layers = c.need("num_hidden_layers", "n_layer", "num_layers")
    hidden = c.need("hidden_size", "n_embd", "d_model")
    heads = c.need("num_attention_heads", "n_head")
    vocab = c.need("vocab_size")
    if c.problems:
        return Architecture(attention="other"), 0.0, 0.0, 0
    kv_heads = c.whole("num_key_value_heads", heads) or heads
    head_dim = c.whole("head_dim", max(hidden // heads, 1)) or 1
    if c.count("kv_lora_rank"):
        head_dim = c.count("qk_nope_head_dim") + c.count("qk_rope_head_dim")
    if heads % kv_heads:
        c.fail(f"{kv_heads} KV heads do not divide {heads} heads", "correct num_key_value_heads")
    attention, latent = _attention(c, hidden, heads, kv_heads, head_dim)
    total_ffn, active_ffn, experts, chosen, intermediate = _feed_forward(c, layers, hidden)
    tied = bool(c.data.get("tie_word_embeddings", _tied_by_default(c)))
    embedding = vocab * hidden * (1 if tied else 2)
    sliding, window = _sliding(c, layers)
    norms = layers * 2 * hidden + hidden
    base = float(embedding + layers * attention + norms)
    full = layers - sliding
    attended = c.count("index_topk") or None
    per_token = full * (latent or 2 * kv_heads * head_dim) * 2
    kind = "mla" if latent else ("sliding" if sliding else ("mha" if heads == kv_heads else "gqa"))
    architecture = Architecture(
        attention=kind,
        layers=layers,
        hidden=hidden,
        intermediate=intermediate,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        vocab=vocab,
        tied=tied,
        full_attention_layers=full,
        latent_dim=latent,
        sliding_layers=sliding or None,
        sliding_window_tokens=window if sliding else None,
        experts=experts,
        experts_active=chosen,
        sparse_layers=layers if attended else None,
        attended_tokens=attended,
    )
    return architecture, base + total_ffn, base + active_ffn, per_token


def _tied_by_default(c: _Config) -> bool:
    """Model families whose configuration leaves the field out when embeddings are shared."""
    return (c.text("model_type") or "").startswith(("gemma", "gpt2", "bloom", "falcon", "opt"))


def _attention(c: _Config, hidden: int, heads: int, kv: int, dim: int) -> tuple[int, int | None]:
    """Parameters of one attention block, and the width of a latent cache."""
    rank = c.count("kv_lora_rank")
    if not rank:
        bias = (heads + 2 * kv) * dim if c.data.get("attention_bias") else 0
        return hidden * dim * (2 * heads + 2 * kv) + bias, None
    rope = c.need("qk_rope_head_dim")
    nope = c.need("qk_nope_head_dim")
    value = c.need("v_head_dim")
    query_rank = c.count("q_lora_rank")
    width = heads * (nope + rope)
    query = hidden * query_rank + query_rank * width if query_rank else hidden * width
    keys = hidden * (rank + rope) + rank * heads * (nope + value)
    return query + keys + heads * value * hidden, rank + rope


def _feed_forward(c: _Config, layers: int, hidden: int) -> tuple[float, float, int | None, int | None, int]:
    """Parameters in all and in use per token, experts, experts in use, width."""
    matrices = 2 if c.text("model_type") in NOT_GATED else 3
    names = ("n_routed_experts", "num_local_experts", "num_experts")
    experts = next((n for key in names if (n := c.count(key))), 0)
    if experts <= 1:
        wide = c.whole("intermediate_size", None) or c.whole("n_inner", None) or 4 * hidden
        if c.data.get("intermediate_size") is None and matrices == 3:
            c.fail("intermediate_size is missing", "add intermediate_size or pin with params_b")
        dense = float(layers * matrices * hidden * wide)
        return dense, dense, None, None, wide
    chosen = c.need("num_experts_per_tok", "num_experts_per_token", "moe_topk")
    if chosen > experts:
        c.fail(f"{chosen} of {experts} experts per token", "correct num_experts_per_tok")
    each = c.whole("moe_intermediate_size", None) or c.need("intermediate_size")
    wide = c.whole("intermediate_size", each) or each
    dense_layers = _dense_layers(c, layers)
    shared = c.count("n_shared_experts") * each + c.count("shared_expert_intermediate_size")
    one = matrices * hidden
    sparse = layers - dense_layers
    common = dense_layers * one * wide + sparse * (one * shared + hidden * experts)
    return (
        float(common + sparse * one * each * experts),
        float(common + sparse * one * each * chosen),
        experts,
        chosen,
        wide,
    )


def _dense_layers(c: _Config, layers: int) -> int:
    """Layers without experts: the first ones, a list, or all but every n-th."""
    listed = c.data.get("mlp_only_layers")
    dense = len(listed) if isinstance(listed, list) else 0
    dense = max(dense, c.count("first_k_dense_replace"))
    step = c.whole("decoder_sparse_step", 1) or 1
    step = max(step, c.whole("moe_layer_freq", 1) or 1) if _is_int(c, "moe_layer_freq") else step
    if step > 1:
        dense = max(dense, layers - layers // step)
    return min(dense, layers)


def _is_int(c: _Config, key: str) -> bool:
    return isinstance(c.data.get(key), int)


def _sliding(c: _Config, layers: int) -> tuple[int, int | None]:
    """Layers that see a window only, and its length."""
    window = c.count("sliding_window") or None
    if window is None or c.data.get("use_sliding_window") is False:
        return 0, None
    kinds = c.data.get("layer_types")
    if isinstance(kinds, list) and len(kinds) == layers:
        return sum("sliding" in str(k) for k in kinds), window
    pattern = c.count("sliding_window_pattern")
    if pattern > 1:
        return layers - layers // pattern, window
    if c.text("model_type") == "gemma2":
        return (layers + 1) // 2, window
    return layers, window


def _checkpoint(data: Mapping[str, Any]) -> str:
    """Precision that the published weights are in."""
    quantised = data.get("quantization_config")
    if isinstance(quantised, Mapping):
        method = str(quantised.get("quant_method", "")).lower()
        known = {"awq": "int4-awq", "gptq": "int4-gptq", "fp8": "fp8", "mxfp4": "mxfp4"}
        if method == "gptq" and quantised.get("bits") == 8:
            return "int8-w8a16"
        if method in known:
            return known[method]
    kind = str(data.get("torch_dtype") or data.get("dtype") or "")
    return {"float16": "fp16", "float32": "fp32"}.get(kind, "bf16")
