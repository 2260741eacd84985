"""Policies: what is in force, waivers, baselines, and faults of the policy file."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from selector.check import policy as policies
from selector.check.gate import Checked, check
from selector.check.waivers import against, baseline_text
from selector.errors import InputError, UsageError
from selector.packs.catalog import Catalogue
from selector.types.rule import Severity

Run = Callable[..., object]
TODAY = date(2026, 11, 24)
SHELL = "vllm serve Qwen/Qwen3-8B --trust-remote-code --tensor-parallel-size 2\n"


def judged(folder: Path, catalogue: Catalogue, policy: object = None, flag: str | None = None) -> Checked:
    if policy is not None:
        (folder / "selector.policy.yaml").write_text(yaml.safe_dump(policy))
    found = check(folder, policies.resolve(policies.find(flag, folder), catalogue), catalogue, TODAY)
    assert found is not None
    return found


def rules(found: Checked) -> set[str]:
    return {f.rule for f in found.findings}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "run.sh").write_text(SHELL)
    return tmp_path


def waiver(**change: str) -> dict[str, str]:
    return {
        "rule": "SEC-002",
        "path": "run.sh",
        "reason": "reviewed",
        "owner": "ops",
        "expires": "2027-06-01",
    } | change


def test_the_default_is_the_baseline(repo: Path, catalogue: Catalogue) -> None:
    found = judged(repo, catalogue)
    assert found.policy.names == ("baseline",)
    assert {"SEC-002", "POL-003", "POL-004"} <= rules(found)
    assert {(f.file, f.line) for f in found.findings} == {("run.sh", 1)}


def test_every_shipped_policy_is_in_force_by_name(repo: Path, catalogue: Catalogue) -> None:
    for name in ("baseline", "production", "eu", "cn", "hipaa", "finance"):
        found = judged(repo, catalogue, flag=name)
        assert name in found.policy.names
        assert "baseline" in found.policy.names


def test_a_policy_takes_facts_for_granted(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "app.py").write_text(
        "import boto3\nboto3.client('bedrock-runtime', region_name='us-east-1').converse(modelId='anthropic.claude')\n"
    )
    assert "PRIV-002" not in rules(judged(tmp_path, catalogue))
    assert "PRIV-002" in rules(judged(tmp_path, catalogue, flag="eu"))


def test_severity_is_the_projects_to_choose(repo: Path, catalogue: Catalogue) -> None:
    found = judged(
        repo, catalogue, {"version": 1, "rules": {"SEC-002": {"severity": "low"}, "POL-003": {"off": True}}}
    )
    assert {f.severity for f in found.findings if f.rule == "SEC-002"} == {Severity.LOW}
    assert "POL-003" not in rules(found)


def test_the_last_override_that_names_the_file_holds(repo: Path, catalogue: Catalogue) -> None:
    change = {"version": 1, "overrides": [{"files": ["*.sh"], "rules": {"SEC-002": {"off": True}}}]}
    assert "SEC-002" not in rules(judged(repo, catalogue, change))
    change["overrides"] = [{"files": ["deploy/**"], "rules": {"SEC-002": {"off": True}}}]
    assert "SEC-002" in rules(judged(repo, catalogue, change))


def test_a_waiver_lets_pass_until_its_last_day(repo: Path, catalogue: Catalogue) -> None:
    found = judged(repo, catalogue, {"version": 1, "waivers": [waiver()]})
    assert "SEC-002" not in rules(found)
    assert [(w.finding.rule, w.owner) for w in found.waived] == [("SEC-002", "ops")]
    last = judged(repo, catalogue, {"version": 1, "waivers": [waiver(expires="2026-11-24")]})
    assert "SEC-002" not in rules(last)
    assert "WAIVER-004" in rules(last)


@pytest.mark.parametrize(
    ("change", "more", "code"),
    [
        ({"expires": "2026-11-23"}, {}, "WAIVER-002"),
        ({"expires": "next week"}, {}, "WAIVER-001"),
        ({}, {"max_waiver_days": 30}, "WAIVER-003"),
        ({"path": "other.sh"}, {}, "WAIVER-006"),
    ],
)
def test_a_waiver_that_does_not_hold_is_a_finding(
    change: dict[str, str], more: dict[str, object], code: str, repo: Path, catalogue: Catalogue
) -> None:
    found = judged(repo, catalogue, {"version": 1, "waivers": [waiver(**change)], **more})
    assert {"SEC-002", code} <= rules(found)
    assert next(f for f in found.findings if f.rule == code).file == "selector.policy.yaml"


def test_lists_of_models(repo: Path, catalogue: Catalogue) -> None:
    assert "POL-007" in rules(judged(repo, catalogue, {"version": 1, "models": {"deny": ["qwen/*"]}}))
    assert "POL-008" in rules(judged(repo, catalogue, {"version": 1, "models": {"allow": ["mistralai/*"]}}))
    assert not {"POL-007", "POL-008"} & rules(
        judged(repo, catalogue, {"version": 1, "models": {"allow": ["Qwen/*"]}})
    )


def test_the_ceiling_of_cost(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "a.sky.yaml").write_text(
        "resources: {instance_type: g5.12xlarge, region: us-east-1}\nrun: vllm serve Qwen/Qwen3-8B --tensor-parallel-size 4\n"
    )
    found = judged(tmp_path, catalogue, {"version": 1, "cost": {"per_month_usd": 100}})
    assert "POL-009" in rules(found)
    assert "4,141 USD" in next(f.message for f in found.findings if f.rule == "POL-009")
    assert "POL-009" not in rules(
        judged(tmp_path, catalogue, {"version": 1, "cost": {"per_month_usd": 5000}})
    )


def test_a_known_hole_names_what_mends_it(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "requirements.txt").write_text("litellm==1.82.7\n")
    found = judged(tmp_path, catalogue)
    one = next(f for f in found.findings if f.rule == "POL-005")
    assert "MAL-LITELLM-2026-03" in one.message
    assert "1.84.0 is the first" in one.message  # 1.82.9 mends this one and has another
    assert (one.file, one.line) == ("requirements.txt", 1)
    (tmp_path / "requirements.txt").write_text("litellm==1.90.0\n")
    assert not {"POL-005", "POL-006"} & rules(judged(tmp_path, catalogue))


def test_facts_of_the_policy_settle_what_files_do_not_tell(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "requirements.txt").write_text("vllm==0.8.4\n")
    assert "POL-005" not in rules(judged(tmp_path, catalogue))
    told = judged(tmp_path, catalogue, {"version": 1, "facts": {"engine_features": ["mooncake"]}})
    assert "CVE-2025-32444" in next(f.message for f in told.findings if f.rule == "POL-005")


def test_drift_between_what_is_declared_and_what_runs(repo: Path, catalogue: Catalogue) -> None:
    stack = repo / "selector.stack.yaml"
    same = "version: 1\nstack: {model: Qwen/Qwen3-8B, hosting: on_prem, engine: vllm, layout: {tp: 2}}\n"
    stack.write_text(same)
    assert "POL-015" not in rules(judged(repo, catalogue))
    stack.write_text(same.replace("engine: vllm", "engine: sglang"))
    found = next(f for f in judged(repo, catalogue).findings if f.rule == "POL-015")
    assert "engine is vllm, selector.stack.yaml says sglang" in found.message
    assert found.file == "run.sh"
    stack.write_text(same.replace("Qwen/Qwen3-8B", "Qwen/Qwen3-32B"))
    assert "model is Qwen/Qwen3-8B" in next(
        f.message for f in judged(repo, catalogue).findings if f.rule == "POL-015"
    )


def decided(model: str, engine: str) -> dict[str, object]:
    slots = {"model": model, "engine": engine, "precision": None, "hardware": None, "layout": {"tp": 2}}
    return {"stacks": [{"id": model, "slots": slots}]}


def test_drift_from_what_was_decided(
    repo: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = {"version": 1, "decision": "decision.json"}
    (repo / "decision.json").write_text("{}")
    with pytest.raises(InputError, match="not a saved decision"):
        judged(repo, catalogue, policy)

    found: dict[str, object] = {}
    monkeypatch.setattr("selector.packs.sealed.read", lambda path: found)
    found |= decided("Qwen/Qwen3-8B", "sglang")
    told = judged(repo, catalogue, policy).findings
    assert "decision.json says sglang" in next(f.message for f in told if f.rule == "POL-015")
    # The second of two components is the one that runs here.
    found |= decided("BAAI/bge-m3", "tei") | {
        "components": [{"name": "b", **decided("Qwen/Qwen3-8B", "vllm")}]
    }
    assert "POL-015" not in rules(judged(repo, catalogue, policy))
    found |= {"components": [{"name": "b", **decided("Qwen/Qwen3-32B", "vllm")}]}
    told = judged(repo, catalogue, policy).findings
    assert "model is Qwen/Qwen3-8B, decision.json says BAAI/bge-m3" in next(
        f.message for f in told if f.rule == "POL-015"
    )
    found |= {"stacks": []}
    with pytest.raises(InputError, match="nothing can drift"):
        judged(repo, catalogue, policy)


def test_a_baseline_holds_what_is_known_wherever_it_moves(repo: Path, catalogue: Catalogue) -> None:
    base = repo / "base.json"
    base.write_text(baseline_text(judged(repo, catalogue).findings))
    (repo / "run.sh").write_text("# one more line\n" + SHELL)
    new, old, _ = against(judged(repo, catalogue).findings, base)
    assert (new, len(old)) == ([], 3)
    (repo / "other.sh").write_text("vllm serve Qwen/Qwen3-32B --trust-remote-code\n")
    new, _, _ = against(judged(repo, catalogue).findings, base)
    assert {f.file for f in new} == {"other.sh"}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"kind": "baseline", "version": 9}', '{"kind": "baseline", "version": 2, "findings": [1]}'],
)
def test_a_broken_baseline_is_an_error(text: str, repo: Path, catalogue: Catalogue) -> None:
    (repo / "base.json").write_text(text)
    with pytest.raises(InputError, match="baseline"):
        against(judged(repo, catalogue).findings, repo / "base.json")


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("version: 1\nextend: [eu]\n", "extend"),
        ("version: 2\n", "version"),
        ("version: 1\nextends: [euu]\n", 'policy "euu" is not known'),
        ("version: 1\nrules: {SEC-02: {off: true}}\n", "SEC-002"),
        ("version: 1\nfacts: {multi_tennant: true}\n", "multi_tenant"),
        ("version: 1\nfacts: {foo: bar}\n", "one of: "),
        ("version: 1\nrequirements: nosuch.yaml\n", "selector.policy.yaml:2:1: the file nosuch.yaml"),
        ("version: 1\nwaivers: [{rule: SEC-002, path: a, owner: b, expires: c}]\n", "reason"),
        ("version: 1\nversion: 1\n", "duplicate key"),
        ("version: [\n", "not YAML"),
    ],
)
def test_a_broken_policy_is_never_a_pass(policy: str, words: str, repo: Path, catalogue: Catalogue) -> None:
    (repo / "selector.policy.yaml").write_text(policy)
    with pytest.raises(InputError, match=r"selector\.policy\.yaml:\d+") as caught:
        judged(repo, catalogue)
    assert words in str(caught.value)


def test_an_unknown_name_on_the_command_line(repo: Path, catalogue: Catalogue) -> None:
    with pytest.raises(UsageError, match="did you mean production"):
        judged(repo, catalogue, flag="productoin")


def test_the_variable_names_a_policy(
    repo: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELECTOR_POLICY", "production")
    found = judged(repo, catalogue)
    assert (found.policy.names, found.policy.found_by) == (
        ("baseline", "production"),
        "variable SELECTOR_POLICY",
    )


def test_excluded_paths_are_not_judged(repo: Path, catalogue: Catalogue) -> None:
    (repo / "examples").mkdir()
    (repo / "examples" / "a.sh").write_text(SHELL)
    found = judged(repo, catalogue, {"version": 1, "exclude": ["examples/**"]})
    assert {f.file for f in found.findings} == {"run.sh"}


@pytest.mark.parametrize(
    ("region", "expected"), [("us", {"PRIV-002", "PRIV-013"}), ("eu", set())], ids=["abroad", "home"]
)
def test_what_a_policy_takes_for_granted_holds_for_a_declared_stack(
    region: str, expected: set[str], tmp_path: Path, catalogue: Catalogue
) -> None:
    stack = {"model": "openai/gpt-5.4", "hosting": "api", "region": region}
    (tmp_path / "selector.stack.yaml").write_text(yaml.safe_dump({"version": 1, "stack": stack}))
    found = judged(tmp_path, catalogue, {"version": 1, "extends": ["eu"]})
    assert rules(found) & {"PRIV-002", "PRIV-013"} == expected
    assert "takes for granted" in " ".join(found.notes) or "take for granted" in " ".join(found.notes)


def test_requirements_of_a_policy_hold_for_a_declared_stack(tmp_path: Path, catalogue: Catalogue) -> None:
    needs = {"application": {"task": "chat"}, "data": {"residency": ["eu"]}}
    (tmp_path / "needs.yaml").write_text(yaml.safe_dump(needs))
    stack = {"model": "openai/gpt-5.4", "hosting": "api", "region": "us"}
    (tmp_path / "selector.stack.yaml").write_text(yaml.safe_dump({"version": 1, "stack": stack}))
    found = judged(tmp_path, catalogue, {"version": 1, "extends": ["baseline"], "requirements": "needs.yaml"})
    assert "PRIV-002" in rules(found)


@pytest.mark.parametrize(
    ("fact", "value", "words"),
    [
        ("endpoint_auth", "gatway", "gateway"),
        ("region", "mars", "one of: au"),
        ("in_user_region", "perhaps", "a bool"),
        ("n_devices", "two", "a number"),
        ("req.data_classes", ["personel"], "personal"),
        ("hosting", ["api", "on_prem"], "on_prem"),
    ],
)
def test_a_fact_takes_its_values_only(
    fact: str, value: object, words: str, repo: Path, catalogue: Catalogue
) -> None:
    with pytest.raises(InputError) as caught:
        judged(repo, catalogue, {"version": 1, "extends": ["baseline"], "facts": {fact: value}})
    assert words in str(caught.value.problems[0])


def test_files_that_cannot_be_read_are_no_pass(tmp_path: Path, cli: Callable[..., Any]) -> None:
    (tmp_path / "compose.yaml").write_text("services: [\n")
    alone = cli("check", tmp_path)
    assert alone.returncode == 3
    assert "nothing could be judged" in alone.stderr
    assert cli("check", tmp_path, "--fail-on", "low").returncode == 1
    assert cli("check", tmp_path, "--fail-on-unknown", "low").returncode == 4
    assert 'errors="1"' in cli("check", tmp_path, "--format", "junit").stdout
