"""What an area of application supplies: values nobody stated, regulations, mitigations it always has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from selector.errors import Problem
from selector.needs.tables import Default, built
from selector.packs.schema import near
from selector.types.domain import Area, Required

if TYPE_CHECKING:
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue
    from selector.types.requirement import Requirement

KEY = "application.area"


def defaults(cat: Catalogue) -> tuple[Default, ...]:
    """Rules for values that nobody stated, in order: which area it is, what that area supplies, what holds
    for all applications, and the regulations of the area, which see where users are."""
    areas = cat.areas.values()
    return (
        *(_inferred(a) for a in areas if a.inferred),
        *(d for a in areas for d in _fills(a)),
        *built(cat.defaults),
        *(d for a in areas for d in _laws(a, cat)),
    )


def _inferred(area: Area) -> Default:
    what = " and ".join(sorted(area.inferred))
    return Default(f"area.{area.id}", KEY, f"follows from {what}: {area.title}", area.id, when=area.inferred)


def _fills(area: Area) -> Iterator[Default]:
    for number, fill in enumerate(area.fills):
        twins = [f for f in area.fills[:number] if f.key == fill.key]
        name = f"area.{area.id}.{fill.key}" + (f".{len(twins) + 1}" if twins else "")
        when = {KEY: [area.id], **fill.when}
        source = ", ".join(fill.source) or "judgement"
        yield Default(name, fill.key, fill.why, fill.value, when=when, source=source)


def _laws(area: Area, cat: Catalogue) -> Iterator[Default]:
    for law in area.laws:
        word = cat.regulations[law.regulation].word
        when = {KEY: [area.id], **law.when}
        source = ", ".join(law.source)
        yield Default(
            f"area.{area.id}.{word}", "regulations", law.why, word, mode="append", when=when, source=source
        )


def required(need: Requirement, cat: Catalogue) -> tuple[Required, ...]:
    """Mitigations that the area of a requirement asks of every stack."""
    area = cat.areas.get(need.application.area or "")
    return area.mandatory if area else ()


def told(need: Requirement, cat: Catalogue) -> tuple[str, ...]:
    """What a reader has to know of them."""
    return tuple(
        f"{r.mitigation} is required in {need.application.area}: {r.why} ({', '.join(r.source)})"
        for r in required(need, cat)
    )


def problems(stated: Stated, cat: Catalogue) -> Iterator[Problem]:
    """An area that no pack has."""
    name = stated.requirement.application.area
    if name is not None and name not in cat.areas:
        fix = near(name, cat.areas) or f"one of: {', '.join(cat.areas)}"
        yield Problem(f'application.area: there is no area "{name}"', stated.where(KEY), fix)
