"""Runs that can be asked about candidates which they do not show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from selector.cli import session
from selector.iterate.state import Look, State

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.packs.catalog import Catalogue


@dataclass(frozen=True, slots=True)
class Asked:
    """The JSON of a run, and its study by component, the first one under the empty name."""

    found: dict[str, Any]
    studies: Mapping[str, Study]

    def look(self, part: str, slots: Mapping[str, Any], resized: bool = False) -> Look | None:
        """A candidate in full, and what keeps it out; `resized` takes another size of it as well."""
        from selector.decide.explain import compare, seek
        from selector.report import json as as_json
        from selector.report.numbers import plain

        study = self.studies.get(part)
        if study is None:
            return None
        row = seek.row(study, slots)
        if row is None and resized:
            row = seek.resized(study, slots)
        if row is None:
            return None
        broken = tuple(asdict(b) for b in compare.broken(study, row))
        return Look(plain(as_json.stack(compare.ranked(study, row))), broken)

    def options(self, part: str) -> Mapping[str, frozenset[str]]:
        """Ids that candidates take, by slot."""
        from selector.decide.explain import seek

        return seek.options(self.studies[part]) if part in self.studies else {}

    def incumbent(self, part: str) -> Mapping[str, Any] | None:
        """Slots of the stack in place."""
        from selector.decide import show
        from selector.decide.explain import seek

        study = self.studies.get(part)
        row = None if study is None else seek.in_place(study)
        return None if study is None or row is None else show.slots(study.run, row).as_dict()

    def beats(self, part: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
        """Chance that one candidate has more points than another."""
        from selector.decide.explain import seek

        study = self.studies[part]
        rows = [row for slots in (one, other) if (row := seek.row(study, slots)) is not None]
        return seek.beats(study, *rows)


def evaluate(state: State) -> Asked:
    """Run a state, each component by itself and then together."""
    from selector.needs.components import expand
    from selector.report import json as as_json

    stated, given = state.stated, state.settings
    cat = _measured(state)
    parts = expand(stated)
    session.check(parts, cat, state.today)
    flags = (given["top"], given["strict"], given["allow_provisional"])
    studies = [session.study(p, cat, *flags, state.today, front=len(parts) > 1) for p in parts]
    whole = session.together(stated, cat, [session.outcome(s) for s in studies])
    names = ["", *(str(p.requirement.name) for p in parts[1:])]
    return Asked(as_json.recommendation(whole), dict(zip(names, studies, strict=True)))


def _measured(state: State) -> Catalogue:
    """The catalogue with the measurements of the state, and no others."""
    from selector.iterate import decision

    with TemporaryDirectory() as folder:
        files = decision.measurements(state.measurements, Path(folder))
        return session.measured(state.cat, files, state.today)
