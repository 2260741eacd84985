"""Quality, values and score of one candidate on numbers that remember."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from selector.decide import attitude, limits, quality
from selector.decide.explain.money import Account
from selector.decide.explain.traced import NEAR, Candidate
from selector.decide.judge import TRUE
from selector.decide.runnable import SMALL_CACHE
from selector.decide.value import Scale
from selector.estimate.trace import TRACE, Traced, named
from selector.types.catalog import Score
from selector.types.rule import Rule


class Quality:
    """What one candidate is expected to reach."""

    def __init__(self, stack: Candidate) -> None:
        self.stack, self.run, self.row, self.p = stack, stack.run, stack.row, stack.p

    @cached_property
    def index(self) -> Any:
        """Quality index after what formats keep of it and rules change; None where not known."""
        option, cat = self.stack.option, self.run.cat
        index = quality.of_option(self._scored_option(), cat, self.p, TRACE)
        found: Any = index.p50
        if float(found) != float(found):
            return None
        if option.model is not None:
            found = found * self._kept()
        if bool(self.run.kv8[self.row]):
            found = found * self._recovery(SMALL_CACHE, None)
        words = "quality index by public scores and prior"
        return self.stack.adjusted(found, "quality", "quality.index", "index", words)

    def _scored_option(self) -> Any:
        """The option with its published scores as facts."""
        option, leaves, cat = self.stack.option, self.stack.leaves, self.run.cat

        def scores(kind: str, key: str, rows: tuple[Score, ...]) -> tuple[Score, ...]:
            return tuple(
                replace(
                    s,
                    score=leaves.fact(
                        kind, key, f"quality.{s.benchmark}", s.score, (s.source,), s.as_of, "score"
                    ),
                )
                for s in rows
            )

        if option.api is not None:
            twin = cat.models.get(option.api.open_model or "")
            if twin is None:
                return replace(
                    option, api=replace(option.api, quality=scores("apis", option.id, option.api.quality))
                )
            return replace(
                option,
                api=None,
                model=replace(self._sizes(twin), quality=scores("models", twin.id, twin.quality)),
            )
        assert option.model is not None
        known = self._sizes(option.model)
        return replace(option, model=replace(known, quality=scores("models", known.id, option.model.quality)))

    def _sizes(self, model: Any) -> Any:
        only = ("params_b", "active_params_b")
        return self.stack.leaves.of("models", model.id, model, model.source, model.as_of, only)

    def _kept(self) -> Any:
        """What the weight format keeps of the quality; all of it where it is the published one."""
        option = self.stack.option
        precision = self.run.axes.precisions[int(self.run.stacks.precision[self.row])].id
        assert option.model is not None
        if option.role != "llm" or precision in option.model.checkpoints[:1]:
            return 1.0
        return self._recovery(precision, option.model.params_b)

    def _recovery(self, precision: str, params_b: float | None) -> Any:
        row = quality.recovery_row(self.run.cat, precision, params_b)
        if row is None:
            return 1.0
        why = f"measured on {row.n} models or tasks"
        kept = self.stack.leaves.fact(
            "recoveries",
            precision,
            f"recovery.{precision}",
            row.p50,
            (row.source,),
            row.as_of,
            "fraction",
            why,
        )
        return TRACE.minimum(kept, 1.0)


class Worth:
    """Values and points of one candidate, from the same anchors as the ranking."""

    def __init__(self, account: Account, risk_index: Any) -> None:
        self.account, self.stack, self.run = account, account.stack, account.run
        self.quality, self.risk_index = Quality(account.stack), risk_index

    def figure(self, criterion: str) -> Any:
        """The figure that a criterion judges; None where it is not known."""
        scored, row = self.stack.scored, self.stack.row
        if not bool(scored.known[criterion][row]):
            return None
        if criterion == "latency":
            return self._latency(float(scored.raw["latency"][row]))
        return {
            "quality": lambda: self.quality.index,
            "cost": lambda: self.account.total,
            "risk": lambda: self.risk_index,
            "effort": lambda: self.account.effort,
        }[criterion]()

    def _latency(self, judged: float) -> Any:
        """The slow request; where nobody waits for it, the target stands in."""
        found = self.stack.times.get("request_p95_ms")
        if found is not None and abs(float(found) / judged - 1.0) < NEAR:
            return found
        why = "nobody waits for offline work: the target stands in"
        return self.stack.leaves.choice("latency.not_judged", judged, "ms", why)

    def judged(self, criterion: str) -> Any:
        """The figure, or its adverse quantile where the attitude asks for one."""
        found = self.figure(criterion)
        if found is None or attitude.quantile(self.run.req.risk_attitude) == limits.MIDDLE:
            return found
        by = float(self.stack.scored.judged[criterion][self.stack.row]) / float(found)
        if by == 1.0:
            return found
        factor = self.stack.leaves.choice(
            f"attitude.{criterion}", by, "factor", "adverse quantile over the middle, from the interval"
        )
        return named(found * factor, f"{criterion}.adverse", "", "adverse quantile")

    def value(self, criterion: str) -> Any:
        """Value of the figure on its scale, 0 to 1."""
        scale = self.stack.scored.scales[criterion]
        found = self.judged(criterion)
        if found is None:
            return self.stack.p["value.missing"]
        made = self.scale(criterion).value(TRACE, found)
        if not isinstance(made, Traced):
            made = self.stack.leaves.choice(f"value.{criterion}", made, "value", "at an end of the scale")
        return named(made, f"value.{criterion}", "value", scale.why)

    def scale(self, criterion: str) -> Scale:
        """The scale with its anchors as named numbers."""
        known = self.stack.scored.scales[criterion]

        def anchor(name: str) -> Any:
            why = f"{name} of the scale: {known.why}"
            return self.stack.leaves.choice(
                f"anchor.{criterion}.{name}", getattr(known, name), known.unit, why
            )

        return replace(
            known,
            worst=anchor("worst"),
            target=anchor("target"),
            ideal=anchor("ideal"),
            at_target=self.stack.p["value.at_target"],
        )

    def points(self, criterion: str) -> Any:
        """Points of one criterion: weight times value."""
        found = self.weight(criterion) * self.value(criterion)
        return named(found, f"contributions.{criterion}", "points", f"weight of {criterion} times its value")

    def weight(self, criterion: str) -> Any:
        """Effective weight in percent."""
        return self.stack.leaves.weight(criterion, self.run.weights[criterion])

    def given(self, rule: Rule, weight: float) -> Any:
        """Points that a rule gives, times the weight of its pack."""
        found = self.stack.leaves.rule(rule.id, rule.points or 0.0, "points")
        if weight == 1.0:
            return found
        by = self.stack.leaves.requirement(f"packs.{rule.pack}", weight, "factor")
        return named(found * by, f"contributions.{rule.id}", "points", "points times the weight of the pack")

    def score(self) -> Any:
        """Sum of the points of criteria and rules."""
        total: Any = 0.0
        for criterion in self.stack.scored.scales:
            total = total + self.points(criterion)
        for rule, column, weight in self.run.gates.points:
            if int(column[self.stack.group]) == TRUE:
                total = total + self.given(rule, weight)
        return named(total, "score", "points", "points of all criteria and rules")
