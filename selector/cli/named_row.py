"""Names of the rows that `estimate` sizes, looked up together so that every problem is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from selector.errors import InputError, Position, Problem

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue
    from selector.packs.reader import Document
    from selector.types.catalog import Device, Model

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named:
    """What a row names, of the catalogue."""

    model: Model
    device: Device
    count: int
    precisions: tuple[str, ...]
    engines: tuple[str, ...]


def resolve(
    cat: Catalogue, rows: Sequence[Mapping[str, Any]], document: Document | None = None
) -> list[Named]:
    """Rows with their names looked up; raises `InputError` with the problems of all rows, which
    stand in `document` under `points` where there is one."""
    from selector.needs import names

    problems: list[Problem] = []
    found = []

    def one(row: Mapping[str, Any], number: int, key: str, look: Callable[[str, Position | None], T]) -> Any:
        at = document.where(("points", number, key)) if document is not None else None
        try:
            return look(str(row[key]), at) if row.get(key) else None
        except InputError as error:
            problems.extend(_reworded(p) for p in error.problems)
            return None

    for i, row in enumerate(rows):
        model = one(row, i, "model", lambda text, at: _model(text, cat, at))
        devices = one(row, i, "hardware", lambda text, at: names.match_devices(text, cat, at))
        engines = one(row, i, "engine", lambda text, at: tuple(names.match_engines(text, cat, at)))
        precisions = one(row, i, "precision", lambda text, at: names.match_precisions(text, cat, at))
        if model is not None and devices is not None:
            device = cat.devices[devices.devices[0]]
            found.append(Named(model, device, devices.count or 1, precisions or (), engines or ()))
    if problems:
        raise InputError(problems)
    return found


def _model(text: str, cat: Catalogue, where: Position | None) -> Model:
    from selector.needs import names
    from selector.needs.hf_config import model_from_config

    if text.endswith(".json"):
        return model_from_config(Path(text))
    found = names.match_models(text, cat, where)
    if not found.models:
        raise InputError(Problem(f"{text} is a hosted model", where, "estimate sizes open models"))
    return cat.models[found.models[0]]


def _reworded(problem: Problem) -> Problem:
    """Advice that only holds for requirements, put for a command that has no pins."""
    if problem.fix is not None and "params_b" in problem.fix:
        fix = "`selector pack show models` lists them; or give the path of its config.json"
        return replace(problem, fix=fix)
    return problem
