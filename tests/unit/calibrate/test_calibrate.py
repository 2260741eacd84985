"""Measurements move the estimates of what was measured and of what is alike, apart by quantity, and say so."""

import json
import math
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from selector.decide import measured_rows, single
from selector.decide.calibrated import Applied, Stack, age_months
from selector.errors import InputError
from selector.estimate.calibration import Beta
from selector.iterate import calibration_file
from selector.iterate.calibrate import Read, read
from selector.iterate.measurements import Point
from selector.packs import schema
from selector.packs.catalog import Catalogue, load
from selector.report.calibration import as_text
from selector.types.calibration import Book
from selector.types.load import Load

from .samples import VLLM

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MODEL = "meta-llama/Llama-3.1-8B-Instruct"
DAY = date(2026, 11, 27)
POINT: dict[str, Any] = {
    "model": MODEL,
    "precision_weights": "bf16",
    "engine": "vllm",
    "hardware": "l40s",
    "n_devices": 1,
    "tp": 1,
    "scenario": "online",
    "input_tokens": 900,
    "output_tokens": 250,
    "concurrency_or_batch": 16,
    "metric": "tpot_ms",
    "value": 40.0,
    "date": "2026-11-27",
}
REQS = f"""version: 1
name: chat
application: {{task: chat, languages: [en]}}
workload: {{concurrency: 16, requests_per_month: 1000000, input_tokens: 900, output_tokens: 250, context_tokens_max: 2000}}
availability: {{spare_replicas: 0}}
deployment: {{hosting: [self_hosted]}}
pins: {{model: [{MODEL}], engine: [vllm], hardware: [l40s], precision: [bf16]}}
"""


def told(cat: Catalogue, **changes: Any) -> Read:
    return read([("f", Point("p", POINT | changes))], cat)


def applied(cat: Catalogue, *points: dict[str, Any], accepted: bool = False, day: date = DAY) -> Applied:
    found = read([("f", Point(f"p{i}", POINT | p)) for i, p in enumerate(points)], cat)
    assert not found.unused
    p = {k: v.value for k, v in cat.parameters.items()}
    return Applied(Book(found.readings, found.trials, (), frozenset({"f"} if accepted else ())), p, day)


@pytest.fixture
def cat() -> Catalogue:
    """A catalogue of its own, since measurements are laid into it."""
    return load()


def test_a_reading_is_the_ratio_to_the_estimate(cat: Catalogue) -> None:
    [r] = told(cat).readings
    assert r.log == pytest.approx(math.log(40.0 / r.estimated))
    assert (r.quantity, r.held, r.tp) == ("token", 16.0, 1)
    [rate] = told(cat, metric="decode_tok_s", value=400.0).readings
    assert rate.log == pytest.approx(-math.log(400.0 / rate.estimated))


def test_the_measured_stack_takes_its_measurement_and_others_less(cat: Catalogue) -> None:
    found = applied(cat, {})
    r = found.book.readings[0]
    here = Load(900.0, 900.0, 250.0, 2000.0, concurrency=16.0)
    own = Stack(r.group, r.model, 1, 1)
    at = found.belief("token", own, r.prior_sd, here)
    other_load = found.belief("token", own, r.prior_sd, replace(here, concurrency=64.0))
    other_model = found.belief("token", replace(own, model="x"), r.prior_sd)
    neighbour = found.belief("token", Stack(replace(r.group, family="x"), "x", 1, 1), r.prior_sd)
    far = found.belief("token", Stack(replace(r.group, family="x", engine="y"), "x", 1, 1), r.prior_sd)
    assert at is not None
    assert other_load is not None
    assert other_model is not None
    assert neighbour is not None
    assert at.method == "measured"
    assert at.value.mean == pytest.approx(r.log, rel=0.03)
    means = [abs(b.value.mean) for b in (at, other_load, other_model, neighbour)]
    assert means == sorted(means, reverse=True)
    widths = [b.value.sd for b in (at, other_load, other_model, neighbour)]
    assert widths == sorted(widths)
    assert widths[-1] < r.prior_sd
    assert far is None


def test_quantities_stand_apart(cat: Catalogue) -> None:
    found = applied(cat, {})
    assert set(found.evidence) == {"token"}


def test_old_measurements_say_less(cat: Catalogue) -> None:
    new, old = applied(cat, {}), applied(cat, {"date": "2024-11-27"})
    stack = Stack(new.book.readings[0].group, "x", 1, 1)
    fresh, stale = (a.belief("token", stack, 0.3) for a in (new, old))
    assert fresh is not None
    assert stale is not None
    assert 0.0 < stale.value.mean < fresh.value.mean
    assert age_months("2026-10", DAY) == pytest.approx(1.4, abs=0.1)
    undated = applied(cat, {"date": None}).belief("token", stack, 0.3)
    assert undated is not None
    assert stale.value.mean < undated.value.mean < fresh.value.mean


def test_contradictions_are_shown_and_not_averaged(cat: Catalogue) -> None:
    wild = {"value": 400.0}
    found = applied(cat, {}, wild)
    assert [r.id for r in found.conflicting] == ["p1"]
    r = found.book.readings[0]
    alone = applied(cat, {}).belief("token", Stack(r.group, "x", 1, 1), r.prior_sd)
    assert found.belief("token", Stack(r.group, "x", 1, 1), r.prior_sd) == alone
    assert len(applied(cat, {}, wild, accepted=True).evidence["token"][0].readings) == 2


def test_a_factor_beyond_the_limit_waits_for_acceptance(cat: Catalogue) -> None:
    loaded = {"metric": "ttft_ms", "value": 9000.0}
    assert applied(cat, loaded).conflicting
    assert not applied(cat, loaded).evidence.get("first_token_loaded")
    assert applied(cat, loaded, accepted=True).evidence["first_token_loaded"]


UNUSED = [
    ({"engine": "vllm", "metric": "tokens"}, "tells no single quantity"),
    ({"value": None}, "value is missing"),
    ({"hardware": None}, "hardware is missing"),
    ({"engine": "warp-drive"}, "engine warp-drive is not in the catalogue"),
    ({"engine": None}, "engine is missing"),
    ({"stat": "p99"}, "slowest requests"),
    ({"flags": "implausible_outlier"}, "flagged"),
    ({"metric": "pass_rate"}, "successes and trials"),
]
WRONG = [
    ({"value": -3}, "impossible"),
    ({"value": "nan"}, "impossible"),
    ({"n_devices": 0.5, "value": "fast"}, "value is not a number"),
    ({"unit": "s"}, "unit s is not that of tpot_ms"),
    ({"metric": "output_tok_s", "unit": "furlongs"}, "unit furlongs is not that of output_tok_s"),
    ({"metric": "pass_rate", "successes": 12, "trials": 10, "quality_metric": "accuracy"}, "impossible"),
    ({"metric": "pass_rate", "successes": 1, "trials": 10, "quality_metric": "acuracy"}, "accuracy"),
]


@pytest.mark.parametrize(("changes", "said"), UNUSED)
def test_points_that_move_nothing_say_why(changes: dict[str, Any], said: str, cat: Catalogue) -> None:
    [unused] = told(cat, **changes).unused
    assert said in unused.reason


@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_what_no_run_can_give_is_an_error(changes: dict[str, Any], said: str, cat: Catalogue) -> None:
    with pytest.raises(InputError, match=said):
        told(cat, **changes)


@pytest.mark.parametrize(
    ("text", "said"), [("2026-13-40", "is none"), ("last week", "is none"), ("2027-12", "is after")]
)
def test_a_day_is_one_that_was(text: str, said: str, cat: Catalogue, tmp_path: Path) -> None:
    rows = [POINT, POINT | {"date": text}]
    file = tmp_path / "m.csv"
    file.write_text("\n".join([",".join(POINT), *(",".join(map(str, r.values())) for r in rows)]) + "\n")
    with pytest.raises(InputError, match=said) as caught:
        calibration_file.gathered([file], cat, DAY)
    assert str(caught.value.problems[0].where) == "m.csv:3:1"


def test_an_assumed_age_is_printed(cat: Catalogue) -> None:
    row = {"file": "f", "points": 1, "used": 1}
    values = {"files": [row], "factors": [], "trials": [], "unused": [], "accepted": False}
    assert "without a day: 1," in as_text({**values, "readings": [{"dated": None}, {"dated": "2026-11"}]})
    assert "without a day" not in as_text({**values, "readings": [{"dated": "2026-11"}]})
    book = Book(told(cat, date=None).readings, day=DAY)
    run = SimpleNamespace(
        cat=cat.measuring(book),
        p={k: v.value for k, v in cat.parameters.items()},
        axes=SimpleNamespace(measured=Applied(book, {k: v.value for k, v in cat.parameters.items()}, DAY)),
    )
    assert "measurements without a day: 1, taken to be 6 months old" in measured_rows.note(cast(Any, run), ())


def test_acceptance_is_of_a_file(cat: Catalogue) -> None:
    found = told(cat, value=400.0).readings
    both = (replace(found[0], file="a"), replace(found[0], file="b", id="q"))
    p = {k: v.value for k, v in cat.parameters.items()}
    kept = Applied(Book(both, accepted=frozenset({"a"})), p, DAY).evidence["token"]
    assert [r.file for e in kept for r in e.readings] == ["a"]


def test_a_measured_stack_takes_no_factor_over_three_unasked(cat: Catalogue) -> None:
    wide = replace(told(cat).readings[0], log=math.log(3.2), prior_sd=0.6)
    p = {k: v.value for k, v in cat.parameters.items()}
    assert not Applied(Book((wide,)), p, DAY).evidence
    assert Applied(Book((replace(wide, log=math.log(2.9)),)), p, DAY).evidence


def test_one_stack_sized_with_its_measurement(cat: Catalogue) -> None:
    size = Load(900.0, 900.0, 250.0, 1150.0, concurrency=16.0)
    model, device = cat.models[MODEL], cat.devices["l40s-48gb"]
    before = single.size(cat, model, device, 1, size, engines=["vllm"], precisions=["bf16"]).estimates
    cat.measured = Book(told(cat).readings, day=DAY)
    after = single.size(cat, model, device, 1, size, engines=["vllm"], precisions=["bf16"]).estimates
    token, rate = after["per_output_token_ms"], after["output_tokens_per_s"]
    assert token is not None
    assert rate is not None
    assert token.p50 == pytest.approx(40.0, rel=0.01)
    assert token.p90 / token.p50 < 1.05
    assert token.inputs["method"] == "measured"
    assert rate == before["output_tokens_per_s"]


def test_pass_rates(cat: Catalogue) -> None:
    assert Beta(2.0, 3.0).at_most(0.4) == pytest.approx(0.5248)
    assert Beta(1.0, 1.0).quantile(0.1) == pytest.approx(0.1)
    with_rate = applied(
        cat, {"metric": "pass_rate", "successes": 71, "trials": 100, "quality_metric": "accuracy"}
    )
    assert with_rate.book.trials[0].model == MODEL


def saved(cli: Run, folder: Path) -> Path:
    (folder / "run.json").write_text(VLLM, encoding="utf-8")
    (folder / "reqs.yaml").write_text(REQS, encoding="utf-8")
    stack = ("--hardware", "l40s", "--n-devices", "1", "--precision", "bf16", "--as-of", "2026-11-27")
    done = cli("calibrate", str(folder / "run.json"), *stack, "--save", str(folder / "cal.yaml"))
    assert done.returncode == 0, done.stderr
    return folder / "cal.yaml"


def test_from_a_benchmark_to_a_calibrated_recommendation(cli: Run, tmp_path: Path) -> None:
    cal = saved(cli, tmp_path)
    args = ("--measurements", str(cal), "--as-of", "2026-11-27", "--format", "json")
    out = cli("recommend", str(tmp_path / "reqs.yaml"), *args, "--save", str(tmp_path / "d.json"))
    assert out.returncode == 0, out.stderr
    assert cli("recommend", str(tmp_path / "reqs.yaml"), *args).stdout == out.stdout
    made = json.loads(out.stdout)
    assert [m["file"] for m in made["inputs"]["measurements"]] == ["run.json"]
    assert any("measurements: 3 of 3 of run.json" in n for n in made["notes"])
    own = next(s for s in made["stacks"] if s["slots"]["n_devices"] == 1)
    token = own["estimates"]["per_output_token_ms"]
    assert token["p50"] == pytest.approx(30.0, rel=0.02)
    assert token["inputs"]["method"] == "measured"
    assert own["estimates"]["requests_per_s"]["inputs"]["method"] == "calibrated"
    for number in ("per_output_token_ms", "requests_per_s", "request_p95_ms"):
        why = cli("explain", str(tmp_path / "d.json"), "--number", number, "--format", "json")
        assert why.returncode == 0, why.stderr
        assert not list(Draft202012Validator(schema.load("explain")).iter_errors(json.loads(why.stdout)))
        assert '"measurement"' in why.stdout
        assert "run:" in why.stdout


def test_a_calibration_keeps_its_points_and_notices_edits(cli: Run, tmp_path: Path, cat: Catalogue) -> None:
    cal = saved(cli, tmp_path)
    book, sources = calibration_file.read(cal, cat)
    again, _ = calibration_file.book(sources, cat, False, DAY)
    assert again.readings == book.readings
    assert again.inputs == book.inputs
    cal.write_text(cal.read_text(encoding="utf-8").replace("30.0", "3.0"), encoding="utf-8")
    with pytest.raises(InputError, match="edited"):
        calibration_file.read(cal, cat)


def test_another_estimator_is_compared_anew(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cal = saved(cli, tmp_path)
    monkeypatch.setattr(calibration_file, "estimator", lambda _: "0" * 64)
    calls: list[int] = []

    def again(*given: Any) -> Read:
        calls.append(len(given))
        return read(*given)

    monkeypatch.setattr("selector.iterate.calibrate.read", again)
    calibration_file.read(cal, load())
    assert calls


def test_the_json_keeps_its_schema(cli: Run, tmp_path: Path) -> None:
    saved(cli, tmp_path)
    stack = ("--hardware", "l40s", "--n-devices", "1", "--precision", "bf16", "--format", "json")
    out = cli("calibrate", str(tmp_path / "run.json"), *stack)
    assert not list(Draft202012Validator(schema.load("calibration")).iter_errors(json.loads(out.stdout)))


BAD = [
    (("calibrate", "run.json"), "add --hardware --n-devices --precision"),
    (("calibrate", "run.json", "--from", "vlm-bench"), "vllm-bench"),
    (("calibrate", "cal.yaml"), "is a calibration already"),
    (("calibrate", "absent.yaml"), "does not exist"),
    (
        (
            "calibrate",
            "run.json",
            "--hardware",
            "l40s",
            "--n-devices",
            "1",
            "--precision",
            "bf16",
            "--save",
            "cal.yaml",
        ),
        "--force",
    ),
    (("recommend", "reqs.yaml", "--measurements", "run.json"), "not a list of points"),
    (
        ("recommend", "reqs.yaml", "--measurements", "cal.yaml", "--measurements", "cal.yaml"),
        "different names",
    ),
]


@pytest.mark.parametrize(("args", "said"), BAD)
def test_bad_input_ends_with_2(args: tuple[str, ...], said: str, cli: Run, tmp_path: Path) -> None:
    saved(cli, tmp_path)
    whole = [str(tmp_path / a) if a.endswith((".json", ".yaml")) else a for a in args]
    done = cli(*whole)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert said in done.stderr


def test_trials_settle_the_floor_on_quality(cli: Run, tmp_path: Path) -> None:
    reqs = REQS.replace(f"model: [{MODEL}]", f"model: [{MODEL}, Qwen/Qwen3-32B]").replace("l40s]", "h100]")
    (tmp_path / "reqs.yaml").write_text(
        reqs + "quality: {metric: accuracy, minimum: 0.8}\n", encoding="utf-8"
    )
    rows = [(MODEL, 60, 100), ("Qwen/Qwen3-32B", 380, 400)]
    points = [
        f"- {{model: {m}, metric: pass_rate, quality_metric: accuracy, successes: {x}, trials: {n}}}\n"
        for m, x, n in rows
    ]
    (tmp_path / "own.yaml").write_text("points:\n" + "".join(points), encoding="utf-8")
    args = ("--measurements", str(tmp_path / "own.yaml"), "--as-of", "2026-11-27", "--format", "json")
    made = json.loads(cli("recommend", str(tmp_path / "reqs.yaml"), *args).stdout)
    assert {s["slots"]["model"] for s in made["stacks"]} == {"Qwen/Qwen3-32B"}
    [floor] = [c for c in made["stacks"][0]["constraints"] if c["id"] == "quality.minimum"]
    assert floor["status"] == "ok"
    assert "380 of 400" in floor["why"]
    assert "quality.minimum" in [e["reason"] for e in made["excluded"]]
