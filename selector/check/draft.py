"""A first `selector.stack.yaml` out of what is detected; what the files do not say is left to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from selector.check import subjects
from selector.check.detect.run import Unit, detect
from selector.check.subjects import Subject
from selector.errors import Problem, UsageError
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty, Seen


def draft(root: Path, cat: Catalogue, unit: str | None) -> str:
    """Text of the file; raises `UsageError` where nothing serves, or several units do and none is named."""
    found = [u for u in detect(root, cat).units if any(s.key == "model" for s in u.facts)]
    one = _chosen(found, unit)
    subject = subjects.of(one, cat, date.min.replace(year=2000), root)[0]
    return "\n".join(_lines(one, subject)) + "\n"


def _chosen(found: Sequence[Unit], unit: str | None) -> Unit:
    names = ", ".join(u.name for u in found)
    if not found:
        raise UsageError(
            Problem("no unit with a model was detected", None, "write selector.stack.yaml by hand")
        )
    if unit is not None:
        one = next((u for u in found if u.name == unit), None)
        if one is None:
            raise UsageError(Problem(f"unit {unit} was not detected", None, f"one of: {names}"))
        return one
    if len(found) > 1:
        raise UsageError(Problem("several units were detected", None, f"--unit, one of: {names}"))
    return found[0]


def _lines(unit: Unit, subject: Subject) -> list[str]:
    """Slots with the place that each was read from; commented where the files do not settle it."""
    plan = subject.plan
    lines = [f"# Drafted from {unit.name}; check every line.", "version: 1", "stack:"]
    lines.append(_slot("model", subject.model_name, _seen(unit, "model")))
    lines.append(
        _slot(
            "hosting",
            plan.hosting,
            _seen(unit, "hosting"),
            "api, self_hosted_cloud or on_prem; the files do not say",
        )
    )
    if plan.hosting != "api":
        lines.append(_slot("engine", plan.engine.id if plan.engine else None, _seen(unit, "framework")))
        lines.append(_slot("engine_version", plan.engine_version, _seen(unit, "framework_version")))
        lines.append(
            _slot("precision", plan.precisions[0].id if plan.precisions else None, _seen(unit, "precision"))
        )
        lines.append(
            _slot("hardware", plan.devices[0].id if plan.devices else None, _seen(unit, "accelerator"))
        )
        lines.append(_slot("n_devices", plan.n_devices, _seen(unit, "n_devices")))
        if plan.layout:
            text = ", ".join(f"{k}: {v}" for k, v in plan.layout.items())
            lines.append(f"  layout: {{{text}}}")
    lines.append(_slot("region", plan.region, _seen(unit, "region")))
    for key in ("trust_remote_code", "revision_pinned", "weight_format"):
        value = subject.facts.get(key)
        if value is not None:
            lines.append(f"  {key}: {str(value).lower()}")
    return lines


def _seen(unit: Unit, key: str) -> Seen | None:
    return next((s for s in unit.facts if s.key == key), None)


def _slot(key: str, value: object, seen: Seen | None, why: str = "not in the files") -> str:
    if value is None:
        if seen is not None and seen.certainty is Certainty.UNRESOLVED:
            why = f"{seen.file}:{seen.line} says {seen.value}, which nothing settles"
        elif seen is not None:
            why = f"{seen.file}:{seen.line} says {seen.value}"
        return f"  # {key}:   # {why}"
    text = str(value)
    quoted = f"'{text}'" if key == "engine_version" or any(c in text for c in ":#{}[]") else text
    return f"  {key}: {quoted}" + (f"  # {seen.file}:{seen.line}" if seen is not None else "")
