"""Which regulations may apply, where a value that nobody stated decides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selector.needs.facts import KEYS, requirement_facts
from selector.needs.tables import defaults
from selector.types.requirement import Requirement

REGULATIONS = "regulations"
# Left out, it asks for nothing, so that no law follows from it.
NOTHING_SAID = frozenset({"data.residency"})


def undecided(need: Requirement) -> dict[str, tuple[str, ...]]:
    """Regulations that are neither named nor ruled out, with the keys that decide.

    The conditions are those of `rules/needs/defaults.yaml` that name regulations for what is stated.
    """
    facts = requirement_facts(need)
    stated = {key: facts.get(fact) for fact, key in KEYS.items()}
    found: dict[str, list[str]] = {}
    for row in defaults():
        if row.key != REGULATIONS or row.value in (need.regulations or ()):
            continue
        missing = _missing(row.when, stated)
        if missing:
            keys = found.setdefault(str(row.value), [])
            keys += [k for k in missing if k not in keys]
    return {law: tuple(names) for law, names in found.items()}


def _missing(when: Mapping[str, Any], stated: Mapping[str, object]) -> list[str]:
    """Keys without a value, where all others hold; empty where one of them does not."""
    missing = []
    for key, wanted in when.items():
        value = stated.get(key)
        if value is None:
            missing.append(key)
        elif set(wanted).isdisjoint(value if isinstance(value, frozenset) else {value}):
            return []
    return [] if NOTHING_SAID & set(missing) else missing
