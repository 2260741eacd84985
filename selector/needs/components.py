"""Applications of several models: a requirement for each, sharing all but load and pins."""

from __future__ import annotations

import copy
from typing import Any

from selector.errors import Position
from selector.needs.load import Stated
from selector.needs.shape import to_requirement
from selector.packs.reader import Document

OWN = ("application", "workload", "pins")


def expand(stated: Stated) -> tuple[Stated, ...]:
    """The document itself, or one per component: its own application, workload and pins.

    An application of a component takes over domain, users, regions, languages and features of the
    whole where it does not state its own; the load of the whole holds where a component states none.
    """
    components = stated.mapping.get("components") or []
    if not components:
        return (stated,)
    return tuple(_one(stated, index, part) for index, part in enumerate(components))


def _one(stated: Stated, index: int, part: dict[str, Any]) -> Stated:
    whole = copy.deepcopy(dict(stated.mapping))
    whole.pop("components")
    whole["name"] = part["name"]
    inherited = {k: v for k, v in whole["application"].items() if k != "task"}
    whole["application"] = inherited | part["application"]
    if "workload" in part:
        whole["workload"] = part["workload"]
    if "pins" in part:
        whole["pins"] = whole.get("pins", {}) | part["pins"]
    document = _Shifted(stated.document, index, frozenset(k for k in OWN if k in part))
    return Stated(to_requirement(whole), whole, document)


class _Shifted(Document):
    """Positions of a component's own parts lie under `components.N`."""

    def __init__(self, whole: Document, index: int, own: frozenset[str]) -> None:
        super().__init__(whole.file, whole.data, whole.positions)
        self._index = index
        self._own = own

    def where(self, path: tuple[str | int, ...]) -> Position:
        """Position in the file that the user wrote."""
        if path and path[0] in self._own:
            path = ("components", self._index, *path)
        return super().where(path)
