"""`check` sees what `recommend` saw, refuses names that nobody knows, and finds impossible stacks."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from selector.check.gate import Checked, check
from selector.check.policy import Policy
from selector.cli import session
from selector.errors import InputError
from selector.needs.components import expand
from selector.needs.load import load
from selector.packs.catalog import Catalogue

Run = Callable[..., "subprocess.CompletedProcess[str]"]
TODAY = date(2026, 11, 24)
EXAMPLES = sorted(p.parent for p in (Path(__file__).parents[3] / "examples").glob("*/reqs.yaml"))
GOOD = {
    "model": "Qwen/Qwen3-8B",
    "hosting": "on_prem",
    "engine": "vllm",
    "precision": "bf16",
    "hardware": "h100-sxm-80gb",
    "n_devices": 2,
    "layout": {"tp": 2},
}


def judged(folder: Path, catalogue: Catalogue, stack: object, needs: object = None) -> Checked:
    document = {"version": 1, "stack": stack}
    if needs is not None:
        (folder / "reqs.yaml").write_text(yaml.safe_dump(needs))
        document["requirements"] = "reqs.yaml"
    (folder / "selector.stack.yaml").write_text(yaml.safe_dump(document))
    # Rules of policies ask what only a repository tells: they have tests of their own.
    found = check(folder / "selector.stack.yaml", Policy(names=()), catalogue, TODAY)
    assert found is not None
    return found


def outcomes(found: Checked) -> set[tuple[str, str]]:
    return {(f.rule, f.outcome) for f in found.findings}


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda p: p.name)
def test_the_first_stack_passes_as_recommend_says(folder: Path, tmp_path: Path, catalogue: Catalogue) -> None:
    parts = expand(load(folder / "reqs.yaml"))
    for part in parts:
        best = session.one(part, catalogue, 1, False, False, TODAY).stacks[0]
        slots = best.slots.as_dict()
        stack = {k: v for k, v in slots.items() if v not in (None, 0)}
        if best.slots.engine and (version := catalogue.frameworks[best.slots.engine].version):
            stack["engine_version"] = version
        needs = part.mapping if len(parts) > 1 else yaml.safe_load((folder / "reqs.yaml").read_text())
        found = outcomes(judged(tmp_path, catalogue, stack, needs)) - {("RISK-002", "unknown")}
        doubts = {c.id for c in best.constraints if c.id in catalogue.rules}
        wanted = {(f.rule, f.outcome) for f in best.findings} | {(r, "unknown") for r in doubts}
        above = any(r.above_appetite for r in best.risks)
        assert found == wanted | ({("RISK-001", "fail")} if above else set())


@pytest.mark.parametrize(
    ("slot", "value", "words"),
    [
        ("offer", "vast-b200-x8-aa", 'offer "vast-b200-x8-aa" is not known'),
        ("offer", "api.us", 'offer "api.us" is not known'),
        ("region", "atlantis", 'region "atlantis" is not known'),
        ("mitigations", ["no-such-thing"], 'mitigation "no-such-thing" is not known'),
        ("engine_version", "latest", 'engine_version "latest" is no version'),
        ("model", "openai/gpt-5.4", "openai/gpt-5.4 is a hosted model"),
    ],
)
def test_a_name_that_nobody_knows_is_an_error_with_its_place(
    slot: str, value: object, words: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    with pytest.raises(InputError) as caught:
        judged(tmp_path, catalogue, GOOD | {slot: value})
    assert words in str(caught.value)
    assert "selector.stack.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "code", "outcome"),
    [
        ({"precision": "fp8-w8a8", "hardware": "a100-sxm-80gb"}, "STACK-001", "fail"),
        ({"layout": {"tp": 2, "pp": 2}}, "STACK-002", "fail"),
        ({"layout": {"tp": 2, "replicas": 2}}, "STACK-002", "fail"),
        ({"model": "deepseek-ai/DeepSeek-R1"}, "STACK-003", "fail"),
        (
            {"model": "deepseek-ai/DeepSeek-R1", "n_devices": None, "layout": None},
            "STACK-003",
            "unknown",
        ),
        ({"offer": "{t4}", "hosting": "self_hosted_cloud"}, "STACK-004", "fail"),
        ({"offer": "{h100}"}, "STACK-004", "fail"),
    ],
)
def test_an_impossible_stack_is_found(
    change: dict[str, object], code: str, outcome: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    assert not any(f.rule.startswith("STACK") for f in judged(tmp_path, catalogue, GOOD).findings)
    stack = {k: v for k, v in (GOOD | change).items() if v is not None}
    device = {"{t4}": "t4-16gb", "{h100}": "h100-sxm-80gb"}.get(str(stack.get("offer")))
    if device:
        stack["offer"] = next(o.id for o in catalogue.offers.values() if o.device == device)
    assert (code, outcome) in outcomes(judged(tmp_path, catalogue, stack))


def test_the_place_of_an_offer_answers_residency(tmp_path: Path, catalogue: Catalogue) -> None:
    needs = {"application": {"task": "chat"}, "data": {"residency": ["us"]}}
    offer = next(
        o
        for o in catalogue.offers.values()
        if o.device == "h100-sxm-80gb" and o.jurisdiction == "us" and o.as_of
    )
    stack = GOOD | {"hosting": "self_hosted_cloud", "offer": offer.id}
    assert not {"PRIV-002", "PRIV-003"} & {f.rule for f in judged(tmp_path, catalogue, stack, needs).findings}
    needs["data"] = {"residency": ["eu"]}
    assert ("PRIV-002", "fail") in outcomes(judged(tmp_path, catalogue, stack, needs))


def test_check_never_loads_numpy(tmp_path: Path) -> None:
    (tmp_path / "selector.stack.yaml").write_text(yaml.safe_dump({"version": 1, "stack": GOOD}))
    code = (
        "import sys; from selector.cli.main import run\n"
        "try: run()\n"
        "finally: sys.stderr.write('numpy' if 'numpy' in sys.modules else 'clean')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "check", str(tmp_path), "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["failed"] == 0
    assert done.stderr == "clean"
