"""Numbers of the training run on numbers that remember: what a run holds, takes and costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from selector.decide import train, train_memory, train_plan
from selector.decide.cells import Shape, memory_bytes
from selector.decide.explain.pictured import Pictured
from selector.decide.explain.priced import CHOSEN, Cost, examples
from selector.decide.explain.traced import Candidate, sheet
from selector.decide.explain.units import OF_TRAINING, unit_of
from selector.decide.runs import chosen, machines, sized
from selector.decide.runs.kinds import classical
from selector.decide.runs.unsized import FIT
from selector.estimate import training as formulas
from selector.estimate.trace import TRACE, named
from selector.types.catalog import Device
from selector.types.training import TrainingRun

if TYPE_CHECKING:
    from selector.decide.axes import Place

Make = Callable[[], Any]
WORDS = {
    "weights": "weights on one device",
    "gradients": "gradients on one device",
    "optimizer": "states of the optimizer on one device",
    "activations": "what is kept for the backward pass, and layers that are whole while they are worked on",
    "reserve": "what the framework and its allocator keep",
    "total": "all that a device holds",
    "usable": "what can be used of a device",
}


class Trained:
    """The training run of a stack by the names that the plan prints; nothing where nothing is trained."""

    def __init__(self, stack: Candidate) -> None:
        self.stack = stack
        option = stack.option
        self.trains = chosen.trains(option)
        sized_ = self.trains and sized.dimensions(option, stack.run.p) is not None
        self.run: Sized | Pictured = Sized(stack) if sized_ else Pictured(stack)
        self.cost = Cost(stack, self.run)

    @cached_property
    def hours(self) -> Any:
        """Hours of one run, or of one fit of a classical model."""
        found = self.cost.wall_hours
        return self.stack.p[FIT] if found is None and classical(self.stack.option) else found

    @cached_property
    def usd(self) -> Any:
        """Money of one run or fit; None where no price is known."""
        if self.cost.rent == 0.0:
            return 0.0  # own machines, however long it takes
        if self.cost.wall_hours is not None or self.hours is None or self.cost.rent is None:
            return self.cost.usd
        return named(self.hours * self.cost.rent, "training.cost", "USD", "rent over the hours of a fit")

    def doubt(self, quantile: str) -> Any:
        """Ratio of a quantile of hours and money of one run or fit and their middle, or the other way."""
        return self.run.doubt(quantile) if self.cost.wall_hours is not None else self.end(FIT, quantile)

    def end(self, key: str, quantile: str) -> Any:
        """Ratio of an end of a parameter and its value, or the other way."""
        bound, middle = self.stack.leaves.bound, self.stack.p[key]
        ratio = middle / bound(key, "low") if quantile == "p10" else bound(key, "high") / middle
        return named(ratio, f"{key}.{quantile}", "ratio of a quantile and the middle")

    @cached_property
    def made(self) -> dict[str, Make]:
        """Numbers by their path."""
        if not self.trains:
            return {}
        run, cost = self.run, self.cost
        found: dict[str, Make] = {
            "device_hours": lambda: self.hours if classical(self.stack.option) else run.device_hours,
            "wall_hours": lambda: self.hours,
            "usd": lambda: None if self.hours is None else self.usd,
        }
        made: dict[str, Make] = {"plan.training.usd_per_hour": lambda: cost.rent}
        if isinstance(run, Sized):
            found["tokens_per_s"] = lambda: run.rate
            found["memory_gib"] = lambda: run.memory("total")
            made |= {f"plan.training.memory.{k}": lambda k=k: run.memory(k) for k in WORDS}  # type: ignore[misc]
        return made | {f"plan.training.estimates.{name}": number for name, number in found.items()}

    def spread(self, path: str, quantile: str) -> Any:
        """Ratio of p90 and the middle, or of the middle and p10, of a number; None where only the middle
        is explained."""
        name = path.removeprefix("plan.training.estimates.")
        if not self.trains or name == path:
            return None
        if isinstance(self.run, Sized) and name in ("tokens_per_s", "memory_gib"):
            return self.run.rate_doubt if name == "tokens_per_s" else self.run.memory_doubt
        return self.doubt(quantile)


class Sized:
    """A run on tokens once more; None where the plan has none that fits."""

    def __init__(self, stack: Candidate) -> None:
        self.stack, self.p, self.leaves = stack, stack.p, stack.leaves

    @cached_property
    def chosen(self) -> machines.Chosen | None:
        """The machine and the spread that the plan took."""
        option = self.stack.option
        found = sized.plan(self.stack.run, sized.asked(self.stack.run, option, option.method))
        return None if found is None else found[1]

    @cached_property
    def want(self) -> sized.Asked:
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
        return sized.asked(seen, option, option.method, self.chosen.spread.run.seq_len)

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
        found = sized.rate_doubt(self.shape, self.device, self.ran, self.p)
        return named(found, "training.rate_spread", "p90 over p50")

    def doubt(self, _: str) -> Any:
        """Ratio of a quantile of hours and money and their middle: alike to both sides."""
        if self.chosen is None:
            return None
        found = sized.doubt(self.shape, self.device, self.ran, self.p)
        return named(found, "training.hours_spread", "p90 over p50")


def _name(cell: Any, key: str) -> None:
    for f in fields(cell):
        named(getattr(cell, f.name), f"{key}.{f.name}", OF_TRAINING.get(f.name) or unit_of(f.name))
