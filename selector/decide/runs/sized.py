"""The run of a stack that trains: machine, spread, batches, steps, hours and money."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from selector.decide import train, train_memory, trainable, trainers
from selector.decide.cells import Shape, shape
from selector.decide.runs import machines
from selector.decide.runs.spreads import Hardware, Spread, Wish, fastest
from selector.estimate import training
from selector.estimate.trace import TRACE, real
from selector.needs.facts import requirement_facts
from selector.types.catalog import Device
from selector.types.estimate import Estimate
from selector.types.facts import of_device
from selector.types.plan import TrainingPlan
from selector.types.training import TrainingRun

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run

TEXT = ("llm", "encoder", "embedding", "reranker")  # roles whose runs the formulas know
ROUND = 128.0  # tokens; lengths are padded to whole tiles


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be trained how, resolved: lengths in tokens, batches in examples."""

    option: ModelOption
    method: str
    examples: int | None
    epochs: float
    seq_len: float
    each: float  # tokens of an example that are read
    tokens: float | None  # of the whole run
    wish: Wish
    cut: bool = False  # whether long examples lose their ends

    @property
    def packed(self) -> bool:
        """Whether several examples share a sequence: trainers of classifiers do not do that."""
        return not self.wish.encoder and self.wish.method != "pretrain"

    @property
    def sequences(self) -> int | None:
        """Sequences of an epoch."""
        if self.examples is None:
            return None
        return math.ceil(self.examples * self.each / self.seq_len) if self.packed else self.examples


def asked(run: Run, option: ModelOption, method: str, most: float = math.inf) -> Asked:
    """The run as wanted, with what the requirement leaves open from the registry; sequences of `most`
    tokens and no longer than the model reads."""
    p, req = run.p, run.req
    kind = trainable.COSTS_AS.get(method, method)
    raw, encoder = kind == "pretrain", option.role != "llm"
    # A label is no text: an encoder reads the input alone.
    answer = 0.0 if encoder else run.load.output_tokens
    longest, usual = run.load.input_tokens_p95 + answer, run.load.input_tokens + answer
    length = real(req.adaptation.sequence_tokens or ROUND * math.ceil(longest / ROUND))
    reads = option.model.context_tokens if option.model else None
    length = min(length, most, float(reads or math.inf))
    epochs = p["plan.epochs.other" if encoder else f"plan.epochs.{kind}"]
    examples = req.data.training_examples
    # Packed sequences hold real tokens only; raw text fills them.
    each = length if raw else min(usual, length)
    tokens = examples * each * epochs if examples else None
    batch = p["plan.batch_tokens"] / length if raw else p["plan.batch_sequences"]
    pure = req.adaptation.precision == "pure-bf16"
    wish = Wish(kind, length, max(round(batch), 1), "pure" if pure else "mixed", encoder=encoder)
    cut = not raw and longest > length
    return Asked(option, method, examples, epochs, length, each, tokens, wish, cut)


def dimensions(option: ModelOption, p: Mapping[str, float]) -> Shape | None:
    """Shape of a model whose runs the formulas know; a classifier's head is next to nothing."""
    if option.model is None or option.role not in TEXT or not option.model.params_b:
        return None
    found = shape(option.model, p)
    return found if option.role == "llm" else replace(found, vocab=1.0)


def hours(shp: Shape, device: Device, spread: Spread, tokens: float | None, p: Mapping[str, float]) -> float:
    """Device hours of a run of so many tokens, restarts and evaluations counted; nan where unknown."""
    if tokens is None:
        return math.nan
    seconds = spread.run.devices / spread.rate
    return train.device_hours(tokens, seconds, train.keys(shp, device, spread.run), p)


def plan(run: Run, want: Asked) -> tuple[TrainingPlan, machines.Chosen] | None:
    """The run on the machine chosen for it; None where no machine holds it, or none is known to.

    Where nobody stated the length of an example, shorter ones are tried before that is said.
    """
    found = _plan(run, want)
    stated = run.req.adaptation.sequence_tokens and "adaptation.sequence_tokens" not in run.assumed
    while found is None and not stated and want.seq_len > run.p["training.seq_len_least"]:
        want = asked(run, want.option, want.method, want.seq_len / 2.0)
        found = _plan(run, want)
    return found


def _plan(run: Run, want: Asked) -> tuple[TrainingPlan, machines.Chosen] | None:
    shp = dimensions(want.option, run.p)
    if shp is None:
        return None

    def size(on: Hardware) -> Spread | None:
        # The points of a sweep and both sides of a comparison ask for the same runs.
        key = (shp, on.device.id, on.count, on.per_machine, want.wish)
        if key not in run.cat.spreads:
            run.cat.spreads[key] = fastest(shp, on, want.wish, run.p)
        found: Spread | None = run.cat.spreads[key]
        return found

    def whole(device: Device, spread: Spread) -> float:
        return hours(shp, device, spread, want.tokens, run.p)

    found = machines.choose(run, want.option, want.method, size, whole)
    return None if found is None else (_told(run, want, shp, found), found)


def _told(run: Run, want: Asked, shp: Shape, c: machines.Chosen) -> TrainingPlan:
    device, count = c.machine.device, c.machine.count
    ran = c.spread.run
    micro = int(ran.micro_batch or 1)
    copies = max(count // (ran.tp * ran.pp * ran.cp), 1)
    accumulation = max(math.ceil((ran.global_batch or 1.0) / (micro * copies)), 1)
    whole = micro * copies * accumulation
    steps = None
    if want.sequences is not None:
        steps = max(math.ceil(want.epochs * math.ceil(want.sequences / whole)), 1)
    estimates = _estimates(run, shp, c)
    wall = estimates["wall_hours"]
    layout = {"tp": ran.tp, "pp": ran.pp, "cp": ran.cp, "ep": ran.ep or 1}
    return TrainingPlan(
        frameworks=libraries(run, want.option, want.method, device, "", layout),
        hardware=device.id,
        n_devices=count,
        offer=c.machine.place.offer.id if c.machine.place.offer else None,
        usd_per_hour=c.machine.usd_per_hour,
        strategy="single" if count == 1 else ran.sharding or "ddp",
        layout=layout,
        precision="bf16" if "bf16" in device.tflops_dense else "fp16",
        base_precision="nf4-bnb" if want.method == "qlora" else None,
        seq_len=want.seq_len,
        micro_batch=micro,
        accumulation=accumulation,
        global_batch=whole,
        recompute=ran.recompute or "none",
        optimiser="adam8bit" if ran.optimizer == "adam8bit" else "adamw",
        epochs=want.epochs,
        examples=want.examples,
        steps=steps,
        memory=c.spread.memory,
        estimates=estimates,
        checkpoint_hours=_save_every(run, shp, c.spread.run, wall),
        assumptions=_assumed(run, want, c, whole),
        per_machine=max(c.machine.place.count, 1),
    )


def _estimates(run: Run, shp: Shape, c: machines.Chosen) -> dict[str, Estimate | None]:
    by = rate_doubt(shp, c.machine.device, c.spread.run, run.p)
    rate = Estimate.around(c.spread.rate, by, "tokens/s", "training.token_seconds")
    held = Estimate.around(c.spread.memory["total"], c.spread.memory_spread, "GiB", "training_memory.total")
    found: dict[str, Estimate | None] = {
        "tokens_per_s": rate,
        "memory_gib": held,
        "device_hours": None,
        "wall_hours": None,
        "usd": None,
    }
    if math.isnan(c.device_hours):
        return found
    took = Estimate.around(
        c.device_hours, doubt(shp, c.machine.device, c.spread.run, run.p), "h", "training.device_hours"
    )
    found["device_hours"] = took
    found["wall_hours"] = took.scaled(1.0 / c.machine.count, "h", "training.wall_hours")
    if c.machine.usd_per_hour is not None:
        found["usd"] = took.scaled(c.machine.usd_per_hour / c.machine.count, "USD", "training.cost")
    return found


def doubt(shp: Shape, device: Device, ran: TrainingRun, p: Mapping[str, float]) -> float:
    """p90 over p50 of the hours of a run: no surer than its rate."""
    return real(TRACE.exp(max(_width(kind, shp, device, ran, p) for kind in ("hours", "rate"))))


def rate_doubt(shp: Shape, device: Device, ran: TrainingRun, p: Mapping[str, float]) -> float:
    """p90 over p50 of the tokens a second of a run."""
    return real(TRACE.exp(_width("rate", shp, device, ran, p)))


def _width(kind: str, shp: Shape, device: Device, ran: TrainingRun, p: Mapping[str, float]) -> float:
    """Log of p90 over p50: of the formula, and of a layout that is chosen and not measured."""
    own = train.width(kind, train.keys(shp, device, ran), p)
    return real((own**2 + p[f"plan.layout_width.{ran.method}"] ** 2) ** 0.5)


def _save_every(run: Run, shp: Shape, ran: TrainingRun, wall: Estimate | None) -> float | None:
    """Hours between checkpoints of a long run: the root of twice the time of a save and the time
    between failures (Young 1974, Daly 2006); of adapters, only they and their states are written. None
    where the run is short, of unknown length, or over before the first save."""
    p = run.p
    if wall is None or wall.p50 <= p["plan.short_hours"]:
        return None
    adapters = ran.lora_rank * shp.layers * shp.hidden * train_memory.LOW_RANK_WIDTH
    weights = adapters if ran.method in train.ADAPTERS else shp.total
    written = (
        weights * p["plan.checkpoint_bytes"] / (p["plan.storage_gb_per_s"] * 1e9) / training.SECONDS_PER_HOUR
    )
    every = training.save_every_hours(written, p["plan.device_hours_between_failures"] / ran.devices)
    return every if every < wall.p50 else None


def _assumed(run: Run, want: Asked, c: machines.Chosen, batch: int) -> tuple[str, ...]:
    found = [f"epochs: {want.epochs:g}", f"batch: {batch} sequences a step"]
    if "adaptation.sequence_tokens" in run.assumed or not run.req.adaptation.sequence_tokens:
        found.append(f"sequence: {want.seq_len:.0f} tokens")
    if want.packed:
        found.append(
            f"sequences are packed: only real tokens are counted, {want.each:.0f} of an example, "
            f"{want.seq_len:.0f} to a sequence"
        )
    elif want.wish.encoder:
        found.append(f"sequences are not packed: an example is one, of {want.each:.0f} tokens")
    if want.cut:
        found.append(f"examples are cut at {want.seq_len:.0f} tokens: longer ones lose what follows")
    if c.spread.tight:
        found.append("memory is tight: the upper end of its interval does not fit")
    return tuple(found)


def libraries(
    run: Run, option: ModelOption, method: str, device: Device, engine: str, layout: Mapping[str, int]
) -> tuple[str, ...]:
    """Libraries that can do it, the one to take first."""
    known = trainers.frameworks(run.cat.frameworks.values(), method, option.role, device, engine)
    facts: dict[str, object] = {
        **requirement_facts(run.req),
        **option.facts,
        **of_device(device),
        "adaptation": method,
    }
    split = layout["tp"] * layout["pp"] > 1
    return trainers.ranked(run.cat, known, option.role, run.req, facts, run.today, split=split)
