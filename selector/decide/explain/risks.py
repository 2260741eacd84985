"""Risks of one candidate: what made each apply, and the index, on numbers that remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from selector.decide.judge import TRUE, UNKNOWN
from selector.estimate.trace import named
from selector.risk import assess
from selector.types.explain import Fired, Protection, RiskView
from selector.types.rule import Effect

if TYPE_CHECKING:
    from selector.decide.explain.traced import Candidate
    from selector.risk.assess import Scoring, Trigger
    from selector.types.register import Mitigation, Risk
    from selector.types.rule import Rule


class Register:
    """The risk register as it applies to one candidate."""

    def __init__(self, stack: Candidate, scoring: Scoring) -> None:
        self.stack, self.run, self.scoring = stack, stack.run, scoring
        self.facts = self.run.judge.facts(stack.group)
        self.assessment = self.run.risks.assessments[int(self.run.risks.profile[stack.row])]
        hosting = stack.place.hosting
        self.usable = {
            m.id: m for m in self.run.cat.mitigations.values() if not m.hosting or hosting in m.hosting
        }

    def _holds(self, text: str) -> bool | None:
        return self.run.cat.condition(text).evaluate(self.facts)

    def _fired(self, what: str, text: str, why: str = "", likelihood: int = 0, impact: int = 0) -> Fired:
        seen = self.run.cat.condition(text).trace(self.facts)
        return Fired(what, " ".join(text.split()), self._holds(text), seen, why, likelihood, impact)

    def _rules(self, risk: Risk) -> list[Rule]:
        """Rules that add this risk beside its own trigger."""
        return [r for r in self.run.cat.rules.values() if r.effect is Effect.RISK and r.risk == risk.id]

    def trigger(self, risk: Risk) -> Trigger | None:
        """The risk with its modifiers, as the ranking has it; None where it does not apply."""
        answers = [self._holds(risk.applies)]
        for rule, column in zip(self._rules(risk), self.run.gates.risks.get(risk.id, ()), strict=True):
            code = int(column[self.stack.group])
            answers.append(True if code == TRUE else None if code == UNKNOWN else False)
            assert rule.risk == risk.id
        applies = True if True in answers else None if None in answers else False
        return assess.trigger(risk, applies, [self._holds(m.when) for m in risk.modifiers])

    @cached_property
    def scale(self) -> Scoring:
        """The numbers of the scales as leaves."""
        raw = self.scoring
        leaf = self.stack.leaves.scoring
        return replace(
            raw,
            steps=tuple(leaf(f"step_{i + 1}", v) for i, v in enumerate(raw.steps)),
            floor=leaf("floor", raw.floor),
            evidence={k: leaf(f"evidence_{k}", v) for k, v in raw.evidence.items()},
        )

    @cached_property
    def protections(self) -> Mapping[str, Mitigation]:
        """Mitigations that can be had here, with their factors as facts."""
        return {key: self._protection(m) for key, m in self.usable.items()}

    def _protection(self, m: Mitigation) -> Mitigation:
        def fact(key: str, value: float) -> Any:
            return self.stack.leaves.fact(
                "mitigations", m.id, f"{m.id}.{key}", value, (m.source,), m.as_of, "factor", m.basis
            )

        on = {risk: {k: fact(f"{risk}.{k}", v) for k, v in factors.items()} for risk, factors in m.on.items()}
        return replace(m, likelihood=fact("likelihood", m.likelihood), impact=fact("impact", m.impact), on=on)

    def residual(self, item: Trigger) -> Any:
        """Residual score of a risk, traced."""
        left = assess.residual(item, self.assessment.mitigations, self.protections, self.scale)
        for part, value in zip(("likelihood", "impact"), left, strict=True):
            named(value, f"risk.{item.risk.id}.{part}", "0 to 1", f"{part} left of {item.risk.name}")
        found = assess.score(item, self.assessment.mitigations, self.protections, self.scale)
        return named(found, f"risk.{item.risk.id}", "0 to 1", f"residual score of {item.risk.name}")

    @cached_property
    def index(self) -> Any:
        """Risk index, traced."""
        certain = {r.id for r in self.assessment.rows if r.certain}
        scores = []
        for risk in self.run.cat.risks.values():
            if risk.id in certain:
                item = self.trigger(risk)
                assert item is not None
                scores.append(self.residual(item))
        if not scores:
            return self.stack.leaves.choice("risk.index", 0.0, "index", "no risk of the register applies")
        return named(
            assess.index_of(scores), "risk.index", "index", "50 x (largest + mean of the five largest)"
        )

    def view(self, risk: Risk) -> RiskView:
        """One risk in full; it need not apply."""
        accepted = risk.id in self.run.req.risk.accepted
        item = None if accepted else self.trigger(risk)
        shown = item or assess.Trigger(risk, risk.likelihood, risk.impact, False)
        chosen = self.assessment.mitigations if item else ()
        triggers = [self._fired("the register", risk.applies)]
        triggers += [self._fired(f"rule {r.id}", r.when, r.why) for r in self._rules(risk)]
        own = [self.run.cat.mitigations[m] for m in risk.mitigations if m in self.run.cat.mitigations]
        return RiskView(
            id=risk.id,
            name=risk.name,
            category=risk.category,
            owner=risk.owner,
            applies=False if item is None else True if item.certain else None,
            likelihood=risk.likelihood,
            impact=risk.impact,
            likelihood_now=shown.likelihood,
            impact_now=shown.impact,
            inherent=assess.level(shown, (), self.usable, self.scoring),
            residual=assess.level(shown, chosen, self.usable, self.scoring),
            inherent_score=assess.score(shown, (), self.usable, self.scoring),
            residual_score=assess.score(shown, chosen, self.usable, self.scoring),
            accepted=accepted,
            triggers=tuple(triggers),
            modifiers=tuple(
                self._fired("modifier", m.when, m.why or "", m.likelihood, m.impact) for m in risk.modifiers
            ),
            mitigations=tuple(self._offer(m, shown, chosen) for m in own),
            references=risk.references,
            aliases=risk.aliases,
            basis=risk.basis,
            source=risk.source,
            as_of=risk.as_of,
            scale=self.scoring.steps,
            note=risk.note,
        )

    def _offer(self, m: Mitigation, item: Trigger, chosen: Sequence[str]) -> Protection:
        own = m.on.get(item.risk.id, {})
        here = m.id in self.usable
        alone = assess.score(item, (m.id,), self.usable, self.scoring) if here else None
        return Protection(
            m.id,
            m.name,
            m.id in chosen,
            here,
            own.get("likelihood", m.likelihood),
            own.get("impact", m.impact),
            m.days_low,
            m.days_high,
            m.usd_per_month,
            m.owner,
            m.basis,
            m.source,
            m.as_of,
            alone,
        )
