"""Applications of several models: a requirement for each, sharing all that it does not state itself."""

from __future__ import annotations

import copy
from typing import Any

from selector.errors import Position
from selector.needs.load import Stated
from selector.needs.shape import to_requirement
from selector.packs.reader import Document

WHOLE = ("workload", "latency", "quality", "adaptation")  # stand as a component states them
LAID_OVER = ("application", "pins", "data")  # key by key over those of the whole


def expand(stated: Stated) -> tuple[Stated, ...]:
    """The document itself, or one per component: what it states, and the rest of the whole.

    An application of a component takes over domain, users, regions, languages and features of the
    whole where it does not state its own, its data and pins key by key; load, limits on time, quality
    and adaptation of the whole hold where a component states none.
    """
    components = stated.mapping.get("components") or []
    if not components:
        return (stated,)
    return tuple(_one(stated, index, part) for index, part in enumerate(components))


def _one(stated: Stated, index: int, part: dict[str, Any]) -> Stated:
    whole = copy.deepcopy(dict(stated.mapping))
    whole.pop("components")
    whole["name"] = part["name"]
    whole["application"].pop("task", None)
    whole |= {k: part[k] for k in WHOLE if k in part}
    whole |= {k: whole.get(k, {}) | part[k] for k in LAID_OVER if k in part}
    document = _Shifted(stated.document, index, part)
    return Stated(to_requirement(whole), whole, document)


class _Shifted(Document):
    """Positions of what a component states lie under `components.N`."""

    def __init__(self, whole: Document, index: int, own: dict[str, Any]) -> None:
        super().__init__(whole.file, whole.data, whole.positions)
        self._index = index
        self._own = own

    def where(self, path: tuple[str | int, ...]) -> Position:
        """Position in the file that the user wrote."""
        own = path[:1] if path and path[0] in WHOLE else path[:2]
        found: Any = self._own
        for key in own:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None and own:
            path = ("components", self._index, *path)
        return super().where(path)
