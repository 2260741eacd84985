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
from selector.report import composites as report_composites
from selector.report import plan as report
from selector.types.composite import Composite

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
    "assistant": """
version: 1
application: {task: chat, languages: [en], user_regions: [us]}
organisation: {region: us}
workload: {peak_requests_per_second: 60, requests_per_month: 20_000_000, input_tokens: 900, output_tokens: 250}
data: {classes: [internal]}
deployment: {hosting: [self_hosted, api]}
team: {engineers: 3, usd_per_engineer_month: 12000}
""",
    "labels": """
version: 1
application: {task: text-classification, languages: [en], user_regions: [us]}
organisation: {region: us}
workload: {peak_requests_per_second: 60, requests_per_month: 20_000_000, input_tokens: 200, output_tokens: 1}
data: {classes: [internal], training_examples: 20000}
deployment: {hosting: [self_hosted]}
team: {engineers: 3, usd_per_engineer_month: 12000}
""",
    "documents": """
version: 1
application: {task: chat, languages: [en], user_regions: [us]}
organisation: {region: us}
data: {classes: [internal]}
deployment: {hosting: [on_prem], inventory: [{hardware: l40s, count: 2}, {hardware: cpu-epyc-9654, count: 2}]}
team: {engineers: 3, usd_per_engineer_month: 12000}
components:
  - {name: embed, application: {task: embedding}, workload: {peak_requests_per_second: 5, requests_per_month: 2_000_000, input_tokens: 300, output_tokens: 1}}
  - {name: answer, application: {task: chat}, workload: {peak_requests_per_second: 2, requests_per_month: 600_000, input_tokens: 2000, output_tokens: 200}}
""",
}
TWO = "pins.model=[openai/gpt-6-luna, openai/gpt-6.1-sol]"
OWN = "pins.model=[Qwen/Qwen3.8-27B]"
LONG = ("workload.input_tokens=4000", "workload.output_tokens=200", "deployment.hosting=[self_hosted]", OWN)
PEAKS = ("pins.model=[Qwen/Qwen3.8-27B, openai/gpt-6.1-sol]", "exclude.vendor=[deepinfra, nebius]")


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
    Row("rate and optimiser of pretrained convolutions", "images", "TEC-114", "techniques.bit", (), ("pins.model=[timm/convnext_tiny.fb_in22k_ft_in1k]",)),
    Row("weight initialisation", "images", "TEC-123", "techniques.kaiming", ("adaptation.method=pretrain",), ("adaptation.method=full",)),
    Row("pruning", "texts", "TEC-303", "techniques.obert", (LATENCY, "deployment.inventory=[{hardware: cpu-xeon-8480, count: 1}]"), (LATENCY,)),
    Row("quantization", "images", "TEC-301", "techniques.recoveries", (), ("pins.precision=[bf16]",)),
    Row("quantization by the maker", "chat", "TEC-309", "techniques.recoveries", ("pins.precision=[fp8-w8a8]",), ("pins.precision=[bf16]",)),
    Row("distillation", "texts", "TEC-302", "techniques.distilbert", ("data.labels.source=model",), ("data.labels.source=existing",)),
    Row("heterogeneous computing: processors beside accelerators", "documents", "mixed-devices", "techniques.windve", (), ("deployment.inventory=[{hardware: l40s, count: 8}]",)),
    Row("heterogeneous computing: prompts and answers apart", "assistant", "prefill-apart", "techniques.distserve", LONG, (*LONG, "workload.input_tokens=400")),
    Row("heterogeneous computing: overflow to a hosted model", "assistant", "overflow", "techniques.roblox-spill", PEAKS, (*PEAKS, "workload.requests_per_month=150_000_000")),
    Row("model fusion: cascade", "assistant", "cascade", "techniques.frugalgpt", (TWO,), (TWO, "latency.first_token_p95_ms=3000")),
    Row("model fusion: router", "assistant", "router", "techniques.routellm", (TWO,), ("pins.model=[openai/gpt-6-luna]",)),
    Row("model fusion: voting", "labels", "voting", "techniques.majority", (), ("application.task=chat",)),
    Row("model fusion: averaging", "labels", "averaging", "techniques.tabular-ensembles", (), ("deployment.hosting=[api]",)),
    Row("model fusion: stacking", "labels", "stacking", "techniques.tabular-ensembles", (), ("data.training_examples=0",)),
    Row("model fusion: merged weights", "labels", "merging", "techniques.model-soups", (), ("deployment.hosting=[api]",)),
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
    """Rows of the plan as it is printed for the first stack, by rule, and composite stacks by technique."""
    found = decide(load_document(yaml.safe_load(BASES[base]), base, sets), packs(), 1, False, True, DAY)
    assert found.plan is not None, f"{base} {sets}: no stack"
    joined = (*found.composites, *(found.joint.composites if found.joint else ()))
    rows = {c.technique: (c.kind, c.title, c.technique, _published(c)) for c in joined}
    return {row[2]: row for row in report.brief(found).rows} | rows


def _published(of: Composite) -> str:
    told = report_composites.tables([of])[-1]
    return ", ".join(name for name in sorted({e.source for e in of.published}) if name in str(told.rows))


def page() -> str:
    """The table as Markdown."""
    head = [
        "# What brings a line into the plan",
        "",
        "One row an item; `tests/decisions/test_items.py` runs each, and `python -m tests.decisions.items` writes this page.",
        "The requirements by name stand below; keys are set on them as `--set` does.",
        "",
        "| item | appears when | does not when | line printed | rule or technique | source |",
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
