"""The rule language: what it accepts, what it refuses, and three-valued logic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selector.packs.language.facts import Fact, Registry
from selector.packs.language.parse import ConditionError, parse
from selector.packs.language.scalar import compile_condition

REGISTRY = Registry(
    [
        Fact("hosting", "string", "hosting", frozenset({"api", "on_prem"})),
        Fact("req.classes", "set", "requirement", frozenset({"health", "personal"})),
        Fact("req.rag", "bool", "requirement"),
        Fact("a.gb", "number", "row", unit="GB"),
        Fact("a.ms", "number", "row", unit="ms"),
        Fact("engine.version", "version", "engine"),
    ]
)


def run(text: str, **facts: object) -> bool | None:
    named = {k.replace("__", "."): v for k, v in facts.items()}
    return compile_condition(text, REGISTRY).evaluate(named)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('hosting == "api"', True),
        ('hosting in ["on_prem"]', False),
        ('overlaps(req.classes, ["health"])', True),
        ("req.rag", None),
        ('req.rag or hosting == "api"', True),
        ('req.rag and hosting == "on_prem"', False),
        ("not req.rag", None),
        ("known(req.rag)", False),
        ("1 < a.gb <= 24", True),
        ("a.gb * 2 == 48", True),
        ('version(engine.version) in ">=0.6,<0.8.5"', True),
        ('version(engine.version) not in ">=0.9"', True),
    ],
)
def test_values(text: str, expected: bool | None) -> None:
    facts = {
        "hosting": "api",
        "req__classes": frozenset({"health"}),
        "a__gb": 24.0,
        "engine__version": "0.8.0",
    }
    assert run(text, **facts) is expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hostin == 1", 'unknown fact "hostin"'),
        ('hosting == "apis"', "is not a value"),
        ("a.gb > a.ms", "GB compared with ms"),
        ('a.gb == "x"', "number compared with string"),
        ("req.classes == 1", "set compared with number"),
        ("__import__('os')", "is not a function"),
        ("a.gb ** 9 > 1", "operator"),
        ("a.gb", "is true or false"),
        ("(lambda: 1)()", "not a function"),
        ("hosting ==", "not an expression"),
        ('version(engine.version) in "x"', "not a version range"),
        ("known(", "not an expression"),
    ],
)
def test_refusals(text: str, words: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text, REGISTRY)
    assert words in caught.value.what


def test_near_misses() -> None:
    with pytest.raises(ConditionError) as caught:
        parse("req.ragg", REGISTRY)
    assert caught.value.fix == 'did you mean "req.rag"?'


TRUTH = st.sampled_from([True, False, None])


@given(a=TRUTH, b=TRUTH)
def test_kleene_laws(a: bool | None, b: bool | None) -> None:
    registry = Registry([Fact("a", "bool", "row"), Fact("b", "bool", "row")])
    facts = {k: v for k, v in (("a", a), ("b", b)) if v is not None}
    left = compile_condition("not (a and b)", registry).evaluate(facts)
    right = compile_condition("not a or not b", registry).evaluate(facts)
    assert left is right


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parse(text, REGISTRY)
    except ConditionError as error:
        assert error.what
