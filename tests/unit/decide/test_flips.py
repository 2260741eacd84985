"""A value that nobody stated and that decides the first place is named."""

from collections.abc import Callable

from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]


def flips(found: Recommendation) -> list[str]:
    return [n for n in found.notes if "decides the first place" in n]


def test_unknown_data_classes_that_decide_are_named(ranked: Ranked) -> None:
    found = ranked("application: {task: chat}", provisional=False)
    said = next(n for n in flips(found) if n.startswith("data.classes"))
    assert "not stated" in said
    assert "with [public]" in said
    stated = ranked("application: {task: chat}\ndata: {classes: [public]}", provisional=False)
    assert stated.stacks[0].score > found.stacks[0].score
    assert f"{stated.stacks[0].slots.model} " in said
    assert not [n for n in flips(stated) if n.startswith("data.classes")]


def test_an_assumption_that_decides_is_named(ranked: Ranked) -> None:
    text = "application: {task: chat}\ndata: {classes: [public]}\nlatency: {first_token_p95_ms: 60000}\n"
    said = next(
        (n for n in flips(ranked(text, provisional=False)) if n.startswith("organisation.commercial")), None
    )
    free = ranked(text + "organisation: {commercial: false}", provisional=False).stacks[0]
    now = ranked(text, provisional=False).stacks[0]
    assert (said is not None) == (free.slots.model != now.slots.model)
