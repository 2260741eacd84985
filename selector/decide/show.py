"""Turn the rows that are shown into full stacks with estimates, costs, risks and reasons."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from selector.decide import (
    adjust,
    assume,
    bill,
    calibrated,
    law,
    limits,
    measured_rows,
    own_quality,
    size,
    trainers,
)
from selector.decide.robust import additive
from selector.types.decision import Constraint, Contribution, RankedStack
from selector.types.estimate import NOT_COUNTED, Estimate, MemoryLedger
from selector.types.robust import Robustness
from selector.types.rule import Finding
from selector.types.stack import Layout, Slots

if TYPE_CHECKING:
    from selector.decide import quality
    from selector.decide.axes import Place
    from selector.decide.rank import Scored
    from selector.decide.recommend import Run

NEAREST = 2
# Times -> column of their interval.
TIMES = {
    "first_token": "first_token_spread",
    "first_token_p95": "first_token_spread",
    "per_output_token": "token_spread",
    "request_p95": "request_spread",
}


def slots(run: Run, row: int) -> Slots:
    """Slots of one candidate."""
    s, axes = run.stacks, run.axes
    place = axes.places[int(s.place[row])]
    model = axes.models[int(s.model[row])]
    own = int(s.cell[row])
    layout = None
    if own >= 0:
        index = run.index
        layout = Layout(int(index.tp[own]), int(index.pp[own]), 1, int(s.replicas[row]))
    return Slots(
        model=model.id,
        hosting=place.hosting,
        engine=axes.engines[int(s.engine[row])].id if own >= 0 else None,
        precision=axes.precisions[int(s.precision[row])].id if own >= 0 else None,
        hardware=axes.devices[int(s.device[row])].id if own >= 0 else None,
        n_devices=int(s.n_devices[row]),
        layout=layout,
        offer=offer(place),
        adaptation=model.method,
        mitigations=run.risks.assessments[int(run.risks.profile[row])].mitigations,
    )


def offer(place: Place) -> str | None:
    """Id of what is paid for; None for devices on hand."""
    if place.id.startswith("own:"):
        return None
    return place.id.split("@")[1] if place.hosting in bill.HOSTED else place.id


def line(run: Run, row: int) -> str:
    """A candidate in one line."""
    s = slots(run, row)
    if s.hardware is None:
        return f"{s.model} ({s.offer})"
    return f"{s.model} {s.precision} on {s.n_devices}x {s.hardware} with {s.engine}"


def stacks(
    run: Run, scored: Scored, shown: Sequence[int], robust: Robustness | None
) -> tuple[RankedStack, ...]:
    """The rows that are shown, in full; equal scores share a rank."""
    tied = {ref.id for ref in robust.tied} if robust else set()
    ranks = additive.places([float(scored.score[row]) for row in shown])
    return tuple(
        one(run, scored, row, label(i), rank, tied)
        for i, (row, rank) in enumerate(zip(shown, ranks, strict=True))
    )


def label(position: int) -> str:
    """Name of a stack that is shown, by its position from 0."""
    return f"S-{position + 1}"


def pick(run: Run, order: Iterable[int], top: int) -> list[int]:
    """Best rows, near-duplicates last so that rivals are seen: one row a model, precision and
    device, two a model."""
    s = run.stacks
    picked: list[int] = []
    spare: list[int] = []
    keys: set[tuple[int, int, int]] = set()
    models: dict[int, int] = {}
    position: dict[int, int] = {}
    for row in order:
        model = int(s.model[row])
        key = (model, int(s.precision[row]), int(s.device[row]))
        if key in keys or models.get(model, 0) >= NEAREST:
            if len(spare) < top:
                spare.append(row)
                position[row] = len(position)
            continue
        keys.add(key)
        models[model] = models.get(model, 0) + 1
        picked.append(row)
        position[row] = len(position)
        if len(picked) == top:
            return picked
    return sorted(picked + spare[: top - len(picked)], key=position.__getitem__)


def one(run: Run, scored: Scored, row: int, name: str, rank: int, tied: Collection[str]) -> RankedStack:
    """One candidate in full; `tied` holds the ids that are practically tied with the first."""
    assessment = run.risks.assessments[int(run.risks.profile[row])]
    chosen = slots(run, row)
    return RankedStack(
        label=name,
        rank=rank,
        slots=chosen,
        score=float(scored.score[row]),
        tied=chosen.digest() in tied,
        provisional=provisional(run, scored, row),
        contributions=_contributions(run, scored, row),
        estimates=_estimates(run, scored, row),
        memory=_memory(run, row),
        costs=bill.lines(run, scored, row),
        constraints=_constraints(run, scored, row),
        risks=assessment.rows,
        findings=_findings(run, row),
        facts=_facts(run, row),
        advice=tuple(r.advice or r.title for r, col in run.gates.advice if col[run.judge.group[row]] == 1),
        sources=_sources(run, row),
        assumptions=assume.rows(run, scored, row),
        duties=law.duties(run, row),
        terms=law.terms(run, row),
    )


def provisional(run: Run, scored: Scored, row: int) -> bool:
    """True where too much of a candidate rests on what nobody knows, or a limit or rule on an unknown."""
    from selector.decide.rank import unknown_weight

    return (
        bool(unknown_weight(scored, row) > run.p["value.most_unknown"])
        or _unverified(scored, row)
        or math.isnan(float(scored.cost[row]))
        or any(bool(c[run.judge.group[row]]) for _, c in run.gates.doubts)
    )


def _unverified(scored: Scored, row: int) -> bool:
    columns = [
        *scored.status,
        *([scored.quality_status] if scored.quality_status is not None else []),
    ]
    return any(int(c[row]) == limits.UNVERIFIED for c in columns)


def _contributions(run: Run, scored: Scored, row: int) -> tuple[Contribution, ...]:
    found = []
    for name, scale in scored.scales.items():
        known = bool(scored.known[name][row])
        worth = float(scored.values[name][row])
        found.append(
            Contribution(
                name,
                "criterion",
                scored.weights[name] * worth,
                scored.weights[name],
                worth,
                (scale.worst, scale.target, scale.ideal),
                known,
                scale.why if known else "not known: fixed value for a missing figure",
                scale.log,
            )
        )
    for rule, column, weight in run.gates.points:
        if column[run.judge.group[row]] == 1:
            found.append(Contribution(rule.id, "rule", (rule.points or 0.0) * weight, why=rule.why))
    return tuple(found)


def _estimates(run: Run, scored: Scored, row: int) -> dict[str, Estimate | None]:
    s = run.stacks
    group = int(run.judge.group[row])

    def adjusted(quantity: str) -> dict[str, float | str | None]:
        why = adjust.reasons(run.gates, group, quantity)
        return {"adjusted_by": why} if why else {}

    measured = measured_rows.of_row(run, row)

    def around(
        column: Any,
        unit: str,
        formula: str,
        by: float,
        inputs: Mapping[str, float | str | None] | None = None,
        of: str = "",
    ) -> Estimate | None:
        found = float(column[row])
        known = measured_rows.behind(measured, of)
        said = {**(inputs or {}), **calibrated.basis(*known)}
        return None if math.isnan(found) else Estimate.around(found, by, unit, formula, said)

    late = adjusted("latency")
    missing = bill.not_counted(run, row)
    counted = adjusted("cost") | ({NOT_COUNTED: missing} if missing else {})
    hosted = int(s.cell[row]) < 0
    return {
        "cost_per_month_usd": around(
            scored.cost, "USD/month", "cost.total", float(scored.cost_spread[row]), counted
        ),
        "upfront_usd": bill.upfront(run, scored, row),
        **{
            f"{name}_ms": around(
                getattr(s, f"{name}_ms"),
                "ms",
                f"serving.{name}",
                float(getattr(s, by)[row]),
                late,
                f"{name}_ms",
            )
            for name, by in TIMES.items()
        },
        "requests_per_s": None
        if hosted
        else around(
            s.requests_per_s,
            "requests/s",
            "serving.capacity",
            float(s.rate_spread[row]),
            of="requests_per_s",
        ),
        "quality_index": _quality(run, row, adjusted("quality")),
        "risk_index": Estimate.exact(float(run.risks.index[row]), "index", "risk.index"),
        "effort_person_months": around(
            scored.effort, "person-months", "effort.total", run.p["effort.spread"]
        ),
    }


def _quality(run: Run, row: int, why: Mapping[str, float | str | None]) -> Estimate | None:
    low, middle, high = (float(x) for x in run.quality[row])
    if math.isnan(middle):
        return None
    return Estimate(low, middle, high, "index", "quality.index", {**_basis(run, row), **why})


def _basis(run: Run, row: int) -> dict[str, float | str | None]:
    """What the quality index rests on: scores that were published, or only a prior."""
    index: quality.Index = run.quality_of[int(run.stacks.model[row])]
    return {"basis": "scores" if index.known else "prior", "why": index.why}


def _memory(run: Run, row: int) -> MemoryLedger | None:
    own = int(run.stacks.cell[row])
    if own < 0 or run.axes.models[int(run.stacks.model[row])].role != "llm":
        return None
    m = size.ledger(run.index, own, run.load, 8.0 if run.kv8[row] else 16.0, run.p)
    room = float(m.usable - m.weights - m.activations - m.reserve)
    return MemoryLedger(
        weights=float(m.weights),
        kv_cache=max(min(float(m.per_sequence) * max(_sequences(run), 1.0), room), 0.0),
        activations=float(m.activations),
        reserve=float(m.reserve),
        usable=float(m.usable),
    )


def _sequences(run: Run) -> float:
    return float(run.load.concurrency or 1.0)


def _constraints(run: Run, scored: Scored, row: int) -> tuple[Constraint, ...]:
    found = []
    missing, apart = bill.lower_bounds(run, row), bill.beside(run, row)
    for cap, column in zip(scored.limits, scored.status, strict=True):
        p50 = float(cap.column[row])
        found.append(
            Constraint(
                cap.id,
                limits.STATUS[int(column[row])],
                cap.cap,
                None if math.isnan(p50) else p50,
                cap.unit,
                limits.p_ok(p50, float(cap.spread[row]), cap.cap),
                _remark(cap, math.isnan(p50), missing.get(cap.id, ""), apart),
                cap.confidence,
            )
        )
    if scored.quality_status is not None:
        found.append(own_quality.constraint(run, row, int(scored.quality_status[row])))
    for rule, column in run.gates.doubts:
        if bool(column[run.judge.group[row]]):
            found.append(
                Constraint(rule.id, "unverified", None, None, "", why=f"{rule.title}: a fact is unknown")
            )
    return tuple(found)


def _remark(cap: limits.Limit, unknown: bool, missing: str, beside: str) -> str:
    if not cap.hard:
        return "assumed, so it rules nothing out"
    if cap.id == "launch_weeks" and unknown:
        return "state team.engineers"
    sure = "" if cap.confidence == limits.MIDDLE else f"to be kept with {100.0 * cap.confidence:g} %"
    apart = beside if cap.id == "budget.upfront_usd" else ""
    lacks = f"not counted: {missing}" if missing else ""
    return "; ".join(x for x in (apart, sure, lacks) if x)


def _findings(run: Run, row: int) -> tuple[Finding, ...]:
    found = []
    for rule, column in run.gates.warnings:
        code = int(column[run.judge.group[row]])
        if code == 1 or (code == -1 and rule.on_unknown == "warn"):
            found.append(
                Finding(
                    rule.id,
                    rule.title,
                    rule.severity,
                    rule.confidence,
                    "fail" if code == 1 else "unknown",
                    rule.title,
                    rule.why,
                    rule.fix,
                )
            )
    return tuple(sorted(found, key=lambda f: (f.outcome != "fail", f.rule)))


def _facts(run: Run, row: int) -> dict[str, object]:
    place = run.axes.places[int(run.stacks.place[row])]
    option = run.axes.models[int(run.stacks.model[row])]
    found: dict[str, object] = {
        "region": place.region,
        "model_class": option.facts.get("model.model_class"),
        "model_access": option.facts.get("model.access"),
        "vendor": option.facts.get("model.vendor"),
        "role": option.role,
    }
    if option.api is not None and (vendor := run.cat.vendor(option.api.vendor)) is not None:
        found["vendor_jurisdiction"] = vendor.jurisdiction
    if option.model is not None:
        licence = run.cat.licences.get(option.model.licence)
        found |= {
            "licence": option.model.licence or None,
            "licence_class": licence.licence_class if licence else None,
            "model_params_b": option.model.params_b,
            "model_languages": list(option.model.languages),
        }
    if int(run.stacks.cell[row]) >= 0 and option.role == "llm":
        found["kv_precision"] = "fp8" if bool(run.kv8[row]) else "bf16"
    if int(run.stacks.cell[row]) >= 0:
        chosen = slots(run, row)
        device = run.axes.devices[int(run.stacks.device[row])].device
        names = trainers.frameworks(
            run.cat.frameworks.values(), chosen.adaptation, option.role, device, chosen.engine or ""
        )
        known = law.facts(run, row)
        found["training_framework"] = list(
            trainers.ranked(run.cat, names, option.role, run.req, known, run.today)
        )
    if place.spot:
        found["spot"] = True
    if place.offer is not None:
        found |= {"provider": place.offer.provider, "tier": place.offer.tier}
    return {k: v for k, v in found.items() if v is not None and v != []}


def _sources(run: Run, row: int) -> tuple[str, ...]:
    s, axes = run.stacks, run.axes
    option = axes.models[int(s.model[row])]
    found = set(option.model.source if option.model else option.api.source if option.api else ())
    found.add(axes.places[int(s.place[row])].source)
    if int(s.cell[row]) >= 0:
        found.update(axes.devices[int(s.device[row])].device.source)
        found.update(axes.engines[int(s.engine[row])].framework.source)
        found.add(axes.precisions[int(s.precision[row])].precision.source)
    return tuple(sorted(found))
