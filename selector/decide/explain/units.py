"""Units of the columns that the formulas work on, and words for the times that are printed."""

from __future__ import annotations

WORDS = {
    "first_token_ms": "first token of a usual request",
    "first_token_p95_ms": "first token of a slow request",
    "per_output_token_ms": "time between output tokens",
    "request_p95_ms": "a slow request from beginning to end",
}
OF_SHAPE = {
    "total": "parameters",
    "active": "parameters",
    "embedding": "parameters",
    "head": "parameters",
    "layers": "layers",
    "hidden": "values",
    "width": "values",
    "decode_width": "values",
    "kv_per_token": "bytes/token",
    "kv_sliding_per_token": "bytes/token",
    "window_tokens": "tokens",
    "state_bytes": "bytes",
}
OF_TRAINING = {
    "gemm_flops": "operations/token",
    "attention_flops": "operations/token",
    "width_bytes": "values/token",
    "passes": "bytes/value",
    "launches": "layers/token",
    "unpacked": "weights/token",
    "unpack_bytes": "bytes/weight",
    "updated": "bytes/token",
    "gathered": "bytes/token",
    "gather_rate": "bytes/s",
    "exchanged": "bytes/token",
    "exchange_rate": "bytes/s",
    "narrow_gain": "factor",
    "bubble": "time over time without idle stages",
    "weights": "bytes",
    "gradients": "bytes",
    "optimizer": "bytes",
    "opened": "bytes",
    "checkpoints": "values",
    "worked": "values",
    "logits": "values",
    "worked_bytes": "bytes/value",
    "logits_bytes": "bytes/value",
    "slack": "factor",
}


def unit_of(column: str) -> str:
    """Unit of a column of a cell, which its name ends with or names."""
    for end, found in (
        ("_fraction", "fraction"),
        ("_seconds", "s"),
        ("_bytes_per_s", "bytes/s"),
        ("_bytes", "bytes"),
        ("_params", "parameters"),
        ("_tokens", "tokens"),
        ("_spread", "p90 over p50"),
    ):
        if column.endswith(end):
            return found
    return OF_COLUMN.get(column, "")


OF_COLUMN = {
    "bandwidth": "bytes/s",
    "peak": "operations/s",
    "flops": "operations",
    "reserve": "bytes",
    "watts": "W",
    "weights_known": "bytes",
    "bits": "bits",
    "rows_half": "rows",
    "most_sequences": "sequences",
    "passes": "passes",
}
