"""Facts of one set of packs under the judgements of another."""

from __future__ import annotations

from typing import Any

from selector.packs.compiled import JUDGING, Raw


def mix(facts: Raw, rules: Raw) -> Raw:
    """Entries that state from one side, entries that judge from the other.

    Rules keep to the packs that they stand in, so that points budgets hold. Both sides' words are in
    the vocabulary, where a rule of one names a fact that only it knows.
    """
    found = Raw()
    for part in ("entries", "files", "single"):
        theirs, own = getattr(facts, part), getattr(rules, part)
        setattr(found, part, {k: v for k, v in theirs.items() if k not in JUDGING})
        getattr(found, part).update({k: v for k, v in own.items() if k in JUDGING})
    found.single["vocabulary"] = _both(rules.single["vocabulary"], facts.single["vocabulary"])
    infos = {p["id"]: p for p in facts.packs}
    for pack in rules.packs:
        stating = infos.pop(pack["id"], pack)
        found.packs.append(pack | {"facts_digest": stating["facts_digest"]})
    found.packs.extend(infos.values())
    return found


def _both(one: Any, other: Any) -> Any:
    """Tables and lists of two vocabularies put together; where they disagree the second holds."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {k: _both(one.get(k, other.get(k)), other.get(k, one.get(k))) for k in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [*other, *(x for x in one if x not in other)]
    return other
