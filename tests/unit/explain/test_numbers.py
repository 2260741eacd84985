"""Every printed number has a tree whose nodes can be worked out from those below, down to sources."""

import math
from collections.abc import Callable, Mapping, Sequence

import pytest

from selector.decide.explain import ask, compare
from selector.decide.explain.study import Study
from selector.errors import UsageError
from selector.estimate.trace import FUNCTIONS
from selector.types.decision import RankedStack
from selector.types.explain import Node

Studied = Callable[..., Study]
WORDS = {k: f for k, f in FUNCTIONS.items() if k.isalpha()} | {"inf": math.inf}
CASES: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("chat-api-or-gpus", (), 0),
    ("chat-api-or-gpus", ("deployment.hosting=[self_hosted]", "team.engineers=2", "launch_weeks=40"), 0),
    ("chat-api-or-gpus", ("workload.concurrency=48", "deployment.hosting=[self_hosted]"), 0),
    ("chat-api-or-gpus", ("workload.scenario=offline",), 0),
    (
        "chat-api-or-gpus",
        ("deployment.hosting=[api]", "contracts=[zero_retention]"),
        0,
    ),  # a mitigation in place
    ("air-gapped-coding-assistant", (), 0),
    ("deepseek-r1-on-8xa100", ("risk_attitude=cautious", "availability.spare_replicas=0"), 0),
    ("call-centre-speech", (), 0),
    ("call-centre-speech", (), 1),
    ("investment-advice-assistant", ("packs.privacy=2.0",), 0),
    ("credit-default-scoring", (), 0),
    ("driving-perception-edge", (), 0),
    (
        "chat-api-or-gpus",
        (
            "data={training_examples: 20000, drift: monthly}",
            "adaptation.method=lora",
            "deployment.hosting=[self_hosted]",
        ),
        0,
    ),  # a training run, and runs anew
    ("bank-text-classification", (), 0),
    (
        "credit-default-scoring",
        ("deployment={hosting: [self_hosted]}", "data.drift=monthly"),
        0,
    ),  # rented fits
)

# Sums of one part are that part.
ALONE = {"cost.upfront": ("cost.bought", "training.cost")}


def worked_out(nodes: Sequence[Node]) -> None:
    by = {n.id: n for n in nodes}
    assert len(by) == len(nodes)
    for node in nodes:
        if node.expression is None:
            assert node.origin is not None, node.id
            continue
        symbols = {s: by[i].value for s, i in (node.symbols or {}).items()}
        assert tuple(dict.fromkeys((node.symbols or {}).values())) == node.children
        found = eval(node.expression, {"__builtins__": {}}, {**WORDS, **symbols})
        assert found == pytest.approx(node.value, rel=1e-6), node
        assert node.formula


def grounded(nodes: Sequence[Node]) -> None:
    """Facts and parameters say where they stand, of when, and by whom."""
    for node in nodes:
        if node.origin is None:
            continue
        if node.origin.kind == "fact":
            assert node.origin.where.startswith("rules/"), node
            assert node.origin.source, node
        if node.origin.kind == "parameter":
            assert node.origin.where.startswith("rules/")
            assert node.origin.as_of
            if node.origin.judgement is not None and not node.origin.judgement:
                assert node.origin.fitted_on, node
                assert node.origin.points
        if node.origin.kind == "assumption":
            assert node.origin.why


def printed(stack: RankedStack) -> Mapping[str, float | None]:
    """All numbers of a stack that `recommend` prints, by path."""
    found: dict[str, float | None] = {"score": stack.score}
    found |= {f"estimates.{k}": e.p50 if e else None for k, e in stack.estimates.items()}
    found |= {f"contributions.{c.id}": c.points for c in stack.contributions}
    for line in stack.costs:
        if line.usd_per_month is not None:
            found[line.usd_per_month.formula.replace("cost.", "costs.")] = line.usd_per_month.p50
    found |= {f"risks.{r.id}": r.residual_score for r in stack.risks}
    if stack.memory is not None:
        parts = ("weights", "kv_cache", "activations", "reserve", "total", "usable")
        found |= {f"memory_gib_per_device.{p}": getattr(stack.memory, p) / 2**30 for p in parts}
    found |= {f"constraints.{c.id}": c.value for c in stack.constraints if c.id == "launch_weeks"}  # type: ignore[misc]
    if stack.slots.layout is None:
        found.pop("estimates.requests_per_s")
    else:
        found["slots.n_devices"] = float(stack.slots.n_devices)
        found["slots.layout.replicas"] = float(stack.slots.layout.replicas)
    return found


@pytest.mark.parametrize(("example", "sets", "part"), CASES, ids=str)
def test_printed_numbers_are_what_their_trees_give(
    example: str, sets: tuple[str, ...], part: int, studied: Studied
) -> None:
    study = studied(example, *sets, part=part)
    assert study.rows
    for row in study.rows[:3]:
        stack = compare.ranked(study, row)
        numbers = study.numbers(row)
        for path, value in printed(stack).items():
            figure = numbers.figure(path, ask.ref(study, row))
            if value is None:
                assert figure.value is None, path
                assert figure.why
                continue
            assert figure.value == pytest.approx(value, rel=1e-6, abs=1e-12), path
            assert figure.nodes[0].id == figure.root
            worked_out(figure.nodes)
            grounded(figure.nodes)
            estimate = stack.estimates.get(path.removeprefix("estimates."))
            if estimate is not None and figure.nodes[0].formula:
                assert figure.nodes[0].formula in (estimate.formula, *ALONE.get(estimate.formula, ())), path


def test_words_that_are_alike_say_what_they_are_of(studied: Studied) -> None:
    study = studied("credit-default-scoring")
    nodes = study.numbers(study.rows[0]).figure("score", ask.ref(study, study.rows[0])).nodes
    by = {n.id: n for n in nodes}
    assert by["contributions.cost"].expression == "weights_cost * value_cost"
    for node in nodes:
        for symbol, child in (node.symbols or {}).items():
            stem, _, count = child.partition("#")
            assert stem.replace(".", "_").replace("-", "_").endswith(symbol.removesuffix(f"_{count}")), node


def test_weights_that_nobody_stated_are_an_assumption(studied: Studied) -> None:
    for sets, kind in (((), "assumption"), (("weights={cost: 3, quality: 1}",), "requirement")):
        study = studied("chat-api-or-gpus", *sets)
        node = study.numbers(study.rows[0]).figure("weights.cost", ask.ref(study, study.rows[0])).nodes[0]
        assert node.origin is not None
        assert node.origin.kind == kind


def test_time_per_token_goes_down_to_bandwidth_weights_and_what_is_achieved(studied: Studied) -> None:
    study = studied("deepseek-r1-on-8xa100")
    nodes = study.numbers(study.rows[0]).figure("per_output_token_ms", ask.ref(study, study.rows[0])).nodes
    by = {n.id: n for n in nodes}
    assert {"serving.decode_step", "memory.read", "serving.overlapped", "serving.exchange"} <= set(by)
    fact = by["gb_per_s"].origin
    assert fact is not None
    assert (fact.kind, fact.where) == ("fact", "rules/hardware/devices-nvidia.yaml: a100-sxm-80gb") or (
        fact.kind == "fact" and "a100-sxm-80gb" in fact.where
    )
    achieved = by["serving.bandwidth_fraction"].origin
    assert achieved is not None
    assert achieved.where == "rules/frameworks/parameters.yaml"
    assert (achieved.points or 0) > 100
    stated = by[
        "workload.peak_requests_per_second"
        if "workload.peak_requests_per_second" in by
        else "workload.concurrency"
    ]
    assert stated.origin is not None
    assert stated.origin.kind in ("requirement", "assumption")


@pytest.mark.parametrize("quantile", ["p10", "p90"])
def test_quantiles_are_the_middle_and_a_spread(quantile: str, studied: Studied) -> None:
    study = studied("chat-api-or-gpus", "deployment.hosting=[self_hosted]")
    row = study.rows[0]
    stack = compare.ranked(study, row)
    for name in ("cost_per_month_usd", "request_p95_ms", "requests_per_s", "effort_person_months"):
        figure = study.numbers(row).figure(f"estimates.{name}.{quantile}", ask.ref(study, row))
        worked_out(figure.nodes)
        estimate = stack.estimates[name]
        assert estimate is not None
        assert figure.value == pytest.approx(getattr(estimate, quantile), rel=1e-6)


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("estimates.cost_per_month_us", "estimates.cost_per_month_usd"),
        ("qualty_index", "quality_index"),
        ("nothing like it", "one of"),
        ("quality_index.p90", "ask for estimates.quality_index"),
    ],
)
def test_an_unknown_number_gets_near_misses(path: str, fix: str, studied: Studied) -> None:
    study = studied("credit-default-scoring")
    with pytest.raises(UsageError, match=r"--number") as caught:
        study.numbers(study.rows[0]).find(path)
    assert fix in str(caught.value)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("cost.per_month_usd", "estimates.cost_per_month_usd"),
        ("request_p95_ms", "estimates.request_p95_ms"),
        ("estimates.risk_index.p50", "estimates.risk_index"),
        ("cost.people", "costs.people"),
        ("contributions.cost.points", "contributions.cost"),
        ("score", "score"),
    ],
)
def test_numbers_have_short_names(short: str, full: str, studied: Studied) -> None:
    study = studied("credit-default-scoring")
    assert study.numbers(study.rows[0]).find(short) == (full, "p50")


def test_the_bill_of_a_hosted_model_comes_from_its_prices(studied: Studied) -> None:
    study = studied("chat-api-or-gpus")
    assert study.first is not None
    figure = study.numbers(study.first).figure("cost.per_month_usd", ask.ref(study, study.first))
    leaves = {n.id: n.origin for n in figure.nodes if n.origin is not None}
    prices = {k: o for k, o in leaves.items() if k.endswith("usd_per_mtok")}
    assert len(prices) >= 2
    assert all(o.kind == "fact" and o.source and o.as_of for o in prices.values())
    assert "workload.input_tokens.mean" in leaves
