"""Names in requirements and packs that nothing answers to: packs, languages, sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from selector.errors import PackError, Problem
from selector.needs.tables import read_table
from selector.packs.catalog import unknown_sources
from selector.packs.schema import near

if TYPE_CHECKING:
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue

MANY = "multi"  # any of many languages
NEAREST = 8


def problems(stated: Stated, cat: Catalogue) -> Iterator[Problem]:
    """Packs that are weighed and not there, and languages without a code."""
    for name in stated.requirement.packs:
        if name not in cat.packs:
            fix = near(name, cat.packs) or f"one of: {', '.join(sorted(cat.packs))}"
            yield Problem(f'packs: there is no pack "{name}"', stated.where(f"packs.{name}"), fix)
    for number, text in enumerate(stated.requirement.application.languages or ()):
        if not _is_language(text):
            at = stated.where(f"application.languages.{number}")
            yield Problem(f'"{text}" is no language of ISO 639', at, _nearest(text))


def _is_language(text: str) -> bool:
    code = text.partition("-")[0]
    table = _codes()
    return code == MANY or code in table["two"] or code in table["three"]


@cache
def _codes() -> Mapping[str, Any]:
    table = read_table("languages")
    return {"two": table["two"], "three": frozenset(table["three"].split())}


def _nearest(text: str) -> str:
    """Codes that begin alike, with the names of the languages."""
    names = _codes()["two"]
    alike = [code for code in names if code[0] == text[0]][:NEAREST]
    said = " or ".join(f'"{code}" ({names[code]})' for code in alike)
    return f"did you mean {said}?" if said else "write a code of ISO 639, such as en, zh or yue"


def check_sources(cat: Catalogue) -> None:
    """Raise `PackError` where an entry of a user's pack names a source that no pack has."""
    own = {p.path for p in cat.packs.values() if not p.shipped}
    found = [
        Problem(
            f'{kind} {key}: there is no source "{source}" in any pack',
            cat.where(kind, key),
            near(source, cat.sources) or "add it to a sources.yaml of the pack",
        )
        for kind, key, source in (unknown_sources(cat) if own else ())
        if any(cat.raw.files[kind][key].startswith(path) for path in own)
    ]
    if found:
        raise PackError(found)
