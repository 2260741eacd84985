"""Figures that were in code once are parameters, and the code reads them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from selector.cli import session
from selector.needs.load import load
from selector.packs.catalog import Catalogue
from selector.types.decision import RankedStack
from selector.types.estimate import Estimate

HOSTED = {
    "application": {"task": "chat"},
    "workload": {"requests_per_month": 100000, "input_tokens": 500, "output_tokens": 100},
    "deployment": {"hosting": ["api"]},
    "pins": {"model": ["openai/gpt-5.5"]},
}


def first(folder: Path, catalogue: Catalogue) -> RankedStack:
    (folder / "reqs.yaml").write_text(yaml.safe_dump(HOSTED))
    return session.one(load(folder / "reqs.yaml"), catalogue, 1, False, False, date(2026, 11, 24)).stacks[0]


def figures(stack: RankedStack) -> dict[str, Estimate | None]:
    """Estimates by name, and lines of the cost by their formula."""
    lines = [c.usd_per_month for c in stack.costs if c.usd_per_month is not None]
    return {**stack.estimates, **{e.formula: e for e in lines}}


@pytest.mark.parametrize(
    ("parameter", "figure", "point"),
    [
        ("api.tail", "first_token_p95_ms", "p50"),
        ("api.spread", "first_token_ms", "p90"),
        ("cost.spread.hosted", "cost.infrastructure", "p90"),
    ],
)
def test_a_parameter_moves_its_figure(
    parameter: str,
    figure: str,
    point: str,
    tmp_path: Path,
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = getattr(figures(first(tmp_path, catalogue))[figure], point)
    known = catalogue.parameters[parameter]
    monkeypatch.setitem(catalogue.parameters, parameter, replace(known, value=1.2 * known.value))
    after = getattr(figures(first(tmp_path, catalogue))[figure], point)
    assert after == pytest.approx(1.2 * before)


def test_values_and_search_name_their_parameters(catalogue: Catalogue) -> None:
    wanted = {"value.cost_range", "value.latency_default_ms", "value.latency_default_worst"}
    wanted |= {"value.effort_ideal_ratio", "value.most_unknown", "search.hopeless", "cost.spread.owned"}
    wanted |= {"plan.early_stop_trials", "training.recomputed_least.qlora"}
    assert wanted <= set(catalogue.parameters)
    assert {q.id for q in catalogue.precisions.values() if q.usual} >= {"bf16", "int4-awq", "nvfp4"}
