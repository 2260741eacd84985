"""Options that go before anything is sized: contexts too short, hosting that nobody offers, models
pinned where they cannot run."""

from __future__ import annotations

from selector.decide.axes import HOSTED, Axes, ModelOption
from selector.needs.options import Options
from selector.types.load import Load

OFFERED = frozenset({*HOSTED, "self_hosted_cloud", "on_prem"})


def models(axes: Axes, task: str, load: Load, assumed: frozenset[str]) -> None:
    """Leave out language models that read or write less than the load asks for."""
    if not axes.models:
        axes.leave_out("no model in the packs serves the task as stated", task)
    need = _context(load, assumed)
    kept = []
    for option in axes.models:
        reason = _too_short(option, need, load.output_tokens)
        if reason is None:
            kept.append(option)
        else:
            axes.leave_out(reason, option.id)
    axes.models = kept


def places(axes: Axes, wanted: Options, hosting: set[str]) -> None:
    """Name kinds of hosting that nobody offers, and pinned models without a place of their kind."""
    for kind in sorted(hosting - OFFERED):
        axes.leave_out(f"no offer of hosting kind {kind} in the packs", kind)
    if hosting.isdisjoint(HOSTED):
        allowed = ", ".join(sorted(hosting)) or "nothing"
        for api in wanted.apis:
            axes.leave_out(f"pinned model is a hosted API; hosting allows {allowed} only", api)
    elif hosting <= set(HOSTED):
        served = {m.api.open_model for m in axes.models if m.api is not None}
        for model in [*wanted.models, *(m.id for m in wanted.own_models)]:
            if model not in served:
                axes.leave_out("no hosted offer of the pinned model in the packs", model)


def _context(load: Load, assumed: frozenset[str]) -> float:
    """Tokens that a model has to read; a context that nobody stated asks for no more than the load."""
    sizes = load.input_tokens_p95 + load.output_tokens
    return sizes if "workload.context_tokens_max" in assumed else max(load.context_tokens, sizes)


def _too_short(option: ModelOption, need: float, answer: float) -> str | None:
    if option.role != "llm":
        return None
    source = option.model or option.api
    most = source.context_tokens if source else None
    if most is not None and most < need:
        return f"context shorter than the {need:.0f} tokens needed"
    longest = option.api.max_output_tokens if option.api else None
    if longest is not None and longest < answer:
        return f"answers shorter than the {answer:.0f} tokens needed"
    return None
