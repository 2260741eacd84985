"""An engine that ended is left out with since when, and what took its place."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from selector.cli import session
from selector.needs.load import load
from selector.packs.catalog import Catalogue
from selector.types.decision import Exclusion, Recommendation

Decide = Callable[..., Recommendation]
BUDGET, TIME = "budget.per_month_usd", "latency.request_p95_ms"


def test_an_ended_engine_names_its_replacement(tmp_path: Path, catalogue: Catalogue) -> None:
    ended = next(
        f
        for f in catalogue.frameworks.values()
        if f.replaced_by and f.id in {r.engine for r in catalogue.support}
    )
    (tmp_path / "reqs.yaml").write_text(yaml.safe_dump({"application": {"task": "chat"}}))
    found = session.one(load(tmp_path / "reqs.yaml"), catalogue, 1, False, False, date(2026, 11, 24))
    reason = next(e.reason for e in found.excluded if e.reason.startswith(f"engine {ended.id} is"))
    assert reason.endswith(f"replaced by {' or '.join(ended.replaced_by)}")


def limit(found: Recommendation, reason: str) -> Exclusion:
    return next(e for e in found.excluded if e.reason == reason)


@pytest.mark.parametrize(
    "sets",
    [(f"{BUDGET}=2500",), (f"{TIME}=4000",), (f"{BUDGET}=2500", f"{TIME}=4000", "confidence=0.8")],
    ids=str,
)
def test_the_nearest_passes_when_its_limits_are_moved_as_said(decided: Decide, sets: tuple[str, ...]) -> None:
    api = "deployment.hosting=[api]"
    found = decided(api, *sets)
    for reason in (BUDGET, TIME):
        if not any(s.startswith(reason) for s in sets):
            continue
        left = limit(found, reason)
        assert left.moves[0].limit == reason
        moved = decided(api, *sets, *(f"{m.limit}={m.needed}" for m in left.moves), top=400)
        assert moved.counts["feasible"] > found.counts["feasible"]
        assert any(s.slots.model in left.nearest for s in moved.stacks)
        assert left.distance.startswith(f"{left.moves[0].needed:.4g}"[:3])


def test_the_nearest_is_held_by_as_few_limits_as_can_be(decided: Decide) -> None:
    found = decided("deployment.hosting=[api]", f"{BUDGET}=2500", f"{TIME}=4000")
    for left in found.excluded:
        if left.moves and left.reason in (BUDGET, TIME):
            alone = [m.limit for m in left.moves] == [left.reason]
            assert alone == ("also" not in left.distance)
