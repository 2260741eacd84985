"""Options of each slot under a requirement: pins, exclusions and status decide which stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from selector.decide.axes import HOSTED, Axes, DeviceOption, EngineOption, ModelOption, PrecisionOption
from selector.decide.prices import months
from selector.needs.facts import proposed_facts, requirement_facts
from selector.needs.names import EngineQuery
from selector.needs.options import Options, expand_hosting
from selector.packs.catalog import Catalogue
from selector.packs.support import newest
from selector.packs.versions import meet
from selector.risk import advisories, licences
from selector.types import facts
from selector.types.catalog import ROLES, Api, Framework, Model
from selector.types.requirement import Requirement

# Tasks that models of another task name also serve.
ALSO = {
    "agent": ("agent", "chat", "reasoning"),
    "mixed": ("chat",),
    "evaluation": ("chat", "evaluation"),
    "multimodal-classification": ("vision-language", "multimodal-classification"),
    "text-generation": ("text-generation", "chat"),
    "reasoning": ("reasoning",),
    "multimodal-embedding": ("multimodal-embedding",),
}
MANY = 6  # languages of a model that is called multilingual
OUT_OF_SERVICE = frozenset({"announced", "ramping", "discontinued"})
ENDED = frozenset({"archived", "deprecated", "unmaintained", "maintenance", "superseded", "stale"})


def build(req: Requirement, wanted: Options, cat: Catalogue, today: date) -> Axes:
    """Axes without places, which `places` adds."""
    axes = Axes(days=months(today, round(req.horizon_months or 12)))
    _models(axes, req, wanted, cat)
    _engines(axes, req, wanted, cat)
    _precisions(axes, wanted, cat)
    _devices(axes, wanted, cat)
    return axes


def hosting(req: Requirement, wanted: Options) -> set[str]:
    """Kinds of hosting that are allowed, `self_hosted` written out, without those ruled out."""
    found = expand_hosting(wanted.hosting or req.deployment.hosting or ("api", "self_hosted"))
    return set(found) - set(expand_hosting(req.exclude.hosting))


def _serves(tasks: Iterable[str], task: str) -> bool:
    return not set(ALSO.get(task, (task,))).isdisjoint(tasks)


def _speaks(languages: Iterable[str], wanted: tuple[str, ...] | None) -> bool:
    """True where a model knows all languages asked for; `multi` asks for many, whichever they are."""
    have = set(languages)
    needed = set(wanted or ())
    if not needed or not have or "multi" in have or have == {"none"}:
        return True
    return needed - {"multi"} <= have and ("multi" not in needed or len(have) >= MANY)


def _models(axes: Axes, req: Requirement, wanted: Options, cat: Catalogue) -> None:
    task = req.application.task
    for model in [*wanted.own_models, *cat.models.values()]:
        if wanted.model_pinned:
            if model.id in wanted.models or model in wanted.own_models:
                axes.models.append(_licensed(_open(model, cat), req, cat))
        elif model.status == "superseded" or not _serves(model.tasks, task):
            continue
        elif not _speaks(model.languages, req.application.languages):
            axes.leave_out("model does not know the languages", model.id)
        elif reason := _excluded(req, wanted, cat, model):
            axes.leave_out(reason, model.id)
        else:
            axes.models.append(_licensed(_open(model, cat), req, cat))
    if hosting(req, wanted).isdisjoint(HOSTED):
        return
    for api in cat.apis.values():
        pinned = api.id in wanted.apis or api.open_model in wanted.models
        if wanted.model_pinned and not pinned:
            continue
        if not wanted.model_pinned and not _serves(api.tasks, task):
            continue
        if api.vendor in req.exclude.vendor or api.id in wanted.no_apis:
            axes.leave_out("excluded by the requirements", api.id)
        elif _speaks(api.languages, req.application.languages):
            axes.models.append(_hosted(api, cat))
        else:
            axes.leave_out("model does not know the languages", api.id)


def _excluded(req: Requirement, wanted: Options, cat: Catalogue, model: Model) -> str | None:
    licence = cat.licences.get(model.licence)
    if model.id in wanted.no_models or model.vendor in req.exclude.vendor:
        return "excluded by the requirements"
    if licence and licence.licence_class in req.exclude.licence_class:
        return f"licence class {licence.licence_class} is excluded"
    if model.licence in req.exclude.licence:
        return f"licence {model.licence} is excluded"
    return None


def _open(model: Model, cat: Catalogue) -> ModelOption:
    known = facts.of_model(model, cat.licences.get(model.licence), cat.origin(model))
    role = ROLES.get(model.model_class, "llm")
    return ModelOption(model.id, model, None, role, known, published=cat.published(model))


def _licensed(option: ModelOption, req: Requirement, cat: Catalogue) -> ModelOption:
    """A model with what its licence comes to for this requirement."""
    licence = cat.licences.get(option.model.licence) if option.model else None
    known = {**requirement_facts(req), **option.facts}
    more = licences.derived(licence, known, cat.uses, cat.condition, req.licences.cleared)
    return replace(option, facts={**option.facts, **more})


def _hosted(api: Api, cat: Catalogue) -> ModelOption:
    known = facts.of_api(api, cat.api_origin(api))
    return ModelOption(api.id, None, api, ROLES.get(api.model_class, "llm"), known)


def _engines(axes: Axes, req: Requirement, wanted: Options, cat: Catalogue) -> None:
    known = {row.engine for row in cat.support}
    alone = _tied(cat)
    crowd = req.workload.scenario == "online" and (req.workload.peak_requests_per_second or 0.0) >= 1.0
    for engine in sorted(known):
        framework = cat.frameworks.get(engine)
        if framework is None or _named(framework, wanted.no_engines, exactly=True):
            continue
        if wanted.engines:
            if not _named(framework, wanted.engines):
                continue
        elif framework.status in ENDED:
            since = f" since {framework.status_since}" if framework.status_since else ""
            heir = f", replaced by {' or '.join(framework.replaced_by)}" if framework.replaced_by else ""
            axes.leave_out(f"engine {engine} is {framework.status}{since}{heir}", engine)
            continue
        elif crowd and framework.batching == "single":
            axes.leave_out("engine serves one request at a time; the load is concurrent", engine)
            continue
        told = _engine_facts(framework, wanted, engine in alone)
        axes.engines.append(EngineOption(engine, framework, told | _holes(framework, told, req, cat)))


def _tied(cat: Catalogue) -> frozenset[str]:
    """Engines that the support table has on accelerators of one vendor only; processors aside."""
    makers: dict[str, set[str]] = {}
    for row in cat.support:
        if row.status == "yes":
            words = set(row.arch)
            makers.setdefault(row.engine, set()).update(
                d.vendor
                for d in cat.devices.values()
                if d.kind != "cpu" and (not words or words & {d.arch or "", d.family, d.id, d.kind, d.vendor})
            )
    return frozenset(engine for engine, found in makers.items() if len(found) == 1)


def versions(wanted: Options, cat: Catalogue) -> dict[str, str]:
    """Version range of each engine: as pinned, else the newest that the catalogue holds."""
    pinned = {e: q.versions for q in wanted.engines for e in q.engines if q.versions}
    return newest(cat.frameworks) | pinned


def released(meant: Mapping[str, str], cat: Catalogue) -> dict[str, str]:
    """When the version of each engine came out, where it is the one that the catalogue holds."""
    return {
        f.id: f.released
        for f in cat.frameworks.values()
        if f.released and f.version and meant.get(f.id) == f"=={f.version}"
    }


def _engine_facts(framework: Framework, wanted: Options, alone: bool) -> dict[str, object]:
    """Facts of an engine; its version is not known where a range is pinned that the newest is not in."""
    found = facts.of_engine(framework) | {"engine.one_accelerator_vendor": alone}
    if wanted.engines and not _named(framework, wanted.engines, exactly=True):
        found.pop("engine.version", None)
    return found


def _holes(
    framework: Framework, told: Mapping[str, object], req: Requirement, cat: Catalogue
) -> dict[str, object]:
    """Known holes of the version that would run; nothing where it is not known."""
    version = told.get("engine.version")
    if version is None:
        return {}
    known = {**requirement_facts(req), **proposed_facts(req), **told}
    rows = cat.advisories.values()
    return advisories.summary(advisories.hits(rows, framework.id, str(version), known, cat.condition))


def _named(framework: Framework, queries: Sequence[EngineQuery], exactly: bool = False) -> bool:
    """True where a query names the engine; `exactly`: and its version in the catalogue is in range."""
    found = [q for q in queries if framework.id in q.engines]
    if not exactly or framework.version is None:
        return bool(found)
    return any(meet(q.versions, f"=={framework.version}") for q in found)


def _precisions(axes: Axes, wanted: Options, cat: Catalogue) -> None:
    for precision in cat.precisions.values():
        if wanted.precisions and precision.id not in wanted.precisions:
            continue
        if precision.id not in wanted.no_precisions:
            axes.precisions.append(PrecisionOption(precision.id, precision, facts.of_precision(precision)))


def _devices(axes: Axes, wanted: Options, cat: Catalogue) -> None:
    pinned = {d for query in wanted.devices for d in query.devices}
    owned = {d for item in wanted.inventory for d in item.query.devices}
    rented = {offer.device for offer in cat.offers.values()}
    rented |= {d for quoted in wanted.quotes if quoted.devices for d in quoted.devices.devices}
    for device in cat.devices.values():
        if device.id in wanted.no_devices or (wanted.devices and device.id not in pinned):
            continue
        if device.status in OUT_OF_SERVICE and device.id not in owned:
            axes.leave_out(f"hardware is {device.status}", device.id)
        elif device.id in owned or device.id in rented or wanted.devices:
            axes.devices.append(DeviceOption(device.id, device, facts.of_device(device)))
