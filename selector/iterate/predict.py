"""What the estimator says about one measured point, or why it says nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from selector.decide import passes, single
from selector.errors import InputError
from selector.iterate import predict_encoder, predict_memory, predict_training
from selector.iterate.measurements import MEMORY, SERVING, TRAINING, Point, PointError, check_unit
from selector.iterate.predict_serving import Case, by_size, case_of, figure, spread
from selector.needs import names
from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable
from selector.types.catalog import Device, Model

NOT_AGGREGATED = re.compile(r"disagg|dynamo|mori|wide.?ep", re.IGNORECASE)
SPECULATIVE = re.compile(r"mtp|eagle|spec(ul|_dec)|draft|medusa", re.IGNORECASE)
IN_BRACKETS = re.compile(r"\(([^()]+)\)\s*$")
VARIANT = re.compile(r"\s+(base|instruct|chat)$", re.IGNORECASE)
UNRELIABLE = "precision_field_unreliable"
MIXED, CALLED_SO = "fp4fp8-mixed", ("fp8", "fp4", "mxfp4")  # benchmarks name one of the two widths
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
    table: SupportTable = field(init=False)

    def __post_init__(self) -> None:
        self.p = {k: v.value for k, v in self.cat.parameters.items()}
        self.table = SupportTable(self.cat.support, {})

    def predict(self, point: Point) -> Guess:
        """The estimate for a point; raises `PointError` with the reason where there is none."""
        metric = point.metric
        check_unit(point)
        if metric in TRAINING:
            return Guess(*predict_training.figure(point, self.training_case(point), self.p))
        if metric not in SERVING | MEMORY:
            raise PointError(f"metric {metric} is not known")
        words = f"{point.text('engine') or ''} {' '.join(point.flags)}"
        if NOT_AGGREGATED.search(words):
            raise PointError("disaggregated serving is not estimated yet")
        if SPECULATIVE.search(words):
            raise PointError("speculative decoding is not estimated yet")
        if metric in MEMORY and predict_training.is_training(point):
            return self._training_memory(point)
        if metric in MEMORY:
            return self._memory(point)
        model, device, count = self.stack(point)
        if passes.role_of(model) != "llm":
            return Guess(*predict_encoder.predict(point, self.cat, model, device, count, self.p))
        case = self.case(point)
        return Guess(figure(point, case, self.p), spread(point, case))

    def _training_memory(self, point: Point) -> Guess:
        case = self.training_case(point)
        if point.metric == "fits":
            return Guess(0.0, truth=predict_training.fits(case, self.p))
        if point.metric == "min_devices":
            least = predict_training.least_devices(case, self.p)
            return Guess(least, math.exp(self.p["memory.width.devices"]))
        return Guess(*predict_training.memory(point, case, self.p))

    def training_case(self, point: Point) -> predict_training.TrainingCase:
        """The run of a point of training; raises `PointError`."""
        return predict_training.case_of(point, self._named, lambda q: self._device(q)[0], self.p)

    def case(self, point: Point, model: Model | None = None) -> Case:
        """The stack of a point of token generation; raises `PointError`."""
        model, device, count = self.stack(point, model)
        precision, engine = self._precision(point, model, device), self.engine_of(point)
        return case_of(point, self.cat, self.table, model, device, count, engine, precision, self.p)

    def stack(self, point: Point, model: Model | None = None) -> tuple[Model, Device, int]:
        """Model, device and how many of a point; raises `PointError`."""
        model = model or self._model(point)
        device, named = self._device(point)
        return model, device, int(point.number("n_devices", 1.0) or named or 1)

    def _memory(self, point: Point) -> Guess:
        """Bytes, whether they fit, or devices that hold them."""
        model = self._model(point)
        one_pass = passes.role_of(model) != "llm"
        if point.metric in ("fits", "min_devices"):
            if one_pass:
                raise PointError(f"{point.metric} of {model.model_class} models is not estimated")
            case = self.case(point, model)
            if point.metric == "fits":
                each = case.held or 1.0
                one = replace(self.held(point), devices=case.devices, sequences=each)
                ledger = predict_memory.used(case.memory, each)
                live = predict_memory.live_share(one, case.memory, self.p)
                return Guess(0.0, truth=max(ledger, live) <= 1.0)
            c, load = case.choice, case.load
            least = predict_memory.least(
                self.cat, self.table, model, case.device, c.engine, c.precision, load, self.p
            )
            return Guess(least, math.exp(self.p["memory.width.devices"]))
        if one_pass:
            form = predict_encoder.form_of(point, passes.role_of(model))
            return Guess(*predict_memory.of_one_pass(point, model, form, self.p))
        held = self.held(point)
        device = self._device(point)[0] if predict_memory.takes_share(point, held, self.p) else None
        return Guess(*predict_memory.figure(point, held, device, self.p))

    def held(self, point: Point) -> predict_memory.Case:
        """What a point holds in memory; raises `PointError`."""
        model = self._model(point)
        devices = int(point.number("n_devices", 1.0) or 1)
        narrowed = partial(self._bits, model)
        known = model.id in self.cat.models
        return predict_memory.case_of(point, self.cat, model, known, devices, narrowed, self.p)

    def _bits(self, model: Model, text: str) -> tuple[float, bool]:
        """Bits a weight of a format as the catalogue holds it, and whether embeddings share them."""
        swapped = "-".join(reversed(re.split(r"[\s-]+", text)))
        for name in (text, swapped, *re.findall(r"fp8|int8|int4|fp4", text)):
            try:
                found: tuple[str, ...] = self._look_up("precision", name or "bf16", names.match_precisions)
            except PointError:
                continue
            precision = self.cat.precisions[next((q for q in found if q in model.checkpoints), found[0])]
            return precision.bits_weights, precision.method in predict_memory.NARROW
        raise PointError(f"precision {text} is not in the catalogue")

    def _model(self, point: Point) -> Model:
        name = point.text("model")
        if name is None:
            raise PointError("model is missing")
        try:
            return self._named(name)
        except PointError:
            if model := by_size(point, self.p):
                return model
            raise

    def _named(self, name: str) -> Model:
        """The open model of a name; raises `PointError`."""
        found = self._either("model", name, names.match_models)
        if not found.models:
            raise PointError(f"{name} is a hosted model")
        return self.cat.models[found.models[0]]

    def _device(self, point: Point) -> tuple[Device, int | None]:
        name = point.text("hardware")
        if name is None:
            raise PointError("hardware is missing")
        inside = IN_BRACKETS.search(name)  # a machine, and its accelerator in brackets
        try:
            found = self._either("hardware", name, names.match_devices)
        except PointError as unknown:
            try:
                found = self._look_up("hardware", inside[1] if inside else name, names.match_devices)
            except PointError:
                raise unknown from None
        return self.cat.devices[found.devices[0]], found.count

    def any_model(self, point: Point) -> str:
        """Id of the open or hosted model of a point; raises `PointError`."""
        name = point.text("model")
        if name is None:
            raise PointError("model is missing")
        found = self._either("model", name, names.match_models)
        return str((*found.models, *found.apis)[0])

    def engine_of(self, point: Point) -> str:
        """Id of the engine; the generic one where it is not stated or not known."""
        name = _plain(point.text("engine") or "").replace(" ", "-")
        try:
            return str(next(iter(self._look_up("engine", name, names.match_engines))))
        except PointError:
            return single.GENERIC

    def precision_of(self, point: Point, model: Model | None) -> str:
        """Id of the weight format of a point; raises `PointError`."""
        device = self._device(point)[0] if point.text("hardware") else None
        return self._precision(point, model, device)

    def _precision(self, point: Point, model: Model | None, device: Device | None) -> str:
        name = _plain(point.text("precision_weights") or point.text("precision") or "")
        own = model.checkpoints if model else ()
        if device and (name.lower().startswith("unstated") or UNRELIABLE in point.flags):
            # Benchmark entries use the narrowest floating point that the device multiplies in.
            narrow = (q for q, key in NARROW if key in device.tflops_dense)
            return next(narrow, "bf16")
        if not name:
            return own[0] if own else "bf16"
        if MIXED in own and name.lower() in CALLED_SO:
            return MIXED
        if name.lower() == "fp4":  # which of the two is that of the checkpoint
            name = "mxfp4" if "mxfp4" in own else "nvfp4"
        found: tuple[str, ...] = self._look_up("precision", name.lower(), names.match_precisions)
        return next((q for q in found if q in own), found[0])

    def _either(self, kind: str, text: str, match: Callable[[str, Catalogue], Any]) -> Any:
        """What a name stands for, or the first of two that a stroke joins, or one with a variant behind."""
        try:
            return self._look_up(kind, text, match)
        except PointError:
            first = VARIANT.sub("", text.partition("/")[0]).strip()
            if first == text or not re.search(r"\d", first):
                raise
            try:
                return self._look_up(kind, first, match)
            except PointError:
                return self._look_up(kind, text, match)

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


def _plain(text: str) -> str:
    """A name without the remark in brackets behind it, and without the format of the cache."""
    return re.sub(r"\s*\(.*\)|\b\w+ kv\b", "", text, flags=re.IGNORECASE).strip(" ,")
