"""Searches and runs anew, which repeat the run of a plan, on numbers that remember."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from selector.decide import show
from selector.decide.explain.numbers import Numbers, Spread
from selector.decide.explain.traced import Candidate
from selector.decide.explain.trained import Make, Trained
from selector.decide.runs import anew
from selector.estimate.trace import TRACE, named
from selector.plan import build, search
from selector.types.plan import Plan


def add(numbers: Numbers) -> None:
    """Give the numbers of a stack those of what repeats its run; nothing where nothing is trained here."""
    run = numbers.account.trained
    if run.trains:
        found = Repeated(numbers.stack, run).numbers()
        numbers.add({k: number for k, (number, _) in found.items()}, {k: by for k, (_, by) in found.items()})


class Repeated:
    """What a search and the runs of a month take; None where the plan has none."""

    def __init__(self, stack: Candidate, run: Trained) -> None:
        self.stack, self.run, self.p = stack, run, stack.p

    @cached_property
    def plan(self) -> Plan:
        """The whole plan as it is printed."""
        run, row = self.stack.run, self.stack.row
        return build.of(run, row, show.one(run, self.stack.scored, row, "", 1, ()))

    def _trials(self) -> Any:
        assert self.plan.search is not None
        return self.stack.leaves.choice(
            "plan.trials", float(self.plan.search.trials), "trials", "of the search"
        )

    def _share(self) -> Any:
        assert self.plan.search is not None
        return search.share(self.plan.search.method, self.p)

    def search_hours(self) -> Any:
        """Hours until all trials are done."""
        found = self.plan.search
        if found is None or found.hours is None:
            return None
        at_once = self.stack.leaves.choice("plan.parallel", float(found.parallel), "trials", "at once")
        rounds = TRACE.ceil(self._trials() / at_once)
        words = "hours until all trials are done"
        return named(self.run.hours * (rounds * self._share()), "plan.search_hours", "h", words)

    def search_usd(self) -> Any:
        """Money of all trials."""
        found = self.plan.search
        if found is None or found.usd is None or self.run.usd is None:
            return None
        return named(
            self.run.usd * (self._trials() * self._share()), "plan.search_usd", "USD", "of all trials"
        )

    def _pace(self) -> str:
        """Parameter with the runs a month."""
        found = self.plan.retraining
        assert found is not None
        line = next(x for x in self.plan.lines if x.rule == found.rule)
        return anew.whole_runs(self.stack.run, self.stack.option, anew.way(line.settings)).id

    def runs(self) -> Any:
        """Runs a month."""
        return None if self.plan.retraining is None else self.p[self._pace()]

    def runs_doubt(self, quantile: str) -> Any:
        """Ratio of a quantile of the runs a month and their middle."""
        return None if self.plan.retraining is None else self.run.end(self._pace(), quantile)

    def month_hours(self) -> Any:
        """Device hours a month."""
        found = self.plan.retraining
        if found is None or found.device_hours is None:
            return None
        each = self.run.hours * self.run.run.devices
        return named(self.p[self._pace()] * each, "plan.retraining_hours", "h a month", "of all devices")

    def month_usd(self) -> Any:
        """Money a month."""
        found = self.plan.retraining
        if found is None or found.usd is None or self.run.usd is None:
            return None
        return named(self.p[self._pace()] * self.run.usd, "plan.retraining_usd", "USD a month", "of the runs")

    def month_doubt(self, quantile: str) -> Any:
        """Doubts of the runs and of one run together: squares of logarithms add up."""
        if self.plan.retraining is None:
            return None
        parts = (TRACE.log(x) for x in (self.runs_doubt(quantile), self.run.doubt(quantile)))
        found = TRACE.exp(sum(x * x for x in parts) ** 0.5)
        return named(found, "plan.retraining_spread", "ratio of a quantile and the middle")

    def numbers(self) -> dict[str, tuple[Make, Spread]]:
        """By path."""
        return {
            "plan.search.hours": (self.search_hours, self.run.doubt),
            "plan.search.usd": (self.search_usd, self.run.doubt),
            "plan.retraining.runs": (self.runs, self.runs_doubt),
            "plan.retraining.device_hours": (self.month_hours, self.month_doubt),
            "plan.retraining.usd": (self.month_usd, self.month_doubt),
        }
