"""JSON of a recommendation; the schema is `rules/schemas/recommend.json`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from selector.report.numbers import plain

if TYPE_CHECKING:
    from selector.types.composite import Composite
    from selector.types.decision import (
        CostLine,
        Exclusion,
        Joint,
        Move,
        ProposedPlan,
        RankedStack,
        Recommendation,
        Relaxation,
    )
    from selector.types.estimate import Estimate
    from selector.types.plan import Plan, TrainingPlan
    from selector.types.rule import Finding

SCHEMA_VERSION = 1


def estimate(e: Estimate | None) -> dict[str, Any] | None:
    """p10, p50, p90, unit and formula; None where unknown."""
    if e is None or e.p50 != e.p50:
        return None
    found = {"p10": e.p10, "p50": e.p50, "p90": e.p90, "unit": e.unit, "formula": e.formula}
    if e.inputs:
        found["inputs"] = dict(e.inputs)
    return found


def stack(s: RankedStack) -> dict[str, Any]:
    """One ranked stack."""
    return {
        "id": s.slots.digest(),
        "label": s.label,
        "rank": s.rank,
        "slots": s.slots.as_dict(),
        "score": s.score,
        "tied": s.tied,
        "provisional": s.provisional,
        "contributions": [asdict(c) for c in s.contributions],
        "estimates": {k: estimate(v) for k, v in s.estimates.items()},
        "memory_gib_per_device": s.memory and ledger(s),
        "costs": [cost_line(c) for c in s.costs],
        "constraints": [asdict(c) for c in s.constraints],
        "risks": [asdict(r) for r in s.risks],
        "duties": [asdict(d) | {"severity": d.severity.value} for d in s.duties],
        "assumptions": [asdict(a) for a in s.assumptions],
        "licence_terms": [asdict(x) for x in s.terms],
        "findings": [finding(f) for f in s.findings],
        "facts": dict(s.facts),
        "advice": s.advice,
        "sources": s.sources,
    }


def robustness(r: Recommendation) -> dict[str, Any]:
    """How far the ranking is from turning; without a stack only how far packs could move a score."""
    found = asdict(r.robustness) if r.robustness else {}
    margin = r.stacks[0].score - r.stacks[1].score if len(r.stacks) > 1 else None
    return {"margin_points": margin, "points_budget": dict(r.points_budget)} | found


def proposed(p: ProposedPlan) -> dict[str, Any]:
    """The plan that was brought, and what became of it."""
    return {
        "plan": p.plan,
        "verdict": p.verdict,
        "rank": p.rank,
        "points_behind": p.points_behind,
        "reasons": p.reasons,
        "not_judged": p.not_judged,
        "risks": p.risks,
        "stack": p.stack and stack(p.stack),
    }


def cost_line(c: CostLine) -> dict[str, Any]:
    """One line of a cost table."""
    usd = estimate(c.usd_per_month)
    return {
        "item": c.item,
        "usd_per_month": usd,
        "once_usd": c.once_usd,
        "source": c.source,
        "as_of": c.as_of,
    }


def joint(j: Joint) -> dict[str, Any]:
    """Components paid for together."""
    return {
        "stacks": [
            {"component": x.component, "label": x.stack.label, "id": x.stack.slots.digest()} for x in j.parts
        ],
        "costs": [cost_line(c) for c in j.costs],
        "cost_per_month_usd": estimate(j.usd_per_month),
        "budget": j.budget and asdict(j.budget),
        "composites": [composite(c) for c in j.composites],
    }


def composite(c: Composite) -> dict[str, Any]:
    """Several stacks as one."""
    return asdict(c) | {
        "parts": [asdict(x) | {"usd_per_month": estimate(x.usd_per_month)} for x in c.parts],
        "costs": [{"rate": x.rate, "usd_per_month": estimate(x.usd_per_month)} for x in c.costs],
        "alone_usd": estimate(c.alone_usd),
        "request_p95_ms": estimate(c.request_p95_ms),
    }


def move(m: Move) -> dict[str, Any]:
    """A limit as it stands and as it would have to be."""
    found = {"limit": m.limit, "from": m.now, "to": m.needed, "unit": m.unit}
    return found | {"instead": m.instead} if m.instead else found


def exclusion(e: Exclusion) -> dict[str, Any]:
    """Why candidates were left out, and what the nearest of them needs."""
    return {
        "reason": e.reason,
        "count": e.count,
        "nearest": e.nearest,
        "distance": e.distance,
        "moves": [move(m) for m in e.moves],
    }


def relaxation(x: Relaxation) -> dict[str, Any]:
    """A smallest set of limits to move: the nearest stack, and the best that these alone hold."""
    return {
        "constraints": x.constraints,
        "moves": x.moves,
        "changes": [move(m) for m in x.changes],
        "stack": x.stack,
        "count": x.count,
        "score": x.score,
        "best": {"stack": x.best, "changes": [move(m) for m in x.best_changes]} if x.best else None,
    }


def finding(f: Finding) -> dict[str, Any]:
    """What a rule says; the place only where there is one."""
    pairs = ((k, getattr(f, k)) for k in type(f).__dataclass_fields__)
    return {k: v for k, v in pairs if v is not None} | {"severity": f.severity.value}


def ledger(s: RankedStack) -> dict[str, float]:
    """Memory of one device in GiB, by purpose."""
    m = s.memory
    assert m is not None
    gib = 2.0**30
    return {
        "weights": m.weights / gib,
        "kv_cache": m.kv_cache / gib,
        "activations": m.activations / gib,
        "reserve": m.reserve / gib,
        "total": m.total / gib,
        "usable": m.usable / gib,
    }


def plan(p: Plan) -> dict[str, Any]:
    """The plan of the first stack."""
    return {
        "stack": p.stack,
        "method": p.method,
        "methods": [
            asdict(m)
            | {
                "quality": estimate(m.quality),
                "device_hours": estimate(m.device_hours),
                "usd": estimate(m.usd),
            }
            for m in p.methods
        ],
        "training": p.training and _training(p.training),
        "search": p.search
        and asdict(p.search) | {"hours": estimate(p.search.hours), "usd": estimate(p.search.usd)},
        "retraining": p.retraining
        and asdict(p.retraining)
        | {
            "runs": estimate(p.retraining.runs),
            "device_hours": estimate(p.retraining.device_hours),
            "usd": estimate(p.retraining.usd),
        },
        "compression": p.compression
        and asdict(p.compression)
        | {"recovery": estimate(p.compression.recovery), "speed": estimate(p.compression.speed)},
        "lines": [asdict(x) for x in p.lines],
        "fragments": [asdict(x) for x in p.fragments],
        "problems": p.problems,
    }


def _training(t: TrainingPlan) -> dict[str, Any]:
    return asdict(t) | {"estimates": {k: estimate(v) for k, v in t.estimates.items()}}


def recommendation(r: Recommendation) -> dict[str, Any]:
    """The whole outcome as plain JSON values."""
    found = {
        "schema_version": SCHEMA_VERSION,
        "kind": "recommendation",
        "name": r.name,
        "stacks": [stack(s) for s in r.stacks],
        "counterparts": [stack(s) for s in r.counterparts],
        "composites": [composite(c) for c in r.composites],
        "excluded": [exclusion(e) for e in r.excluded],
        "relaxations": [relaxation(x) for x in r.relaxations],
        "robustness": robustness(r),
        "proposed": r.proposed and proposed(r.proposed),
        "assumptions": [asdict(a) for a in r.assumptions],
        "notices": [asdict(n) for n in r.notices],
        "plan": r.plan and plan(r.plan),
        "weights": dict(r.weights),
        "weights_form": r.weights_form,
        "points_quantile": r.points_quantile,
        "defaults_that_decide": [asdict(d) for d in r.defaults_that_decide],
        "horizon_months": r.horizon_months,
        "counts": dict(r.counts),
        "notes": [*r.notes, *r.acceptances],
        "oldest_fact": r.oldest_fact,
        "stale_prices": [asdict(x) for x in r.stale_prices],
        "inputs": dict(r.inputs),
        "components": [recommendation(c) for c in r.components],
    }
    if r.component:
        found["component"] = r.component
    if r.joint is not None:
        found["joint"] = joint(r.joint)
    cleaned: dict[str, Any] = plain(found)
    return cleaned


def dumps(value: Any) -> str:
    """Stable text: same input, same bytes."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # Names of files need not be text: what no encoding holds is written as JSON escapes it.
    return text.encode(errors="backslashreplace").decode()
