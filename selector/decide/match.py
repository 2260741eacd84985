"""Which candidates are like a stack that the user describes: proposed, in place today, or pinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.errors import InputError
from selector.needs import names
from selector.needs.options import expand_hosting
from selector.needs.shape import LAYOUT

if TYPE_CHECKING:
    from selector.decide.recommend import Run

Values = Sequence[object]
SIZE_TOLERANCE = 0.15  # a size in words ("8B") and the parameters counted
OF_MODEL = {
    "model_class": "model.model_class",
    "model_access": "model.access",
    "vendor": "model.vendor",
    "licence": "model.licence",
    "licence_class": "licence.licence_class",
    "model_languages": "model.languages",
}
JUDGED = frozenset(
    {"model", "hosting", "engine", "precision", "hardware", "layout", "adaptation"}
    | {"model_params_b", "region", "kv_precision", *OF_MODEL}
)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Bool columns over the candidates by axis; axes that no candidate has a value on; names that
    the catalogue lacks."""

    columns: Mapping[str, Any]
    not_judged: tuple[str, ...]
    unknown: tuple[str, ...]

    def whole(self, size: int) -> Any:
        """Candidates that agree on every judged axis."""
        import numpy as np

        found = np.ones(size, dtype=bool)
        for column in self.columns.values():
            found &= column
        return found


def like(run: Run, described: Mapping[str, Values]) -> Likeness:
    """Compare every candidate with a description, axis by axis; several values mean any of them."""
    import numpy as np

    columns: dict[str, Any] = {}
    unknown: list[str] = []
    for axis, values in described.items():
        if axis not in JUDGED:
            continue
        column = np.zeros(len(run.stacks), dtype=bool)
        for value in values:
            try:
                column |= _one(run, axis, value)
            except InputError as error:
                unknown.append(error.problems[0].what)
        columns[axis] = column
    return Likeness(columns, tuple(a for a in described if a not in JUDGED), tuple(unknown))


def _one(run: Run, axis: str, value: object) -> Any:
    import numpy as np

    s, text = run.stacks, str(value)
    if axis == "model":
        return np.isin(s.model, _models(run, value))
    if axis == "hosting":
        return _place(run, lambda q: q.hosting in expand_hosting([text]))
    if axis == "region":
        return _place(run, lambda q: q.region == text)
    if axis == "engine":
        wanted = names.match_engines(text, run.cat).engines
        return _own(run, s.engine, [e.id in wanted for e in run.axes.engines])
    if axis == "precision":
        formats = names.match_precisions(text, run.cat)
        return _own(run, s.precision, [q.id in formats for q in run.axes.precisions])
    if axis == "hardware":
        query = names.match_devices(text, run.cat)
        found = _own(run, s.device, [d.id in query.devices for d in run.axes.devices])
        return found & (s.n_devices == query.count) if query.count else found
    if axis == "layout":
        return _layout(run, value)
    if axis == "kv_precision":
        return run.kv8 if text == "fp8" else ~run.kv8
    if axis == "adaptation":
        accepted = {"lora", "qlora", "full"} if text == "sft" else {text}
        return _model(
            run,
            [m.method in accepted for m in run.axes.models],
        )
    if axis == "model_params_b":
        return np.isin(s.model, _of_size(run, value))
    key = OF_MODEL[axis]
    return _model(run, [_holds(m.facts.get(key), text) for m in run.axes.models])


def _holds(have: object, wanted: str) -> bool:
    if isinstance(have, frozenset | tuple):
        return wanted in have
    return have is not None and str(have).lower() == wanted.lower()


def _models(run: Run, value: object) -> list[int]:
    if isinstance(value, Mapping):
        if value.get("name") is None:
            return _of_size(run, value.get("params_b"))
        value = value["name"]
    ids = set(names.match_models(str(value), run.cat))
    return [i for i, m in enumerate(run.axes.models) if m.id in ids]


def _of_size(run: Run, value: object) -> list[int]:
    """Models of about a size in billions, or between the two of a pair."""
    if isinstance(value, int | float):
        low, high = value * (1.0 - SIZE_TOLERANCE), value * (1.0 + SIZE_TOLERANCE)
    elif isinstance(value, list | tuple) and len(value) == 2:
        low, high = value
    else:
        return []
    sizes = [m.model.params_b if m.model else None for m in run.axes.models]
    return [i for i, size in enumerate(sizes) if size is not None and low <= size <= high]


def _place(run: Run, accepts: Any) -> Any:
    import numpy as np

    return np.array([accepts(q) for q in run.axes.places] or [False])[run.stacks.place]


def _model(run: Run, accepted: list[bool]) -> Any:
    import numpy as np

    return np.array(accepted or [False])[run.stacks.model]


def _own(run: Run, index: Any, accepted: list[bool]) -> Any:
    """A slot that only self-hosted stacks fill."""
    import numpy as np

    return (run.stacks.cell >= 0) & np.array([*accepted, False])[index]


def _layout(run: Run, value: object) -> Any:
    """Parts that are left out accept anything."""
    import numpy as np

    wanted: Mapping[str, Any] = (
        value if isinstance(value, Mapping) else {k: int(n) for k, n in LAYOUT.findall(str(value))}
    )
    found = run.stacks.cell >= 0
    rows = np.where(found, run.stacks.cell, 0)
    for part, count in wanted.items():
        if part == "replicas":
            found = found & (run.stacks.replicas == count)
        elif part in ("tp", "pp") and len(run.index.model):
            found = found & (getattr(run.index, part)[rows] == count)
    return found
