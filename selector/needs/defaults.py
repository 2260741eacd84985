"""What nobody stated becomes a printed assumption."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selector.needs import paths
from selector.needs.derive import FORMULAS
from selector.needs.load import Stated
from selector.needs.money import to_usd
from selector.needs.shape import to_requirement
from selector.needs.tables import Default, alias, defaults
from selector.types.requirement import Assumption, Requirement

SUM_OF_WEIGHTS = 100.0


@dataclass(frozen=True, slots=True)
class Resolved:
    """A requirement with nothing left open that a default supplies, and what was supplied."""

    requirement: Requirement
    assumptions: tuple[Assumption, ...]
    stated: Stated
    mapping: Mapping[str, Any]

    def is_stated(self, key: str) -> bool:
        """True when the user gave this value and no default did."""
        return self.stated.is_stated(key)


def complete(
    stated: Stated,
    rules: Sequence[Default] | None = None,
    usd_per_unit: Mapping[str, float] | None = None,
) -> Resolved:
    """Apply the defaults in order; each one used is remembered as an assumption.

    `usd_per_unit` holds exchange rates, for a budget in another currency.
    """
    document = copy.deepcopy(dict(stated.mapping))
    _one_spelling_of_clouds(document)
    made: dict[tuple[str, str], Assumption] = {}
    for item in to_usd(stated, document, usd_per_unit or {}):
        made[item.key, item.rule] = item
    for rule in defaults() if rules is None else rules:
        item_ = _apply(rule, document, stated)
        if item_ is not None:
            made[rule.key, rule.id] = item_
    assumptions = _weights_as_one(document, list(made.values()))
    return Resolved(to_requirement(document), tuple(assumptions), stated, document)


def _one_spelling_of_clouds(document: dict[str, Any]) -> None:
    """Providers by the ids that offers carry."""
    clouds = paths.get(document, "deployment.clouds")
    if clouds:
        listed = [clouds] if isinstance(clouds, str) else clouds
        document["deployment"]["clouds"] = [alias("cloud", c) or c for c in listed]


def _apply(rule: Default, document: dict[str, Any], stated: Stated) -> Assumption | None:
    present = paths.get(document, rule.key)
    if not holds(rule.when, document):
        return None
    if rule.mode == "multiply":
        if stated.is_stated(rule.key) or not present:
            return None
        value: Any = {k: v * rule.value.get(k, 1.0) for k, v in present.items()}
    elif rule.mode == "append":
        listed = [present] if isinstance(present, str) else list(present or ())
        if rule.value in listed:
            return None
        paths.put(document, rule.key, [*listed, rule.value])
        return Assumption(rule.key, rule.value, rule.id, rule.why, rule.source)
    elif present is not None and rule.derive != "unnamed_weights":
        return None
    else:
        value = FORMULAS[rule.derive](document, rule.value) if rule.derive else rule.value
        if value is None or not _can_hold(document, rule.key):
            return None
    paths.put(document, rule.key, copy.deepcopy(value))
    return Assumption(rule.key, value, rule.id, rule.why, rule.source)


def _can_hold(document: Mapping[str, Any], key: str) -> bool:
    """One part of a size is supplied only where the other part is there."""
    parent, _, part = key.rpartition(".")
    return part not in ("p50", "p95") or paths.get(document, parent) is not None


def holds(when: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """True when every key of a condition has an accepted value; a missing value is not accepted."""
    return all(_accepted(wanted, paths.get(document, key)) for key, wanted in when.items())


def _accepted(wanted: Any, value: Any) -> bool:
    if wanted == "unknown":
        return value is None
    if wanted == "known":
        return value is not None and value not in ([], {})
    if isinstance(wanted, Mapping):
        if not isinstance(value, int | float):
            return False
        return bool(wanted.get("at_least", value) <= value <= wanted.get("at_most", value))
    values = value if isinstance(value, list | tuple) else [value]
    return any(v in wanted for v in values)


def _weights_as_one(document: dict[str, Any], made: list[Assumption]) -> list[Assumption]:
    """Default weights and their shifts as one line that sums to 100."""
    parts = [a for a in made if a.key == "weights"]
    if not parts or any(a.rule == "weights.stated" for a in parts):
        return made
    total = math.fsum(document["weights"].values())
    if not total:
        return made
    weights = {k: round(v * SUM_OF_WEIGHTS / total, 2) for k, v in document["weights"].items()}
    document["weights"] = weights
    one = Assumption(
        "weights",
        dict(weights),
        " + ".join(a.rule for a in parts),
        "; ".join(a.why for a in parts),
        parts[0].source,
    )
    return [one if a is parts[0] else a for a in made if a is parts[0] or a.key != "weights"]
