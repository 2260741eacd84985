"""Attitude to risk: which quantile the values are taken of."""

from collections.abc import Callable

import pytest

from selector.decide.attitude import note, quantile
from selector.errors import InputError
from selector.types.decision import Recommendation

Decide = Callable[..., Recommendation]
API = "deployment.hosting=[api]"


def scores(found: Recommendation) -> dict[str, float]:
    return {s.slots.digest(): s.score for s in found.stacks}


def test_words_and_numbers_name_a_quantile() -> None:
    assert [quantile(x) for x in (None, "neutral", "cautious", 0.9)] == [0.5, 0.5, 0.75, 0.9]
    assert note("neutral") == ()
    assert "pessimistic" in note(0.9)[0]


def test_a_higher_quantile_never_raises_a_score(decided: Decide) -> None:
    found = [
        decided(API, f"risk_attitude={text}", top=400)
        for text in ("neutral", "0.6", "cautious", "0.75", "0.95")
    ]
    neutral, mild, cautious, same, harsh = map(scores, found)
    assert cautious == same
    for key, value in neutral.items():
        assert value >= mild[key] >= cautious[key] >= harsh[key]
    assert [bool(n) for n in (f.notes and "risk attitude" in f.notes[0] for f in found)] == [
        *(False, True, True, True, True)
    ]


def test_limits_and_estimates_stay(decided: Decide) -> None:
    neutral, harsh = (decided(API, f"risk_attitude={x}", top=400) for x in ("neutral", "0.95"))
    mine = {s.slots.digest(): s for s in neutral.stacks}
    for stack in harsh.stacks:
        other = mine[stack.slots.digest()]
        assert (stack.estimates, stack.constraints) == (other.estimates, other.constraints)


@pytest.mark.parametrize("text", ["0.5", "1", "0.2", "bold", "[0.9]"])
def test_other_attitudes_are_refused(decided: Decide, text: str) -> None:
    with pytest.raises(InputError, match="risk_attitude"):
        decided(f"risk_attitude={text}")
