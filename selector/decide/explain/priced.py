"""What a run of the plan costs, on numbers that remember."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from selector.decide.explain.rent import hour
from selector.decide.explain.traced import Candidate
from selector.estimate.trace import TRACE, named

if TYPE_CHECKING:
    from selector.decide.axes import Place

CHOSEN = {
    "devices": ("devices", "devices of the run"),
    "micro_batch": ("sequences", "sequences of a micro-step"),
    "global_batch": ("sequences", "sequences of a step"),
    "tp": ("devices", "tensor parallel"),
    "pp": ("stages", "pipeline stages"),
    "cp": ("devices", "devices that share a sequence"),
    "ep": ("devices", "devices that share the experts"),
}


def examples(stack: Candidate) -> Any:
    """Examples that there are; None where nobody states how many."""
    many = stack.run.req.data.training_examples
    return many and stack.leaves.requirement("data.training_examples", many, "examples")


class Timed(Protocol):
    """A run with its hours; None where nobody can say."""

    @property
    def device_hours(self) -> Any: ...  # noqa: D102
    @property
    def devices(self) -> Any: ...  # noqa: D102
    @property
    def place(self) -> Place | None: ...  # noqa: D102
    @property
    def usd_per_hour(self) -> float | None: ...  # noqa: D102


class Cost:
    """Time from start to end and money of a run."""

    def __init__(self, stack: Candidate, run: Timed) -> None:
        self.stack, self.run = stack, run

    @cached_property
    def wall_hours(self) -> Any:
        """Hours from start to end."""
        if self.run.device_hours is None:
            return None
        found = self.run.device_hours / self.run.devices
        return named(found, "training.wall_hours", "h", "hours from start to end")

    @cached_property
    def rent(self) -> Any:
        """USD an hour of the devices; 0 for own ones, None where no price is known."""
        place, leaves = self.run.place, self.stack.leaves
        if place is None or not self.run.usd_per_hour:
            return None if place is None else self.run.usd_per_hour
        each = leaves.choice("offer.count", float(max(place.count, 1)), "devices", "of one unit")
        paid = hour(self.stack.run.cat, leaves, place) * TRACE.ceil(self.run.devices / each)
        return named(paid, "training.rent", "USD/hour", "rent of the devices of the run")

    @cached_property
    def usd(self) -> Any:
        """Money of the run; None where hours or price are not known."""
        if self.wall_hours is None or self.rent is None:
            return None
        return named(self.wall_hours * self.rent, "training.cost", "USD", "rent over the hours of the run")
