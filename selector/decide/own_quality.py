"""The own evaluation of the user: whether a model reaches the quality that is asked for there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selector.decide import limits
from selector.decide.calibrated import SAME
from selector.decide.columns import Column
from selector.estimate.calibration import Beta, after_trials, beta_prior
from selector.types.decision import Constraint

if TYPE_CHECKING:
    from selector.decide.recommend import Run

LOW, HIGH = 0.1, 0.9
UNINFORMED = Beta(0.5, 0.5)  # Jeffreys' prior, where no public score speaks
UNSAID = "public scores do not say what it reaches on your data: measure it"


@dataclass(frozen=True, slots=True)
class Rate:
    """Pass rate of a model on the own evaluation after its trials; `precision` None: of any."""

    model: str
    precision: str | None
    belief: Beta
    successes: float
    trials: float

    def status(self, minimum: float) -> int:
        """Whether the middle keeps a floor, and p10 as well."""
        if self.belief.quantile(limits.MIDDLE) < minimum:
            return limits.VIOLATED
        return limits.OK if self.belief.quantile(LOW) >= minimum else limits.AT_RISK


def rates(run: Run) -> list[Rate]:
    """Rates of the models that were tried on the metric of the requirements; several runs add up."""
    applied, metric = run.axes.measured, run.req.quality.metric
    if applied is None or metric is None:
        return []
    summed: dict[tuple[str, str | None], tuple[float, float]] = {}
    for t in applied.book.trials:
        if t.metric == metric:
            passed, of = summed.get((t.model, t.precision), (0.0, 0.0))
            summed[t.model, t.precision] = passed + t.successes, of + t.trials
    models = {m.id: i for i, m in enumerate(run.axes.models)}
    found = []
    for (model, precision), (passed, of) in summed.items():
        if model in models:
            index = run.quality_of[models[model]].p50
            strength = run.p["calibration.rate_strength"]
            prior = UNINFORMED if math.isnan(index) else beta_prior(min(max(index, 0.01), 0.99), strength)
            found.append(Rate(model, precision, after_trials(prior, passed, of), passed, of))
    return found


def column(run: Run) -> Any | None:
    """Status of the floor on the own metric for every candidate; None without a floor."""
    import numpy as np

    minimum = run.req.quality.minimum
    if minimum is None:
        return None
    table = np.full((len(run.axes.models), len(run.axes.precisions) + 1), limits.UNVERIFIED, dtype=np.int8)
    models = {m.id: i for i, m in enumerate(run.axes.models)}
    formats = [SAME.get(q.id, q.id) for q in run.axes.precisions]
    # What is known of one format stands above what is known of the model.
    for rate in sorted(rates(run), key=lambda r: r.precision is not None):
        if rate.precision is None:
            table[models[rate.model]] = rate.status(minimum)
        else:
            alike = [i + 1 for i, name in enumerate(formats) if name == rate.precision]
            table[models[rate.model], alike] = rate.status(minimum)
    model, precision = run.stacks.model, run.stacks.precision
    return Column(table[model.values, precision.values.astype(int) + 1], model.rows)


def constraint(run: Run, row: int, status: int) -> Constraint:
    """The floor on the own metric, as it stands for one candidate."""
    need = run.req.quality
    minimum, unit = need.minimum or 0.0, need.metric or "metric"
    model = run.axes.models[int(run.stacks.model[row])].id
    at = int(run.stacks.precision[row])
    precision = run.axes.precisions[at].id if at >= 0 else None
    alike = (None, SAME.get(precision, precision) if precision else None)
    known = [r for r in rates(run) if r.model == model and r.precision in alike]
    if not known:
        return Constraint("quality.minimum", "unverified", minimum, None, unit, why=UNSAID)
    best = max(known, key=lambda r: r.precision is not None)
    low, middle, high = (best.belief.quantile(q) for q in (LOW, limits.MIDDLE, HIGH))
    passed = f"{best.successes:g} of {best.trials:g} trials pass"
    why = f"measured: {passed}, {low:.3f} to {high:.3f} after what public scores say"
    kept = 1.0 - best.belief.at_most(minimum)
    return Constraint("quality.minimum", limits.STATUS[status], minimum, middle, unit, kept, why)
