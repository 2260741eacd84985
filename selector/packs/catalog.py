"""The catalogue: every fact and rule of the shipped packs and of the user's, typed and by id."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from selector.errors import PackError, Position, Problem
from selector.packs import areas, compiled
from selector.packs.language.facts import Registry
from selector.packs.language.parse import ConditionError
from selector.packs.language.scalar import Condition, compile_condition
from selector.types import catalog as kinds
from selector.types import legal, register
from selector.types.advisory import Advisory
from selector.types.build import build
from selector.types.calibration import Book
from selector.types.domain import Area
from selector.types.regulation import Regulation
from selector.types.rule import Effect, Policy, Rule

if TYPE_CHECKING:
    from selector.types.composite import Technique

T = TypeVar("T")
NESTED = (
    "engine_tools",
    "quality",
    "fills",
    "laws",
    "mandatory",
    "exports",
    "parallelism",
    "published",
)  # lists of an entry whose rows have sources of their own


@dataclass(frozen=True, slots=True)
class PackInfo:
    """What a pack says of itself, and digests: of its files, of those that state, of those that judge."""

    id: str
    version: str
    title: str
    points_budget: float
    digest: str
    facts_digest: str
    rules_digest: str
    path: str
    shipped: bool


@dataclass(frozen=True, slots=True)
class Benchmark:
    """How to read a score: the bad end, the good end, and the tasks it speaks for."""

    id: str
    tasks: tuple[str, ...]
    floor: float
    ceiling: float
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """USD for one unit of a currency on a day."""

    currency: str
    usd_per_unit: float
    source: str
    as_of: str


class Catalogue:
    """Options and rules by id; each kind is built on first use."""

    def __init__(self, raw: compiled.Raw) -> None:
        """Take the merged entries of all packs."""
        self.raw = raw
        self._conditions: dict[str, Condition] = {}
        self.measured = Book()  # the user's measurements, where the run was given any
        self.spreads: dict[Hashable, Any] = {}  # of training runs: they follow from facts and parameters

    def measuring(self, book: Book) -> Catalogue:
        """The same facts and rules with other measurements."""
        found = copy(self)
        found.measured = book
        return found

    def _by_id(self, kind: str, cls: type[T], key: str = "id") -> dict[str, T]:
        return {e[key]: build(cls, e) for e in self.raw.entries.get(kind, {}).values()}

    @cached_property
    def models(self) -> dict[str, kinds.Model]:
        """Open models."""
        return self._by_id("models", kinds.Model)

    def published(self, model: kinds.Model) -> kinds.Published | None:
        """The time of one pass that the source of a model states; None where none is, or not with what."""
        engine, precision = (model.measured_with.get(k, "") for k in ("engine", "precision"))
        known = [d for d in model.measured_ms if d in self.devices]
        if not known or engine not in self.frameworks or precision not in self.precisions:
            return None
        ms, device = model.measured_ms[known[0]], self.devices[known[0]]
        return kinds.Published(ms, device, engine, self.precisions[precision])

    @cached_property
    def apis(self) -> dict[str, kinds.Api]:
        """Hosted models."""
        return self._by_id("apis", kinds.Api)

    @cached_property
    def devices(self) -> dict[str, kinds.Device]:
        """Devices."""
        return self._by_id("devices", kinds.Device)

    @cached_property
    def offers(self) -> dict[str, kinds.Offer]:
        """Offers."""
        return self._by_id("offers", kinds.Offer)

    @cached_property
    def frameworks(self) -> dict[str, kinds.Framework]:
        """Frameworks and engines."""
        return self._by_id("frameworks", kinds.Framework)

    @cached_property
    def precisions(self) -> dict[str, kinds.Precision]:
        """Precisions."""
        return self._by_id("precisions", kinds.Precision)

    @cached_property
    def licences(self) -> dict[str, legal.Licence]:
        """Licences by id and by alias."""
        found = self._by_id("licences", legal.Licence)
        return found | {a: x for x in list(found.values()) for a in x.aliases if a not in found}

    @cached_property
    def vendors(self) -> dict[str, legal.Vendor]:
        """Vendors of hosted models."""
        return self._by_id("vendors", legal.Vendor)

    @cached_property
    def _vendor_names(self) -> dict[str, legal.Vendor]:
        return {name: v for v in self.vendors.values() for name in (v.id, *v.aliases)}

    def vendor(self, name: str) -> legal.Vendor | None:
        """A vendor by its id or an alias; None where no terms are known."""
        return self._vendor_names.get(name)

    def origin(self, model: kinds.Model) -> str | None:
        """Jurisdiction of a model's publisher; None where nobody says it."""
        vendor = self.vendor(model.vendor)
        return vendor.jurisdiction if vendor else None

    def api_origin(self, api: kinds.Api) -> str | None:
        """Jurisdiction of who published the weights that a hosted model serves."""
        twin = self.models.get(api.open_model or "")
        return self.origin(twin) if twin else None

    @cached_property
    def uses(self) -> dict[str, legal.Use]:
        """Uses that licences forbid."""
        return self._by_id("uses", legal.Use)

    @cached_property
    def mitigations(self) -> dict[str, register.Mitigation]:
        """Mitigations."""
        return self._by_id("mitigations", register.Mitigation)

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """Policies of check."""
        return self._by_id("policies", Policy)

    @cached_property
    def advisories(self) -> dict[str, Advisory]:
        """Known vulnerabilities."""
        return self._by_id("advisories", Advisory)

    @cached_property
    def regulations(self) -> dict[str, Regulation]:
        """Regulations and standards with their duties."""
        return self._by_id("regulations", Regulation)

    @cached_property
    def areas(self) -> dict[str, Area]:
        """Areas of application."""
        return {e["id"]: build(Area, e) for e in self.raw.entries.get("domains", {}).values()}

    @cached_property
    def implications(self) -> dict[str, register.Implication]:
        """What follows from facts, in the order of the packs."""
        return self._by_id("implications", register.Implication)

    @cached_property
    def taxonomies(self) -> dict[str, register.Taxonomy]:
        """Schemes of ids that the register refers to."""
        return self._by_id("taxonomies", register.Taxonomy)

    @cached_property
    def risks(self) -> dict[str, register.Risk]:
        """Risks."""
        return self._by_id("risks", register.Risk)

    @cached_property
    def parameters(self) -> dict[str, kinds.Parameter]:
        """Parameters."""
        return self._by_id("parameters", kinds.Parameter)

    @cached_property
    def benchmarks(self) -> dict[str, Benchmark]:
        """Benchmarks."""
        return self._by_id("benchmarks", Benchmark)

    @cached_property
    def exchange_rates(self) -> dict[str, Rate]:
        """Newest exchange rate by currency."""
        rows = [build(Rate, e) for e in self.raw.entries.get("exchange_rates", {}).values()]
        return {r.currency: r for r in sorted(rows, key=lambda r: r.as_of)}

    @property
    def usd_per_unit(self) -> dict[str, float]:
        """Newest USD for one unit of each currency but the dollar."""
        return {r.currency: r.usd_per_unit for r in self.exchange_rates.values()}

    @cached_property
    def support(self) -> list[kinds.Support]:
        """Rows of the support table."""
        return [build(kinds.Support, e) for e in self.raw.entries.get("support", {}).values()]

    @cached_property
    def roles(self) -> dict[str, kinds.Role]:
        """What holds of the models of a role."""
        return self._by_id("roles", kinds.Role)

    @cached_property
    def recoveries(self) -> list[kinds.Recovery]:
        """Measured quality recoveries."""
        return [build(kinds.Recovery, e) for e in self.raw.entries.get("recoveries", {}).values()]

    @cached_property
    def composites(self) -> dict[str, Technique]:
        """Ways of joining several stacks."""
        from selector.types.composite import Technique

        return self._by_id("composites", Technique)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Rules, each with the pack it comes from."""
        return {
            key: replace(build(Rule, e), pack=self.raw.owner("rules", key))
            for key, e in self.raw.entries.get("rules", {}).items()
        }

    @cached_property
    def sources(self) -> Mapping[str, Mapping[str, Any]]:
        """Where facts come from, by source id."""
        return self.raw.entries.get("sources", {})

    @cached_property
    def packs(self) -> dict[str, PackInfo]:
        """Packs by id."""
        return {e["id"]: build(PackInfo, e) for e in self.raw.packs}

    @cached_property
    def scoring(self) -> Mapping[str, Any]:
        """Numbers of the risk scales."""
        found: Mapping[str, Any] = self.raw.single["scoring"]
        return found

    @cached_property
    def vocabulary(self) -> Mapping[str, Sequence[str]]:
        """Closed vocabularies by name."""
        found: Mapping[str, Sequence[str]] = self.raw.single["vocabulary"]["words"]
        return found

    @cached_property
    def metrics(self) -> Mapping[str, kinds.Metric]:
        """Metrics of quality by name."""
        return {k: build(kinds.Metric, m) for k, m in self.raw.single["vocabulary"]["metrics"].items()}

    @cached_property
    def defaults(self) -> Sequence[Mapping[str, Any]]:
        """Rules for values that nobody stated, in the order in which they are tried."""
        found: Sequence[Mapping[str, Any]] = self.raw.single["defaults"]
        return found

    @cached_property
    def registry(self) -> Registry:
        """Facts that conditions may name."""
        return Registry.of(self.raw.single["vocabulary"]["facts"], self.vocabulary)

    def condition(self, text: str) -> Condition:
        """Compile a condition once."""
        if text not in self._conditions:
            self._conditions[text] = compile_condition(text, self.registry)
        return self._conditions[text]

    def where(self, kind: str, key: str) -> Position:
        """File and line of an entry, read again on demand."""
        return compiled.position(self.raw, kind, key)


def load(extra: Sequence[Path] = (), base: Path | None = None) -> Catalogue:
    """Shipped packs, or those of `base`, then the user's, which add or override by id; raises `PackError`."""
    raw = compiled.shipped(base)
    for folder in extra:
        raw = compiled.overlay(raw, folder)
    return checked(raw, bool(extra))


def checked(raw: compiled.Raw, foreign: bool) -> Catalogue:
    """The catalogue of some packs, the rules of foreign ones looked at before anything runs."""
    catalogue = Catalogue(raw)
    if foreign:
        _check_rules(catalogue)
    return catalogue


def beyond_budget(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Last rule of each pack whose points sum to more than the pack declares, and what is wrong."""
    found = []
    for pack in catalogue.packs.values():
        mine = [r for r in catalogue.rules.values() if r.pack == pack.id and r.topic is None]
        rows = [r for r in mine if r.effect is Effect.POINTS]
        total = sum(abs(r.points or 0.0) for r in rows)
        if total > pack.points_budget:
            found.append((rows[-1].id, f"{total:g} points, budget {pack.points_budget:g}"))
    return found


def unknown_sources(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    """Kind and id of entries, and of each a source that no sources file holds."""
    known = set(catalogue.sources)
    for kind, entries in catalogue.raw.entries.items():
        if kind in ("sources", "unresolved"):
            continue
        for key, entry in entries.items():
            for part in (entry, *(row for nested in NESTED for row in entry.get(nested, ()))):
                named = part.get("source", [])
                for source in [named] if isinstance(named, str) else named:
                    if source not in known:
                        yield kind, key, source


def _check_rules(catalogue: Catalogue) -> None:
    """A user pack with a broken rule, or with more points than it declares, stops before anything runs."""
    fix = "lower the points, or raise points_budget in pack.yaml"
    problems = [
        Problem(f"{rule}: the rules of its pack sum to {what}", catalogue.where("rules", rule), fix)
        for rule, what in beyond_budget(catalogue)
    ]
    for rule in catalogue.rules.values():
        for text in (rule.when, rule.applies):
            if text is not None:
                problems += condition_problems(catalogue, text, "rules", rule.id)
    for risk in catalogue.risks.values():
        for text in (risk.applies, *(m.when for m in risk.modifiers)):
            problems += condition_problems(catalogue, text, "risks", risk.id)
    for implication in catalogue.implications.values():
        problems += condition_problems(catalogue, implication.when, "implications", implication.id)
    for kind, key, text in legal_conditions(catalogue):
        problems += condition_problems(catalogue, text, kind, key)
    for area, what in areas.faults(catalogue, only_foreign=True):
        problems.append(Problem(f"area {area}: {what}", catalogue.where("domains", area)))
    if problems:
        raise PackError(problems)


def legal_conditions(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    """Conditions of regulations, their duties, uses and advisories: kind, id of the entry, text."""
    for regulation in catalogue.regulations.values():
        for text in (regulation.applies, *(d.when for d in regulation.duties)):
            if text is not None:
                yield "regulations", regulation.id, text
    for kind, rows in (("uses", catalogue.uses), ("advisories", catalogue.advisories)):
        for key, row in rows.items():
            if row.when is not None:
                yield kind, key, row.when


def condition_problems(catalogue: Catalogue, text: str, kind: str, key: str) -> list[Problem]:
    """What is wrong with a condition of a rule or risk, with a caret under the place."""
    try:
        catalogue.condition(text)
    except ConditionError as problem:
        flat = text.replace("\n", " ").strip()
        what = f"{key}: {problem.what}\n    {flat}\n    {' ' * problem.column}^"
        return [Problem(what, catalogue.where(kind, key), problem.fix)]
    return []
