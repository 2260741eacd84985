"""From the facts of a deployment unit to what rules ask: options by name, and where each was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from selector.check.detect.run import CODE, Unit
from selector.check.detect.tables import Tables
from selector.check.plan import Plan
from selector.errors import InputError, Position
from selector.needs import names
from selector.needs.regions import jurisdiction
from selector.packs.catalog import Catalogue
from selector.types import facts
from selector.types.catalog import Api, Device, Framework, Model, Offer, Precision
from selector.types.detected import Certainty, Seen

MAKERS = frozenset(
    {"nvidia", "amd", "intel", "intel-gaudi", "google-tpu", "aws-neuron", "ascend", "apple", "cpu"}
)
COMMIT = frozenset("0123456789abcdef")
SERVING = frozenset({"serving", "gateway"})
FLOATING = frozenset({"latest", "nightly", "main", "master", "dev", "edge", "stable"})
DEFAULTS: Mapping[str, object] = {"trust_remote_code": False}  # of engines that serve
# Which slot of a plan each key of detection fills.
SLOTS: Mapping[str, str] = {
    "model": "model", "framework": "engine", "framework_version": "engine_version", "precision": "precision",
    "accelerator": "hardware", "n_devices": "n_devices", "tp": "layout", "offer": "offer", "region": "region",
    "provider": "hosting", "image": "image", "image_tag": "image", "image_digest": "image",
    "trust_remote_code": "trust_remote_code", "weight_format": "weight_format", "model_revision": "revision",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Component:
    """Something with a version: a framework or a library."""

    name: str
    version: str | None
    place: Position


@dataclass(frozen=True, slots=True)
class Subject:
    """One stack to judge: facts for rules, the plan, what else has a version."""

    plan: Plan
    facts: Mapping[str, object]
    model_name: str | None
    components: tuple[Component, ...]
    defaults: frozenset[str] = frozenset()  # facts that hold because nothing says otherwise


def of(unit: Unit, cat: Catalogue, today: date, root: Path) -> list[Subject]:
    """The stacks of a unit: one, or one for each model that code asks for."""
    said = [s for s in unit.facts if s.certainty is not Certainty.UNRESOLVED]
    models = list({str(s.value): s for s in reversed(said) if s.key == "model"}.values())[::-1]
    several = unit.file.endswith(CODE) and len(models) > 1
    rest = [s for s in said if s.key != "model"]
    groups = [[m, *rest] for m in models] if several else [said]
    return [_subject(unit, group, cat, today, root) for group in groups]


def _subject(unit: Unit, said: Sequence[Seen], cat: Catalogue, today: date, root: Path) -> Subject:
    first = _first(said)
    provider = str(first["provider"].value) if "provider" in first else None
    name = str(first["model"].value) if "model" in first else None
    model, api = _model(name, provider, cat)
    components = tuple(_components(said, root))
    engine = _engine(said, cat)
    version = next((c.version for c in components if engine and c.name == engine.id and c.version), None)
    offer = _offer(first.get("offer"), first.get("region"), cat)
    devices = _devices(said, cat) or ((cat.devices[offer.device],) if offer else ())
    plan = Plan(
        unit=unit.name,
        places=_places(unit, said, root),
        model=model,
        api=api,
        engine=engine,
        engine_version=version,
        precisions=_precisions(first.get("precision"), cat),
        devices=devices,
        n_devices=_number(first.get("n_devices")),
        layout={k: n for k in ("tp", "pp") if (n := _number(first.get(k))) is not None},
        offer=offer,
        hosting=_hosting(first, provider, engine),
        region=str(first["region"].value) if "region" in first else None,
        context=_number(first.get("context")),
        replicas=_number(first.get("replicas")),
        default_tp=_default_tp(unit, engine, cat),
    )
    told, defaults = _facts(plan, first, provider, cat, today), frozenset[str]()
    if engine is not None and engine.kind == "serving" and len(said) == len(unit.facts):
        # What engines do that are told nothing; a variable that is left open may tell them.
        defaults = frozenset(DEFAULTS.keys() - told.keys())
        told = {**DEFAULTS, **told}
    return Subject(plan, told, name, components, defaults)


def _first(said: Sequence[Seen]) -> dict[str, Seen]:
    """The first fact of each key, those declared before those inferred."""
    ordered = sorted(said, key=lambda s: s.certainty is Certainty.INFERRED)
    found: dict[str, Seen] = {}
    for seen in ordered:
        found.setdefault(seen.key, seen)
    return found


def _model(name: str | None, provider: str | None, cat: Catalogue) -> tuple[Model | None, Api | None]:
    """The option of the catalogue that a name means; none where it means nothing, or several vendors'."""
    if name is None:
        return None, None
    query = _query(name, cat)
    if query is None:
        return None, None
    if query.models and provider is None:
        return cat.models[query.models[0]], None
    apis = [cat.apis[a] for a in query.apis]
    own = [a for a in apis if cat.vendor(a.vendor) is cat.vendor(provider or "")]
    return None, next(iter(own or apis), None)


@cache
def _query(name: str, cat: Catalogue) -> names.ModelQuery | None:
    """What a name means; files name the same few models over and over."""
    return names.find_models(name, cat)


@cache
def _device_ids(name: str, cat: Catalogue) -> tuple[str, ...]:
    return _tables(cat).device_ids(name)


@cache
def _tables(cat: Catalogue) -> Tables:
    return Tables(cat)


def _engine(said: Sequence[Seen], cat: Catalogue) -> Framework | None:
    """The framework that serves; where several are named the one that is declared, else the first."""
    found = sorted(
        (s for s in said if s.key == "framework" and str(s.value) in cat.frameworks),
        key=lambda s: (s.certainty is Certainty.INFERRED, cat.frameworks[str(s.value)].kind not in SERVING),
    )
    return cat.frameworks[str(found[0].value)] if found else None


def _default_tp(unit: Unit, engine: Framework | None, cat: Catalogue) -> int | None:
    """What an engine does that a command or its own image starts and that is told no parallel size; None
    where one is named and not known, or a wrapper starts it that may choose for itself."""
    tables = _tables(cat)
    command = tables.command_of(engine.id) if engine is not None else None
    told = any(s.key in ("tp", "pp") for s in unit.facts)
    if engine is None or command is None or told:
        return None

    def starts(seen: Seen) -> bool:
        way, _, name = seen.how.partition(" ")
        image = tables.image(name) if way == "image" else None
        return way == "command" or (image is not None and not image.get("other_version"))

    own = any(s.key == "framework" and s.value == engine.id and starts(s) for s in unit.facts)
    return command.default_tp if own else None


def _components(said: Sequence[Seen], root: Path) -> Iterable[Component]:
    """Frameworks and libraries, each with the version that stands at its own place."""
    versions = {(s.key, s.file, s.line, s.column): str(s.value) for s in said if s.key.endswith("_version")}
    known: dict[str, Component] = {}
    for seen in said:
        if seen.key in ("framework", "library"):
            name = str(seen.value)
            at = (f"{seen.key}_version", seen.file, seen.line, seen.column)
            here = Component(name, versions.get(at), Position(str(root / seen.file), seen.line, seen.column))
            if known.get(name) is None or known[name].version is None:
                known[name] = here
    return known.values()


def _devices(said: Sequence[Seen], cat: Catalogue) -> tuple[Device, ...]:
    """Devices that the accelerator can be; none where only its vendor is known."""
    for seen in said:
        if seen.key == "accelerator" and seen.value not in MAKERS:
            found = _device_ids(str(seen.value), cat)
            if found:
                return tuple(cat.devices[d] for d in found)
    return ()


def _precisions(seen: Seen | None, cat: Catalogue) -> tuple[Precision, ...]:
    return tuple(cat.precisions[q] for q in _precision_ids(str(seen.value), cat)) if seen else ()


@cache
def _precision_ids(name: str, cat: Catalogue) -> tuple[str, ...]:
    try:
        return names.match_precisions(name, cat, None)
    except InputError:
        return ()


def _offer(seen: Seen | None, region: Seen | None, cat: Catalogue) -> Offer | None:
    """The offer of an instance type, in the region that is named; none where several could be meant."""
    if seen is None:
        return None
    word = str(seen.value).removeprefix("ml.")
    rows = [o for o in cat.offers.values() if o.instance == word]
    if region is not None:
        rows = [o for o in rows if o.region == region.value] or rows
    return (
        rows[0] if rows and (len({o.id for o in rows}) == 1 or len({o.device for o in rows}) == 1) else None
    )


def _hosting(first: Mapping[str, Seen], provider: str | None, engine: Framework | None) -> str | None:
    """Hosted, on machines of a cloud, or unknown: a cluster says nothing of where it stands."""
    if "hosting" in first or (provider is not None and engine is None):
        return "api"
    return "self_hosted_cloud" if {"cloud", "offer"} & set(first) else None


def _number(seen: Seen | None) -> int | None:
    return int(seen.value) if seen is not None and isinstance(seen.value, int) else None


def _places(unit: Unit, said: Sequence[Seen], root: Path) -> dict[str, Position]:
    """Where each slot stands, the first place that declares it before one that implies it."""
    first: dict[str, Seen] = {}
    for inferred in (False, True):
        for seen in said:
            if (seen.certainty is Certainty.INFERRED) is inferred:
                first.setdefault(SLOTS.get(seen.key, seen.key), seen)
    found = {slot: Position(str(root / s.file), s.line, s.column) for slot, s in first.items()}
    start = unit.facts[0] if unit.facts else None
    found["stack"] = Position(str(root / unit.file), start.line if start else 1, start.column if start else 1)
    return found


def _facts(
    plan: Plan, first: Mapping[str, Seen], provider: str | None, cat: Catalogue, today: date
) -> dict[str, object]:
    known: dict[str, object] = {}
    if plan.hosting is not None:
        known["hosting"] = plan.hosting
    place = jurisdiction(plan.region) if plan.region else plan.offer.jurisdiction if plan.offer else None
    # The regions of a price list are not where an endpoint that says nothing lies: none is taken from there.
    if place not in (None, "unspecified"):
        known["region"] = place
    if plan.api is not None:
        known |= facts.of_api(plan.api, cat.api_origin(plan.api))
    if plan.model is not None:
        known |= facts.of_model(plan.model, cat.licences.get(plan.model.licence), cat.origin(plan.model))
    if provider is not None:
        known |= facts.of_vendor(cat.vendor(provider), today)
    if plan.offer is not None:
        known |= facts.of_offer(plan.offer, today)
    if plan.engine is not None:
        known |= facts.of_engine(replace(plan.engine, version=plan.engine_version))
    known |= facts.shared([facts.of_precision(q) for q in plan.precisions])
    known |= facts.shared([facts.of_device(d) for d in plan.devices])
    if plan.n_devices is not None:
        known["n_devices"] = float(plan.n_devices)
    return known | _declared(plan, first)


def _declared(plan: Plan, first: Mapping[str, Seen]) -> dict[str, object]:
    """Facts that only a repository tells."""
    known: dict[str, object] = {}
    for key in ("trust_remote_code", "weight_format", "weights_source"):
        if key in first:
            known[key] = first[key].value
    name = str(first["model"].value) if "model" in first else None
    if name is not None and plan.hosting != "api" and plan.engine is not None and "/" in name:
        revision = str(first["model_revision"].value) if "model_revision" in first else ""
        known["revision_pinned"] = len(revision) == 40 and set(revision.lower()) <= COMMIT
    if "image" in first:
        tag = str(first["image_tag"].value) if "image_tag" in first else "latest"
        floating = tag in FLOATING or not any(c.isdigit() for c in tag)
        known["image.pinned"] = "digest" if "image_digest" in first else "floating" if floating else "tag"
    if "api_key_set" in first:
        known["endpoint_auth"] = "engine_api_key"
    if "training_method" in first:
        known["finetuned"] = True
    return known
