"""How often what is trained is trained anew, and in which way a rule says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from selector.decide import people
from selector.decide.runs.chosen import trains

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run
    from selector.types.catalog import Parameter

NEVER = "never"
PART = "retraining"  # of the settings of a rule: mode, tool, and the pace of whole runs where it differs
REPLAY = "replay"  # part of a run each time: how large a part depends on what is replayed


def pace(run: Run, option: ModelOption) -> str:
    """How often the weights of an option are trained anew, in words; `never` where nothing is trained
    here, or nobody says that inputs or labels change."""
    named = people.changes(run, option.method) if trains(option) else None
    return named.removeprefix(f"{people.CHANGES}.") if named else NEVER


def way(settings: Mapping[str, object]) -> Mapping[str, object]:
    """What the settings of a rule say of training anew."""
    named = settings.get(PART)
    return named if isinstance(named, Mapping) else {}


def whole_runs(run: Run, option: ModelOption, chosen: Mapping[str, object]) -> Parameter:
    """Whole runs a month; where rows are learned one by one, those beside it."""
    return run.cat.parameters[f"{people.CHANGES}.{chosen.get('whole', pace(run, option))}"]
