"""Stated values that do not act in the decision, or not fully, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from selector.decide.axes import HOSTED
from selector.decide.match import JUDGED
from selector.decide.options import hosting as hosting_of
from selector.decide.quotes import unused
from selector.types.decision import Notice
from selector.types.requirement import Requirement

if TYPE_CHECKING:
    from selector.decide.recommend import Run

HELD = frozenset({*HOSTED, "self_hosted_cloud", "on_prem", "self_hosted"})
NO, PART = "not_used", "used_in_part"
# Key, status, why. A key stands for everything under it.
ALWAYS: tuple[tuple[str, str, str], ...] = (
    ("application.description", NO, "free text is not interpreted: state what matters in fields"),
    (
        "application.features.needs",
        PART,
        "performance_guarantee decides how it may be hosted; the packs hold no facts on the other features",
    ),
    ("budget.cut_fraction", NO, "what is paid today is not stated; set budget.per_month_usd"),
    ("incumbent.problems", NO, "only the cost of switching counts; state limits for what must get better"),
    ("incumbent.quality", NO, "public scores cannot be compared with a figure on your own data"),
    ("quality.target", PART, "public scores do not say what a model reaches on your data: measure it"),
    ("quality.metric", PART, "it names the figure to measure; the ranking uses an index of public scores"),
    ("availability.target", PART, "it decides spare replicas; the packs hold no uptime of providers"),
    (
        "workload.active_hours_fraction",
        PART,
        "it sets the volume and the rent of batches; online machines are kept",
    ),
    (
        "workload.traits",
        PART,
        "only the size of batches acts; the others are for the choice of training hardware",
    ),
    ("data.labels", PART, "they decide how a model is adapted and how often anew, not how it is trained"),
    ("deployment.targets", PART, "they decide the framework that trains; no such device is sized"),
    ("deployment.vendor_support_required", NO, "the packs hold no facts on support contracts"),
    ("deployment.capacity_limited", NO, "the packs hold no facts on how soon hardware can be had"),
    ("deployment.orchestrator", NO, "every engine in the packs runs in containers; none is preferred"),
    ("weights.energy", NO, "energy is not estimated yet, so it cannot be scored"),
    ("pins.layout.ep", NO, "expert parallelism is not sized apart from tensor parallelism"),
)


def of(run: Run) -> tuple[Notice, ...]:
    """Notices for what was stated; nothing is said of values that were only assumed."""
    stated = [
        Notice(key, status, why)
        for key, status, why in ALWAYS
        if key not in run.assumed and _value(run.req, key) not in (None, (), {}, frozenset())
    ]
    return (*stated, *_depending(run))


def _value(req: Requirement, key: str) -> object:
    """Value at a dotted key of the requirement; of a list, whether any member has one."""
    here: object = req
    for part in key.split("."):
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, tuple):
            here = next((v for item in here if (v := getattr(item, part, None)) is not None), None)
        else:
            here = getattr(here, part, None)
    if here is not None and here == type(here)():
        return None
    return here


def _depending(run: Run) -> Iterator[Notice]:
    """Notices that depend on more than one value."""
    req = run.req
    for number, quoted in enumerate(run.wanted.quotes):
        why = unused(quoted)
        if why is not None:
            yield Notice(f"quotes.{number}", NO, why)
        elif not any(q.source == f"quotes.{number} of the requirements" for q in run.axes.places):
            yield Notice(f"quotes.{number}", NO, "hosting, pins or exclusions leave no stack that it is for")
    for number, item in enumerate(req.deployment.inventory or ()):
        owned = [d for d in run.axes.devices if d.id in run.wanted.inventory[number].query.devices]
        if item.host_ram_gb and any(d.device.kind != "cpu" for d in owned):
            why = "weights that do not fit on the devices are not moved to host memory"
            yield Notice(f"deployment.inventory.{number}.host_ram_gb", NO, why)
    for word in sorted(hosting_of(req, run.wanted) - HELD):
        yield Notice("deployment.hosting", PART, f"the packs hold no offers of the kind {word}")
    for axis in sorted(set(req.pins.others) - JUDGED):
        yield Notice(f"pins.{axis}", NO, "no slot or fact of a stack carries it yet")
    if req.incumbent.switching_cost_usd and not set(req.incumbent.stack) & JUDGED:
        why = "incumbent.stack does not say what is in place, so every stack pays it"
        yield Notice("incumbent.switching_cost_usd", PART, why)
    if req.incumbent.stack and not req.incumbent.switching_cost_usd:
        yield Notice("incumbent.stack", NO, "no cost of switching is stated: it has no advantage")
    if req.launch_weeks is not None and not req.team.engineers:
        yield Notice("launch_weeks", PART, "the time to launch needs team.engineers: the limit is unverified")
