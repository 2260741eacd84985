"""Sweeps: axes, points that are what recommend says, regions, boundaries, outputs."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from selector.cli.main import app
from selector.cli.session import decide
from selector.cli.sweeping import Ask, Crew, Points
from selector.errors import SelectorError, UsageError
from selector.iterate import axes as axis_words
from selector.iterate import sweep as regions
from selector.needs.load import from_document
from selector.packs import schema
from selector.packs.catalog import Catalogue
from selector.packs.reader import read_yaml
from selector.report import sweep as report
from selector.report.json import recommendation
from selector.report.sweep_html import page
from selector.types.sweep import Axis, First, Point, Sweep, Value

Run = Callable[..., "subprocess.CompletedProcess[str]"]
TODAY = date(2026, 11, 24)
NEED = """version: 1
name: small
application: {task: chat, languages: [en]}
workload: {peak_requests_per_second: 4, requests_per_month: 2_000_000, input_tokens: 900, output_tokens: 250}
deployment: {hosting: [self_hosted], clouds: [coreweave]}
budget: {per_month_usd: 20000}
team: {engineers: 3, usd_per_engineer_month: 9000}
pins: {model: [Qwen/Qwen3-8B, Qwen/Qwen3-32B, openbmb/MiniCPM5-2B]}
"""
VARY = [
    "budget.per_month_usd=2000..40000:3",
    "weights.quality=20,60",
    "workload.peak_requests_per_second=2,40",
]


@pytest.fixture(scope="module")
def need(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweep") / "reqs.yaml"
    path.write_text(NEED)
    return path


@pytest.fixture(scope="module")
def points(need: Path, catalogue: Catalogue) -> Points:
    found = axis_words.axes(VARY, [])
    return Points(Ask(read_yaml(need), (), found, (), (), False, False, TODAY), catalogue)


@pytest.fixture(scope="module")
def swept(points: Points) -> Sweep:
    """Twelve points over three axes, computed once."""
    with Crew(points, 1) as crew:
        made = crew.compute(list(axis_words.grid(points.ask.axes)), lambda new: None)
    inputs = {"as_of": TODAY.isoformat()}
    return regions.sweep("small", points.ask.axes, made, inputs, 0)


def test_points_are_what_recommend_says(swept: Sweep, points: Points, catalogue: Catalogue) -> None:
    """Also those that share their candidates with others."""
    assert len({points.group(p.at) for p in swept.points}) == 2
    infeasible = next(p for p in swept.points if p.first is None)
    for p in (*[p for p in swept.points if p.first][1::2], infeasible):
        sets = [axis_words.setting(a, v) for a, v in zip(swept.axes, p.at, strict=True)]
        stated = from_document(points.ask.document, sets)
        found: dict[str, Any] = recommendation(decide(stated, catalogue, 1, False, False, TODAY))
        if p.first is None:
            assert found["stacks"] == []
            assert p.broken == tuple(found["relaxations"][0]["constraints"])
            continue
        first, share = found["stacks"][0], found["robustness"]["shares"]
        assert p.first.id == first["id"]
        assert p.first.score == pytest.approx(first["score"], rel=1e-5)
        assert p.first.provisional == first["provisional"]
        assert p.first.cost_per_month_usd == pytest.approx(
            first["estimates"]["cost_per_month_usd"]["p50"], rel=1e-5
        )
        assert p.first.p_best == next(s["p_best"] for s in share if s["stack"]["id"] == first["id"])


def test_outputs(swept: Sweep) -> None:
    found = report.as_dict(swept)
    Draft202012Validator(schema.load("sweep")).validate(json.loads(json.dumps(found)))
    assert sum(r["points"] for r in found["regions"]) == sum(m["points"] for m in found["marks"]) == 12
    assert "nothing is left: budget.per_month_usd" in report.as_text(swept)
    assert "| 2,000 |" in report.as_markdown(swept)
    html = page(swept)
    assert "<h1>small</h1>" in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")


def test_the_command_says_the_same_whatever_the_jobs(need: Path, cli: Run) -> None:
    args = ("sweep", need, "--vary", "risk.appetite=low,high", "--as-of", TODAY)
    alone, together = (cli(*args, "--format", "json", "--jobs", n) for n in (1, 2))
    assert alone.returncode == together.returncode == 0
    assert alone.stdout == together.stdout
    assert "prices older than their time to live" in alone.stderr


def first(name: str, cost: float = 1.0) -> First:
    return First(
        (name, "api", None, None), name, name, {}, 1.0, None, None, 0.5, False, cost, None, None, None, None
    )


def made(one: Axis, who: Callable[[float], str]) -> Callable[[Sequence[Any]], Mapping[Any, Point]]:
    def compute(wanted: Sequence[tuple[Value, ...]]) -> dict[tuple[Value, ...], Point]:
        names = {at: who(float(at[0])) for at in wanted}
        return {
            at: Point(at, first(n) if n else None, () if n else ("budget.per_month_usd",))
            for at, n in names.items()
        }

    return compute


def test_boundaries_are_bisected_and_narrow_regions_found() -> None:
    one = axis_words.axis("budget.per_month_usd=log:100..1000:4")
    compute = made(one, lambda x: "" if x < 250 else "cheap" if x < 511 else "odd" if x < 530 else "good")
    on_grid = compute([(v,) for v in one.values])
    every, wide = regions.refine(one, on_grid, 0.01, 99, compute)
    assert wide == 0
    found = regions.sweep("x", [one], every, {}, len(every) - len(on_grid))
    assert [r.mark for r in found.regions] == ["a", "A", "B", "C"]
    for region, edge in zip(found.regions, (250, 511, 530), strict=False):
        assert region.until is not None
        low, high = map(float, region.until)
        assert low < edge <= high
        assert high - low <= 0.01 * high
    assert found.regions[-1].until is None
    drawn = report.as_text(found)
    assert "first |aaa" in drawn
    assert page(found).count("<circle") == sum(p.first is not None for p in found.points)


def test_a_boundary_at_zero_and_many_of_them_end() -> None:
    one = axis_words.axis("budget.per_month_usd=-100..100:3")
    for who in (lambda x: "free" if x <= 0 else "paid", lambda x: "free" if x < 0 else "paid"):
        compute = made(one, who)
        every, wide = regions.refine(one, compute([(v,) for v in one.values]), 0.01, 99, compute)
        assert (len(every), wide) == (3 + 6, 0)
    compute = made(one, str)  # every point has a first of its own
    every, wide = regions.refine(one, compute([(v,) for v in one.values]), 0.01, 10, compute)
    assert (len(every), wide) == (3 + 10, 12)


def test_lines_that_are_alike_are_one_region() -> None:
    pair = [axis_words.axis(t) for t in ("budget.per_month_usd=1..4:4", "team.engineers=1..9:3")]
    who = {(x, y): "dear" if x > 2 or y == 9 else "cheap" for x in (1, 2, 3, 4) for y in (1, 5, 9)}
    found = regions.sweep("x", pair, {at: Point(at, first(n)) for at, n in who.items()}, {}, 0)
    assert [(r.mark, r.along, r.others, r.points) for r in found.regions] == [
        ("A", (1, 2), ((1, 5),), 4),
        ("B", (3, 4), ((1, 5),), 4),
        ("B", (1, 4), ((9, 9),), 4),
    ]
    assert "9 |B" in report.as_text(found)
    assert page(found).count("<rect") == 12


def test_ranges() -> None:
    def values(text: str) -> tuple[Value, ...]:
        return axis_words.axis(text).values

    assert values("budget.per_month_usd=1000..20000:3") == (1000, 10500, 20000)
    assert values("budget.per_month_usd=log:1..100:3") == (1, 10, 100)
    assert values("workload.peak_requests_per_second=1,100,10") == (1, 10, 100)
    assert values("availability.spare_replicas=1..4:7") == (1, 2, 3, 4)
    assert values("risk.appetite=moderate,low") == ("moderate", "low")
    spare = axis_words.axis("availability.spare_replicas=1..4:2")
    assert [axis_words.middle(spare, a, b) for a, b in ((1, 4), (1, 2))] == [2, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budget.per_month_used=1..2:3", 'did you mean "per_month_usd"'),
        ("budget.per_month_usd=5..5:3", "the range is empty"),
        ("budget.per_month_usd=5..1:3", "the range is reversed"),
        ("budget.per_month_usd=a..b:3", "'a' is no number"),
        ("budget.per_month_usd=1,x", "x is no number"),
        ("budget.per_month_usd=1..2", "the number of points is missing"),
        ("budget.per_month_usd=1..2:1", "is no number of points"),
        ("budget.per_month_usd=1..2:9999999999", "more points than"),
        ("budget.per_month_usd=log:0..5:3", "starts above 0"),
        ("budget.per_month_usd=1,1", "1 stands twice"),
        ("budget.per_month_usd=.inf,1", "no finite number"),
        ("budget.per_month_usd=", "no key with values"),
    ],
)
def test_bad_ranges_say_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(UsageError, match="--vary") as caught:
        axis_words.axis(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--vary", "budget.per_month_usd=1..9:3000"], "3,000 points are more than 2,000"),
        (
            ["--vary", "budget.per_month_usd=x,y"],
            '--vary budget.per_month_usd=x,y:1:1: budget.per_month_usd: "x"',
        ),
        (["--vary", "risk.appetite=low,hihg"], 'did you mean "high"'),
        (["--vary", "budget.per_month_usd=1,2", "--vary", "budget.per_month_usd=3,4"], "is varied twice"),
        (["--vary", "budget.per_month_usd=1,2", "--set", "budget.per_month_usd=3"], "is set as well"),
    ],
)
def test_bad_sweeps_end_before_anything_is_computed(args: list[str], said: str, need: Path) -> None:
    done = CliRunner().invoke(app, ["sweep", str(need), *args])
    assert isinstance(done.exception, SelectorError)
    assert said in str(done.exception)
