"""Rules and risks over all candidates: vetoes, warnings, points, risk profiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from selector.decide.columns import Column
from selector.decide.judge import TRUE, UNKNOWN, Compile, Judge, distinct_rows
from selector.risk.assess import Assessment, Made, Scoring, Trigger, assess, trigger
from selector.types.register import Mitigation, Risk
from selector.types.rule import Effect, Rule

CRITERIA = ("quality", "cost", "latency", "risk", "effort")


@dataclass(slots=True)
class Gates:
    """Outcome columns of the rules over the groups of the judge."""

    vetoes: list[tuple[Rule, Any]] = field(default_factory=list)  # bool column: removed
    doubts: list[tuple[Rule, Any]] = field(default_factory=list)  # bool column: unknown
    warnings: list[tuple[Rule, Any]] = field(default_factory=list)  # int8 column
    points: list[tuple[Rule, Any, float]] = field(default_factory=list)  # column, weight of the pack
    advice: list[tuple[Rule, Any]] = field(default_factory=list)
    adjustments: list[tuple[Rule, Any]] = field(default_factory=list)
    risks: dict[str, list[Any]] = field(default_factory=dict)  # columns that add a risk, by its id
    weights: list[Rule] = field(default_factory=list)  # fired for these requirements


def apply_rules(
    rules: Sequence[Rule], judge: Judge, compile_: Compile, pack_weights: Mapping[str, float]
) -> Gates:
    """Evaluate all rules that act on candidates.

    A veto whose facts are unknown does not remove; it stays as an unverified constraint, unless
    the rule says `on_unknown: fail`.
    """
    gates = Gates()
    for rule in rules:
        if rule.effect is Effect.WEIGHT:
            # Of the requirements only: one answer for all candidates.
            if judge.once(compile_(rule.when)) and (
                rule.applies is None or judge.once(compile_(rule.applies))
            ):
                gates.weights.append(rule)
            continue
        column = judge.column(compile_(rule.when))
        if rule.applies is not None:
            scope = judge.column(compile_(rule.applies))
            column = _inside(scope, column)
        if rule.effect is Effect.VETO:
            removed = column == TRUE
            if rule.on_unknown == "fail":
                removed = removed | (column == UNKNOWN)
            gates.vetoes.append((rule, removed))
            if rule.on_unknown == "warn":
                gates.doubts.append((rule, column == UNKNOWN))
        elif rule.effect is Effect.WARN:
            gates.warnings.append((rule, column))
        elif rule.effect is Effect.POINTS:
            gates.points.append((rule, column, pack_weights.get(rule.pack, 1.0)))
        elif rule.effect is Effect.ADVISE:
            gates.advice.append((rule, column))
        elif rule.effect is Effect.ADJUST:
            gates.adjustments.append((rule, column))
        elif rule.effect is Effect.RISK and rule.risk is not None:
            gates.risks.setdefault(rule.risk, []).append(column)
    return gates


def criterion_weights(stated: Mapping[str, float], rules: Sequence[Rule]) -> dict[str, float]:
    """Weights of the criteria, multiplied by the weight rules given, scaled to sum to 100."""
    chosen = {k: float(stated.get(k, 0.0)) for k in CRITERIA}
    for rule in rules:
        chosen[rule.criterion] *= rule.factor
    total = math.fsum(chosen.values()) or 1.0
    return {k: 100.0 * v / total for k, v in chosen.items()}


def _inside(scope: Any, column: Any) -> Any:
    """Three-valued and of the scope and the condition."""
    return np.where(
        (scope == 0) | (column == 0), 0, np.where((scope == TRUE) & (column == TRUE), TRUE, UNKNOWN)
    ).astype(np.int8)


def _either(columns: Sequence[Any]) -> Any:
    """Three-valued or: true where one is true, else unknown where one is unknown."""
    if len(columns) == 1:
        return columns[0]
    stack = np.stack(columns)
    some, doubt = (stack == TRUE).any(axis=0), (stack == UNKNOWN).any(axis=0)
    return np.where(some, TRUE, np.where(doubt, UNKNOWN, 0)).astype(np.int8)


@dataclass(slots=True)
class RiskColumns:
    """Risk index and costs per candidate, and the distinct assessments behind them."""

    index: Any
    days: Any
    usd: Any
    profile: Any
    assessments: list[Assessment]


def assess_all(
    risks: Sequence[Risk],
    mitigations: Mapping[str, Mitigation],
    scoring: Scoring,
    judge: Judge,
    compile_: Compile,
    hosting: Sequence[str],
    appetite: str,
    accepted: Sequence[str],
    added: Mapping[str, Sequence[Any]],
) -> RiskColumns:
    """Assess each distinct pattern of triggers once; the columns are over the candidates.

    `added` holds the columns of rules that add a risk beside its own trigger.
    """
    columns: list[Any] = []
    spans: list[tuple[Risk, int]] = []
    for risk in risks:
        if risk.id in accepted:
            continue
        spans.append((risk, len(columns)))
        own = judge.column(compile_(risk.applies))
        columns.append(_either([own, *added.get(risk.id, ())]))
        columns += [judge.column(compile_(m.when)) for m in risk.modifiers]
    columns.append(judge.values("hosting", hosting).astype(np.int8))
    distinct, profile = distinct_rows(columns)
    assessments = []
    made = Made()
    for row in distinct:
        found: list[Trigger] = []
        for risk, start in spans:
            answers = [_answer(int(row[start + k])) for k in range(1 + len(risk.modifiers))]
            item = trigger(risk, answers[0], answers[1:])
            if item is not None:
                found.append(item)
        assessments.append(assess(found, mitigations, scoring, appetite, hosting[int(row[-1])], made))
    table = np.array([[a.choice.index, a.choice.days, a.choice.usd_per_month] for a in assessments])
    index, days, usd = (Column(x.take(profile), judge.group) for x in table.reshape(-1, 3).T)
    return RiskColumns(index, days, usd, Column(profile, judge.group), assessments)


def _answer(code: int) -> bool | None:
    return None if code == UNKNOWN else code == TRUE
