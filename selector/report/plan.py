"""The plan of the first stack as tables: a short one for every screen, and the whole."""

from __future__ import annotations

from collections.abc import Iterator

from selector.report.numbers import band, short
from selector.report.tabular import Table
from selector.types.decision import Recommendation
from selector.types.plan import (
    CompressionPlan,
    MethodRow,
    Plan,
    PlanLine,
    RetrainingPlan,
    SearchPlan,
    TrainingPlan,
)

COLUMNS = ("part", "what", "rule", "source")
NOTHING = Table("", (), ())
FORMULAS = "training formulas"
SEARCHES = {
    "grid": "grid search",
    "random": "random search",
    "tpe": "Bayesian optimisation (TPE)",
    "asha": "successive halving (ASHA)",
}


def brief(r: Recommendation) -> Table:
    """The plan in some rows, each with its rule and source; the reasons stand in the whole."""
    if r.plan is None:
        return NOTHING
    p = r.plan
    rows = [_fit(p)]
    rows += [_train(p.training)] if p.training else []
    rows += [_search(p.search)] if p.search else []
    rows += [_retrain(p.retraining)] if p.retraining else []
    rows += [_compress(p.compression)] if p.compression and p.compression.method != "none" else []
    told = p.search.rule if p.search else ""  # the line that chose the search says what its row says
    kept = (x for x in p.lines if not x.settings.get("space") and x.rule != told)
    rows += [(x.topic, x.text, x.rule, _sources(x)) for x in kept]
    rows += [("problem", x, "", "") for x in p.problems]
    less = tuple((row[0], f"{row[1]} ({row[2]})" if row[2] else row[1]) for row in rows)
    note = "reasons, all methods and settings: selector explain REQS --plan"
    title = f"Plan of {p.stack}"
    return Table(
        title, COLUMNS, tuple(rows), note=note, narrow=((Table(title, COLUMNS[:2], less, note=note),),)
    )


def whole(p: Plan) -> list[Table]:
    """Methods side by side, the run in figures, every line with its reason."""
    found = [methods(p)]
    if p.training:
        found.append(Table("Training run", ("figure", "value"), tuple(_figures(p.training))))
    if p.search:
        found.append(Table("Search", ("figure", "value"), tuple(_searched(p.search))))
    if p.retraining:
        found.append(Table("Retraining", ("figure", "value"), tuple(_retrained(p.retraining))))
    if p.compression:
        found.append(Table("Compression", ("figure", "value"), tuple(_compressed(p.compression))))
    if p.lines:
        rows = tuple((x.topic, x.text, x.why, x.rule, _sources(x), x.as_of) for x in p.lines)
        found.append(Table("Lines", ("part", "what", "why", "rule", "source", "as of"), rows))
    if p.problems:
        found.append(Table("Problems", ("what",), tuple((x,) for x in p.problems)))
    return found


def methods(p: Plan) -> Table:
    """Every way to fit the model; `?` where nothing is published or known."""
    rows = tuple(_method(m) for m in p.methods)
    columns = (
        "method",
        "points",
        "person-months",
        "run h",
        "run USD",
        "quality",
        "machines",
        "risks",
        "because",
    )
    right = frozenset(columns[1:6])
    return Table(f"Ways to fit the model of {p.stack}", columns, rows, right)


def _method(m: MethodRow) -> tuple[str, ...]:
    trained = m.device_hours is not None
    fits = {True: "fit", False: "too small", None: "?"}[m.fits]
    return (
        f"{m.method} (chosen)" if m.chosen else m.method,
        f"{m.points:+g}",
        short(m.person_months),
        band(m.device_hours) if trained else "-" if m.method in ("none", "prompt", "rag") else "?",
        band(m.usd) if m.usd else "-" if m.method in ("none", "prompt", "rag") else "?",
        band(m.quality) if m.quality else "?",
        fits,
        ", ".join(m.risks) or "-",
        ", ".join((*m.rules, *(f"{v} (ruled out)" for v in m.vetoes))) or "-",
    )


def _fit(p: Plan) -> tuple[str, ...]:
    own = next(m for m in p.methods if m.chosen)
    rest = [m for m in p.methods if not m.chosen]
    against = f"; next {rest[0].method} ({rest[0].points:+g})" if rest else ""
    what = f"{own.method} ({own.points:+g} points, {short(own.person_months)} person-months{against})"
    return "fit", what, ", ".join(own.rules) or "-", "rules of adaptation"


def _train(t: TrainingPlan) -> tuple[str, ...]:
    took = t.estimates.get("wall_hours")
    usd = t.estimates.get("usd")
    parts = [
        f"{t.n_devices}x {t.hardware}{f' ({t.offer})' if t.offer else ''}",
        f"with {t.frameworks[0] if t.frameworks else '?'}",
        f"{t.strategy}{_layout(t)}, {t.base_precision + ' base, ' if t.base_precision else ''}{t.precision}",
        f"{t.micro_batch} x {t.accumulation} a device, {short(t.epochs)} epochs, recompute {t.recompute}"
        if t.micro_batch
        else "one fit of all rows",
        f"{band(took)} h" if took else "hours ?",
        f"{band(usd)} USD" if usd and usd.p50 else "own machines" if t.usd_per_hour == 0.0 else "USD ?",
    ]
    rate = t.estimates.get("tokens_per_s") or took
    return "train", "; ".join(parts), rate.formula if rate else "-", FORMULAS if rate else "-"


def _layout(t: TrainingPlan) -> str:
    split = [f"{k}{v}" for k, v in t.layout.items() if v > 1]
    return f" {' '.join(split)}" if split else ""


def _search(s: SearchPlan) -> tuple[str, ...]:
    how = SEARCHES.get(s.method, s.method)
    by = "" if s.tool == "none" else f" with {s.tool}"
    trials = "1 trial" if s.trials == 1 else f"{s.trials} trials"
    what = f"{how}{by}: {trials} over {len(s.space)} parameters, {s.parallel} at once"
    what += f"; {band(s.hours)} h" if s.hours else ""
    what += f"; {band(s.usd)} USD" if s.usd else ""
    return "tune", what, s.rule, ", ".join(s.source)


def _retrain(r: RetrainingPlan) -> tuple[str, ...]:
    runs = "whole runs" if r.mode == "incremental" else "runs"
    parts = [
        f"{_mode(r)} with {r.tool}: {r.cause} {r.pace}, {band(r.runs)} {runs} a month",
        f"{band(r.device_hours)} device hours" if r.device_hours else "hours ?",
        f"{band(r.usd)} USD a month" if r.usd and r.usd.p50 else "own machines" if r.usd else "USD ?",
    ]
    return "retrain", "; ".join(parts), r.rule, ", ".join(r.source)


def _mode(r: RetrainingPlan) -> str:
    return r.mode.replace("_", "-")


def _compress(c: CompressionPlan) -> tuple[str, ...]:
    kept = (
        f"keeps {band(c.recovery)} of the 16-bit score (n {c.recovery_points})"
        if c.recovery
        else "loss unknown"
    )
    speed = f"; {band(c.speed)}x the speed of 16 bit" if c.speed else ""
    with_ = f" by {c.tool}" if c.tool else ""
    what = f"{c.method} to {c.precision}{with_}: {kept}{speed}; accept by {c.acceptance}"
    return "compress", what, "quality.recovery", c.recovery_source or "-"


def _figures(t: TrainingPlan) -> Iterator[tuple[str, str]]:
    yield "libraries", ", ".join(t.frameworks) or "?"
    yield "machines", f"{t.n_devices}x {t.hardware}{f', {t.offer}' if t.offer else ''}"
    yield "USD an hour", short(t.usd_per_hour)
    yield "strategy", f"{t.strategy}{_layout(t)}"
    yield "precision", t.precision if not t.base_precision else f"{t.precision}, base {t.base_precision}"
    if t.micro_batch:
        yield "micro-batch x accumulation", f"{t.micro_batch} x {t.accumulation} = {t.global_batch} a step"
    yield "sequence", f"{t.seq_len:.0f} tokens" if t.seq_len else "-"
    yield "epochs, examples, steps", f"{short(t.epochs)}, {short(t.examples)}, {short(t.steps)}"
    yield "recompute", t.recompute
    yield "optimiser", t.optimiser
    for name, value in t.estimates.items():
        yield name.replace("_", " "), f"{band(value)} {value.unit}" if value else "?"
    if t.memory:
        held = [f"{k.replace('_', ' ')} {v:.1f}" for k, v in t.memory.items() if k != "kv_cache"]
        yield "GiB a device", ", ".join(held)
    if t.checkpoint_hours:
        yield "save every", f"{short(t.checkpoint_hours)} h"
    for line in t.assumptions:
        yield "assumed", line


def _searched(s: SearchPlan) -> Iterator[tuple[str, str]]:
    yield "method", f"{s.method} ({s.rule})"
    yield "tool", s.tool
    yield "trials", f"{s.trials}, {s.parallel} at once"
    yield "hours", band(s.hours)
    yield "USD, beside the cost of the stack", band(s.usd)
    for name, span in s.space.items():
        yield name, ", ".join(f"{k} {v}" for k, v in span.items())


def _retrained(r: RetrainingPlan) -> Iterator[tuple[str, str]]:
    yield "method", f"{_mode(r)} ({r.rule})"
    yield "tool", r.tool
    yield "pace", f"{r.pace} ({r.cause})"
    yield "whole runs a month" if r.mode == "incremental" else "runs a month", band(r.runs)
    yield "device hours a month", band(r.device_hours)
    yield "USD a month, in the cost of the stack", band(r.usd)
    yield "person-months a month, in the cost of the stack", short(r.person_months)


def _compressed(c: CompressionPlan) -> Iterator[tuple[str, str]]:
    yield "method", c.method
    yield "weights", c.precision
    yield "cache", c.kv_precision or "-"
    yield "tool", c.tool or "-"
    yield "calibration", c.calibration
    yield (
        "keeps of the 16-bit score",
        f"{band(c.recovery)} (n {c.recovery_points}, {c.recovery_source})" if c.recovery else "?",
    )
    yield "speed against 16 bit", f"{band(c.speed)}x" if c.speed else "?"
    yield "smaller by", f"{short(c.smaller)}x" if c.smaller else "-"
    if c.acceptance:
        yield "accept by", c.acceptance


def _sources(x: PlanLine) -> str:
    return ", ".join(x.source)
