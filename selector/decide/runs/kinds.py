"""What kind of thing a model is to a trainer: its backbone, and what stands before it."""

from __future__ import annotations

from selector.decide.axes import ModelOption

# Of models that do not state theirs; what a class leaves open is not guessed.
BY_CLASS = {"tree": "tree", "linear": "linear", "mlp": "mlp", "recommender": "mlp", "diffusion": "other"}
BY_LAYERS = {"encoder": "transformer", "cnn": "cnn"}  # of vision models, by what stands of their layers
CLASSICAL = ("tree", "linear", "factorisation", "in_context")  # given all rows at once


def backbone(option: ModelOption) -> str:
    """What the packs state of the model, or else what its class says: transformer, cnn, mlp, tree ..."""
    model = option.model
    if model and model.backbone:
        return model.backbone
    if option.role == "vision":
        layers = model.architecture.attention if model and model.architecture else ""
        return BY_LAYERS.get(layers, "other")
    return BY_CLASS.get(model.model_class if model else "", "transformer")


def classical(option: ModelOption) -> bool:
    """Whether a fit takes minutes, whatever the model: trees, linear models and other methods for tables."""
    return backbone(option) in CLASSICAL or option.role == "tabular"


def descends(option: ModelOption, task: str) -> bool:
    """Whether the published recipe is SGD with momentum: classifiers of convolutions with batch norm."""
    model = option.model
    return (
        task == "image-classification"
        and backbone(option) == "cnn"
        and model is not None
        and model.normalisation == "batch"
    )


def from_scratch(option: ModelOption, method: str) -> bool:
    """Whether no pretrained weights are started from."""
    unpublished = option.role in ("tabular", "time_series", "recommendation") and not (
        option.model and option.model.params_b
    )
    return method == "pretrain" or unpublished
