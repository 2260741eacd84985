"""What is not known: what it can still be, and where to state it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from selector.needs.facts import KEYS
from selector.packs.language.scalar import Condition

# An engine that a repository starts runs on machines that somebody rents or owns: it is no hosted model.
OWN_ENGINE = ("self_hosted_cloud", "on_prem")
# Facts that are worked out of another one, which is the one to state.
FROM: Mapping[str, str] = {"residency_ok": "region", "in_user_region": "region"}
WORKED_OUT = ("advisory.", "cost.", "unit.", "stack.", "licence.")


def evaluate(condition: Condition, known: Mapping[str, object], own_engine: bool) -> bool | None:
    """The answer of a condition; where an own engine leaves the hosting open, the one of all it can be."""
    if not own_engine or "hosting" in known or "hosting" not in condition.facts:
        return condition.evaluate(known)
    answers = {condition.evaluate({**known, "hosting": hosting}) for hosting in OWN_ENGINE}
    return answers.pop() if len(answers) == 1 else None


def unknown(condition: Condition, known: Mapping[str, object]) -> list[str]:
    """Facts of a condition that nobody told."""
    return [name for name, value in condition.trace(known).items() if value is None]


def tell(facts: Iterable[str]) -> str:
    """Where to state facts that are not known; empty where they are worked out and not stated."""
    stated = dict.fromkeys(FROM.get(f, f) for f in facts)
    named = [f for f in stated if not f.startswith(WORKED_OUT)]
    if not named:
        return ""
    keys = [f"{f} ({KEYS[f]} in reqs.yaml)" if f in KEYS else f for f in named]
    return f"state {', '.join(keys)} under facts: of selector.stack.yaml or selector.policy.yaml"
