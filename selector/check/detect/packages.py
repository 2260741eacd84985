"""Packages by name: what they are, and commands that install them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selector.check.detect.argv import Word
from selector.check.detect.teller import At, Teller
from selector.types.detected import Certainty

_PIN = re.compile(r"==\s*([A-Za-z0-9.!+_-]+)$")
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(.*)$")
INSTALLERS = ("pip", "pip3", "uv", "pipx")


def python_package(name: str, version: str | None, at: At, teller: Teller) -> None:
    """A package of PyPI: a framework of the catalogue, a client of an API, or another AI library."""
    known = teller.tables.packages.get(f"pypi:{re.sub(r'[-_.]+', '-', name).lower()}")
    told(known, name, version, at, teller)


def told(known: object, name: str, version: str | None, at: At, teller: Teller) -> None:
    """Facts of a package that the tables know; nothing of others."""
    if not isinstance(known, dict):
        return
    if known.get("framework"):
        teller.add("framework", known["framework"], at, Certainty.DECLARED)
        if version:
            teller.add("framework_version", version, at, Certainty.DECLARED)
        return
    teller.add("library", name, at, Certainty.DECLARED)
    if version:
        teller.add("library_version", version, at, Certainty.DECLARED)
    for key in ("provider", "vector_store", "guardrail"):
        if known.get(key):
            teller.add(key, known[key], at, Certainty.INFERRED)


def _source(word: Word, how: str, teller: Teller) -> bool:
    """`git+https://host/owner/vllm.git@branch`: the package goes by the name of its repository."""
    match = re.match(r"(?:[\w.-]+\s*@\s*)?git\+\S*/([\w.-]+?)(?:\.git)?(?:@\S*)?(?:#\S*)?$", word.text)
    if match:
        python_package(match[1], None, At(word.line, word.column, how, word.path), teller)
    return match is not None


def installed(words: Sequence[Word], teller: Teller) -> None:
    """`pip install a==1 b`, `uv pip install ...`: the packages that a command brings in."""
    texts = [w.text.rsplit("/", 1)[-1] for w in words]
    if "install" not in texts and not ("uv" in texts and "add" in texts):
        return
    start = texts.index("install") if "install" in texts else texts.index("add")
    if not any(t in INSTALLERS for t in texts[:start]):
        return
    for word in words[start + 1 :]:
        if _source(word, f"installed by {texts[0]}", teller):
            continue
        match = _NAME.match(word.text)
        if match and not word.text.startswith("-"):
            pin = _PIN.search(match[2])
            at = At(word.line, word.column, f"installed by {texts[0]}", word.path)
            python_package(match[1], pin[1] if pin else None, at, teller)


def listed(words: Sequence[Word], how: str, teller: Teller) -> None:
    """Requirements as texts of a list: `pip_install("vllm==0.9.1")` of a builder of images."""
    for word in words:
        match = None if _source(word, how, teller) else _NAME.match(word.text)
        if match:
            pin = _PIN.search(match[2])
            at = At(word.line, word.column, how, word.path)
            python_package(match[1], pin[1] if pin else None, at, teller)
