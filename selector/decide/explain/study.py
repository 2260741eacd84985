"""One run kept whole, so that questions about any of its candidates can be answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from selector.decide import rank
from selector.decide.judge import Compile
from selector.decide.recommend import CONVERTED, Run, prepare
from selector.needs.options import Options
from selector.packs.catalog import Catalogue
from selector.risk.assess import Scoring
from selector.types.decision import AssumptionRow
from selector.types.requirement import Assumption, Requirement

if TYPE_CHECKING:
    from selector.decide.explain.numbers import Numbers
    from selector.decide.rank import Ranking


@dataclass(frozen=True, slots=True)
class Given:
    """What a run starts from; a changed requirement gives another run."""

    req: Requirement
    assumptions: Sequence[Assumption]
    wanted: Options
    cat: Catalogue
    compile: Compile
    scoring: Scoring
    settings: rank.Settings
    today: date

    @property
    def assumed(self) -> frozenset[str]:
        """Keys that nobody stated."""
        return frozenset(a.key for a in self.assumptions if a.rule not in CONVERTED)

    def run(self) -> Run:
        """All columns over all candidates."""
        return prepare(self.req, self.wanted, self.cat, self.compile, self.scoring, self.today, self.assumed)


@dataclass(frozen=True, slots=True)
class Study:
    """A run with its ranking."""

    given: Given
    run: Run
    ranking: Ranking
    inputs: Mapping[str, Any]
    acceptances: tuple[str, ...] = ()  # accepted risks, controls in place or required, in words

    @property
    def rows(self) -> Sequence[int]:
        """Candidates that are shown, in order."""
        return self.ranking.shown

    @property
    def name(self) -> str:
        """Name of the application."""
        return self.run.req.name or self.run.req.application.task

    @property
    def first(self) -> int | None:
        """The first stack; None where nothing is left."""
        return self.rows[0] if self.rows else None

    def numbers(self, row: int) -> Numbers:
        """The numbers of one candidate with what is behind them."""
        from selector.decide.explain.numbers import Numbers
        from selector.decide.explain.traced import Candidate

        rows = [AssumptionRow(a.key, a.value, a.rule, a.why, a.source) for a in self.given.assumptions]
        return Numbers(Candidate(self.run, self.ranking.scored, row, rows), self.given.scoring)


def study(given: Given, inputs: Mapping[str, Any], acceptances: tuple[str, ...] = ()) -> Study:
    """Decide, and keep everything."""
    run = given.run()
    return Study(given, run, rank.ranking(run, given.settings), inputs, acceptances)
