"""Defaults that decide the first place are those under which a whole new run has another first."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from selector.decide.defaults_check import ANCHORS
from selector.errors import PackError
from selector.packs.catalog import Catalogue
from selector.types.decision import RankedStack, Recommendation

Decide = Callable[..., Recommendation]
FEW = "pins.model=[openai/gpt-6-luna, anthropic/claude-haiku-5-5, zai/GLM-5.3-Flash, bedrock/us.amazon.nova-pro-v1:0]"
API = "deployment.hosting=[api]"
SETS = (
    (API, FEW),
    (API, FEW, "budget.per_month_usd=3000", "weights={quality: 2, cost: 3, latency: 1}"),
    (API, FEW, "risk_attitude=0.9", "weights={pay: {quality: 30, risk: 5}}"),
    ("deployment.hosting=[api, api_batch]", FEW, "workload.scenario=offline", "latency.request_p95_ms=60000"),
)


def choice(stack: RankedStack) -> tuple[str | None, ...]:
    s = stack.slots
    return (s.model, s.hosting, s.precision, s.hardware)


@pytest.mark.parametrize("sets", SETS, ids=range(len(SETS)))
def test_they_are_those_of_whole_runs(
    sets: tuple[str, ...], decided: Decide, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = decided(*sets, top=1)
    named = {d.parameter: d for d in base.defaults_that_decide}
    for name, parameter in list(catalogue.parameters.items()):
        if not name.startswith(ANCHORS) or name in ("value.tied_points", "value.most_unknown"):
            continue
        turned = {}
        for tried in (parameter.low, parameter.high):
            monkeypatch.setitem(catalogue.parameters, name, replace(parameter, value=tried))
            try:
                again = decided(*sets, top=20).stacks
            except PackError:
                continue  # at this end the anchors are in no order
            gap = again[0].score - next(s.score for s in again if choice(s) == choice(base.stacks[0]))
            if gap > 1e-6:
                turned[tried] = gap
        monkeypatch.setitem(catalogue.parameters, name, parameter)
        assert (name in named) == bool(turned), name
        if turned:
            assert named[name].points == pytest.approx(turned[named[name].tried])
            assert any(name in n for n in base.notes) or len(named) > 3


def test_near_duplicates_are_no_other_choice(decided: Decide) -> None:
    found = decided("pins.model=[Qwen/Qwen3-8B]", "pins.precision=[bf16]", "pins.hardware=[l4]", top=1)
    assert found.stacks
    assert found.defaults_that_decide == ()
