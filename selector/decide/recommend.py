"""From a resolved requirement to ranked stacks: enumerate, size, gate, value, rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from selector.decide import (
    adapting,
    adjust,
    calibrated,
    gate,
    load,
    measured_cells,
    options,
    places,
    quality,
    screens,
    situation,
    size,
    trainable,
    value,
    weighing,
)
from selector.decide import candidates as cand
from selector.decide.axes import HOSTED, Axes
from selector.decide.columns import Column, row_by_row
from selector.decide.enumerate import CellIndex, Refusals, enumerate_cells
from selector.decide.judge import Axis, Compile, Judge
from selector.decide.runnable import SMALL_CACHE
from selector.decide.spare import Spare
from selector.needs import ambiguous
from selector.needs.facts import proposed_facts, requirement_facts
from selector.needs.options import Options
from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable, born
from selector.risk import implied
from selector.risk.assess import Scoring
from selector.types.load import Load
from selector.types.register import Risk
from selector.types.requirement import Requirement
from selector.types.rule import Rule

if TYPE_CHECKING:
    from selector.decide.runs.chosen import Sized
    from selector.decide.runs.cost import Training

OWN = "on_prem"
HOSTINGS = (*HOSTED, "self_hosted_cloud", OWN)
NOTHING: Mapping[str, object] = {}
STATED = ("req.", "data.", "latency.")  # facts that no option of a slot changes
KNOWN = "known("

# Values that the user stated in another form, or left open between several.
CONVERTED = frozenset(("weights.stated", "money.rate", ambiguous.RULE))


@dataclass(slots=True)
class Run:
    """Everything that one run works on; filled from left to right."""

    req: Requirement
    wanted: Options
    cat: Catalogue
    load: Load
    p: Mapping[str, float]
    axes: Axes
    refusals: Refusals
    index: CellIndex
    sized: size.Kept | None
    stacks: cand.Candidates
    judge: Judge
    gates: gate.Gates
    risks: gate.RiskColumns
    quality: Any  # columns p10, p50, p90
    quality_of: list[quality.Index]
    kv8: Any  # True where the cache is kept in 8 bits
    assumed: frozenset[str]  # keys that nobody stated
    weights: Mapping[str, float]  # of the criteria, sum to 100
    weights_form: str  # default points swing rank pay
    reweighing: Sequence[Rule]  # weight rules that moved them
    scales: dict[str, value.Scale]
    scoring: Scoring
    today: date
    # Looked up once where something is trained: runs by model, or by model, place and engine; ways to train
    # anew; which models may run in which places; whether a method and role can be trained on a device.
    trained: dict[tuple[int, ...], Sized] = field(default_factory=dict)
    anew: dict[tuple[str, ...], Mapping[str, object]] = field(default_factory=dict)
    open_places: list[Any] = field(default_factory=list)
    able: dict[tuple[str, ...], bool] = field(default_factory=dict)
    _training: list[Training] = field(default_factory=list)

    @property
    def training(self) -> Training:
        """What training adds to the cost of the candidates."""
        from selector.decide.runs import cost

        if not self._training:
            self._training.append(cost.of(self))
        return self._training[0]


def prepare(
    req: Requirement,
    wanted: Options,
    cat: Catalogue,
    compile_: Compile,
    scoring: Scoring,
    today: date,
    assumed: frozenset[str],
) -> Run:
    """All columns over all candidates."""
    p = {name: parameter.value for name, parameter in cat.parameters.items()}
    work = load.of(req, assumed)
    axes = options.build(req, wanted, cat, today)
    screens.models(axes, req.application.task, work, assumed)
    # Rules of policies ask what only a repository tells, those with a topic what only a plan does.
    rules = [r for r in cat.rules.values() if not r.policies and r.topic is None]
    common = _common(req, assumed, p, cat, compile_)
    rules = [r for r in rules if not _never(r, common, compile_)]
    places.build(axes, req, wanted, cat)
    adapting.choose(axes, req, cat.roles, common, rules, compile_, trainable.room(axes, req, assumed, p))
    screens.places(axes, wanted, options.hosting(req, wanted))
    axes.measured = calibrated.of(cat.measured, p, today)
    refusals = Refusals({})
    index = _cells(axes, wanted, cat, p, refusals, work.context_tokens)
    sized, stacks = _size(req, axes, index, work, p, assumed)
    risks_ = list(cat.risks.values())
    judge = _judge(common, axes, stacks, _mentioned(rules, risks_, compile_), cat, compile_)
    gates = gate.apply_rules(rules, judge, compile_, req.packs)
    risks = _risks(req, cat, scoring, judge, compile_, gates)
    indices = [quality.of_option(m, cat, p) for m in axes.models]
    kept = adjust.apply(gates, judge.group, stacks, _kept(axes, cat, stacks, indices))
    # A rule shifts default weights; weights that the user states stand as they are.
    reweighing = gates.weights if "weights" in assumed else []
    scales = value.scales(req, work, p, assumed)
    weights = gate.criterion_weights(weighing.relative(req.weights, scales), reweighing)
    return Run(
        req,
        wanted,
        cat,
        work,
        p,
        axes,
        refusals,
        index,
        sized,
        stacks,
        judge,
        gates,
        risks,
        kept,
        indices,
        stacks.kv8,
        assumed,
        weights,
        "default" if "weights" in assumed else req.weights.form,
        reweighing,
        scales,
        scoring,
        today,
    )


def under(run: Run, req: Requirement) -> Run:
    """The same candidates under other limits: anchors follow them, and weights that are stated as pay."""
    scales = value.scales(req, run.load, run.p, run.assumed)
    weights = gate.criterion_weights(weighing.relative(req.weights, scales), run.reweighing)
    return replace(run, req=req, scales=scales, weights=weights)


def on_own_machines(run: Run, peak: float) -> Run:
    """The same need on own machines alone, at another peak in requests a second."""
    req = replace(
        run.req,
        workload=replace(run.req.workload, peak_requests_per_second=peak),
        deployment=replace(run.req.deployment, hosting=(OWN,)),
    )
    return prepare(req, run.wanted, run.cat, run.cat.condition, run.scoring, run.today, run.assumed)


def resized(run: Run, row: int, work: Load, req: Requirement | None = None) -> cand.Candidates:
    """A self-run candidate sized for another load, under other limits where `req` is given; nothing
    where it cannot carry that load."""
    axes = replace(run.axes, places=[run.axes.places[int(run.stacks.place[row])]])
    index = run.index.only(int(run.stacks.cell[row]))
    return _size(req or run.req, axes, index, work, run.p, run.assumed)[1]


def _risks(
    req: Requirement, cat: Catalogue, scoring: Scoring, judge: Judge, compile_: Compile, gates: gate.Gates
) -> gate.RiskColumns:
    return gate.assess_all(
        list(cat.risks.values()),
        cat.mitigations,
        scoring,
        judge,
        compile_,
        HOSTINGS,
        req.risk.appetite or "moderate",
        tuple(str(a) for a in req.risk.accepted),
        gates.risks,
    )


def _cells(
    axes: Axes,
    wanted: Options,
    cat: Catalogue,
    p: Mapping[str, float],
    refusals: Refusals,
    context: float,
) -> CellIndex:
    """Cells to size; where there are none, the refusals are counted, or nothing is known."""
    meant = options.versions(wanted, cat)
    dates = options.released(meant, cat)
    table = SupportTable(cat.support, meant, dates, born(cat.models.values()))
    pinned = [q for q in wanted.layouts if q.tp or q.pp]
    explain = bool(wanted.engines or wanted.precisions or wanted.devices)
    index = enumerate_cells(axes, table, p, refusals, pinned, explain, bool(wanted.precisions), context)
    if index.cell is not None:
        return index
    if not explain:
        enumerate_cells(axes, table, p, refusals, pinned, True, bool(wanted.precisions), context)
    open_models = [m.id for m in axes.models if m.model is not None]
    if not refusals.counts and open_models and axes.devices:
        what = f"{open_models[0]} on {axes.devices[0].id}"
        refusals.add("no engine is known to run the models on this hardware", what)
    return index


def _size(
    req: Requirement,
    axes: Axes,
    index: CellIndex,
    work: Load,
    p: Mapping[str, float],
    assumed: frozenset[str],
) -> tuple[size.Kept | None, cand.Candidates]:
    import numpy as np

    if index.cell is None:
        return None, cand.join(axes, index, size.nothing(), work, p)
    caps = {q.pool: float(q.available) for q in axes.places if q.available is not None}
    column = np.array([caps.get(d.pool, np.inf) for d in axes.devices])
    spare = Spare(req.availability.spare_replicas or 0, "availability.spare_replicas" not in assumed)
    limits = load.stated_latency(req, assumed)
    sized = size.size_cells(index, axes, work, limits, spare, column, load.cache(req), p)
    if axes.measured is not None:
        sized = measured_cells.settled(axes, axes.measured, index, sized, work, p)
    return sized.kept, cand.join(axes, index, sized, work, p)


def _mentioned(rules: Sequence[Rule], risks: Sequence[Risk], compile_: Compile) -> frozenset[str]:
    texts = [x for r in rules for x in (r.when, r.applies) if x]
    texts += [x for r in risks for x in (r.applies, *(m.when for m in r.modifiers))]
    return frozenset({"hosting"}.union(*(compile_(x).facts for x in texts)))


def _common(
    req: Requirement, assumed: frozenset[str], p: Mapping[str, float], cat: Catalogue, compile_: Compile
) -> dict[str, object]:
    """Facts that all candidates share."""
    stated = {**requirement_facts(req), **proposed_facts(req), **situation.facts(req, assumed, p)}
    return implied.of_requirement(stated, cat.implications.values(), compile_)


def _never(rule: Rule, common: Mapping[str, object], compile_: Compile) -> bool:
    """Whether the requirement alone says that a rule holds for no candidate, so that what it asks of
    candidates need not tell them apart. What `known` asks for, a candidate may add."""
    if KNOWN in rule.when:
        return False
    stated = {k: v for k, v in common.items() if k.startswith(STATED)}
    return compile_(rule.when).evaluate(stated) is False


def _judge(
    common: Mapping[str, object],
    axes: Axes,
    stacks: cand.Candidates,
    mentioned: frozenset[str],
    cat: Catalogue,
    compile_: Compile,
) -> Judge:
    """Candidates as a judge sees them; index 0 of an axis is the empty option."""
    import numpy as np

    rules = list(cat.implications.values())
    sides: list[tuple[list[Mapping[str, object]], Any]] = [
        ([NOTHING, *(m.facts for m in axes.models)], stacks.model + 1),
        ([NOTHING, *(e.facts for e in axes.engines)], stacks.engine + 1),
        ([NOTHING, *(q.facts for q in axes.precisions)], stacks.precision + 1),
        ([NOTHING, *(d.facts for d in axes.devices)], stacks.device + 1),
        ([NOTHING, *(q.facts for q in axes.places)], stacks.place + 1),
    ]
    adaptations = [{"adaptation": m.method} for m in axes.models]
    sides.append(([NOTHING, *adaptations], stacks.model + 1))
    if "n_devices" in mentioned:
        counts, inverse = np.unique(stacks.n_devices.values, return_inverse=True)
        own = Column(inverse.reshape(-1), stacks.n_devices.rows)
        sides.append(([{"n_devices": float(n)} for n in counts] or [NOTHING], own))
    spans = [{"multi_node": False}, {"multi_node": True}]
    nodes = np.array([max(q.count, 1) for q in axes.places] or [1])
    group = stacks.n_devices / np.maximum(stacks.replicas, 1.0)
    over = row_by_row(lambda a, b: (a > b).astype(np.int8), group, Column(nodes, stacks.place))
    sides.append((list(spans), over))
    axes_ = [Axis(implied.of_options(common, opts, rules, compile_), col) for opts, col in sides]
    return Judge(common, axes_, mentioned)


def _kept(axes: Axes, cat: Catalogue, stacks: cand.Candidates, indices: list[quality.Index]) -> Column:
    """Quality p10, p50, p90 per candidate, after what the precision and a smaller cache keep."""
    import numpy as np

    base = np.array([[i.p10, i.p50, i.p90] for i in indices] or [[np.nan] * 3])
    keeps = np.ones((len(axes.models), len(axes.precisions) + 1, 3))
    for mi, option in enumerate(axes.models):
        params = option.model.params_b if option.model else None
        native = set(option.model.checkpoints[:1]) if option.model else set()
        for ri, precision in enumerate(axes.precisions):
            if precision.id not in native and option.role == "llm":
                keeps[mi, ri + 1] = quality.recovery(cat, precision.id, params)
    model, precisions = stacks.model.values, stacks.precision.values
    found = base[model] * keeps[model, precisions + 1]
    found[stacks.kv8.values] *= quality.recovery(cat, SMALL_CACHE, None)
    return Column(found, stacks.model.rows)
