"""Pins, exclusions and inventory of a requirement as options of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from selector.errors import InputError, Position, Problem
from selector.needs import names
from selector.needs.hf_config import model_from_config
from selector.needs.names import DeviceQuery, EngineQuery, ModelQuery
from selector.types.catalog import OF_USER, Model
from selector.types.requirement import InventoryItem, LayoutPin, ModelPin, Quote

if TYPE_CHECKING:
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue

T = TypeVar("T")
Match = Callable[[str, "Catalogue", Position | None], T]

CLASS_OF_TASK = {
    "embedding": "bi-encoder",
    "multimodal-embedding": "bi-encoder",
    "reranking": "cross-encoder",
    "vision-language": "vlm",
    "speech-recognition": "asr",
    "speech-synthesis": "tts",
    "audio-generation": "audio",
    "image-generation": "diffusion",
    "image-classification": "vision",
    "object-detection": "vision",
    "segmentation": "vision",
    "time-series": "time-series",
    "recommendation": "recommender",
}


@dataclass(frozen=True, slots=True)
class Owned:
    """Devices on hand and which of the catalogue they are."""

    item: InventoryItem
    query: DeviceQuery
    count: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """A price in hand and what of the catalogue it is for."""

    quote: Quote
    devices: DeviceQuery | None
    models: ModelQuery | None


@dataclass(frozen=True, slots=True)
class Options:
    """What is imposed, ruled out and on hand, in ids of the catalogue. Empty means free."""

    models: tuple[str, ...] = ()
    apis: tuple[str, ...] = ()
    own_models: tuple[Model, ...] = ()  # given by size or config.json; not in the catalogue
    engines: tuple[EngineQuery, ...] = ()
    devices: tuple[DeviceQuery, ...] = ()
    precisions: tuple[str, ...] = ()
    hosting: tuple[str, ...] = ()
    layouts: tuple[LayoutPin, ...] = ()
    adaptation: tuple[str, ...] = ()
    inventory: tuple[Owned, ...] = ()
    trainers: tuple[Owned, ...] = ()  # machines that train and do not serve
    no_models: tuple[str, ...] = ()
    no_apis: tuple[str, ...] = ()
    no_engines: tuple[EngineQuery, ...] = ()
    no_devices: tuple[str, ...] = ()
    no_precisions: tuple[str, ...] = ()
    quotes: tuple[Quoted, ...] = ()
    model_pinned: bool = False


def resolve_options(stated: Stated, catalogue: Catalogue) -> Options:
    """Names to ids; raises `InputError` with every name that the catalogue lacks."""
    found = _Names(stated, catalogue)
    pins, out = stated.requirement.pins, stated.requirement.exclude
    models, apis, own, packed = _models(found)
    precisions = found.each(pins.precision, "pins.precision", names.match_precisions)
    no_models = found.each(out.model, "exclude.model", names.match_models)
    no_devices = found.each(out.hardware, "exclude.hardware", names.match_devices)
    no_precisions = found.each(out.precision, "exclude.precision", names.match_precisions)
    options = Options(
        models=models,
        apis=apis,
        own_models=own,
        engines=found.each(pins.engine, "pins.engine", names.match_engines),
        devices=found.each(pins.hardware, "pins.hardware", names.match_devices),
        precisions=_flat(precisions) or packed,
        hosting=expand_hosting(pins.hosting),
        layouts=pins.layout,
        adaptation=pins.adaptation,
        inventory=_owned(found, "deployment", stated.requirement.deployment.inventory or ()),
        trainers=_owned(found, "adaptation", stated.requirement.adaptation.inventory),
        no_models=_flat([q.models for q in no_models]),
        no_apis=_flat([q.apis for q in no_models]),
        no_engines=found.each(out.engine, "exclude.engine", names.match_engines),
        no_devices=_flat([q.devices for q in no_devices]),
        no_precisions=_flat(no_precisions),
        quotes=_quotes(found),
        model_pinned=bool(pins.model),
    )
    if found.problems:
        raise InputError(found.problems)
    return options


def expand_hosting(words: Sequence[str]) -> tuple[str, ...]:
    """`self_hosted` stands for a rented machine and for one's own."""
    both = ("self_hosted_cloud", "on_prem")
    return _flat([both if word == "self_hosted" else (word,) for word in words])


def model_of_pin(pin: ModelPin, task: str, folder: Path, where: Position | None = None) -> Model:
    """A model that the catalogue lacks, from its `config.json` or from its size."""
    if pin.config is not None:
        return model_from_config(folder / pin.config, pin.name)
    if pin.params_b is None:
        fix = "add params_b (billions of parameters), or config with the path of its config.json"
        raise InputError([Problem(f"unknown model {pin.name!r}", where, fix)])
    return named_by_size(pin, task)


def named_by_size(pin: ModelPin, task: str) -> Model:
    """A generic model: only its size is known, and where stated its heads and experts."""
    from selector.types.catalog import Architecture

    params = pin.params_b or 0.0
    known = pin.attention_heads is not None or pin.experts is not None
    return Model(
        id=pin.name or f"unnamed-{params:g}b",
        vendor=pin.name.split("/")[0] if pin.name and "/" in pin.name else "user",
        tasks=(task,),
        model_class=CLASS_OF_TASK.get(task, "llm"),
        licence="",
        languages=(),
        source=OF_USER,
        as_of="",
        params_b=params,
        active_params_b=pin.active_params_b or params,
        architecture=Architecture("other", heads=pin.attention_heads, experts=pin.experts) if known else None,
        note="stated by size in the requirements; dimensions and licence are not known",
    )


class _Names:
    """Looks names up and keeps the problems, so that all are reported together."""

    def __init__(self, stated: Stated, catalogue: Catalogue) -> None:
        self.stated = stated
        self.catalogue = catalogue
        self.problems: list[Problem] = []

    def one(self, text: str, key: str, match: Match[T]) -> T | None:
        try:
            return match(text, self.catalogue, self.stated.where(key))
        except InputError as error:
            self.problems.extend(error.problems)
            return None

    def each(self, texts: Sequence[str], key: str, match: Match[T]) -> tuple[T, ...]:
        found = [self.one(text, f"{key}.{index}", match) for index, text in enumerate(texts)]
        return tuple(f for f in found if f is not None)


def _models(
    found: _Names,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Model, ...], tuple[str, ...]]:
    """Ids of open and hosted models, models of the user's own, precisions named by copies."""
    need = found.stated.requirement
    queries: list[names.ModelQuery] = []
    own: list[Model] = []
    for index, pin in enumerate(need.pins.model):
        key = f"pins.model.{index}"
        query = names.find_models(pin.name, found.catalogue) if pin.name else None
        if query is not None and pin.config is None:
            queries.append(query)
        elif pin.name and pin.config is None and pin.params_b is None:
            found.one(pin.name, key, names.match_models)
        else:
            try:
                where = found.stated.where(key)
                own.append(model_of_pin(pin, need.application.task, found.stated.folder, where))
            except InputError as error:
                found.problems.extend(error.problems)
    packed = [q.precision for q in queries if q.precision in found.catalogue.precisions]
    return (
        _flat([q.models for q in queries]),
        _flat([q.apis for q in queries]),
        tuple(own),
        _flat([[p] for p in packed if p]),
    )


def _owned(found: _Names, part: str, items: Sequence[InventoryItem]) -> tuple[Owned, ...]:
    owned = []
    for index, item in enumerate(items):
        query = found.one(item.hardware, f"{part}.inventory.{index}.hardware", names.match_devices)
        if query is not None:
            owned.append(Owned(item, query, item.count or query.count or 1))
    return tuple(owned)


def _quotes(found: _Names) -> tuple[Quoted, ...]:
    made = []
    for index, quote in enumerate(found.stated.requirement.quotes):
        key = f"quotes.{index}"
        devices = quote.hardware and found.one(quote.hardware, f"{key}.hardware", names.match_devices)
        models = quote.model and found.one(quote.model, f"{key}.model", names.match_models)
        made.append(Quoted(quote, devices or None, models or None))
    return tuple(made)


def _flat(groups: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))
