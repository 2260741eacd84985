"""What the estimator says about one measured point, or why it says nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from selector.decide import single
from selector.errors import InputError
from selector.estimate import sizing
from selector.estimate.numeric import SCALAR
from selector.iterate.measurements import MEMORY, SERVING, TRAINING, Point, PointError
from selector.iterate.predict_serving import MACHINE, Case, case_of, figure, spread
from selector.needs import names
from selector.packs.catalog import Catalogue
from selector.types.catalog import ROLES, Device, Model

GIB = 2.0**30
NOT_AGGREGATED = re.compile(r"disagg|dynamo|mori|wide.?ep", re.IGNORECASE)
SPECULATIVE = re.compile(r"mtp|eagle|spec(ul|_dec)|draft|medusa", re.IGNORECASE)
MOST_DEVICES = 64
UNRELIABLE = "precision_field_unreliable"
NARROW = (("nvfp4", "fp4"), ("fp8", "fp8"))


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
        case = self.case(point)
        if metric == "min_devices":
            return self._least(case)
        if metric in MEMORY:
            return self._memory(point, case)
        return Guess(figure(point, case, self.p), spread(point, case))

    def case(self, point: Point) -> Case:
        """The stack of a point of token generation; raises `PointError`."""
        model = self._model(point)
        device, named = self._device(point)
        count = int(point.number("n_devices", 1.0) or named or 1)
        precision, engine = self._precision(point, model, device), self._engine(point)
        return case_of(point, self.cat, model, device, count, engine, precision, self.p)

    def _memory(self, point: Point, case: Case) -> Guess:
        """Bytes of one device, or of all where the point says that it is their sum."""
        held = case.load.concurrency or 1.0
        if point.metric == "fits":
            return Guess(0.0, truth=_used(case.memory, held) <= 1.0)
        mem = case.memory
        whole = mem.weights if point.metric.startswith("weights") else _used(mem, held) * mem.usable
        devices = case.count if (point.text("value_scope") or "").startswith("sum") else 1
        unit = {"gb": 1e9, "gib": GIB, "mb": 1e6}[point.metric.rpartition("_")[2]]
        return Guess(float(whole) * devices / unit, self.p["memory.spread"])

    def _least(self, case: Case) -> Guess:
        c, load = case.choice, case.load
        for n in (1, 2, 4, 8, 16, 32, MOST_DEVICES):
            pair = (min(n, MACHINE), max(n // MACHINE, 1))
            choice = single.observed(self.cat, case.model, case.device, c.engine, c.precision, pair, self.p)
            if _used(sizing.ledger(SCALAR, choice.cell, load, self.p), load.concurrency or 1.0) <= 1.0:
                return Guess(float(n))
        raise PointError(f"does not fit {MOST_DEVICES} devices")

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
        name = _plain(point.text("engine") or "").replace(" ", "-")
        try:
            return str(next(iter(self._look_up("engine", name, names.match_engines))))
        except PointError:
            return single.GENERIC

    def _precision(self, point: Point, model: Model, device: Device) -> str:
        name = _plain(point.text("precision_weights") or point.text("precision") or "")
        if name.lower().startswith("unstated") or UNRELIABLE in point.flags:
            # Benchmark entries use the narrowest floating point that the device multiplies in.
            narrow = (q for q, key in NARROW if key in device.tflops_dense)
            return next(narrow, "bf16")
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
