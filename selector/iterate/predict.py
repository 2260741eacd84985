"""What the estimator says about one measured point, or why it says nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from selector.decide import single
from selector.decide.options import ROLES
from selector.errors import InputError
from selector.estimate import sizing
from selector.estimate.numeric import SCALAR
from selector.iterate.measurements import MEMORY, SERVING, TRAINING, Point, PointError
from selector.needs import names
from selector.packs.catalog import Catalogue
from selector.types.catalog import Device, Model
from selector.types.load import Load

GIB = 2.0**30
NOT_AGGREGATED = re.compile(r"disagg|dynamo|mori|wide.?ep", re.IGNORECASE)
SPECULATIVE = re.compile(r"mtp|eagle|specul|draft|medusa", re.IGNORECASE)
MOST_DEVICES = 64


@dataclass(frozen=True, slots=True)
class Guess:
    """A predicted figure in the unit of its metric; `truth` instead for true-or-false metrics."""

    p50: float
    spread: float = 1.0
    truth: bool | None = None


@dataclass(slots=True)
class Predictor:
    """Predicts points against one catalogue; names are looked up once."""

    cat: Catalogue
    seen: dict[tuple[str, str], Any] = field(default_factory=dict)
    p: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.p = {k: v.value for k, v in self.cat.parameters.items()}

    def predict(self, point: Point) -> Guess:
        """The estimate for a point; raises `PointError` with the reason where there is none."""
        metric = point.metric
        if metric in TRAINING:
            raise PointError("training is not estimated yet")
        if metric not in SERVING | MEMORY:
            raise PointError(f"metric {metric} is not known")
        if metric in ("energy_j_per_output_tok", "host_mem_gb"):
            raise PointError(f"{metric} is not estimated yet")
        words = f"{point.text('engine') or ''} {' '.join(point.flags)}"
        if NOT_AGGREGATED.search(words):
            raise PointError("disaggregated serving is not estimated yet")
        if SPECULATIVE.search(words):
            raise PointError("speculative decoding is not estimated yet")
        if metric in MEMORY and (point.text("method") or "inference") != "inference":
            raise PointError("memory of training is not estimated yet")
        model = self._model(point)
        device, named = self._device(point)
        count = int(point.number("n_devices", 1.0) or named or 1)
        return self._one(point, model, device, count)

    def _one(self, point: Point, model: Model, device: Device, count: int) -> Guess:
        load = self._load(point)
        precision, engine = self._precision(point, model), self._engine(point)
        if point.metric == "min_devices":
            return self._least(model, device, precision, engine, load)
        tp, pp = self._layout(point, model, device, count, precision, engine, load)
        choice = single.observed(self.cat, model, device, engine, precision, (tp, pp), self.p)
        mem = sizing.ledger(SCALAR, choice.cell, load, self.p)
        held = load.concurrency or 1.0
        if point.metric in MEMORY:
            return self._memory(point, mem, held, count)
        return self._serving(point, choice, load, mem, max(count // (tp * pp), 1), count)

    def _serving(
        self, point: Point, c: single.Choice, load: Load, mem: sizing.Memory, replicas: int, count: int
    ) -> Guess:
        most = max(float(mem.batch), 1.0)
        asked = load.concurrency / replicas if load.concurrency else float(sizing.BATCHES[-1])
        batch = max(min(asked, most), 1.0)
        t = sizing.times(SCALAR, c.cell, load, mem, 0.0, batch, self.p)
        rate = t.rate * replicas
        read = t.prefill
        share = 1.0 / count if point.text("per") == "device" else 1.0
        found: Mapping[str, Callable[[], float]] = {
            "tpot_ms": lambda: t.per_output_token * 1e3,
            "ttft_ms": lambda: t.first_token * 1e3,
            "output_tok_s": lambda: rate * load.output_tokens * share,
            "total_tok_s": lambda: rate * (load.input_tokens + load.output_tokens) * share,
            "req_s": lambda: rate * share,
            "decode_tok_s": lambda: replicas * batch / t.step * share,
            "prefill_tok_s": lambda: replicas * load.input_tokens / read * share,
            "latency_ms": lambda: (batch * read + load.output_tokens * t.step) * 1e3,
            "latency_s": lambda: batch * read + load.output_tokens * t.step,
        }
        p50 = float(found[point.metric]())
        if not p50 > 0.0:
            raise PointError("a figure of the device that the formula needs is not published")
        return Guess(p50, c.spread)

    def _memory(self, point: Point, mem: sizing.Memory, held: float, count: int) -> Guess:
        """Bytes of one device, or of all where the point says that it is their sum."""
        if point.metric == "fits":
            return Guess(0.0, truth=_used(mem, held) <= 1.0)
        whole = mem.weights if point.metric.startswith("weights") else _used(mem, held) * mem.usable
        devices = count if (point.text("value_scope") or "").startswith("sum") else 1
        unit = {"gb": 1e9, "gib": GIB, "mb": 1e6}[point.metric.rpartition("_")[2]]
        return Guess(float(whole) * devices / unit, self.p["memory.spread"])

    def _least(self, model: Model, device: Device, precision: str, engine: str, load: Load) -> Guess:
        for n in (1, 2, 4, 8, 16, 32, MOST_DEVICES):
            pair = (min(n, 8), max(n // 8, 1))
            choice = single.observed(self.cat, model, device, engine, precision, pair, self.p)
            if _used(sizing.ledger(SCALAR, choice.cell, load, self.p), load.concurrency or 1.0) <= 1.0:
                return Guess(float(n))
        raise PointError(f"does not fit {MOST_DEVICES} devices")

    def _layout(
        self,
        point: Point,
        model: Model,
        device: Device,
        count: int,
        precision: str,
        engine: str,
        load: Load,
    ) -> tuple[int, int]:
        """Stated, or: offline the least that fits and replicas beside it, else all devices as one."""
        pp = int(point.number("pp", 1.0) or 1)
        if stated := point.number("tp", 1.0):
            return int(stated), pp
        if point.text("scenario") == "offline":
            n = 1
            while n < count:
                choice = single.observed(self.cat, model, device, engine, precision, (n, pp), self.p)
                mem = sizing.ledger(SCALAR, choice.cell, load, self.p)
                if mem.batch >= self.p["serving.least_batch"]:
                    break
                n *= 2
            return min(n, count), pp
        return max(count // pp, 1), pp

    def _load(self, point: Point) -> Load:
        serving = point.metric in SERVING
        one = point.text("scenario") == "single_stream" or point.metric in MEMORY
        given = point.number("input_tokens")
        reads = given if given is not None else point.number("seq_len")
        writes = point.number("output_tokens") or point.number("output_len")
        if serving and reads is None and point.metric not in ("decode_tok_s", "tpot_ms"):
            raise PointError("input_tokens is missing")
        if point.metric in ("output_tok_s", "total_tok_s", "req_s") and writes is None:
            raise PointError("output_tokens is missing")
        held = point.number("concurrency_or_batch", 1.0) or (1.0 if one else None)
        if held is None and point.metric in ("tpot_ms", "ttft_ms"):
            raise PointError("concurrency_or_batch is missing")
        cache = (point.text("precision_kv") or "bf16").lower()
        if cache not in single.KV_BITS:
            raise PointError(f"precision_kv {cache} is not known")
        size = max(reads or 0.0, 1.0)
        return Load(
            size,
            size,
            max(writes or 1.0, 1.0),
            size + (writes or 0.0),
            point.text("scenario") or "online",
            concurrency=held,
            kv_bits=single.KV_BITS[cache],
        )

    def _model(self, point: Point) -> Model:
        name = point.text("model")
        if name is None:
            raise PointError("model is missing")
        found = self._look_up("model", name, names.match_models)
        if not found.models:
            raise PointError(f"{name} is a hosted model")
        model = self.cat.models[found.models[0]]
        if ROLES.get(model.model_class, "llm") != "llm":
            raise PointError(f"{model.model_class} models are not estimated by `validate` yet")
        return model

    def _device(self, point: Point) -> tuple[Device, int | None]:
        name = point.text("hardware")
        if name is None:
            raise PointError("hardware is missing")
        found = self._look_up("hardware", name, names.match_devices)
        return self.cat.devices[found.devices[0]], found.count

    def _engine(self, point: Point) -> str:
        """Id of the engine; the generic one where it is not stated or not known."""
        name = _plain(point.text("engine") or "")
        try:
            return str(next(iter(self._look_up("engine", name, names.match_engines))))
        except PointError:
            return single.GENERIC

    def _precision(self, point: Point, model: Model) -> str:
        name = _plain(point.text("precision_weights") or point.text("precision") or "")
        if not name:
            return model.checkpoints[0] if model.checkpoints else "bf16"
        if name.lower() == "fp4":  # which of the two is that of the checkpoint
            name = "mxfp4" if "mxfp4" in model.checkpoints else "nvfp4"
        found: tuple[str, ...] = self._look_up("precision", name.lower(), names.match_precisions)
        return next((q for q in found if q in model.checkpoints), found[0])

    def _look_up(self, kind: str, text: str, match: Callable[[str, Catalogue], Any]) -> Any:
        key = (kind, text)
        if key not in self.seen:
            try:
                self.seen[key] = match(text, self.cat)
            except InputError:
                self.seen[key] = PointError(f"{kind} {text} is not in the catalogue")
        found = self.seen[key]
        if isinstance(found, PointError):
            raise found
        return found


def _used(mem: sizing.Memory, held: float) -> float:
    """Share of the usable memory that is taken."""
    taken = mem.weights + mem.activations + mem.reserve + mem.per_sequence * held
    return float(taken / mem.usable)


def _plain(text: str) -> str:
    """A name without the remark in brackets behind it."""
    return re.sub(r"\s*\(.*\)", "", text).strip()
