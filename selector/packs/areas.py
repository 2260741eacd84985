"""What is wrong with an area of application: values that requirements cannot hold, names that no pack has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from selector.packs import schema
from selector.packs.reader import Document
from selector.types.domain import Area

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue


def faults(cat: Catalogue, only_foreign: bool = False) -> Iterator[tuple[str, str]]:
    """Id of each area with a fault, and what it is; those of the shipped packs are looked at in CI."""
    for area in cat.areas.values():
        if only_foreign and cat.packs[cat.raw.owner("domains", area.id)].shipped:
            continue
        for what in (*_values(area), *_names(area, cat)):
            yield area.id, what


def _values(area: Area) -> Iterator[str]:
    rows: list[tuple[str, object]] = [("application.area", area.id), ("application.domain", area.domain)]
    rows += [(line.key, line.value) for line in area.first]
    rows += [(fill.key, fill.value) for fill in area.fills]
    for key, value in rows:
        for problem in schema.validate(Document(area.id, _stating(area.task, key, value), {}), "reqs"):
            yield problem.what


def _stating(task: str, key: str, value: object) -> dict[str, object]:
    """Requirements that state a task and one dotted key."""
    for part in reversed(key.split(".")[1:]):
        value = {part: value}
    if key.startswith("application."):
        value = {"task": task} | dict(value)  # type: ignore[call-overload]
    return {"application": {"task": task}, key.split(".", maxsplit=1)[0]: value}


def _names(area: Area, cat: Catalogue) -> Iterator[str]:
    for law in area.laws:
        known = cat.regulations.get(law.regulation)
        if known is None or known.word is None:
            yield f'there is no regulation "{law.regulation}" with a word for it'
    for required in area.mandatory:
        mitigation = cat.mitigations.get(required.mitigation)
        if mitigation is None or mitigation.structural:
            yield f'there is no mitigation "{required.mitigation}" that leaves a stack the same'
    for rule in area.rules:
        if rule not in cat.rules:
            yield f'there is no rule "{rule}"'
