"""YAML traps: each is an error with a position, or is read as YAML 1.2 says."""

from pathlib import Path

import pytest

from selector.errors import InputError
from selector.packs.reader import MOST_BYTES, parse, read_yaml


def test_yaml_1_2_scalars() -> None:
    text = "a: no\nb: 1:30\nc: 010\nd: 2026-01-02\ne: 20_000_000\nf: on\ng: 1e3\nh: ~\n"
    found = parse(text, "x.yaml").data
    assert found == {
        "a": "no",
        "b": "1:30",
        "c": 10,
        "d": "2026-01-02",
        "e": 20_000_000,
        "f": "on",
        "g": 1000.0,
        "h": None,
    }


def test_positions_of_values() -> None:
    document = parse("a:\n  b: [1, 2]\n", "x.yaml")
    assert str(document.where(("a", "b", 1))) == "x.yaml:2:10"
    assert str(document.where(("a", "missing"))) == "x.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2\n", 'duplicate key "a", first at line 1'),
        ("a: !!python/object:os.system x\n", "tag"),
        ("a: !x 1\n", "tag"),
        ("b: &x {c: 1}\na:\n  <<: *x\n", "merge keys"),
        ("", "file is empty"),
        ("a: [1, 2\n", "not YAML"),
        ("a: " + "[" * 60 + "]" * 60, "nested too deeply"),
    ],
)
def test_traps_are_errors_with_a_position(text: str, words: str) -> None:
    with pytest.raises(InputError, match=r"x\.yaml:\d+:\d+") as caught:
        parse(text, "x.yaml")
    assert words in str(caught.value)


def test_alias_bomb_ends_early() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(InputError, match="values"):
        parse("\n".join(lines), "bomb.yaml")


def test_all_duplicates_are_reported_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse("a: 1\na: 2\nb: 1\nb: 2\n", "x.yaml")
    assert len(caught.value.problems) == 2


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\x00a")
    large = tmp_path / "l.yaml"
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    for path in (binary, large, tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            read_yaml(path)
