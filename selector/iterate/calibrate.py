"""From measured points to readings: what was measured against what the estimator says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selector.decide import passes
from selector.decide.calibrated import SAME, group_of, training_group
from selector.decide.single import GENERIC
from selector.errors import InputError, Position, Problem
from selector.estimate.numeric import Z90
from selector.iterate import predict_training
from selector.iterate.measurements import MEMORY, TRAINING, ImpossibleError, Point, PointError, check_unit
from selector.iterate.predict import Predictor
from selector.iterate.predict_serving import Case, quantity
from selector.packs import schema
from selector.packs.catalog import Catalogue
from selector.types.calibration import Reading, Trials
from selector.types.catalog import Model

PASS_RATE = "pass_rate"
# Metric -> quantity, and 1 where the quantity rises with it, -1 where it falls.
TOLD: dict[str, tuple[str, int]] = {
    "tpot_ms": ("token", 1),
    "decode_tok_s": ("token", -1),
    "ttft_ms": ("first_token", 1),
    "prefill_tok_s": ("first_token", -1),
    "output_tok_s": ("rate", 1),
    "total_tok_s": ("rate", 1),
    "req_s": ("rate", 1),
    "energy_j_per_output_tok": ("energy", 1),
}
ONE_PASS = {"req_s": ("items", 1), "output_tok_s": ("items", 1), "latency_ms": ("item_latency", 1)}
WHOLE = frozenset(("gpu_mem_gb", "gpu_mem_gib", "memory_gb"))
RISING = {"device_hours": -1}  # of the metrics of training, those that fall with the rate
SIMULATED = "simulated"
FIX = "correct the row, or leave it out"


@dataclass(frozen=True, slots=True)
class Unused:
    """A point that moves nothing, and why."""

    id: str
    file: str
    metric: str
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """What the points of some files say."""

    readings: tuple[Reading, ...]
    trials: tuple[Trials, ...]
    unused: tuple[Unused, ...]


def read(points: Sequence[tuple[str, Point]], cat: Catalogue) -> Read:
    """Readings of points, each with the name of its file; none is left out in silence. Raises `InputError`
    with the places of those that no run can have given."""
    predictor = Predictor(cat)
    readings: list[Reading] = []
    trials: list[Trials] = []
    unused: list[Unused] = []
    wrong: list[Problem] = []
    for file, point in points:
        try:
            check_unit(point)
            if point.metric == PASS_RATE:
                trials.append(trial(point, predictor, file))
            else:
                readings.append(reading(point, predictor, file))
        except ImpossibleError as why:
            wrong.append(Problem(f"{point.id}: {why}", Position(file, point.line), FIX))
        except PointError as why:
            unused.append(Unused(point.id, file, point.metric, str(why)))
        except (ArithmeticError, ValueError):
            unused.append(
                Unused(point.id, file, point.metric, "a field is beyond what the formulas can hold")
            )
    if wrong:
        raise InputError(wrong)
    return Read(tuple(readings), tuple(trials), tuple(unused))


def trial(point: Point, predictor: Predictor, file: str) -> Trials:
    """Successes and trials of a model on the own evaluation; raises `PointError`."""
    passed, of = point.number("successes"), point.number("trials", 1.0)
    if passed is None or of is None:
        raise PointError("a pass rate needs successes and trials")
    if passed > of:
        raise ImpossibleError(f"successes {passed:g} of {of:g} trials is impossible")
    metric = point.text("quality_metric")
    if metric is None:
        raise PointError("quality_metric is missing: the metric of the requirements that it is of")
    known = schema.load("reqs")["properties"]["quality"]["properties"]["metric"]["enum"]
    if metric not in known:
        fix = schema.near(metric, known) or f"one of: {', '.join(known)}"
        raise ImpossibleError(f"quality_metric {metric} is not known; {fix}")
    model = predictor.any_model(point)
    precision = None
    if point.text("precision_weights"):
        stated = predictor.precision_of(point, predictor.cat.models.get(model))
        precision = SAME.get(stated, stated)
    return Trials(point.id, file, model, precision, metric, passed, of, point.text("date"))


def reading(point: Point, predictor: Predictor, file: str) -> Reading:
    """One point against its estimate; raises `PointError` with the reason where it moves nothing."""
    if point.apart:
        raise PointError(f"flagged: {', '.join(sorted(point.flags))}")
    value = point.number("value")
    if not value:
        raise PointError("value is missing" if value is None else "value is 0")
    if (point.text("stat") or "").lower() in ("p90", "p95", "p99"):
        raise PointError("a figure of the slowest requests, not of the middle")
    metric = point.metric
    if metric in TRAINING:
        return _training(point, predictor, file, value)
    if metric in MEMORY:
        return _memory(point, predictor, file, value)
    _known_engine(point, predictor)
    model, _, _ = predictor.stack(point)
    _offloaded(point, model)
    one_pass = passes.role_of(model) != "llm"
    what = (ONE_PASS if one_pass else TOLD).get(metric)
    if what is None:
        raise PointError(f"{metric} tells no single quantity of the estimator")
    found = _base(point, predictor, file, value, what)
    return found if one_pass else _with_load(found, point, predictor.case(point), what[0])


def _offloaded(point: Point, model: Model) -> None:
    """Raises `PointError` where the processor computed a part; one layer stands behind the blocks."""
    blocks = model.architecture and model.architecture.layers
    on, whole = point.number("n_gpu_layers"), (blocks or 0) + 1
    if on is not None and on < whole:
        of = f" of {whole}" if blocks else ""
        raise PointError(f"{on:g}{of} layers were on the device, the others with the processor")


def _base(point: Point, predictor: Predictor, file: str, value: float, what: tuple[str, int]) -> Reading:
    guess = predictor.predict(point)
    if not 0.0 < guess.p50 < math.inf or guess.spread <= 1.0:
        raise PointError("the formulas give no figure for it")
    model, device, count = predictor.stack(point)
    group = group_of(predictor.engine_of(point), device.id, predictor.precision_of(point, model), model)
    return Reading(
        id=point.id,
        file=file,
        quantity=what[0],
        group=group,
        model=model.id,
        tp=int(point.number("tp", 1.0) or count),
        pp=int(point.number("pp", 1.0) or 1),
        metric=point.metric,
        measured=value,
        estimated=guess.p50,
        log=what[1] * math.log(value / guess.p50),
        prior_sd=math.log(guess.spread) / Z90,
        sd=_sd(point, value, predictor),
        dated=point.text("date"),
    )


def _with_load(found: Reading, point: Point, case: Case, what: str) -> Reading:
    """With layout and load of the replica as the estimator took them."""
    tp, pp = case.choice.layout
    if point.metric == "ttft_ms":
        what = quantity(point, case)
    stated = point.number("input_tokens") is not None
    return replace(
        found,
        quantity=what,
        tp=tp,
        pp=pp,
        group=group_of(case.choice.engine, case.device.id, case.choice.precision, case.model),
        input_tokens=case.load.input_tokens if stated else None,
        output_tokens=case.load.output_tokens if point.number("output_tokens") else None,
        held=case.held,
    )


def _memory(point: Point, predictor: Predictor, file: str, value: float) -> Reading:
    if point.metric not in WHOLE:
        raise PointError(f"{point.metric} tells no single quantity of the estimator")
    if predict_training.is_training(point):
        raise PointError("memory of training is not calibrated")
    _known_engine(point, predictor)
    return _base(point, predictor, file, value, ("memory", 1))


def _known_engine(point: Point, predictor: Predictor) -> None:
    """Raises `PointError` where no stack of the catalogue could be meant."""
    name = point.text("engine")
    if name is None or predictor.engine_of(point) == GENERIC:
        raise PointError("engine is missing" if name is None else f"engine {name} is not in the catalogue")


def _training(point: Point, predictor: Predictor, file: str, value: float) -> Reading:
    guess = predictor.predict(point)
    if not 0.0 < guess.p50 < math.inf or guess.spread <= 1.0:
        raise PointError("the formulas give no figure for it")
    case = predictor.training_case(point)
    known = predictor.cat.models.get(case.name)
    family = (known.family if known else None) or case.name
    device = case.device.id if case.device else ""
    group = training_group(case.run.keys, device, case.run.method, case.run.precision, family)
    sign = RISING.get(point.metric, 1)
    return Reading(
        id=point.id,
        file=file,
        quantity="training",
        group=group,
        model=case.name,
        tp=case.run.tp,
        pp=case.run.pp,
        metric=point.metric,
        measured=value,
        estimated=guess.p50,
        log=sign * math.log(value / guess.p50),
        prior_sd=math.log(guess.spread) / Z90,
        sd=_sd(point, value, predictor),
        dated=point.text("date"),
    )


def _sd(point: Point, value: float, predictor: Predictor) -> float:
    """Error of the run on the logarithmic scale: its deviation over repeats where the point states
    it in the unit of the value; that of a simulator where it is one; 0 where nobody says."""
    if SIMULATED in point.flags:
        return predictor.p["calibration.simulated_sd"]
    stated = point.number("repeat_sd")
    return stated / value if stated else 0.0
