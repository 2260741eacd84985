"""The answer keys are whole and in normal form, and the score counts as README.md says."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from .score import (
    ATTRIBUTE_OF,
    ATTRIBUTES,
    HELD_OUT,
    HELD_OUT_LATER,
    HERE,
    Answer,
    Item,
    Score,
    Unit,
    _items,
    compare,
    load,
    names,
    table,
)

KEYS = names()
ENTRY = {
    "unit",
    "also",
    "framework",
    "model",
    "accelerator",
    "precision",
    "n_devices",
    "parallelism",
    "unresolved",
}
FACT = {"certainty": "declared", "file": "x", "line": 1, "column": 1, "how": "x"}


def fact(unit: str, key: str, value: object, certainty: str = "declared") -> dict[str, object]:
    return {**FACT, "unit": unit, "key": key, "value": value, "certainty": certainty}


def unit(name: str, **values: object) -> Unit:
    items: set[Item] = set()
    for key, value in values.items():
        items |= _items(key, value)
    return Unit(name, frozenset([name.partition("#")[0]]), items)


def counts(score: Score) -> tuple[int, int, int]:
    return score.right.total(), score.wrong.total(), score.missed.total()


def test_there_are_enough_repositories_of_enough_kinds() -> None:
    empty = [name for name in KEYS if not load(name).units]
    assert len(KEYS) >= 26
    assert len(empty) >= 4
    assert len(HELD_OUT) == 8
    assert {*HELD_OUT, *HELD_OUT_LATER} <= set(KEYS)


@pytest.mark.parametrize("name", KEYS)
def test_a_key_holds_to_its_form(name: str) -> None:
    data = yaml.safe_load((HERE / name / "key.yaml").read_text(encoding="utf-8"))
    assert set(data) == {"provenance", "shape", "units"}
    assert set(data["provenance"]) - {"note"} == {"repo", "files"}
    assert all(len(commit) == 40 for commit in data["provenance"]["files"].values())
    for entry in data["units"]:
        assert set(entry) <= ENTRY | {"optional"}
        for file in [entry["unit"].partition("#")[0], *entry.get("also", [])]:
            assert (HERE / name / "repo" / file).is_file(), file
        assert set(entry.get("parallelism", {})) <= {"tp", "pp", "ep", "dp", "replicas"}
        assert set(entry.get("optional", {})) | set(entry.get("unresolved", [])) <= set(ATTRIBUTE_OF)


@pytest.mark.parametrize("name", KEYS)
def test_what_a_key_demands_is_itself_worth_full_marks(name: str) -> None:
    facts = [
        fact(
            one.name, item.key, sorted(item.accepted)[0], "unresolved" if "?" in item.accepted else "declared"
        )
        for one in load(name).units
        for item in one.items
    ]
    right, wrong, missed = counts(compare(load(name), facts))
    assert (wrong, missed) == (0, 0)
    assert right >= len({(item.key, item.accepted) for one in load(name).units for item in one.items})


def test_an_excerpt_is_short_and_holds_no_key() -> None:
    for path in HERE.glob("*/repo/**/*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert len(text.splitlines()) <= 90, path
            assert "BEGIN PRIVATE" not in text, path


def test_units_of_one_name_are_compared_with_each_other() -> None:
    answer = Answer("a", (unit("c.yaml#one", tp=1), unit("c.yaml#two", tp=2)))
    swapped = [fact("c.yaml#one", "tp", 2), fact("c.yaml#two", "tp", 1)]
    assert counts(compare(answer, swapped)) == (0, 2, 2)


def test_units_of_other_names_are_compared_by_file() -> None:
    answer = Answer("a", (unit("c.yaml#one", tp=1, framework="vllm"), unit("c.yaml#two", tp=2)))
    printed = [fact("c.yaml", "tp", 2), fact("c.yaml", "tp", 1), fact("c.yaml", "framework", "sglang")]
    assert counts(compare(answer, printed)) == (2, 1, 1)


def test_a_value_without_a_key_is_wrong_whichever_file_it_is_of() -> None:
    answer = Answer("a", (unit("c.yaml#one", tp=1),))
    printed = [
        fact("c.yaml#one", "tp", 1),
        fact("c.yaml#one", "replicas", 1),
        fact("README.md", "model", "gpt-4o"),
    ]
    assert counts(compare(answer, printed)) == (1, 2, 0)


def test_unresolved_is_right_where_the_key_says_so_and_a_guess_is_not() -> None:
    answer = Answer("a", (unit("c.yaml#one", model="?"),))
    assert counts(compare(answer, [fact("c.yaml#one", "model", "${M}", "unresolved")])) == (1, 0, 0)
    assert counts(compare(answer, [fact("c.yaml#one", "model", "gpt-4o")])) == (0, 1, 1)
    assert counts(compare(answer, [])) == (0, 0, 1)


def test_the_maker_beside_a_device_counts_for_nothing_and_another_maker_is_wrong() -> None:
    answer = Answer("a", (unit("c.yaml#one", accelerator="nvidia-h100-80gb"),))
    device = fact("c.yaml#one", "accelerator", "h100")
    assert counts(compare(answer, [device, fact("c.yaml#one", "accelerator", "nvidia")])) == (1, 0, 0)
    assert counts(compare(answer, [device, fact("c.yaml#one", "accelerator", "amd")])) == (1, 1, 0)
    assert counts(compare(answer, [fact("c.yaml#one", "accelerator", "nvidia")])) == (0, 0, 1)


def test_spellings_of_one_thing_are_equal_and_other_things_are_not() -> None:
    answer = Answer(
        "a", (unit("f", accelerator="tpu-v5e", framework="triton", precision="bf16", model="a/b"),)
    )
    printed = [
        fact("f", "accelerator", "google-tpu-v5e-2x2"),
        fact("f", "framework", "triton-inference-server"),
        fact("f", "precision", "bfloat16"),
        fact("f", "embedding_model", "hf://a/b"),
    ]
    assert counts(compare(answer, printed)) == (4, 0, 0)
    assert counts(
        compare(Answer("a", (unit("f", accelerator="h100"),)), [fact("f", "accelerator", "h200")])
    ) == (0, 1, 1)


def test_optional_values_and_other_keys_count_for_nothing() -> None:
    one = unit("f", framework="vllm")
    one.optional = {("replicas", "1"), ("model", "?")}
    printed = [
        fact("f", "framework", "vllm"),
        fact("f", "replicas", 1),
        fact("f", "model", "$M", "unresolved"),
        fact("f", "image_tag", "latest"),
    ]
    assert counts(compare(Answer("a", (one,)), printed)) == (1, 0, 0)


def test_several_files_of_one_unit_are_read_together() -> None:
    one = unit("over/kustomization.yaml", tp=1, model="a/b")
    one.files = frozenset(["over/kustomization.yaml", "base/d.yaml"])
    printed = [fact("base/d.yaml#Deployment/x", "tp", 1), fact("over/kustomization.yaml", "model", "a/b")]
    assert counts(compare(Answer("a", (one,)), printed)) == (2, 0, 0)


def test_the_table_has_no_figure_where_nothing_was_asked() -> None:
    text = table("None", Score())
    assert "| model | - | - | 0 | 0 | 0 |" in text


def test_the_readme_lists_every_repository_with_what_it_demands() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    for name in KEYS:
        demanded = Counter(ATTRIBUTE_OF[item.key] for one in load(name).units for item in one.items)
        later = " (held out later)" if name in HELD_OUT_LATER else ""
        held_out = " (held out)" if name in HELD_OUT else later
        row = [
            f"{name}{held_out}",
            yaml.safe_load((HERE / name / "key.yaml").read_text())["provenance"]["repo"],
        ]
        row += [str(len(load(name).units)), *(str(demanded[attribute]) for attribute in ATTRIBUTES)]
        assert f"| {' | '.join(row)} |" in text, name
