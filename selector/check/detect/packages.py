"""Packages by name: what they are, how they are asked for, and commands that install them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from selector.check.detect import variables
from selector.check.detect.argv import Word
from selector.check.detect.teller import At, Teller
from selector.types.detected import Certainty

INSTALLERS = ("pip", "pip3", "uv", "pipx")
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:@\s*(\S+)|(.*))$", re.DOTALL)
_PIN = re.compile(r"(?:^|,)\s*\(?\s*={2,3}\s*([A-Za-z0-9.!+_-]+|\$\S+)\s*\)?\s*(?:,|$)")
# Host, maybe with a user; path; branch, tag or commit; egg.
_GIT = re.compile(
    r"git\+(?:[a-z+]+://)?[^/\s]+/(?:[^@#\s]+/)?([^/@#\s]+?)(?:\.git)?(?:@([^\s#]+))?(?:#(\S*))?$"
)
_TAG = re.compile(r"v?(\d+(?:\.\d+)+(?:[.-]?(?:post|rc|a|b|dev)\d+)*)$")
_SOURCE_FILE = re.compile(r"(.+?)-(\d[\w.!+]*?)\.(?:tar\.gz|zip)$")


def requirement(text: str) -> tuple[str, str | None] | None:
    """Name and pinned version of one requirement as pip reads it (PEP 508, addresses of wheels and of git).

    No version where a range, or a branch of git, is asked for. None where no package is named.
    """
    plain = re.split(r"\s--hash|\s#|\s*;", text.strip(), maxsplit=1)[0].strip().rstrip("\\ ")
    if plain.startswith(("git+", "http:", "https:", "file:")):
        return _addressed(plain)
    match = _NAMED.match(plain)
    if not match:
        return None
    if match[2]:
        found = _addressed(match[2])
        return match[1], found[1] if found else None
    pin = _PIN.search(match[3])
    return match[1], pin[1] if pin else None


def _addressed(url: str) -> tuple[str, str | None] | None:
    """A package by its address: the file of a wheel or of sources, or a repository of git at a tag."""
    git = _GIT.match(url)
    if git:
        egg = re.search(r"egg=([\w.-]+)", git[3] or "")
        tag = _TAG.match(git[2] or "")
        return egg[1] if egg else git[1], tag[1] if tag else None
    name = unquote(url.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0].rsplit("/", 1)[-1])
    if name.endswith(".whl") and name.count("-") >= 4:
        first, second, *_ = name.split("-")
        return first, second
    source = _SOURCE_FILE.match(name)
    return (source[1], source[2]) if source else None


def python_package(
    name: str, version: str | None, at: At, teller: Teller, registries: Sequence[str] = ("pypi",)
) -> None:
    """A package of the first registry that has it under the name: a framework of the catalogue, a client of
    an API, or another AI library."""
    plain, known = re.sub(r"[-_.]+", "-", name).lower(), teller.tables.packages
    told(
        next((known[k] for r in registries if (k := f"{r}:{plain}") in known), None),
        name,
        version,
        at,
        teller,
    )


def told(known: object, name: str, version: str | None, at: At, teller: Teller) -> None:
    """Facts of a package that the tables know; nothing of others."""
    if not isinstance(known, dict):
        return
    if known.get("framework"):
        teller.add("framework", known["framework"], at, Certainty.DECLARED)
        teller.say("framework_version", version, at)
        return
    teller.add("library", name, at, Certainty.DECLARED)
    teller.say("library_version", version, at)
    for key in ("provider", "vector_store", "guardrail"):
        if known.get(key):
            teller.add(key, known[key], at, Certainty.INFERRED)


def installed(words: Sequence[Word], teller: Teller) -> None:
    """`pip install a==1 b`, `uv pip install ...`: the packages that a command brings in."""
    texts = [w.text.rsplit("/", 1)[-1] for w in words]
    if "install" not in texts and not ("uv" in texts and "add" in texts):
        return
    start = texts.index("install") if "install" in texts else texts.index("add")
    if any(t in INSTALLERS for t in texts[:start]):
        named = [w for w in words[start + 1 :] if not w.text.startswith("-")]
        listed(named, f"installed by {texts[0]}", teller)


def listed(words: Sequence[Word], how: str, teller: Teller) -> None:
    """Requirements as texts of a list: `pip_install("vllm==0.9.1")` of a builder of images."""
    for word in words:
        found = requirement(variables.resolve(word.text, teller.known).text)
        if found:
            python_package(*found, At(word.line, word.column, how, word.path), teller)
