"""Hours of a run on images, on numbers that remember."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from selector.decide.explain.priced import CHOSEN, examples
from selector.decide.explain.traced import Candidate, sheet
from selector.decide.runs import images, unsized
from selector.decide.runs.kinds import classical
from selector.estimate.trace import named
from selector.types.catalog import Device
from selector.types.plan import TrainingPlan

if TYPE_CHECKING:
    from selector.decide.axes import Place


class Pictured:
    """A run on images; of other models that no formula sizes only the place and the price are known."""

    def __init__(self, stack: Candidate) -> None:
        self.stack, self.p = stack, stack.p

    @cached_property
    def _run(self) -> tuple[TrainingPlan, Place, Device] | None:
        """The run that the plan prints, and where it is."""
        stack, option = self.stack, self.stack.option
        served = (stack.place, stack.device_option.device) if stack.own >= 0 else None
        found = unsized.where(stack.run, option, option.method, served)
        plan = unsized.plan(stack.run, option, option.method, served, stack.engine if served else "")
        return None if found is None or plan is None else (plan, *found)

    @property
    def _timed(self) -> bool:
        """Whether a formula says how long it takes."""
        known = self._run is not None and self._run[0].estimates["device_hours"] is not None
        return known and not classical(self.stack.option)

    @property
    def place(self) -> Place | None:
        """Where it runs."""
        return self._run[1] if self._run else None

    @property
    def usd_per_hour(self) -> float | None:
        """Of all devices."""
        return self._run[0].usd_per_hour if self._run else None

    @cached_property
    def devices(self) -> Any:
        """How many there are."""
        assert self._run is not None
        return self.stack.leaves.choice("plan.devices", float(self._run[0].n_devices), *CHOSEN["devices"])

    @cached_property
    def device_hours(self) -> Any:
        """Hours of all devices together."""
        if self._run is None or not self._timed:
            return None
        option = self.stack.option
        seen = examples(self.stack) * self.p[unsized.epochs(option, option.method)]
        named(seen, "training.images", "images", "images of the whole run")
        return images.hours(self.stack.model, sheet(self.stack.leaves, self._run[2]), seen, self.p)

    def doubt(self, quantile: str) -> Any:
        """Ratio of a quantile of hours and money and their middle: of the ends of the points."""
        if self._run is None or not self._timed:
            return None
        key, bound = images.fraction(self.stack.model, self.p), self.stack.leaves.bound
        nearer, farther = self.p[key], bound(key, "high")
        if quantile == "p90":
            nearer, farther = bound(key, "low"), self.p[key]
        found = images.spread(nearer, farther, self._run[2], self.p)
        return named(found, "training.hours_spread", "ratio of a quantile and the middle")
