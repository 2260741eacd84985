"""One row for each item that a plan covers: the requirement that brings its line, and one that does not.

A row is one base requirement with keys set as `--set` does, once so that the line of a rule is printed
and once so that it is not. `python -m tests.decisions.items` writes them to `docs/plan-items.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from selector.cli.session import decide
from selector.needs.load import load_document
from selector.packs.catalog import Catalogue, load
from selector.report import plan as report

PAGE = Path(__file__).parents[2] / "docs" / "plan-items.md"
DAY = date(2026, 11, 27)

BASES = {
    "images": """
version: 1
application: {task: image-classification, domain: manufacturing}
pins: {model: [timm/resnet50.a1_in1k]}
deployment: {hosting: [on_prem], inventory: [{hardware: l4-24gb, count: 1}]}
data: {training_examples: 5000}
""",
    "texts": """
version: 1
application: {task: text-classification}
pins: {model: [microsoft/deberta-v3-base]}
deployment: {hosting: [on_prem], inventory: [{hardware: l4-24gb, count: 1}]}
data: {training_examples: 20000}
""",
    "chat": """
version: 1
application: {task: chat}
pins: {model: [Qwen/Qwen3-8B]}
deployment: {hosting: [on_prem], inventory: [{hardware: l40-48gb, count: 4}]}
data: {training_examples: 20000}
""",
    "tables": """
version: 1
application: {task: tabular, domain: retail}
deployment: {hosting: [on_prem], inventory: [{hardware: cpu-xeon-8480, count: 1}]}
data: {training_examples: 50000}
""",
    "scores": """
version: 1
application: {task: tabular, area: credit_scoring, user_regions: [eu]}
pins: {model: [XGBoost]}
deployment: {hosting: [on_prem], inventory: [{hardware: cpu-xeon-8480, count: 1}]}
data: {training_examples: 50000}
""",
    "speech": """
version: 1
application: {task: speech-recognition}
pins: {model: [openai/whisper-large-v3]}
deployment: {hosting: [on_prem], inventory: [{hardware: l4-24gb, count: 1}]}
data: {training_examples: 20000}
""",
}


@dataclass(frozen=True)
class Row:
    """One item of the plan; `when` and `otherwise` are keys set on the base, as `--set` takes them."""

    item: str
    base: str
    rule: str
    source: str
    when: tuple[str, ...]
    otherwise: tuple[str, ...]


LATENCY = "priorities=[latency]"
ROWS = (
    Row("data augmentation", "images", "TEC-142", "techniques.augmentation-survey", (), ("application.domain=health",)),
    Row("distributed training", "chat", "TEC-173", "techniques.fsdp", ("adaptation.method=full",), ("adaptation.method=lora", "deployment.inventory=[{hardware: h100-sxm-80gb, count: 1}]")),
    Row("dynamic learning rate", "chat", "TEC-101", "techniques.sgdr", ("adaptation.method=lora",), ("adaptation.method=prompt",)),
    Row("batch normalisation", "images", "TEC-131", "techniques.batch-norm", (), ("pins.model=[timm/vit_base_patch16_224.augreg_in21k_ft_in1k]",)),
    Row("weight initialisation", "images", "TEC-123", "techniques.kaiming", ("adaptation.method=pretrain",), ("adaptation.method=full",)),
    Row("pruning", "texts", "TEC-303", "techniques.obert", (LATENCY, "deployment.inventory=[{hardware: cpu-xeon-8480, count: 1}]"), (LATENCY,)),
    Row("quantization", "chat", "TEC-301", "techniques.recoveries", ("pins.precision=[fp8-w8a8]",), ("pins.precision=[bf16]",)),
    Row("distillation", "texts", "TEC-302", "techniques.distilbert", ("data.labels.source=model",), ("data.labels.source=existing",)),
    Row("tuning by grid search", "texts", "TEC-201", "techniques.bert", (), ("adaptation.method=lora", "pins.model=[Qwen/Qwen3-8B]")),
    Row("tuning by Bayesian optimisation", "chat", "TEC-203", "techniques.tpe", ("adaptation.method=lora", "data.training_examples=2000"), ("adaptation.method=prompt",)),
    Row("online learning", "tables", "TEC-401", "techniques.river", ("data.drift=daily",), ("data.drift=never",)),
    Row("retraining with replay", "texts", "TEC-402", "techniques.replay", ("data.drift=weekly",), ()),
    Row("retraining by the calendar", "tables", "TEC-403", "techniques.continuous-training", ("data.drift=weekly",), ()),
    Row("retraining when drift is found", "tables", "TEC-404", "techniques.evidently", ("data.drift=rare",), ("data.drift=weekly",)),
    Row("risk of retraining: poisoning", "texts", "TEC-411", "techniques.poisoning", ("data.drift=weekly", "application.users=public"), ("data.drift=weekly", "application.users=employees")),
    Row("risk of retraining: forgetting", "texts", "TEC-412", "techniques.forgetting", ("data.drift=weekly",), ("data.drift=never",)),
    Row("health care", "images", "TEC-144", "techniques.laterality", ("application.domain=health",), ()),
    Row("finance", "scores", "DOM-011", "domains.eba-loans", (), ("application.area=risk_assessment",)),
    Row("manufacturing", "images", "DOM-021", "domains.mvtec", ("application.area=quality_control",), ()),
    Row("driving", "images", "TEC-145", "techniques.augmentation-survey", ("application.domain=driving",), ()),
    Row("voice", "speech", "TEC-146", "techniques.specaugment", ("adaptation.method=full",), ("adaptation.method=none",)),
)  # fmt: skip


@cache
def packs() -> Catalogue:
    """The shipped packs."""
    return load()


@cache
def printed(base: str, sets: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Rows of the plan as it is printed for the first stack, by rule."""
    found = decide(load_document(yaml.safe_load(BASES[base]), base, sets), packs(), 1, False, True, DAY)
    assert found.plan is not None, f"{base} {sets}: no stack"
    return {row[2]: row for row in report.brief(found).rows}


def page() -> str:
    """The table as Markdown."""
    head = [
        "# What brings a line into the plan",
        "",
        "One row an item; `tests/decisions/test_items.py` runs each, and `python -m tests.decisions.items` writes this page.",
        "The requirements by name stand below; keys are set on them as `--set` does.",
        "",
        "| item | appears when | does not when | line printed | rule | source |",
        "|---|---|---|---|---|---|",
    ]
    rows = [
        f"| {r.item} | {_need(r, r.when)} | {_need(r, r.otherwise)} "
        f"| {_cell(printed(r.base, r.when)[r.rule][1])} | {r.rule} | {_source(r.source)} |"
        for r in ROWS
    ]
    bases = [f"\n`{name}`\n\n```yaml{text}```" for name, text in BASES.items()]
    return "\n".join((*head, *rows, *bases, ""))


def _need(row: Row, sets: tuple[str, ...]) -> str:
    return _cell(", ".join((f"`{row.base}`", *(f"`{s}`" for s in sets))))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _source(name: str) -> str:
    found = packs().sources[name]
    title = _cell(found["title"])
    return f"[{title}]({found['url']})" if "url" in found else title


if __name__ == "__main__":
    PAGE.write_text(page())
