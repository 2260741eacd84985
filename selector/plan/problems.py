"""What a plan lacks or cannot be, and what would help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selector.decide import people
from selector.decide.runs import machines
from selector.plan import retraining, search
from selector.types.plan import RetrainingPlan, TrainingPlan

if TYPE_CHECKING:
    from selector.decide.axes import ModelOption
    from selector.decide.recommend import Run

CENTS = 100.0  # USD below which they are told


def of(
    run: Run,
    option: ModelOption,
    plan: TrainingPlan | None,
    has: search.Means | None,
    again: RetrainingPlan | None,
) -> tuple[str, ...]:
    """One sentence for each; nothing where nothing is trained."""
    if not people.trained(option.method):
        return ()
    if option.api is not None:
        return (
            f"{option.method}: an endpoint paid by use serves the weights of its vendor; allow self_hosted, "
            "or set adaptation.method to prompt or rag",
        )
    found = [*_stated(run, option), *_run(run, option, plan)]
    if has is not None and has.paid < 1:
        found.append(_unpaid(run, has))
    late = retraining.late(again, plan) if again else None
    return (*found, late) if late else tuple(found)


def _stated(run: Run, option: ModelOption) -> list[str]:
    """What the requirement leaves open, and what the licence forbids."""
    found = []
    many = run.req.data.training_examples
    if many is None:
        found.append(
            f"{option.method} without data.training_examples: steps, hours and money are not known; state "
            "how many examples there are or can be labelled"
        )
    if many == 0 and run.req.data.labels.source != "model":
        found.append(
            f"{option.method} with 0 examples: label some, or set adaptation.method to prompt or rag"
        )
    licence = run.cat.licences.get(option.licence or "")
    if licence and licence.commercial == "no" and run.req.organisation.commercial:
        found.append(
            f"the licence of {option.id} forbids commercial use of tuned weights; take another model"
        )
    return found


def _run(run: Run, option: ModelOption, plan: TrainingPlan | None) -> list[str]:
    """What is in the way of the run."""
    if plan is None and run.axes.places and all(q.purchase_usd is not None for q in run.axes.places):
        return [
            "devices that would be bought to serve are not counted on to train: state machines that train in "
            "adaptation.inventory, or allow a cloud"
        ]
    if plan is None and not machines.places(run, option, option.method):
        return [
            f"of no machine that may be used it is known how fast it trains {option.id}: a GPU in "
            "adaptation.inventory, or a cloud, would do"
        ]
    if plan is None:
        return [
            f"no machine that may be used is known to hold {option.method} of {option.id}: allow more "
            "devices or a cloud, take qlora, shorter adaptation.sequence_tokens, or a smaller model"
        ]
    what = f"training {option.role} models"
    if run.cat.devices[plan.hardware].kind == "soc":
        return [f"{plan.hardware} is made to serve: train on a GPU elsewhere and export to it"]
    if not plan.frameworks:
        return [f"no library in the packs trains {option.role} models by {option.method} on {plan.hardware}"]
    if plan.estimates["wall_hours"] is None and run.req.data.training_examples:
        return [f"time and memory of {what} are not estimated: run 100 steps and multiply"]
    if plan.memory is None and plan.micro_batch:
        return [f"memory of {what} is not estimated: halve the batch until it fits, and accumulate"]
    return []


def _unpaid(run: Run, has: search.Means) -> str:
    helps = "take fewer examples or epochs, qlora, or a smaller model"
    if has.by_time < 1.0:
        return (
            f"a run of {has.trial_hours:,.0f} h leaves no search within {run.p['plan.search_hours']:,.0f} h: "
            f"take more devices, or {helps}"
        )
    return (
        f"{_usd(has.budget)} USD ({has.told}) buy no trial of {_usd(has.trial_usd)} USD beside the run "
        f"itself: raise budget.upfront_usd, {helps}"
    )


def _usd(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= CENTS else f"{amount:,.2f}"
