"""What is not known is never a pass: regions, formats, names with several meanings, costs, holes, models."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from selector.check import policy as policies
from selector.check.gate import check
from selector.packs.catalog import Catalogue
from selector.risk.advisories import first_free
from selector.types.rule import Finding, Severity

TODAY = date(2026, 11, 24)
POD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: llm}
spec:
  template:
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.24.0
          args: [--model, MODEL, --tensor-parallel-size, "2"]
          resources: {limits: {nvidia.com/gpu: 2}}
"""

Judged = Callable[..., dict[str, Finding]]


@pytest.fixture
def judged(tmp_path: Path, catalogue: Catalogue) -> Judged:
    """Findings by rule of a folder with some files; a mapping is written as YAML."""

    def run(flag: str | None = None, **files: object) -> dict[str, Finding]:
        for name, content in files.items():
            path = tmp_path / {
                "app": "app.py",
                "pod": "pod.yaml",
                "stack": "selector.stack.yaml",
                "policy": "selector.policy.yaml",
                "needs": "reqs.yaml",
                "sky": "a.sky.yaml",
                "pins": "requirements.txt",
                "run": "run.sh",
            }.get(name, name)
            text = content if isinstance(content, str) else yaml.safe_dump(content)
            path.write_text(text)
        found = check(tmp_path, policies.resolve(policies.find(flag, tmp_path), catalogue), catalogue, TODAY)
        assert found is not None
        return {f.rule: f for f in found.findings}

    return run


def stack(**slots: object) -> dict[str, object]:
    facts = slots.pop("facts", None)
    return {"version": 1, "stack": slots} | ({"facts": facts} if facts else {})


def test_a_hosted_model_has_the_region_that_is_stated_and_no_other(
    judged: Judged, catalogue: Catalogue
) -> None:
    one = next(
        a
        for a in catalogue.apis.values()
        if a.regions == ("eu",) and (a.vendor, a.model_class) == ("mistral", "llm")
    )
    code = f"from mistralai import Mistral\nMistral().chat.complete(model={one.model!r}, messages=[])\n"
    silent = judged("eu", app=code)
    assert "PRIV-003" in silent
    assert "region" in (silent["PRIV-003"].fix or "")
    assert "PRIV-003" not in judged(
        "eu", app=code, stack=stack(model="Qwen/Qwen3-8B", hosting="on_prem", facts={"region": "eu"})
    )


def test_a_base_url_says_nothing_of_a_region(judged: Judged) -> None:
    code = 'from openai import OpenAI\nc = OpenAI(base_url="https://g.example.org/v1")\n'
    code += 'c.chat.completions.create(model="gpt-4o-mini", messages=[])\n'
    found = judged("eu", app=code)
    assert found["PRIV-003"].outcome == "unknown"
    assert "state hosting, region" in (found["PRIV-003"].fix or "")
    told = {"version": 1, "extends": ["eu"], "facts": {"hosting": "api", "region": "eu"}}
    assert "PRIV-003" not in judged(app=code, policy=told)


def test_a_declared_hosted_model_has_no_region_by_itself(judged: Judged) -> None:
    assert "PRIV-003" in judged("eu", stack=stack(model="openai/gpt-5.4", hosting="api"))
    assert "PRIV-003" not in judged("eu", stack=stack(model="openai/gpt-5.4", hosting="api", region="eu"))


def test_an_engine_that_is_told_no_parallel_size_takes_its_default(judged: Judged) -> None:
    pod = POD.replace("MODEL", "meta-llama/Llama-3.1-70B-Instruct").replace("gpu: 2", "gpu: 8")
    told = judged(pod=pod.replace(', --tensor-parallel-size, "2"', ""))["STACK-003"]
    assert "no tensor parallel size is stated, 1 of 8 devices taken, the default of vllm" in told.message
    assert told.outcome == "fail"
    assert "STACK-003" not in judged(pod=pod.replace('"2"', '"8"'))
    assert "STACK-003" not in judged(pod=pod.replace('"2"', '"$(TP)"'))  # named, and not known


def test_the_label_of_a_node_and_the_checkpoint_decide_whether_it_fits(judged: Judged) -> None:
    large = judged(pod=POD.replace("MODEL", "meta-llama/Llama-3.1-405B-Instruct"))["STACK-003"]
    assert large.outcome == "fail"
    assert "precision is not stated, bf16 of the checkpoint taken" in large.message
    assert "STACK-003" not in judged(pod=POD.replace("MODEL", "meta-llama/Llama-3.1-70B-Instruct"))
    small = POD.replace("MODEL", "Qwen/Qwen3-8B")
    assert "STACK-003" not in judged(pod=small)


def test_an_engine_that_loads_four_bits_by_default_is_taken_at_its_word(judged: Judged) -> None:
    slots = {"model": "meta-llama/Llama-3.1-70B-Instruct", "hosting": "on_prem", "hardware": "l40s"}
    assert "STACK-003" not in judged(stack=stack(**slots, engine="ollama", n_devices=1))
    assert judged(stack=stack(**slots, engine="vllm", n_devices=1))["STACK-003"].outcome == "fail"


@pytest.mark.parametrize(("devices", "outcome"), [(2, None), (1, "fail")])
def test_a_name_with_several_meanings_is_judged_for_all(
    devices: int, outcome: str | None, judged: Judged
) -> None:
    slots = {"model": "meta-llama/Llama-3.1-70B-Instruct", "hosting": "on_prem", "precision": "bf16"}
    found = judged(stack=stack(**slots, hardware="h100", n_devices=devices)).get("STACK-003")
    assert (found.outcome if found else None) == outcome


def test_a_name_of_which_some_meanings_fit_is_unknown(judged: Judged) -> None:
    # 40 GB do not hold it, 80 GB do.
    slots = {"model": "Qwen/Qwen3.8-27B", "hosting": "on_prem", "precision": "bf16"}
    found = judged(stack=stack(**slots, hardware="a100", n_devices=1))["STACK-003"]
    assert found.outcome == "unknown"
    assert "a100-sxm-40gb" in found.message
    assert "a100-sxm-80gb" in found.message


CEILING = {"version": 1, "cost": {"per_month_usd": 1000}}


def test_a_ceiling_without_a_price_is_unknown_and_says_why(judged: Judged) -> None:
    run = "vllm serve Qwen/Qwen3-8B\n"
    found = judged(run=run, policy=CEILING)["POL-009"]
    assert (found.outcome, "state offer" in found.message) == ("unknown", True)
    assert "POL-009" not in judged(run=run, policy={"version": 1})
    owned = judged(policy=CEILING, stack=stack(model="Qwen/Qwen3-8B", hosting="on_prem"))["POL-009"]
    assert "owned" in owned.message


def test_devices_without_an_offer_cost_at_least_the_cheapest(judged: Judged) -> None:
    slots = {"model": "Qwen/Qwen3-8B", "hosting": "self_hosted_cloud", "hardware": "h100-sxm-80gb"}
    assert judged(policy=CEILING, stack=stack(**slots, n_devices=8))["POL-009"].outcome == "fail"
    high = {"version": 1, "cost": {"per_month_usd": 1e6}}
    found = judged(policy=high, stack=stack(**slots, n_devices=8))["POL-009"]
    assert (found.outcome, "the cheapest is" in found.message) == ("unknown", True)


def test_replicas_and_units_add_up(judged: Judged) -> None:
    sky = "resources: {instance_type: g5.12xlarge, region: us-east-1}\nrun: vllm serve Qwen/Qwen3-8B --tensor-parallel-size 4\n"
    other = {"b.sky.yaml": sky.replace("Qwen3-8B", "Qwen3-14B")}
    ceiling = {"version": 1, "cost": {"per_month_usd": 6000}}
    assert "POL-009" not in judged(sky=sky, policy=ceiling)
    assert "2 stacks together" in judged(sky=sky, policy=ceiling, **other)["POL-009"].message


def test_a_hosted_model_costs_what_its_load_does(judged: Judged) -> None:
    needs = {
        "application": {"task": "chat"},
        "workload": {"requests_per_month": 1e7, "input_tokens": {"p50": 1000}, "output_tokens": {"p50": 500}},
    }
    hosted = stack(model="openai/gpt-5.4", hosting="api", region="us")
    assert "no load is stated" in judged(policy=CEILING, stack=hosted)["POL-009"].message
    asked = CEILING | {"requirements": "reqs.yaml"}
    found = judged(policy=asked, stack=hosted, needs=needs)["POL-009"]
    assert (found.outcome, "10,000,000 requests" in found.message) == ("fail", True)
    needs["workload"] |= {"requests_per_month": 10}  # type: ignore[operator]
    assert "POL-009" not in judged(policy=asked, stack=hosted, needs=needs)


def test_holes_under_conditions_nobody_tells_are_unknown_at_their_own_severity(judged: Judged) -> None:
    found = judged(run="docker run vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B\n")["POL-014"]
    assert (found.outcome, found.severity) == ("unknown", Severity.CRITICAL)
    assert "state endpoint_auth, engine_features" in (found.fix or "")


def test_a_vendor_is_not_asked_of_an_engine_that_is_run(judged: Judged) -> None:
    found = judged("hipaa", run="vllm serve Qwen/Qwen3-8B\n")
    assert not {"PRIV-004", "PRIV-006"} & set(found)


def test_what_a_policy_takes_for_granted_is_said(judged: Judged) -> None:
    code = "import anthropic\nanthropic.Anthropic().messages.create(model='claude-sonnet-4-5')\n"
    found = judged("hipaa", app=code)["PRIV-004"]
    assert "the policy takes req.contracts" in found.message
    assert "state req.contracts (contracts in reqs.yaml)" in (found.fix or "")


def test_facts_of_the_stack_file_settle_what_is_unknown(judged: Judged) -> None:
    told = stack(model="Qwen/Qwen3-8B", hosting="on_prem", engine="vllm", engine_version="0.8.4")
    assert judged(stack=told)["POL-014"].outcome == "unknown"
    found = judged(stack=told | {"facts": {"engine_features": ["mooncake"]}})
    assert "CVE-2025-32444" in found["POL-005"].message
    with pytest.raises(Exception, match=r"selector\.stack\.yaml:\d+"):
        judged(stack=told | {"facts": {"engine_featurs": []}})


def test_the_version_that_is_proposed_has_no_hole_of_its_own(catalogue: Catalogue) -> None:
    one = catalogue.advisories["CVE-2025-66448"]
    rows = {
        "A": replace(one, id="A", component="x", affected=("<1.1",), fixed="1.1", cvss=8.0, when=None),
        "B": replace(one, id="B", component="x", affected=(">=1.1,<1.3",), fixed="1.3", cvss=8.0, when=None),
        "C": replace(one, id="C", component="x", affected=(">=1.3",), fixed=None, cvss=5.0, when=None),
    }

    def first(least: Severity) -> str | None:
        return first_free(rows.values(), "x", "1.0", least, {}, catalogue.condition)

    assert first(Severity.HIGH) == "1.3"
    assert first(Severity.MEDIUM) is None


def test_a_model_that_the_catalogue_lacks_leaves_the_rest_to_judge(judged: Judged) -> None:
    slots = {"model": "acme/unheard-of-7B", "hosting": "on_prem", "engine": "vllm"}
    found = judged(stack=stack(**slots, n_devices=1, layout={"tp": 2}, trust_remote_code=True))
    assert (found["STACK-005"].outcome, found["STACK-005"].line) == ("unknown", 6)
    assert found["STACK-002"].outcome == "fail"
    assert "SEC-002" in found


ACCEPTED = [
    {"risk": "PRIV-R-011", "owner": "dpo", "reason": "reviewed", "expires": "2026-12-31"},
    {"risk": "PRIV-R-012", "owner": "ciso", "reason": "pilot alone", "expires": "2026-11-01"},
]


def test_an_acceptance_that_is_over_is_a_finding(judged: Judged, catalogue: Catalogue) -> None:
    first, second = sorted(catalogue.risks)[:2]
    rows = [ACCEPTED[0] | {"risk": first}, ACCEPTED[1] | {"risk": second}]
    needs = {"application": {"task": "chat"}, "risk": {"accepted": rows}}
    found = judged(
        needs=needs, run="vllm serve Qwen/Qwen3-8B\n", policy={"version": 1, "requirements": "reqs.yaml"}
    )
    one = found["ACCEPT-001"]
    assert f"{second} was accepted by ciso until 2026-11-01: pilot alone" in one.message
    assert one.file == "reqs.yaml"


def test_a_place_that_is_not_known_does_not_keep_data_in_the_house(judged: Judged) -> None:
    data = {"classes": ["personal"], "may_leave_premises": False, "provider_may_see_plaintext": False}
    needs = {"application": {"task": "chat"}, "data": data}
    policy = {"version": 1, "requirements": "reqs.yaml"}
    run = "vllm serve Qwen/Qwen3-8B\n"
    found = judged(needs=needs, policy=policy, run=run)
    for rule in ("PRIV-001", "PRIV-005"):
        assert found[rule].outcome == "unknown"
        assert "hosting" in (found[rule].fix or "")
    told = judged(policy=policy | {"facts": {"hosting": "on_prem"}})
    assert not {"PRIV-001", "PRIV-005"} & set(told)


def test_old_knowledge_says_how_old_it_is(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "app.py").write_text(
        "from openai import OpenAI\nOpenAI().responses.create(model='gpt-5.4')\n"
    )
    policy = policies.resolve(policies.find(None, tmp_path), catalogue)
    now, later = (check(tmp_path, policy, catalogue, day) for day in (TODAY, date(2028, 11, 27)))
    assert now is not None
    assert later is not None
    assert not any("looked for" in n for n in now.notes)
    assert any("holes were last looked for on" in n for n in later.notes)
    assert "PRIV-020" not in {f.rule for f in now.findings}
    assert "PRIV-020" in {f.rule for f in later.findings}


@pytest.mark.parametrize("where", ["policy", "stack"])
def test_a_stated_fact_hides_nothing_that_files_show(judged: Judged, where: str) -> None:
    run, facts = "vllm serve Qwen/Qwen3-8B --trust-remote-code\n", {"trust_remote_code": False}
    own = stack(model="Qwen/Qwen3-8B", facts=facts)
    found = judged(run=run, **{where: {"version": 1, "facts": facts} if where == "policy" else own})
    assert found["SEC-002"].file == "run.sh"
    assert found["FACT-001"].message.startswith("trust_remote_code is stated as False, run.sh")
    assert found["FACT-001"].file == f"selector.{where}.yaml"
    assert found["FACT-001"].line
    # What engines do that are told nothing is no evidence against a statement.
    silent = judged(
        run="vllm serve Qwen/Qwen3-8B\n", policy={"version": 1, "facts": {"trust_remote_code": True}}
    )
    assert "FACT-001" not in silent or where == "stack"


def test_risks_above_the_appetite_and_acceptances_of_none(judged: Judged) -> None:
    risk = {"appetite": "low", "accepted": ["R-INJ-DIRECT", "R-SENSOR-ADV"]}
    found = judged(
        needs={"application": {"task": "chat", "users": "public"}, "risk": risk},
        run="vllm serve Qwen/Qwen3-8B\n",
        policy={"version": 1, "requirements": "reqs.yaml"},
    )
    unmatched, certain, possible = (found[c] for c in ("ACCEPT-002", "RISK-001", "RISK-002"))
    assert "R-SENSOR-ADV" in unmatched.message
    assert (unmatched.file, unmatched.outcome) == ("reqs.yaml", "fail")
    assert "(low)" in certain.message
    assert "R-ENGINE-CVE" in certain.message
    assert "R-INJ-DIRECT" not in certain.message + possible.message
    assert possible.outcome == "unknown"
    assert "application.domain in reqs.yaml" in (possible.fix or "")
    # Where no stack can be told nobody knows whether an acceptance is needed.
    untold = judged(
        needs={"application": {"task": "chat", "users": "public"}, "risk": risk},
        run="vllm serve ${MODEL}\n",
        policy={"version": 1, "requirements": "reqs.yaml"},
    )
    assert "ACCEPT-002" not in untold


@pytest.mark.parametrize("kind", ["table", "markdown", "html", "json"])
def test_recommend_says_who_answers_for_what(
    kind: str,
    tmp_path: Path,
    catalogue: Catalogue,
    cli: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "400")  # cells on one line
    first, second = sorted(catalogue.risks)[:2]
    control = sorted(catalogue.mitigations)[0]
    rows = [ACCEPTED[0] | {"risk": first}, ACCEPTED[1] | {"risk": second}]
    risk = {"accepted": rows, "controls": [{"mitigation": control, "evidence": "attested"}]}
    needs = {"application": {"task": "chat"}, "risk": risk}
    (tmp_path / "reqs.yaml").write_text(yaml.safe_dump(needs))
    done = cli("recommend", tmp_path / "reqs.yaml", "--format", kind, "--as-of", "2026-11-24", "--top", "1")
    text = " ".join(done.stdout.split())
    assert f"risk {first} is accepted by dpo until 2026-12-31: reviewed" in text
    assert f"warning: risk {second} is accepted by ciso until 2026-11-01: pilot alone and is over" in text
    assert f"control {control} counts as in place: attested" in text
