"""A declared stack against the vetoes and warnings of the packs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selector.check import support
from selector.errors import InputError
from selector.needs import names
from selector.needs.defaults import complete
from selector.needs.facts import requirement_facts
from selector.needs.load import load
from selector.packs.catalog import Catalogue
from selector.packs.reader import Document, read_yaml
from selector.packs.schema import validate
from selector.types.rule import Effect, Finding, Rule

FILE = "selector.stack.yaml"
DECLARED = ("weight_format", "weights_source", "trust_remote_code", "revision_pinned", "adaptation")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a declared stack says, and what the rules say of it."""

    file: str
    facts: Mapping[str, object]
    findings: tuple[Finding, ...]
    unresolved: tuple[str, ...] = ()


def check(path: Path, cat: Catalogue) -> Checked:
    """Judge one `selector.stack.yaml`; raises `InputError` with every problem in it."""
    document = read_yaml(path)
    problems = validate(document, "stack")
    if problems:
        raise InputError(problems)
    facts = _facts(document, path, cat)
    findings = tuple(
        f for rule in cat.rules.values() if (f := _finding(rule, facts, cat, document)) is not None
    )
    refused, unresolved = support.judge(document, cat)
    return Checked(str(path), facts, (*findings, *refused), unresolved)


def _facts(document: Document, path: Path, cat: Catalogue) -> dict[str, object]:
    stack: Mapping[str, Any] = document.data["stack"]
    found: dict[str, object] = {"hosting": stack["hosting"]}
    needs = document.data.get("requirements")
    if needs:
        need = complete(load(path.parent / needs)).requirement
        found |= requirement_facts(need)
    if "region" in stack:
        found["region"] = stack["region"]
        residency = found.get("req.residency")
        if isinstance(residency, frozenset):
            found["residency_ok"] = not residency or stack["region"] in residency
        users = found.get("req.user_regions")
        if isinstance(users, frozenset):
            found["in_user_region"] = stack["region"] in users
    found |= {k: stack[k] for k in DECLARED if k in stack}
    return found | _options(stack, cat, document)


def _options(stack: Mapping[str, Any], cat: Catalogue, document: Document) -> dict[str, object]:
    """Facts of the named options; a name that the catalogue lacks is an error with near misses."""
    from selector.types import facts

    found: dict[str, object] = {}

    def at(key: str) -> Any:
        return document.where(("stack", key))

    query = names.match_models(stack["model"], cat, at("model"))
    if stack["hosting"] in ("api", "api_batch"):
        api = cat.apis[query.apis[0]] if query.apis else None
        if api is not None:
            vendors = {a: v for v in cat.vendors.values() for a in (v.id, *v.aliases)}
            found |= facts.of_api(api) | facts.of_vendor(vendors.get(api.vendor))
    elif query.models:
        model = cat.models[query.models[0]]
        found |= facts.of_model(model, cat.licences.get(model.licence))
    if "engine" in stack:
        engine = next(iter(names.match_engines(stack["engine"], cat, at("engine"))))
        found |= facts.of_engine(cat.frameworks[engine])
        found.pop("engine.version", None)
        if "engine_version" in stack:
            found["engine.version"] = stack["engine_version"]
    if "precision" in stack:
        precision = names.match_precisions(stack["precision"], cat, at("precision"))[0]
        found |= facts.of_precision(cat.precisions[precision])
    if "hardware" in stack:
        device = names.match_devices(stack["hardware"], cat, at("hardware")).devices[0]
        found |= facts.of_device(cat.devices[device])
    if "offer" in stack and stack["offer"] in cat.offers:
        found |= facts.of_offer(cat.offers[stack["offer"]])
    return found


def _finding(rule: Rule, facts: Mapping[str, object], cat: Catalogue, document: Document) -> Finding | None:
    """A veto or warning that fires fails; where a fact is unknown the rule decides what that means."""
    if rule.effect not in (Effect.VETO, Effect.WARN):
        return None
    if rule.applies is not None and cat.condition(rule.applies).evaluate(facts) is False:
        return None
    condition = cat.condition(rule.when)
    answer = condition.evaluate(facts)
    if answer is False or (answer is None and rule.on_unknown == "pass"):
        return None
    unknown = sorted(name for name in condition.facts if facts.get(name) is None)
    outcome = "fail" if answer or rule.on_unknown == "fail" else "unknown"
    message = rule.title if answer else f"{rule.title}? not known: {', '.join(unknown)}"
    where = document.where(("stack", _key(condition.facts)))
    return Finding(
        rule.id,
        rule.title,
        rule.severity,
        rule.confidence,
        outcome,
        message,
        rule.why,
        rule.fix,
        where.file,
        where.line,
        where.column,
    )


def _key(facts: frozenset[str]) -> str:
    """The slot that a rule speaks of, to point at."""
    for prefix, key in (
        ("model.", "model"),
        ("licence.", "model"),
        ("engine.", "engine"),
        ("device.", "hardware"),
        ("precision.", "precision"),
        ("offer.", "offer"),
    ):
        if any(f.startswith(prefix) for f in facts):
            return key
    return next((f for f in DECLARED if f in facts), "hosting")
