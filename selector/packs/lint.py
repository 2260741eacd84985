"""Lint packs: what schemas cannot see. Each kind of fault has a code in `LINTS`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from selector.packs import areas
from selector.packs.catalog import (
    Catalogue,
    beyond_budget,
    condition_problems,
    legal_conditions,
    unknown_sources,
)
from selector.packs.language import parse as tree
from selector.packs.ruletest import legal_cases
from selector.types.catalog import ROLES
from selector.types.rule import Effect, Rule

LINTS = {
    "L001": "a source id that no sources file holds",
    "L002": "a condition that does not parse or type-check",
    "L003": "a reference to an id that does not exist",
    "L004": "a rule without a test that fires, one that is quiet and one that is unknown",
    "L005": "a rule that is overdue for review, or has no review date",
    "L007": "points beyond the budget of the pack",
    "L008": "two points rules on the same evidence",
    "L009": "a weight rule that looks at anything but the requirements",
    "L010": "a number compared in a points rule: a step where a ramp is needed",
    "L011": "a spot price above the on-demand price",
    "L012": "more active than total parameters",
    "L013": "a dense rate that looks like a sparse one (exactly twice its sibling)",
    "L014": "an adjustment whose interval does not hold its factor",
    "L015": "a gate rule without severity and confidence chosen by hand",
    "L016": "a source without an address, and no reason why (unpublished)",
    "L017": "a fitted parameter that does not say on how many points",
    "L018": "an implication over more than one slot, or with facts or values that are not in the vocabulary",
    "L019": "a reference of the register to a scheme that is not listed, or that is none of its ids",
    "L020": "an area that fills what requirements cannot hold, or names what no pack has",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding of lint."""

    code: str
    kind: str
    id: str
    what: str

    def text(self, catalogue: Catalogue) -> str:
        """With the place, which is read only now."""
        return f"{catalogue.where(self.kind, self.id)}: {self.code} {self.id}: {self.what}"


def lint(catalogue: Catalogue, today: date) -> list[Fault]:
    """All faults of all packs."""
    checks: tuple[Callable[[Catalogue], Iterator[Fault]], ...] = (
        _sources,
        _conditions,
        _references,
        _tests,
        lambda c: _review(c, today),
        _budgets,
        _evidence,
        _weights,
        _steps,
        _numbers,
        _gates,
        _intervals,
        _addresses,
        _fitted,
        _implications,
        _taxonomies,
        _areas,
    )
    return [fault for check in checks for fault in check(catalogue)]


def _sources(cat: Catalogue) -> Iterator[Fault]:
    for kind, key, source in unknown_sources(cat):
        yield Fault("L001", kind, key, f'source "{source}" is not known')


def _addresses(cat: Catalogue) -> Iterator[Fault]:
    for key, source in cat.sources.items():
        if not {"url", "unpublished"} & set(source):
            yield Fault("L016", "sources", key, "give url, or say under unpublished why there is none")


def _fitted(cat: Catalogue) -> Iterator[Fault]:
    for parameter in cat.parameters.values():
        published = parameter.source is not None and parameter.fitted_on is None
        if not parameter.judgement and parameter.n is None and not published:
            yield Fault(
                "L017",
                "parameters",
                parameter.id,
                "give n, or the source that publishes it, or judgement: true",
            )


def _texts(cat: Catalogue) -> Iterator[tuple[str, str, str]]:
    for rule in cat.rules.values():
        for text in (rule.when, rule.applies):
            if text is not None:
                yield "rules", rule.id, text
    for risk in cat.risks.values():
        for text in (risk.applies, *(m.when for m in risk.modifiers)):
            yield "risks", risk.id, text
    for implication in cat.implications.values():
        yield "implications", implication.id, implication.when
    yield from legal_conditions(cat)


def _conditions(cat: Catalogue) -> Iterator[Fault]:
    for kind, key, text in _texts(cat):
        for problem in condition_problems(cat, text, kind, key):
            yield Fault("L002", kind, key, problem.what)


def _references(cat: Catalogue) -> Iterator[Fault]:
    vendors = {n for v in cat.vendors.values() for n in (v.id, *v.aliases)}
    recoverable = set(cat.precisions) | {"kv-fp8", "kv-int8", "kv-int4", "sparse-2:4"}
    wanted: list[tuple[str, str, str, object]] = []
    wanted += [("offers", o.id, o.device, cat.devices) for o in cat.offers.values()]
    wanted += [("models", m.id, m.licence, cat.licences) for m in cat.models.values()]
    wanted += [("models", m.id, q, cat.precisions) for m in cat.models.values() for q in m.checkpoints]
    wanted += [("models", m.id, s.benchmark, cat.benchmarks) for m in cat.models.values() for s in m.quality]
    wanted += [("models", m.id, m.vendor, vendors) for m in cat.models.values()]
    wanted += [("models", m.id, d, cat.devices) for m in cat.models.values() for d in m.measured_ms]
    with_engine = [m for m in cat.models.values() if m.measured_with]
    wanted += [("models", m.id, m.measured_with["engine"], cat.frameworks) for m in with_engine]
    wanted += [("apis", a.id, a.vendor, vendors) for a in cat.apis.values()]
    wanted += [("apis", a.id, a.open_model, cat.models) for a in cat.apis.values() if a.open_model]
    wanted += [("risks", r.id, m, cat.mitigations) for r in cat.risks.values() for m in r.mitigations]
    wanted += [("rules", r.id, r.risk, cat.risks) for r in cat.rules.values() if r.risk]
    wanted += [("rules", r.id, p, cat.policies) for r in cat.rules.values() for p in r.policies]
    wanted += _legal_references(cat)
    wanted += _composite_references(cat)
    wanted += [("policies", p.id, e, cat.policies) for p in cat.policies.values() for e in p.extends]
    for key, row in zip(cat.raw.entries.get("support", {}), cat.support, strict=True):
        wanted.append(("support", key, row.engine, cat.frameworks))
        wanted += [("support", key, q, recoverable) for q in row.precision]
    for key, found in zip(cat.raw.entries.get("recoveries", {}), cat.recoveries, strict=True):
        wanted.append(("recoveries", key, found.precision, recoverable))
    for kind, key, target, pool in wanted:
        if target not in pool:  # type: ignore[operator]
            yield Fault("L003", kind, key, f'"{target}" does not exist')


def _legal_references(cat: Catalogue) -> list[tuple[str, str, str, object]]:
    """What licences and duties name."""
    found: list[tuple[str, str, str, object]] = [
        ("licences", x.id, u, cat.uses) for x in cat.licences.values() for u in x.forbidden_uses
    ]
    for text in cat.regulations.values():
        found += [("regulations", text.id, m, cat.mitigations) for d in text.duties for m in d.mitigations]
        found += [("regulations", text.id, d.rule, cat.rules) for d in text.duties if d.rule]
    return found


def _composite_references(cat: Catalogue) -> list[tuple[str, str, str, object]]:
    """What ways of joining stacks name."""
    found: list[tuple[str, str, str, object]] = []
    models = {*cat.models, *cat.apis}
    for t in cat.composites.values():
        named = [m for e in t.published for m in (*e.first, *e.second)]
        for names, pool in (
            (t.tasks, set(cat.vocabulary["tasks"])),
            (t.roles, set(ROLES.values())),
            (t.engines, set(cat.frameworks)),
            (named, models),
        ):
            found += [("composites", t.id, name, pool) for name in names]
    return found


def _tests(cat: Catalogue) -> Iterator[Fault]:
    for rule in cat.rules.values():
        missing = {"fires", "quiet", "unknown"} - {t.expect for t in rule.tests}
        if missing:
            yield Fault("L004", "rules", rule.id, f"no test that is {', '.join(sorted(missing))}")
    for risk in cat.risks.values():
        missing = {"fires", "quiet", "unknown"} - {t.expect for t in risk.tests}
        if missing:
            yield Fault("L004", "risks", risk.id, f"no test that is {', '.join(sorted(missing))}")
    for kind, key, part, _, cases in legal_cases(cat):
        missing = {"fires", "quiet", "unknown"} - {expect for _, expect in cases}
        if missing:
            what = f"{part}: " if part else ""
            yield Fault("L004", kind, key, f"{what}no test that is {', '.join(sorted(missing))}")


def _implications(cat: Catalogue) -> Iterator[Fault]:
    for one in cat.implications.values():
        missing = {"fires", "quiet", "unknown"} - {t.expect for t in one.tests}
        if missing:
            yield Fault("L004", "implications", one.id, f"no test that is {', '.join(sorted(missing))}")
        if condition_problems(cat, one.when, "implications", one.id):
            continue
        facts = [f for f in map(cat.registry.get, cat.condition(one.when).facts) if f is not None]
        slots = {f.name if f.name == "adaptation" else f.axis for f in facts} - {"requirement"}
        if len(slots) > 1:
            yield Fault("L018", "implications", one.id, f"mentions {', '.join(sorted(slots))}")
        for name, value in one.sets.items():
            fact = cat.registry.get(name)
            if fact is None or not fact.takes(value):
                yield Fault("L018", "implications", one.id, f"{name} does not take {value}")


def _taxonomies(cat: Catalogue) -> Iterator[Fault]:
    pattern = {key: re.compile(t.ids) for key, t in cat.taxonomies.items()}
    rows = [("risks", r.id, r.references) for r in cat.risks.values()]
    rows += [("mitigations", m.id, m.references) for m in cat.mitigations.values()]
    for kind, key, references in rows:
        for scheme, ids in references.items():
            if scheme not in pattern:
                yield Fault("L019", kind, key, f'scheme "{scheme}" is not listed under taxonomies')
                continue
            for one in ids.split(", "):
                if not pattern[scheme].fullmatch(one):
                    yield Fault("L019", kind, key, f'"{one}" is no id of {scheme}')


def _areas(cat: Catalogue) -> Iterator[Fault]:
    for area, what in areas.faults(cat):
        yield Fault("L020", "domains", area, what)


def _review(cat: Catalogue, today: date) -> Iterator[Fault]:
    for rule in cat.rules.values():
        if rule.review_by is None:
            yield Fault("L005", "rules", rule.id, "review_by is missing")
        elif rule.review_by < today.isoformat():
            yield Fault("L005", "rules", rule.id, f"review was due on {rule.review_by}")


def _points(cat: Catalogue) -> list[Rule]:
    return [r for r in cat.rules.values() if r.effect is Effect.POINTS]


def _budgets(cat: Catalogue) -> Iterator[Fault]:
    for rule, what in beyond_budget(cat):
        yield Fault("L007", "rules", rule, what)


def _evidence(cat: Catalogue) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for rule in _points(cat):
        if rule.evidence in seen:
            yield Fault("L008", "rules", rule.id, f"{rule.evidence} is scored by {seen[rule.evidence]}")
        elif rule.evidence:
            seen[rule.evidence] = rule.id


def _weights(cat: Catalogue) -> Iterator[Fault]:
    for rule in cat.rules.values():
        if rule.effect is not Effect.WEIGHT or condition_problems(cat, rule.when, "rules", rule.id):
            continue
        other = sorted(f for f in cat.condition(rule.when).facts if not f.startswith("req."))
        if other:
            yield Fault("L009", "rules", rule.id, f"mentions {', '.join(other)}")


def _steps(cat: Catalogue) -> Iterator[Fault]:
    for rule in _points(cat):
        if condition_problems(cat, rule.when, "rules", rule.id):
            continue
        if _has_step(cat.condition(rule.when).node):
            yield Fault("L010", "rules", rule.id, "compares a number; use a ramp in the estimate instead")


def _has_step(node: tree.Node) -> bool:
    match node:
        case tree.Compare(op, _, _):
            return op in tree.ORDERED
        case tree.Logic(_, parts):
            return any(_has_step(p) for p in parts)
        case tree.Not(part):
            return _has_step(part)
    return False


def _numbers(cat: Catalogue) -> Iterator[Fault]:
    for offer in cat.offers.values():
        if (
            offer.spot_per_hour
            and offer.on_demand_per_hour
            and offer.spot_per_hour > offer.on_demand_per_hour
        ):
            yield Fault("L011", "offers", offer.id, "spot is dearer than on demand")
    for model in cat.models.values():
        if model.active_params_b and model.params_b and model.active_params_b > model.params_b:
            yield Fault("L012", "models", model.id, "active_params_b above params_b")
    for device in cat.devices.values():
        rates = device.tflops_dense
        if "bf16" in rates and "fp16" in rates and rates["bf16"] != rates["fp16"]:
            ratio = max(rates["bf16"], rates["fp16"]) / min(rates["bf16"], rates["fp16"])
            if ratio == 2.0:
                yield Fault("L013", "devices", device.id, "bf16 and fp16 differ by exactly two")


def _gates(cat: Catalogue) -> Iterator[Fault]:
    for rule in cat.rules.values():
        entry = cat.raw.entries["rules"][rule.id]
        if rule.effect in (Effect.VETO, Effect.WARN) and not {"severity", "confidence"} <= set(entry):
            yield Fault("L015", "rules", rule.id, "a gate says its severity and confidence")


def _intervals(cat: Catalogue) -> Iterator[Fault]:
    for rule in cat.rules.values():
        if rule.effect is Effect.ADJUST and not rule.factor_low <= rule.factor <= rule.factor_high:
            what = f"{rule.factor:g} is not within {rule.factor_low:g} to {rule.factor_high:g}"
            yield Fault("L014", "rules", rule.id, what)
