"""What kind of thing a model is to a trainer: its modality, its backbone, what stands before it."""

from __future__ import annotations

from selector.decide.axes import ModelOption

MODALITY = {
    "llm": "text",
    "encoder": "text",
    "embedding": "text",
    "reranker": "text",
    "vision": "image",
    "diffusion": "image",
    "speech": "audio",
    "tts": "audio",
    "audio": "audio",
    "time_series": "time_series",
    "tabular": "tabular",
    "recommendation": "tabular",
}
BY_CLASS = {"tree": "tree", "linear": "linear", "mlp": "mlp", "recommender": "mlp"}
CLASSICAL = ("tree", "linear")  # fitted to all rows at once
STATISTICAL = ("arima", "naive", "als")  # methods without layers
ATTENDING = ("vit", "deit", "swin", "detr", "eva02", "sam", "former", "d-fine")  # in names of vision models


def backbone(option: ModelOption) -> str:
    """transformer, cnn, mlp, tree, linear or other."""
    model = option.model
    kind = model.model_class if model else ""
    if kind in BY_CLASS:
        return BY_CLASS[kind]
    name = option.id.lower()
    if any(word in name for word in STATISTICAL):
        return "linear"
    if option.role == "vision":
        known = model.architecture.attention if model and model.architecture else ""
        attends = known == "encoder" or (known != "cnn" and any(word in name for word in ATTENDING))
        return "transformer" if attends else "cnn"
    return "other" if option.role == "diffusion" else "transformer"


def from_scratch(option: ModelOption, method: str) -> bool:
    """Whether no pretrained weights are started from."""
    unpublished = option.role in ("tabular", "time_series", "recommendation") and not (
        option.model and option.model.params_b
    )
    return method == "pretrain" or unpublished
