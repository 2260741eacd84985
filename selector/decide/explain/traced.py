"""One candidate once more, on numbers that remember: its model, devices, load and times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from selector.decide import cells, measured_rows, options, passes, tuning
from selector.decide.explain import measured
from selector.decide.explain.leaves import Leaves
from selector.decide.explain.units import OF_SHAPE, WORDS, unit_of
from selector.decide.generate import in_ms
from selector.decide.judge import TRUE
from selector.decide.scale_out import LADDER
from selector.estimate import encoder, serving, sizing
from selector.estimate.numeric import SCALAR
from selector.estimate.trace import TRACE, Traced, named
from selector.packs.support import SupportTable
from selector.types.catalog import Architecture, Device, Interconnect, Model, Precision, Published
from selector.types.load import Cell, Load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selector.decide.axes import DeviceOption, ModelOption, Place
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run
    from selector.types.decision import AssumptionRow

NEAR = 1e-6  # two ways to one figure differ by rounding only
OF_MODEL = (
    *("params_b", "active_params_b", "kv_bytes_per_token_16bit", "weights_gb", "gflops_per_item"),
    *("image_px", "train_px", "measured_ms"),
)
OF_DEVICE = ("gb_per_s", "memory_bytes", "memory_gb", "tdp_w", "cores", "tflops_dense")
OF_LOAD = {
    "input_tokens_p50": ("workload.input_tokens.p50", "tokens"),
    "input_tokens_p95": ("workload.input_tokens.p95", "tokens"),
    "context_tokens": ("workload.context_tokens_max", "tokens"),
    "concurrency": ("workload.concurrency", "requests"),
    "peak_requests_per_second": ("workload.peak_requests_per_second", "requests/s"),
    "requests_per_month": ("workload.requests_per_month", "requests/month"),
    "cached_prefix_fraction": ("workload.cached_prefix_fraction", "fraction"),
    "active_fraction": ("workload.active_hours_fraction", "fraction"),
}


def plain(thing: Any) -> Any:
    """The same sheet on floats."""
    return replace(
        thing,
        **{
            f.name: float(value) for f in fields(thing) if isinstance(value := getattr(thing, f.name), Traced)
        },
    )


def sheet(leaves: Leaves, known: Device) -> Device:
    """A device; its published numbers as facts."""
    found = leaves.of("devices", known.id, known, known.source, known.as_of, OF_DEVICE)
    if known.interconnect is None:
        return found
    link: Interconnect = leaves.of(
        "devices", known.id, known.interconnect, known.source, known.as_of, ("gb_per_s",)
    )
    return replace(found, interconnect=link)


class Candidate:
    """Traced numbers of one row of a run."""

    def __init__(self, run: Run, scored: Scored, row: int, assumptions: Sequence[AssumptionRow]) -> None:
        self.run, self.scored, self.row = run, scored, row
        self.leaves = Leaves(run, assumptions)
        self.p: Mapping[str, float] = self.leaves.parameters
        self.own = int(run.stacks.cell[row])
        self.group = int(run.judge.group[row])

    @property
    def option(self) -> ModelOption:
        """The model or hosted model."""
        return self.run.axes.models[int(self.run.stacks.model[self.row])]

    @property
    def place(self) -> Place:
        """Where it runs."""
        return self.run.axes.places[int(self.run.stacks.place[self.row])]

    @property
    def device_option(self) -> DeviceOption:
        """The device of a self-hosted stack."""
        return self.run.axes.devices[int(self.run.stacks.device[self.row])]

    @cached_property
    def load(self) -> Load:
        """The load of the requirements."""
        found = self.run.load
        changed = {
            name: self.leaves.requirement(key, getattr(found, name), unit)
            for name, (key, unit) in OF_LOAD.items()
            if getattr(found, name) is not None
        }
        changed |= {name: self._mean(name) for name in ("input_tokens", "output_tokens")}
        if self.own >= 0:
            bits = 8.0 if self.run.kv8[self.row] else 16.0
            changed["kv_bits"] = self.leaves.choice("kv_bits", bits, "bits", "format of the cache")
        return replace(found, **changed)

    def _mean(self, name: str) -> Any:
        """Mean size of requests or answers, as it is stated or follows."""
        size = getattr(self.run.req.workload, name)
        quantile = "p50" if size is None or size.mean is None else "mean"
        return self.leaves.requirement(f"workload.{name}.{quantile}", getattr(self.run.load, name), "tokens")

    @cached_property
    def model(self) -> Model:
        """The open model; its published numbers as facts."""
        known = self.option.model
        assert known is not None
        found = self.leaves.of("models", known.id, known, known.source, known.as_of, OF_MODEL)
        if known.architecture is None:
            return found
        names = [f.name for f in fields(Architecture) if f.name != "tied"]
        shape = self.leaves.of("models", known.id, known.architecture, known.source, known.as_of, names)
        return replace(found, architecture=shape)

    @cached_property
    def device(self) -> Device:
        """The device; its published numbers as facts."""
        return sheet(self.leaves, self.device_option.device)

    @cached_property
    def precision(self) -> Precision:
        """The weight format."""
        known = self.run.axes.precisions[int(self.run.stacks.precision[self.row])].precision
        only = ("bits_weights",)
        return self.leaves.of("precisions", known.id, known, (known.source,), known.as_of, only)

    @cached_property
    def engine(self) -> str:
        """Id of the engine."""
        return self.run.axes.engines[int(self.run.stacks.engine[self.row])].id

    @cached_property
    def layout(self) -> tuple[Any, Any]:
        """Devices that share a layer, and stages."""
        index = self.run.index
        tp = self.leaves.choice("layout.tp", float(index.tp[self.own]), "devices", "tensor parallel")
        pp = self.leaves.choice("layout.pp", float(index.pp[self.own]), "stages", "pipeline stages")
        return tp, pp

    @cached_property
    def shape(self) -> cells.Shape:
        """Dimensions that the formulas need."""
        found = cells.shape(self.model, self.p)
        for f in fields(found):
            named(getattr(found, f.name), f"model.{f.name}", OF_SHAPE.get(f.name, ""))
        return found

    @cached_property
    def cell(self) -> Cell:
        """The replica as the formulas see it."""
        tp, pp = self.layout
        devices = int(tp) * int(pp)
        table = SupportTable(self.run.cat.support, options.versions(self.run.wanted, self.run.cat))
        known = self.device_option
        model, role = self.option.model, self.option.role
        assert model is not None
        answer = table.look_up(self.engine, known.device, self.precision.id, model, role)
        own = next((q for q in self.run.axes.places if q.pool and q.pool == known.pool), None)
        free = own.free_memory_bytes if own else None
        if free is not None:
            free = self.leaves.requirement("deployment.inventory", free, "bytes")
        parts = [
            cells.model_part(self.shape),
            cells.device_part(self.device, self.engine, free, bool(own and own.shared_desktop), self.p),
            cells.format_part(self.model, self.device, self.precision, answer.compute),
            {"tp": tp, "pp": pp},
            tuning.tuning_part(self.device, self.engine, self.shape, devices, self.precision, self.p),
        ]
        found = cells.scalar_cell(parts)
        for f in fields(found):
            named(getattr(found, f.name), f"cell.{f.name}", unit_of(f.name))
        return measured.on_cell(self.leaves, found, measured_rows.of_row(self.run, self.row, here=False))

    @cached_property
    def serving_load(self) -> Load:
        """The load that the cell was sized for: a limit on time per token that is only assumed is left
        out where it cannot be kept."""
        if not self.load.limit_assumed:
            return self.load
        free = replace(self.load, per_output_token_limit_s=None)
        return self.load if self._agrees(self.load) else free

    def _agrees(self, load: Load) -> bool:
        mem = sizing.ledger(TRACE, self.cell, load, self.p)
        rate = float(sizing.capacity(TRACE, self.cell, load, mem, self.p)) * float(
            self.run.stacks.replicas[self.row]
        )
        return abs(rate / float(self.run.stacks.requests_per_s[self.row]) - 1.0) < NEAR

    @cached_property
    def memory(self) -> sizing.Memory:
        """Bytes on one device of a replica."""
        return sizing.ledger(TRACE, self.cell, self.serving_load, self.p)

    @cached_property
    def capacity(self) -> Any:
        """Requests a second that one replica answers at most."""
        if self.option.role == "llm":
            return sizing.capacity(TRACE, self.cell, self.serving_load, self.memory, self.p)
        found = encoder.items_per_second(TRACE, self.one_pass, self.batch)
        if self.load.scenario == "online":
            found = found * self.one_pass.served_fraction
        return named(
            found, "encoder.served", "items/s", "items a second that one replica answers under arrivals"
        )

    @cached_property
    def carrying(self) -> float:
        """Replicas that carry the load, without the spare ones."""
        return float(self.run.stacks.replicas[self.row] - self.run.stacks.spare[self.row])

    @cached_property
    def replicas(self) -> Any:
        """Replicas with the spare ones; by the formula of the rate where that is what decided."""
        spare = float(self.run.stacks.spare[self.row])
        found = self._by_rate()
        if found is None:
            found = self.leaves.choice(
                "layout.carrying", self.carrying, "replicas", "replicas that hold the requests in flight"
            )
        if spare:
            found = found + self.leaves.requirement("availability.spare_replicas", spare, "replicas")
        return named(found, "serving.replicas", "replicas", "replicas for the peak load and the spare ones")

    def _by_rate(self) -> Any:
        """The replicas that the rate asks for, times a rung of the ladder where tails were late."""
        peak = self.load.peak_requests_per_second
        if not peak or (self.load.concurrency and self.option.role == "llm"):
            return None
        wanted = TRACE.ceil(peak / self.p["serving.utilisation"] / self.capacity)
        if abs(float(wanted) - self.carrying) < 0.5:
            return named(
                wanted, "serving.replicas_by_rate", "replicas", "replicas that the peak rate asks for"
            )
        for factor in LADDER:
            more = TRACE.ceil(wanted * factor)
            if abs(float(more) - self.carrying) < 0.5:
                named(wanted, "serving.replicas_by_rate", "replicas", "replicas that the peak rate asks for")
                return named(
                    more,
                    "serving.replicas_by_tail",
                    "replicas",
                    "more replicas, so that tails keep their limits",
                )
        return None

    @cached_property
    def rate(self) -> Any:
        """Requests a second that come to one replica; 0 where a number in flight is stated."""
        peak = self.load.peak_requests_per_second
        if self.load.concurrency or not peak or self.load.scenario == "single_stream":
            return 0.0
        return named(
            peak / self._carrying_leaf(), "serving.rate_each", "requests/s", "peak rate of one replica"
        )

    def _carrying_leaf(self) -> Any:
        found = self._by_rate()
        words = "replicas that carry the load"
        return (
            self.leaves.choice("layout.carrying", self.carrying, "replicas", words)
            if found is None
            else found
        )

    @cached_property
    def held(self) -> Any:
        """Sequences that a replica holds: the last round of the fixed point, from the round before."""
        load = self.serving_load
        if not isinstance(self.rate, Traced):
            if not load.concurrency:
                return 1.0
            each = TRACE.ceil(load.concurrency / self._carrying_leaf())
            return named(each, "serving.in_flight", "sequences", "requests in flight on one replica")
        flat = {k: float(v) for k, v in self.p.items()}
        known = [plain(x) for x in (self.cell, load, self.memory)]
        rounds = sizing.FIXED_POINT_STEPS - 1
        before = sizing.settled(SCALAR, known[0], known[1], known[2], float(self.rate), 1.0, flat, rounds)
        seen = self.leaves.choice(
            "serving.held.before", before, "sequences", f"held after {rounds} of {rounds + 1} rounds"
        )
        beside = sizing.interference(TRACE, self.cell, load, self.p)
        return sizing.closer(TRACE, self.cell, load, self.memory, self.rate, seen, beside)

    @cached_property
    def times(self) -> Mapping[str, Any]:
        """Milliseconds, after the rules that multiply them."""
        if self.own < 0:
            found = self._hosted()
        elif self.option.role == "llm":
            t = sizing.times(TRACE, self.cell, self.serving_load, self.held, self.rate, self.p)
            here = measured_rows.of_row(self.run, self.row)
            found = in_ms(measured.at_load(self.leaves, self.cell, t, here), self.serving_load)
        else:
            found = self._one_pass_times()
        return {
            name: self.adjusted(value, "latency", f"serving.{name.removesuffix('_ms')}", "ms", WORDS[name])
            for name, value in found.items()
        }

    def _hosted(self) -> Mapping[str, Any]:
        if self.place.hosting != "api":
            return {}
        first, each = self.p["api.first_token_ms"], self.p["api.per_output_token_ms"]
        return serving.hosted(first, each, self.p["api.tail"], self.load.output_tokens)

    @cached_property
    def batch(self) -> Any:
        """Items of a batch of a model that answers in one pass."""
        return self.p["encoder.batch"] if self.load.scenario != "single_stream" else 1.0

    @cached_property
    def one_pass(self) -> passes.Pass:
        """A model that answers in one pass, on the devices of a replica."""
        item = passes.Item.of(self.option.role, self.load.input_tokens)
        form = passes.form_of(self.precision, self.device_option.device)
        made = passes.make(
            self.model,
            self.shape,
            self.device,
            self.engine,
            form,
            self.precision.bits_weights,
            item,
            self.p,
            published=self._published,
            xp=TRACE,
        )
        tp, pp = self.layout
        found = made.over(named(tp * pp, "layout.devices", "devices", "devices of a replica"))
        for f in fields(found):
            named(getattr(found, f.name), f"pass.{f.name}", unit_of(f.name))
        return found

    @property
    def _published(self) -> Published | None:
        """The published time of the model, as facts of the model and of the device it was measured on."""
        known = self.option.published
        if known is None:
            return None
        there, ms = known.device, self.model.measured_ms[known.device.id]
        device = self.leaves.of("devices", there.id, there, there.source, there.as_of, OF_DEVICE)
        return replace(known, ms=ms, device=device)

    def _one_pass_times(self) -> Mapping[str, Any]:
        alone = encoder.batch_seconds(TRACE, self.one_pass, 1.0)
        peak = self.load.peak_requests_per_second or 0.0
        tail = encoder.tail_seconds(
            TRACE, alone, self.capacity, peak / self.replicas, self.p["serving.wait_tail"]
        )
        return {
            "first_token_ms": alone * 1e3,
            "first_token_p95_ms": tail * 1e3,
            "per_output_token_ms": 0.0,
            "request_p95_ms": tail * 1e3,
        }

    def adjusted(self, value: Any, quantity: str, key: str, unit: str, words: str) -> Any:
        """A figure after the rules that multiply it, under the id of its formula."""
        for rule, column in self.run.gates.adjustments:
            if rule.quantity == quantity and int(column[self.group]) == TRUE:
                named(value, f"{key}.before_{rule.id}", unit, words)
                value = value * self.leaves.rule(rule.id, rule.factor, "factor")
                value = TRACE.minimum(TRACE.maximum(value, 0.0), 1.0) if quantity == "quality" else value
        return named(value, key, unit, words)
