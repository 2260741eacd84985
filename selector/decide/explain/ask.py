"""Which candidate is meant: by label, id, `model:NAME`, or slots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from selector.decide import counterparts, show
from selector.decide.match import JUDGED, like
from selector.decide.robust import additive, field
from selector.errors import Problem, UsageError
from selector.packs.schema import near
from selector.types.robust import StackRef

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.types.stack import Slots

LABEL = re.compile(r"^([SH])-(\d+)$", re.IGNORECASE)
ID = re.compile(r"^[0-9a-f]{4,10}$")
PLACE = re.compile(r"^(?P<list>stacks|counterparts)\.(?P<name>[^.]+)\.(?P<rest>.+)$")
INDEX = re.compile(r"^\d{1,3}$")
LOOKED_AT = 5_000  # candidates whose ids are worked out, best first


def ref(study: Study, row: int) -> StackRef:
    """A candidate with its label where it is shown."""
    place = study.rows.index(row) if row in study.rows else None
    label = None if place is None else f"S-{place + 1}"
    return StackRef(show.slots(study.run, row).digest(), show.line(study.run, row), label)


def stack(study: Study, text: str, flag: str = "--stack") -> int:
    """Row of the candidate that a text names; raises `UsageError` with near misses."""
    if not len(study.run.stacks):
        what = "no candidate was sized: see `selector recommend` for what is in the way"
        raise UsageError(Problem(what, None, "relax the requirements"))
    label = LABEL.match(text)
    if label:
        named = study.rows if label[1].upper() == "S" else _counterparts(study)
        if 1 <= int(label[2]) <= len(named):
            return named[int(label[2]) - 1]
    kind, colon, name = text.partition(":")
    if colon and kind == "model":
        return _alike(study, {"model": [name]}, flag, text)
    if "=" in text:
        return _alike(study, _slots(text, flag), flag, text)
    if ID.match(text):
        found = _by_id(study, text, flag)
        if found is not None:
            return found
    raise UsageError(Problem(f"{flag} {text}: no such stack", None, _near(study, text)))


def row_of(study: Study, slots: Slots) -> int:
    """The candidate with exactly these slots, of those that are left."""
    import numpy as np

    run = study.run
    model = next(i for i, m in enumerate(run.axes.models) if m.id == slots.model)
    allowed = study.ranking.allowed
    rows = allowed[np.asarray(run.stacks.model[allowed]) == model]
    return next(int(r) for r in rows if show.slots(run, int(r)) == slots)


def in_path(study: Study, path: str) -> tuple[int | None, str]:
    """Stack that a path of the JSON names and the rest of the path: `stacks.S-2.score`, by label or id.

    None where it names none. The position in the list is refused: it starts at 0 and labels at 1.
    """
    found = PLACE.match(path)
    if found is None:
        return None, path
    name, rest = found["name"], found["rest"]
    if INDEX.match(name):
        what = f"--number {path}: {name} is a position, and stacks go by label or id"
        kind = "S" if found["list"] == "stacks" else "H"
        fix = f"write {found['list']}.{kind}-{int(name) + 1}.{rest}, or {rest} with --stack"
        raise UsageError(Problem(what, None, fix))
    return stack(study, name, "--number stacks"), rest


def _by_id(study: Study, text: str, flag: str) -> int | None:
    """A candidate by its id or the start of it: those shown first, then all that rank."""
    names = {row: show.slots(study.run, row).digest() for row in study.rows}
    hits = [row for row, name in names.items() if name.startswith(text)]
    if len(hits) > 1:
        fix = " or ".join(names[row] for row in hits)
        raise UsageError(Problem(f"{flag} {text}: several stacks begin so", None, fix))
    if hits:
        return hits[0]
    for row in _printed(study):
        if show.slots(study.run, row).digest().startswith(text):
            return row
    return None


def _printed(study: Study) -> Iterator[int]:
    """Candidates whose ids may have been printed: counterparts, the best by score, those left out
    among them, and what stands for each choice."""
    import numpy as np

    found = study.ranking
    yield from _counterparts(study)
    yield from (int(r) for r in np.argsort(-found.scored.score, kind="stable")[:LOOKED_AT])
    if study.rows:
        yield from field.of(study.run, found.scored, found.chain, found.allowed, study.rows).named()


def _counterparts(study: Study) -> list[int]:
    found = study.ranking
    return counterparts.rows(study.run, found.chain, found.allowed, study.rows)


def _slots(text: str, flag: str) -> dict[str, list[object]]:
    """`model=...,hardware=...` as a description."""
    found: dict[str, list[object]] = {}
    for part in text.split(","):
        axis, equals, value = part.strip().partition("=")
        if not equals or not value or axis not in JUDGED:
            fix = near(axis, JUDGED) or f"axes: {', '.join(sorted(JUDGED))}"
            raise UsageError(Problem(f'{flag} {text}: "{part.strip()}" is no axis=value', None, fix))
        try:
            found.setdefault(axis, []).append(float(value) if axis == "model_params_b" else value)
        except ValueError:
            what = f'{flag} {text}: "{value}" is no number'
            raise UsageError(Problem(what, None, "billions of parameters, such as 7.6")) from None
    return found


def _alike(study: Study, described: dict[str, list[object]], flag: str, text: str) -> int:
    """The best candidate that is like a description: of those that rank, else of those left out."""
    import numpy as np

    found = like(study.run, described)
    if found.unknown:
        raise UsageError(Problem(f"{flag} {text}: {found.unknown[0]}", None, _near(study, text)))
    rows = np.nonzero(found.whole(len(study.run.stacks)))[0]
    if not len(rows):
        missing = [a for a, column in found.columns.items() if not column.any()]
        why = f"no candidate has this {', '.join(missing)}" if missing else "no candidate has all of it"
        fix = "what does not fit or run is no candidate: see `selector estimate MODEL --on HARDWARE`"
        raise UsageError(Problem(f"{flag} {text}: {why}", None, fix))
    allowed = rows[np.isin(rows, study.ranking.allowed)]
    pool = allowed if len(allowed) else rows
    return additive.leading(study.ranking.chain, pool)


def _near(study: Study, text: str) -> str:
    refs = [ref(study, row) for row in study.rows]
    labels = [r.label or "" for r in refs]
    models = dict.fromkeys(m.id for m in study.run.axes.models)
    hit = near(text.removeprefix("model:"), [*labels, *(r.id for r in refs)])
    other = near(text.removeprefix("model:"), models)
    shown = f"{labels[0]} to {labels[-1]}, an id that is printed" if labels else "an id"
    return hit or (other and f"{other} Write model:NAME") or f"{shown}, model:NAME, or model=...,hardware=..."
