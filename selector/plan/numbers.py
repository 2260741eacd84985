"""Numbers of the plan on numbers that remember: what a run holds, takes and costs."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from selector.decide import people, train, train_memory, train_plan
from selector.decide.cells import Shape, memory_bytes
from selector.decide.explain.numbers import Make, Numbers, Spread
from selector.decide.explain.traced import Candidate, sheet
from selector.decide.explain.units import OF_TRAINING, unit_of
from selector.estimate import training as formulas
from selector.estimate.trace import TRACE, named
from selector.plan import machines, training
from selector.plan.pictured import Pictured
from selector.plan.priced import CHOSEN, Cost, examples
from selector.plan.repeated import Repeated
from selector.types.catalog import Device
from selector.types.training import TrainingRun

if TYPE_CHECKING:
    from selector.decide.axes import Place

WORDS = {
    "weights": "weights on one device",
    "gradients": "gradients on one device",
    "optimizer": "states of the optimizer on one device",
    "activations": "what is kept for the backward pass, and layers that are whole while they are worked on",
    "reserve": "what the framework and its allocator keep",
    "total": "all that a device holds",
    "usable": "what can be used of a device",
}


def add(numbers: Numbers) -> None:
    """Give the numbers of a stack those of its plan; nothing where nothing is trained here."""
    stack = numbers.stack
    option = stack.option
    if not people.trained(option.method) or option.api is not None:
        return
    made: dict[str, Make] = {}
    spreads: dict[str, Spread] = {}
    found: Sized | Pictured
    if training.dimensions(option, stack.run.p) is not None:
        found = sized = Sized(stack)
        made = {f"plan.training.memory.{k}": lambda k=k: sized.memory(k) for k in WORDS}  # type: ignore[misc]
        made["plan.training.estimates.tokens_per_s"] = lambda: sized.rate
        made["plan.training.estimates.memory_gib"] = lambda: sized.memory("total")
        spreads["plan.training.estimates.tokens_per_s"] = lambda _: sized.rate_doubt
        spreads["plan.training.estimates.memory_gib"] = lambda _: sized.memory_doubt
    else:
        found = Pictured(stack)
    cost = Cost(stack, found)
    hours: dict[str, Make] = {
        "device_hours": lambda: found.device_hours,
        "wall_hours": lambda: cost.wall_hours,
        "usd": lambda: cost.usd,
    }
    for name, number in hours.items():
        made[f"plan.training.estimates.{name}"] = number
        spreads[f"plan.training.estimates.{name}"] = found.doubt
    made["plan.training.usd_per_hour"] = lambda: cost.rent
    for path, (number, spread) in Repeated(stack, cost, found.doubt).numbers().items():
        made[path], spreads[path] = number, spread
    numbers.add(made, spreads)


class Sized:
    """A run on tokens once more; None where the plan has none that fits."""

    def __init__(self, stack: Candidate) -> None:
        self.stack, self.p, self.leaves = stack, stack.p, stack.leaves

    @cached_property
    def chosen(self) -> machines.Chosen | None:
        """The machine and the spread that the plan took."""
        option = self.stack.option
        found = training.plan(self.stack.run, training.asked(self.stack.run, option, option.method))
        return None if found is None else found[1]

    @cached_property
    def want(self) -> training.Asked:
        """What is to be trained, out of the requirements and the registry."""
        assert self.chosen is not None
        run, option = self.stack.run, self.stack.option
        data, adaptation = run.req.data, run.req.adaptation
        data = replace(data, training_examples=examples(self.stack))
        if adaptation.sequence_tokens:
            long = self.leaves.requirement("adaptation.sequence_tokens", adaptation.sequence_tokens, "tokens")
            adaptation = replace(adaptation, sequence_tokens=long)
        req = replace(run.req, data=data, adaptation=adaptation)
        seen = replace(run, req=req, p=self.p, load=self.stack.load)
        return training.asked(seen, option, option.method, self.chosen.spread.run.seq_len)

    @cached_property
    def device(self) -> Device:
        """The device that trains; its published numbers as facts."""
        assert self.chosen is not None
        return sheet(self.leaves, self.chosen.machine.device)

    @cached_property
    def shape(self) -> Shape:
        """Dimensions that the formulas need."""
        found = self.stack.shape
        return found if self.stack.option.role == "llm" else replace(found, vocab=1.0)

    @cached_property
    def ran(self) -> TrainingRun:
        """The run, with what the search of the plan settled on."""
        assert self.chosen is not None
        known = self.chosen.spread.run
        settled = {
            name: self.leaves.choice(f"plan.{name}", float(value), unit, words)
            for name, (unit, words) in CHOSEN.items()
            if (value := getattr(known, name)) is not None and (value != 1 or name == "devices")
        }
        long = named(self.want.seq_len, "plan.seq_len", "tokens", "tokens of a sequence")
        bits = self.p["training.qlora_bits"] if known.method == "qlora" else known.base_bits
        return replace(known, seq_len=long, base_bits=bits, **settled)

    @cached_property
    def rate(self) -> Any:
        """Tokens a second of all devices."""
        if self.chosen is None:
            return None
        return named(
            self.ran.devices / self._seconds, "training.rate", "tokens/s", "tokens a second of all devices"
        )

    @cached_property
    def _seconds(self) -> Any:
        cell = train.cell(self.shape, self.device, self.ran, self.p)
        _name(cell, "training.cell")
        return formulas.token_seconds(TRACE, cell)

    @cached_property
    def device_hours(self) -> Any:
        """Hours of all devices together; None where the number of examples is not known."""
        if self.chosen is None or self.want.tokens is None:
            return None
        tokens = named(self.want.tokens, "training.tokens", "tokens", "tokens of the whole run")
        names = train.keys(self.shape, self.device, self.ran)
        return train.device_hours(tokens, self._seconds, names, self.p)

    @property
    def place(self) -> Place | None:
        """Where it runs."""
        return self.chosen.machine.place if self.chosen else None

    @property
    def usd_per_hour(self) -> float | None:
        """Of all devices."""
        return self.chosen.machine.usd_per_hour if self.chosen else None

    @property
    def devices(self) -> Any:
        """How many there are."""
        return self.ran.devices

    @cached_property
    def _held(self) -> Any:
        found = train_memory.cell(self.shape, self.ran, self.p)
        _name(found, "training_memory.cell")
        return found

    @cached_property
    def _memory(self) -> dict[str, Any]:
        usable = memory_bytes(self.device, self.p) * self.p["memory.usable_fraction"]
        return train_plan.purposes(self._held, usable)

    def memory(self, part: str) -> Any:
        """GiB of one device by purpose."""
        if self.chosen is None:
            return None
        return named(self._memory[part], f"training_memory.gib.{part}", "GiB", WORDS[part])

    @property
    def memory_doubt(self) -> Any:
        """p90 over p50 of the memory of a device."""
        return None if self.chosen is None else self._held.memory_spread

    @property
    def rate_doubt(self) -> Any:
        """p90 over p50 of the tokens a second."""
        if self.chosen is None:
            return None
        found = training.rate_doubt(self.shape, self.device, self.ran, self.p)
        return named(found, "training.rate_spread", "p90 over p50")

    def doubt(self, _: str) -> Any:
        """Ratio of a quantile of hours and money and their middle: alike to both sides."""
        if self.chosen is None:
            return None
        found = training.doubt(self.shape, self.device, self.ran, self.p)
        return named(found, "training.hours_spread", "p90 over p50")


def _name(cell: Any, key: str) -> None:
    for f in fields(cell):
        named(getattr(cell, f.name), f"{key}.{f.name}", OF_TRAINING.get(f.name) or unit_of(f.name))
