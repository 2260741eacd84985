"""For heterogeneous computing and model fusion: requirements that bring a line, and those that do not."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from selector.packs import schema
from selector.packs.catalog import Catalogue
from selector.packs.sealed import digest
from selector.report import composites as told
from selector.report.json import recommendation
from selector.types.composite import Composite
from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]
Cli = Callable[..., "subprocess.CompletedProcess[str]"]

CHAT: dict[str, Any] = {
    "application": {"task": "chat", "languages": ["en"], "user_regions": ["us"]},
    "organisation": {"region": "us"},
    "workload": {
        "peak_requests_per_second": 60,
        "requests_per_month": 20_000_000,
        "input_tokens": 900,
        "output_tokens": 250,
    },
    "latency": {"first_token_p95_ms": 3000, "per_output_token_p95_ms": 60},
    "data": {"classes": ["internal"]},
    "deployment": {"hosting": ["self_hosted", "api"]},
    "team": {"engineers": 3, "usd_per_engineer_month": 12000},
}
QWEN = {"model": ["Qwen/Qwen3.8-27B"]}
TWO = {"model": ["openai/gpt-6-luna", "openai/gpt-6.1-sol"]}
LABELS: dict[str, Any] = CHAT | {
    "application": CHAT["application"] | {"task": "text-classification"},
    "workload": CHAT["workload"] | {"input_tokens": 200, "output_tokens": 1},
    "latency": {"request_p95_ms": 300},
    "data": {"classes": ["internal"], "training_examples": 20000},
    "deployment": {"hosting": ["self_hosted"]},
}
HOSTED_LABELS = LABELS | {"deployment": {"hosting": ["api"]}, "latency": {}}
RAG: dict[str, Any] = {k: v for k, v in CHAT.items() if k not in ("workload", "latency")} | {
    "deployment": {
        "hosting": ["on_prem"],
        "inventory": [{"hardware": "l40s", "count": 2}, {"hardware": "cpu-epyc-9654", "count": 2}],
    },
    "components": [
        {
            "name": "embed",
            "application": {"task": "embedding"},
            "workload": {
                "peak_requests_per_second": 5,
                "requests_per_month": 2_000_000,
                "input_tokens": 300,
                "output_tokens": 1,
            },
        },
        {
            "name": "answer",
            "application": {"task": "chat"},
            "workload": {
                "peak_requests_per_second": 2,
                "requests_per_month": 600_000,
                "input_tokens": 2000,
                "output_tokens": 200,
            },
        },
    ],
}
SEARCH: dict[str, Any] = RAG | {
    "deployment": {"hosting": ["self_hosted"], "clouds": ["aws"]},
    "pins": {"hardware": ["l4"]},
    "components": [
        RAG["components"][0],
        {
            "name": "rerank",
            "application": {"task": "reranking"},
            "workload": {
                "peak_requests_per_second": 2,
                "requests_per_month": 600_000,
                "input_tokens": 2000,
                "output_tokens": 1,
            },
        },
    ],
}
BUSY = [c | {"workload": c["workload"] | {"peak_requests_per_second": 150}} for c in SEARCH["components"]]
OWN_PEAK = CHAT | {
    "pins": {"model": ["Qwen/Qwen3.8-27B", "openai/gpt-6.1-sol"]},
    "exclude": {"vendor": ["deepinfra", "nebius"]},
}
LONG = CHAT | {
    "workload": CHAT["workload"] | {"input_tokens": 4000, "output_tokens": 200},
    "pins": QWEN,
    "deployment": {"hosting": ["self_hosted"]},
}
ROOMY = {"hosting": ["on_prem"], "inventory": [{"hardware": "l40s", "count": 8}]}

# kind, requirement that brings it, requirement that does not, a word of the printed row, source of the row
HETEROGENEOUS = [
    ("mixed-devices", RAG, RAG | {"deployment": ROOMY}, "answer 7", "techniques.windve"),
    ("shared-devices", SEARCH, SEARCH | {"components": BUSY}, "% of the time of l4-24gb", ""),
    ("shared-devices", SEARCH, RAG | {"deployment": ROOMY}, "of the memory and", ""),
    (
        "overflow",
        OWN_PEAK,
        OWN_PEAK | {"workload": CHAT["workload"] | {"requests_per_month": 150_000_000}},
        "a peak of 60",
        "techniques.roblox-spill",
    ),
    (
        "overflow",
        OWN_PEAK,
        OWN_PEAK | {"deployment": {"hosting": ["self_hosted"]}},
        "with the peak sent to",
        "",
    ),
    (
        "disaggregated",
        LONG,
        LONG | {"workload": CHAT["workload"] | {"input_tokens": 400}},
        "answers on",
        "techniques.distserve",
    ),
]
FUSION = [
    (
        "merging",
        LABELS,
        HOSTED_LABELS,
        "runs of S-1",
        "techniques.model-soups",
    ),
    ("voting", LABELS, CHAT, " and ", "techniques.majority"),
    (
        "averaging",
        LABELS,
        HOSTED_LABELS,
        " and ",
        "techniques.tabular-ensembles",
    ),
    (
        "stacking",
        LABELS,
        LABELS | {"data": {"classes": ["internal"], "training_examples": 0}},
        " and ",
        "techniques.tabular-ensembles",
    ),
    (
        "cascade",
        CHAT | {"pins": TWO, "latency": {"per_output_token_p95_ms": 60}},
        CHAT | {"pins": TWO},
        " before S-1",
        "techniques.frugalgpt",
    ),
    (
        "router",
        CHAT | {"pins": TWO},
        CHAT | {"pins": {"model": TWO["model"][:1]}},
        " or S-1",
        "techniques.routellm",
    ),
]


def every(found: Recommendation) -> tuple[Composite, ...]:
    return (*found.composites, *(found.joint.composites if found.joint else ()))


@pytest.mark.parametrize(("kind", "with_", "without", "word", "source"), [*HETEROGENEOUS, *FUSION])
def test_a_requirement_brings_the_row_and_another_does_not(
    ranked: Ranked,
    catalogue: Catalogue,
    kind: str,
    with_: dict[str, Any],
    without: dict[str, Any],
    word: str,
    source: str,
) -> None:
    found = ranked(yaml.safe_dump(with_), provisional=False)
    made = [c for c in every(found) if c.kind == kind]
    assert len(made) == 1
    Draft202012Validator(schema.load("recommend")).validate(recommendation(found))
    row = " | ".join(told.tables(made)[0].narrow[0][0].rows[0] + told.tables(made)[0].rows[0])
    assert kind.replace("-", " ") in row
    assert word in row
    assert source in row
    assert not source or source in catalogue.sources
    other = ranked(yaml.safe_dump(without), provisional=False)
    assert other.stacks
    assert kind not in {c.kind for c in every(other)}


def test_own_devices_are_given_out_once(ranked: Ranked) -> None:
    """What the components take together is at hand; where nothing else is left, that is said."""
    found = ranked(yaml.safe_dump(RAG), provisional=False)
    assert found.joint is not None
    taken = [x.stack.slots for x in found.joint.parts]
    assert sum(s.n_devices for s in taken if s.hardware == "l40s-48gb") <= 2
    assert all(p.stacks[0].slots.hardware == "l40s-48gb" for _, p in found.parts)
    one = RAG["deployment"] | {"inventory": [{"hardware": "l40s", "count": 1}]}
    short = ranked(yaml.safe_dump(RAG | {"deployment": one}), provisional=False)
    said = (
        "the components as taken together ask for 2 l40s-48gb of 1 at hand: not all of them can run at once"
    )
    assert said in short.notes
    assert not any("together ask" in note for note in found.notes)


def test_every_way_of_joining_has_a_pair_here(catalogue: Catalogue) -> None:
    assert {t.kind for t in catalogue.composites.values()} == {x[0] for x in (*HETEROGENEOUS, *FUSION)}


def test_every_format_prints_them(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "reqs.yaml"
    path.write_text(yaml.safe_dump({"version": 1} | CHAT | {"pins": TWO}))
    for format_ in ("table", "markdown", "html", "json"):
        done = cli("recommend", path, "--as-of", "2026-11-24", "--format", format_)
        assert done.returncode == 0, done.stderr
        assert "techniques.routellm" in done.stdout
    screen = cli("recommend", path, "--as-of", "2026-11-24").stdout
    line = " ".join(screen.split())
    assert "COMPOSITE router of S-2 or S-1 costs" in line
    assert "with 10 to 50 % sent to S-1" in line
    assert "quality unknown: measure" in line


def test_where_nothing_applies_nothing_is_printed(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "reqs.yaml"
    path.write_text(yaml.safe_dump({"version": 1} | CHAT | {"pins": {"model": ["openai/gpt-6.1-sol"]}}))
    done = cli("recommend", path, "--as-of", "2026-11-24")
    assert done.returncode == 0
    assert "omposite" not in done.stdout
    assert "COMPOSITE" not in done.stdout


def test_a_decision_saved_before_there_were_any_still_reads(cli: Cli, tmp_path: Path) -> None:
    path, kept = tmp_path / "reqs.yaml", tmp_path / "kept.json"
    path.write_text(yaml.safe_dump({"version": 1} | CHAT | {"pins": TWO}))
    assert cli("recommend", path, "--as-of", "2026-11-24", "--save", kept).returncode == 0
    content = json.loads(kept.read_text())
    assert content.pop("composites")
    content.pop("digest")
    kept.write_text(json.dumps({**content, "digest": digest(content)}))
    assert cli("explain", kept).returncode == 0
    done = cli("diff", kept, kept, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["winner"]["changed"] is False


def test_own_machines_that_carry_the_mean_alone_send_the_peak_to_a_vendor(ranked: Ranked) -> None:
    """The ranking holds no own stack; of what carries the mean the best is taken, and its peak is sold."""
    own = {"hosting": ["on_prem", "api"], "inventory": [{"hardware": "h100-sxm-80gb", "count": 4}]}
    need = CHAT | {"pins": {"model": [*QWEN["model"], *TWO["model"]]}, "deployment": own}
    found = ranked(yaml.safe_dump(need), provisional=False)
    assert all(s.slots.hosting == "api" for s in found.stacks)
    (made,) = (c for c in found.composites if c.kind == "overflow")
    machines, above = made.parts
    assert machines.n_devices == 4
    assert machines.stack.label is None
    assert all(QWEN["model"][0] in part.stack.what for part in (machines, above))
    assert "the devices at hand do not carry the peak alone" in made.notes
    alone = found.stacks[0].estimates["cost_per_month_usd"]
    assert alone is not None
    assert made.alone_usd.p50 == pytest.approx(alone.p50)
    usd = [x.usd_per_month.p50 for x in made.costs]
    assert usd == sorted(usd)
    assert usd[-1] < alone.p50
    less = need | {"deployment": own | {"inventory": [{"hardware": "h100-sxm-80gb", "count": 1}]}}
    assert "overflow" not in {c.kind for c in ranked(yaml.safe_dump(less), provisional=False).composites}
