"""A declared stack: what it names, and the facts of it that `recommend` would have seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from selector.check.plan import HOSTED, Plan
from selector.check.policy import Facts, stated_facts, unknown_facts
from selector.errors import InputError, Position, Problem
from selector.needs import names
from selector.needs.areas import defaults
from selector.needs.defaults import Resolved, complete
from selector.needs.facts import DECLARED, own_region, place_facts, proposed_facts, requirement_facts
from selector.needs.load import load
from selector.needs.regions import JURISDICTIONS, jurisdiction
from selector.packs.catalog import Catalogue
from selector.packs.reader import Document, read_yaml
from selector.packs.schema import near, validate
from selector.types import facts
from selector.types.catalog import Api, Device, Framework, Model, Offer, Precision
from selector.types.requirement import Requirement
from selector.types.rule import Finding, Severity


@dataclass(frozen=True, slots=True)
class Declared:
    """The options that a stack names; empty where it does not name any."""

    document: Document
    model: Model | None
    api: Api | None
    engine: Framework | None
    precisions: tuple[Precision, ...]
    devices: tuple[Device, ...]
    n_devices: int | None  # of the whole stack; None where nothing says it
    offer: Offer | None
    region: str  # a jurisdiction, or unspecified
    resolved: Resolved | None
    close: tuple[str, ...] = ()  # models of the catalogue that an unknown name looks like

    @property
    def need(self) -> Requirement | None:
        """The requirement that it names."""
        return self.resolved.requirement if self.resolved is not None else None

    @property
    def facts(self) -> Facts:
        """What is stated under `facts`, of all that the repository runs."""
        return stated_facts(self.document)

    @property
    def stack(self) -> Mapping[str, Any]:
        """The slots as written."""
        found: Mapping[str, Any] = self.document.data["stack"]
        return found

    @property
    def plan(self) -> Plan:
        """What it names, in the form that detection gives too."""
        stack = self.stack
        return Plan(
            unit=self.document.file,
            places={"stack": self.document.where(("stack",))}
            | {k: self.document.where(("stack", k)) for k in stack},
            model=self.model,
            api=self.api,
            engine=self.engine,
            engine_version=stack.get("engine_version"),
            precisions=self.precisions,
            devices=self.devices,
            n_devices=self.n_devices,
            layout=stack.get("layout") or {},
            offer=self.offer,
            hosting=stack.get("hosting"),
            region=stack.get("region"),
        )


def read(path: Path, cat: Catalogue) -> Declared:
    """One `selector.stack.yaml`; raises `InputError` where a name is not known, with its place."""
    document = read_yaml(path)
    problems = validate(document, "stack")
    if problems:
        raise InputError(problems)
    stack: Mapping[str, Any] = document.data["stack"]
    problems = _unknown_names(stack, document, cat) + unknown_facts(document, cat)
    if problems:
        raise InputError(problems)
    resolved = None
    if "requirements" in document.data:
        stated = load(path.parent / document.data["requirements"])
        resolved = complete(stated, defaults(cat), cat.usd_per_unit)
    return _named(stack, document, cat, resolved)


def facts_of(found: Declared, cat: Catalogue, today: date) -> dict[str, object]:
    """The facts that `recommend` hands to the rules for the same stack, as far as it is declared."""
    stack = found.stack
    known: dict[str, object] = {}
    if found.need is not None:
        known |= {**requirement_facts(found.need), **proposed_facts(found.need)}
    known |= place_facts(stack.get("hosting"), found.region, found.need)
    known |= {k: stack[k] for k in (*DECLARED, "adaptation") if k in stack}
    if found.api is not None:
        known |= facts.of_api(found.api, cat.api_origin(found.api)) | facts.of_api_price(found.api, today)
        known |= facts.of_vendor(cat.vendor(found.api.vendor), today)
    if found.model is not None:
        known |= facts.of_model(found.model, cat.licences.get(found.model.licence), cat.origin(found.model))
    if found.offer is not None:
        known |= {
            **facts.of_offer(found.offer, today),
            **facts.of_vendor(cat.vendor(found.offer.provider), today),
        }
    elif stack.get("hosting") == "on_prem":
        known |= facts.of_own()
    if found.engine is not None:
        known |= facts.of_engine(found.engine)
        known.pop("engine.version", None)  # the newest one, not the one declared
        if "engine_version" in stack:
            known["engine.version"] = stack["engine_version"]
    known |= facts.shared([facts.of_precision(q) for q in found.precisions])
    known |= facts.shared([facts.of_device(d) for d in found.devices])
    if found.n_devices is not None:
        known["n_devices"] = float(found.n_devices)
    group = found.plan.group
    if group is not None and found.offer is not None:
        known["multi_node"] = group > found.offer.count
    return known


def _named(
    stack: Mapping[str, Any], document: Document, cat: Catalogue, resolved: Resolved | None
) -> Declared:
    """Look every name up; one that the catalogue lacks is an error with near misses, but a model that it
    lacks is a finding: the rest of the stack can be judged."""

    def at(key: str) -> Position:
        return document.where(("stack", key))

    query = names.find_models(stack["model"], cat)
    hosting = stack.get("hosting")
    close = () if query else tuple(names.near(stack["model"], [*cat.models, *cat.apis]))
    query = query or names.ModelQuery(stack["model"], ())
    if hosting is not None and hosting not in HOSTED and query.apis and not query.models:
        what = f"{stack['model']} is a hosted model, it cannot be run on {hosting}"
        raise InputError(Problem(what, at("model"), "hosting: api, or name an open model"))
    hosted = hosting in HOSTED or (hosting is None and not query.models)
    api = cat.apis[query.apis[0]] if hosted and query.apis else None
    model = cat.models[query.models[0]] if query.models and api is None else None
    engine = names.match_engines(stack["engine"], cat, at("engine")) if "engine" in stack else None
    written = stack.get("precision") or query.precision
    formats = names.match_precisions(written, cat, at("precision")) if written else ()
    devices = names.match_devices(stack["hardware"], cat, at("hardware")) if "hardware" in stack else None
    offer = cat.offers.get(stack.get("offer", ""))
    count = stack.get("n_devices") or (devices.count if devices else None)
    layout = stack.get("layout")
    if count is None and layout:
        count = layout.get("tp", 1) * layout.get("pp", 1) * layout.get("replicas", 1)
    return Declared(
        document,
        model,
        api,
        cat.frameworks[next(iter(engine.engines))] if engine else None,
        tuple(cat.precisions[q] for q in formats),
        tuple(cat.devices[d] for d in devices.devices) if devices else (),
        count,
        offer,
        _region(stack, api, offer, resolved.requirement if resolved is not None else None),
        resolved,
        close,
    )


def _region(stack: Mapping[str, Any], api: Api | None, offer: Offer | None, need: Requirement | None) -> str:
    """Where the stack runs: as stated, else where its offer, its vendor or its owner is."""
    if "region" in stack:
        return jurisdiction(stack["region"]) or "unspecified"
    if offer is not None:
        return offer.jurisdiction
    if api is not None:
        _, _, stated = stack.get("offer", "").partition(".")
        return stated or "unspecified"
    return own_region(need) if need is not None and stack.get("hosting") == "on_prem" else "unspecified"


def _unknown_names(stack: Mapping[str, Any], document: Document, cat: Catalogue) -> list[Problem]:
    """Every name outside the options that nobody knows."""
    from packaging.version import InvalidVersion, Version

    found = []

    def note(key: str, what: str, fix: str | None, *inner: int) -> None:
        found.append(Problem(what, document.where(("stack", key, *inner)), fix))

    offer, region = stack.get("offer"), stack.get("region")
    if offer is not None and offer not in cat.offers and not _of_api(offer, stack.get("hosting")):
        note(
            "offer",
            f'offer "{offer}" is not known',
            near(offer, cat.offers) or "see `selector pack show offers`",
        )
    if region is not None and jurisdiction(region) is None:
        fix = (
            near(region, JURISDICTIONS)
            or f"a region of a cloud, or one of: {', '.join(sorted(JURISDICTIONS))}"
        )
        note("region", f'region "{region}" is not known', fix)
    for number, name in enumerate(stack.get("mitigations", ())):
        if name not in cat.mitigations:
            fix = near(name, cat.mitigations) or "see `selector pack show privacy`"
            note("mitigations", f'mitigation "{name}" is not known', fix, number)
    if "engine_version" in stack:
        try:
            Version(stack["engine_version"])
        except InvalidVersion:
            what = f'engine_version "{stack["engine_version"]}" is no version'
            note("engine_version", what, "write it as in 0.11.2")
    return found


def _of_api(offer: str, hosting: str | None) -> bool:
    """`api.us`, as `recommend` writes the region of a hosted model."""
    kind, _, region = offer.partition(".")
    return kind == hosting and hosting in HOSTED and (region == "unspecified" or region in JURISDICTIONS)


def unknown_model(found: Declared) -> tuple[Finding, ...]:
    """STACK-005: the catalogue lacks the model, so that nothing that hangs on it is judged."""
    if found.model is not None or found.api is not None:
        return ()
    name, at = found.stack["model"], found.document.where(("stack", "model"))
    text = f"{name} is not in the catalogue: its size, licence and origin are not judged"
    close = f"did you mean {' or '.join(found.close)}? or " if found.close else ""
    return (
        Finding(
            "STACK-005",
            "The model is not known",
            Severity.HIGH,
            "high",
            "unknown",
            text,
            "What is not known of a model can neither pass nor fail.",
            f"{close}add the model in a pack of your own",
            at.file,
            at.line,
            at.column,
            found.document.file,
            str(name),
        ),
    )
