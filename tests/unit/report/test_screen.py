"""The lines that a decision-maker reads first say what the result says."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from selector.report import chart, markdown
from selector.report.ranking import full, groups, short_table
from selector.report.screen import (
    nearest_changes,
    rate,
    screen,
    screens,
    together,
    waterfall,
    worth_measuring,
)
from selector.report.table import recommendation as as_table
from selector.report.tabular import alike, rival, share
from selector.types.decision import Constraint, Contribution, Recommendation
from selector.types.robust import WinsIf
from selector.types.rule import Finding, Severity

Decide = Callable[..., Recommendation]


def said(r: Recommendation) -> dict[str, str]:
    """Text by label; lines without one belong to the label before them."""
    found: dict[str, str] = {}
    label = ""
    for line in screen(r):
        label = line.label or label
        found[label] = " | ".join(x for x in (found.get(label, ""), *line.pieces) if x)
    return found


def test_every_line_of_a_known_stability(known: Recommendation) -> None:
    lines = said(known)
    assert "points [70-88]" in lines["RECOMMENDED"]
    assert "assumptions" in lines["RECOMMENDED"]
    assert "best in 58 % of 10,000 draws" in lines["HOW SURE"]
    assert "<1 %" in lines["HOW SURE"]
    assert "quality 24 % .. 53 % (now 35 %), cost up to 31 % (now 25 %)" in lines["HOW SURE"]
    assert "latency" not in lines["HOW SURE"]  # no weight of it changes anything
    assert "within +-20 % of every weight S-2 can overtake, by 0.4 points at most" in lines["HOW SURE"]
    nearest = "1 not shown, most often unseen/model on 1x somewhere: best in 0 %, ahead in 40 %"
    assert f"practically tied: S-2, {nearest}" in lines["HOW SURE"]
    rule = "practically tied: at most 1 point behind the first, or ahead of it in at least 35 % of the draws"
    assert rule in short_table(known).note
    assert "its cost goes from 13,500 to 9,800 USD/month" in lines["WHAT WOULD CHANGE IT"]
    assert "the weight of quality is moved from 35 to 46 %" in lines["WHAT WOULD CHANGE IT"]
    assert "0.29 points = 18 USD/month" in lines["MEASURE FIRST"]
    assert "not known: worth 0.1 points, could turn the first place" in lines["MEASURE FIRST"]
    assert lines["TRADE-OFF"] == "1 point = 61 USD/month = 45 ms = 0.004 of the quality index"
    assert lines["LEFT OUT"]


def test_smallest_change_in_proportion_comes_first(known: Recommendation) -> None:
    assert known.robustness is not None
    found = nearest_changes(known.robustness)
    moves = [abs((x.needed or 0.0) - x.now) / x.now for x in found]
    assert moves == sorted(moves)
    assert all(x.needed is not None for x in found)


def test_why_compares_with_another_choice_and_sums_to_the_gap(known: Recommendation) -> None:
    second = rival(known.stacks)
    assert second is not None
    assert alike(second) != alike(known.stacks[0])
    *steps, total = (float(x) for x in re.findall(r"[+-]\d+\.\d", waterfall(known.stacks[0], second)))
    assert sum(steps) == pytest.approx(total, abs=0.05 * (len(steps) + 1))


@pytest.mark.parametrize(
    ("gaps", "text"),
    [
        ((1.0, 0.5), "+1.0 cost, +0.5 risk = +1.5"),
        ((1.04, 0.04), "+1.04 cost, +0.04 risk = +1.08"),
        ((1.034, 0.034), "+1.0 cost = +1.1 (rounded)"),
        ((0.009, 0.0), "within 0.01 points: cost"),
        ((0.0, 0.0), "equal on every criterion"),
    ],
)
def test_parts_of_the_gap_sum_or_are_said_to_be_rounded(
    gaps: tuple[float, float], text: str, known: Recommendation
) -> None:
    second = replace(known.stacks[0], score=50.0, contributions=())
    steps = tuple(Contribution(k, "criterion", v) for k, v in zip(("cost", "risk"), gaps, strict=True))
    first = replace(known.stacks[0], score=50.0 + sum(gaps), contributions=steps)
    assert waterfall(first, second) == text


def test_what_could_turn_the_first_place_is_not_worth_nothing() -> None:
    assert worth_measuring(0.0, True) == "under 0.01 points"
    assert worth_measuring(0.0, False) == "0 points"


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.0, "0 %"), (0.002, "<1 %"), (0.584, "58 %"), (0.998, ">99 %"), (1.0, "100 %")]
)
def test_shares_are_whole_percents(fraction: float, text: str) -> None:
    assert share(fraction) == text


def test_rates_name_the_index_that_they_are_of() -> None:
    assert rate("risk", -2.7, "index") == "2.7 of the risk index"
    assert rate("cost", 61.4, "USD/month") == "61.4 USD/month"


def test_no_rival_is_said(known: Recommendation) -> None:
    assert known.robustness is not None
    alone = replace(known, stacks=known.stacks[:1], robustness=replace(known.robustness, rivals=0))
    assert said(alone)["HOW SURE"] == "no other choice that is as certain satisfies the requirements"


def test_nothing_fits_says_the_smallest_change(decided: Decide) -> None:
    found = decided("budget.per_month_usd=10")
    lines = said(found)
    assert "NO STACK SATISFIES THE REQUIREMENTS" in {line.label for line in screen(found)}
    assert "budget.per_month_usd" in lines["SMALLEST CHANGE"]
    assert lines["SMALLEST CHANGE"].endswith(" stacks would satisfy everything")
    text = as_table(found, terminal=False, width=100)
    assert text.index("What would let a stack through") < text.index("Left out")
    assert max(map(len, text.splitlines())) <= 100


def test_an_unverified_limit_is_named_and_limits_on_figures_stand_with_them(decided: Decide) -> None:
    found = decided("quality={metric: accuracy, minimum: 0.9}", "budget.per_month_usd=100000")
    lines = said(found)
    assert "quality.minimum is unverified" in lines["NOT CERTAIN"]
    assert "limit 100,000: 100 % ok" in lines["RECOMMENDED"] or ">99 % ok" in lines["RECOMMENDED"]


def test_components_have_their_own_screens_under_a_joint_one(decided: Decide) -> None:
    one = decided()
    other = replace(one, name="other", stacks=one.stacks[1:])
    whole = replace(one, name="whole", component="first", components=(other,))
    text = as_table(whole, terminal=False)
    assert "NO STACK SATISFIES" in together(whole)[0].label  # no joint choice was made
    assert [name for name, _, _ in screens(whole)] == ["first", "other"]
    for heading in ("Component 1 of 2: first", "Component 2 of 2: other"):
        assert heading in text
        assert heading in markdown.recommendation(whole)


def test_near_duplicates_share_a_row(known: Recommendation) -> None:
    first = known.stacks[0]
    twin = replace(first, label="S-11", slots=replace(first.slots, offer="elsewhere"))
    doubled = replace(known, stacks=(*known.stacks, twin))
    table = short_table(doubled)
    assert len(table.rows) == len(groups(known.stacks))
    assert table.rows[0][-1].endswith("+1 alike")
    assert "S-1: S-11" in table.note
    assert len(full(doubled).rows) == len(doubled.stacks)


def test_marks_are_explained_where_they_are_used(known: Recommendation) -> None:
    risky = Constraint("latency.request_p95_ms", "at_risk", 1.0, 0.9, "ms", 0.6)
    first = replace(known.stacks[0], constraints=(risky,))
    table = full(replace(known, stacks=(first, *known.stacks[1:])))
    assert "R" in table.rows[0][-1]
    assert "R: a limit is at risk" in table.note
    assert "U:" not in table.note


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
@pytest.mark.parametrize("terminal", [True, False])
def test_the_whole_keeps_within_the_width(known: Recommendation, width: int, terminal: bool) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", as_table(known, terminal, width))
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in as_table(known, False, width)


def test_every_risk_is_in_the_text(known: Recommendation) -> None:
    text = as_table(known, terminal=False)
    assert all(x.id in text for x in known.stacks[0].risks)
    for x in known.stacks[0].risks:
        assert f"| {x.id} | {x.name} |" in markdown.recommendation(known)


def test_the_first_screenful_holds_the_decision(known: Recommendation) -> None:
    first = "\n".join(as_table(known, terminal=False, width=120).splitlines()[:36])
    for word in ("RECOMMENDED", "WHY", "HOW SURE", "WHAT WOULD CHANGE IT", "MEASURE FIRST", "TRADE-OFF"):
        assert word in first
    assert "Ranking" in first


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_picture_marks_every_stack_shown(known: Recommendation, width: int) -> None:
    lines = chart.picture(known, width)
    drawn = "\n".join(x for x in lines if "|" in x)
    assert all(len(x) <= width for x in lines if "|" in x)
    assert "1" in drawn
    assert "labels, with their speed: 1 = S-1" in "\n".join(lines)
    places = next((x for x in lines if x.startswith("in one place: ")), "")
    cells = "".join(x.partition("|")[2] for x in lines if "|" in x)
    assert all(mark in cells or mark in places for mark in re.findall(r"(\w) = S-", lines[-1 - bool(places)]))
    assert chart.picture(replace(known, robustness=None), width) == []


def test_ties_share_a_line_and_close_figures_keep_their_digits(known: Recommendation) -> None:
    assert known.robustness is not None
    second, third = (x.stack for x in known.robustness.wins_if[:2])
    wins = (
        WinsIf(second, "criterion", "cost", "USD/month", 4590.0, 4590.0),
        WinsIf(second, "weight", "cost", "% of all weights", 25.0, 25.0),
        WinsIf(third, "criterion", "cost", "USD/month", 20004.0, 20001.0),
    )
    sure = replace(known.robustness, wins_if=wins)
    line = said(replace(known, robustness=sure))["WHAT WOULD CHANGE IT"]
    tie, close = line.split(" | ")
    assert tie == f"{second.label} is tied with the first and wins with any lower cost"
    assert close.endswith("from 20,004 to 20,001 USD/month")


def test_points_of_a_worse_quantile_stand_apart_from_the_span_of_the_draws(known: Recommendation) -> None:
    plain, worse = known, replace(known, points_quantile=0.75)
    assert " points [" in said(plain)["RECOMMENDED"]
    assert (
        " points at the quantile 0.75 on the worse side of every estimate (draws"
        in said(worse)["RECOMMENDED"]
    )
    assert short_table(worse).note.startswith("points: at the quantile 0.75")
    level = tuple(replace(s, score=50.0) for s in known.stacks)
    steps = tuple(replace(s, score=50.0 - i) for i, s in enumerate(known.stacks))
    assert "equal points stand in the order" not in short_table(replace(known, stacks=steps)).note
    assert "equal points stand in the order" in short_table(replace(known, stacks=level)).note


def test_the_jurisdiction_of_hosted_models_stands_in_the_notes(decided: Decide) -> None:
    found = decided("deployment.hosting=[api]", "pins.model=[zai/GLM-5.3-Flash]", top=2)
    label = next(s.label for s in found.stacks if s.slots.model.startswith("zai/"))
    for table in (full(found), short_table(found)):
        assert f"nobody knows where, by a vendor of cn: {label}" in table.note
        assert "hosted models are processed in " in table.note


def test_what_is_worth_less_than_the_draws_tell_is_not_written_out(known: Recommendation) -> None:
    assert known.robustness is not None
    first, *_ = known.robustness.measure_first
    faint = replace(known.robustness, measure_first=(replace(first, evpi_points=5e-14, turns=True),))
    line = said(replace(known, robustness=replace(faint, overtaking=40)))
    assert line["MEASURE FIRST"].endswith("worth under 0.01 points, could turn the first place")
    assert "and 39 more can overtake" in line["HOW SURE"]


def test_final_says_what_is_still_in_doubt(known: Recommendation) -> None:
    first = known.stacks[0]
    limit = Constraint("budget.per_month_usd", "at_risk", 1.0, 0.9, "USD/month", 0.6, "", 0.5)
    risks = tuple(replace(x, residual="H", certain=i > 0) for i, x in enumerate(first.risks))
    doubtful = replace(first, provisional=False, constraints=(limit,), risks=risks)
    line = said(replace(known, stacks=(doubtful, *known.stacks[1:])))["RECOMMENDED"]
    assert (
        "FINAL (no stated limit is unverified) with 1 limit at risk and 1 possible risk of H or more" in line
    )


def test_place_of_processing_and_warnings_stand_with_the_choice(known: Recommendation) -> None:
    first = known.stacks[0]
    slots = replace(first.slots, hosting="api", hardware=None)
    rows = [
        Finding(f"X-{i}", "Title", severity, "high", outcome, "", "")
        for i, (severity, outcome) in enumerate(
            [
                (Severity.MEDIUM, "unknown"),
                (Severity.HIGH, "fail"),
                (Severity.LOW, "fail"),
                (Severity.HIGH, "pass"),
            ]
        )
    ]
    facts = {"region": "unspecified", "vendor_jurisdiction": "cn"}
    hosted = replace(first, slots=slots, facts=facts, findings=tuple(rows))
    line = said(replace(known, stacks=(hosted, *known.stacks[1:])))
    assert line["PROCESSED"] == "nobody knows where, by a vendor of cn"
    assert line["WARNED"] == "X-0 Title (unknown) | X-1 Title"
    assert "PROCESSED" not in said(
        replace(known, stacks=(replace(hosted, slots=first.slots), *known.stacks[1:]))
    )
