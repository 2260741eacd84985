"""Both back ends of the rule language give the same answer on random conditions and facts."""

import math

from hypothesis import given
from hypothesis import strategies as st

from selector.packs.language.facts import Fact, Registry
from selector.packs.language.scalar import compile_condition

REGISTRY = Registry(
    [
        Fact("hosting", "string", "hosting", frozenset({"api", "on_prem"})),
        Fact("place", "string", "hosting", frozenset({"api", "on_prem", "else"})),
        Fact("req.classes", "set", "requirement", frozenset({"health", "personal"})),
        Fact("req.rag", "bool", "requirement"),
        Fact("a.gb", "number", "row", unit="GB"),
        Fact("b.gb", "number", "row", unit="GB"),
        Fact("engine.version", "version", "engine"),
    ]
)
NUMBERS = st.integers(-3, 3).map(float)
NUMERIC = st.recursive(
    st.sampled_from(["a.gb", "b.gb", "0", "1", "2.5"]),
    lambda part: st.tuples(part, st.sampled_from("+-*/"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=4,
)
LEAVES = st.one_of(
    st.sampled_from(
        [
            "req.rag",
            "req.rag == true",
            'hosting == "api"',
            'hosting != "api"',
            "hosting == place",
            'hosting in ["api"]',
            'place not in ["api", "else"]',
            "known(a.gb)",
            "known(req.classes)",
            'overlaps(req.classes, ["health"])',
            'version(engine.version) in ">=0.6,<0.8"',
            'version(engine.version) not in ">=0.6"',
            "a.gb in [1, 2]",
            "true",
        ]
    ),
    st.tuples(NUMERIC, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMERIC).map(" ".join),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        part.map(lambda t: f"not ({t})"),
        st.tuples(part, st.sampled_from([" and ", " or "]), part).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
    ),
    max_leaves=6,
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "hosting": st.sampled_from([None, "api", "on_prem"]),
        "place": st.sampled_from([None, "api", "else"]),
        "req.classes": st.sampled_from([None, frozenset(), frozenset({"health"})]),
        "req.rag": st.sampled_from([None, True, False]),
        "a.gb": st.one_of(st.none(), NUMBERS),
        "b.gb": st.one_of(st.none(), NUMBERS),
        "engine.version": st.sampled_from([None, "0.5", "0.7.1", "0.9", "main"]),
    },
)


@given(CONDITIONS, st.lists(FACTS, min_size=1, max_size=8))
def test_columns_agree_with_rows(text: str, rows: list[dict[str, object]]) -> None:
    condition = compile_condition(text, REGISTRY)
    columns = {name: [row.get(name) for row in rows] for name in condition.facts}
    answers = condition.column(columns, len(rows))
    assert [None if math.isnan(a) else bool(a) for a in answers] == [condition.evaluate(r) for r in rows]
