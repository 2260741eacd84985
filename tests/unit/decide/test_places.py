"""Places of the ranking: the same score is the same place, and the next one counts all before it."""

from collections.abc import Callable

from selector.types.decision import Recommendation

Decide = Callable[..., Recommendation]


def test_competition_ranks(decided: Decide) -> None:
    # One price for all hosted models: where only cost counts, every score is the same.
    same = decided("deployment.hosting=[api]", "weights.cost=1", "quotes=[{hosting: api, usd_per_mtok: 3}]")
    assert {s.rank for s in same.stacks} == {1}
    found = decided("deployment.hosting=[api]", "weights.cost=1", top=60).stacks
    scores = [s.score for s in found]
    assert len(set(scores)) < len(scores)
    assert [s.rank for s in found] == [1 + sum(x > s.score for x in scores) for s in found]
    assert [s.label for s in found] == [f"S-{n}" for n in range(1, len(found) + 1)]
