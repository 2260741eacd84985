"""Versions of each scheme against the ranges of advisories."""

import pytest

from selector.packs.catalog import Catalogue
from selector.risk import advisories
from selector.types.advisory import Advisory
from selector.types.rule import Severity


def row(scheme: str, *affected: str, **more: object) -> Advisory:
    return Advisory("CVE-2026-1", "x", scheme, affected, "t", "high", ("s",), "2026-09-01", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scheme", "affected", "version", "hit"),
    [
        ("pep440", "<=0.8.5.post1", "0.8.5.post1", True),
        ("pep440", "<0.8.5", "0.8.5.post1", False),
        ("pep440", "<1.3.0rc17", "1.3.0rc16", True),
        ("pep440", "<1.3.0rc17", "1.3.0rc17", False),
        ("pep440", "<0.11.1", "v0.11.0", True),
        ("pep440", ">=1.82.7,<=1.82.8", "main-v1.82.7-stable", True),
        ("pep440", "<0.9", "0.9.0+cu128", False),
        ("calver", "<26.03", "25.07-py3", True),
        ("calver", "<26.03", "r26.03", False),
        ("build", "<8492", "server-cuda-b5000", True),
        ("build", "<8492", "b8492", False),
        ("semver", "<0.31.2", "0.31.1", True),
        ("npm", ">=0.0.5,<=0.1.15", "0.1.15", True),
        ("pep440", "<9", "latest", None),
        ("build", "<9", "full", None),
        ("pep440", "<=0.8.5", "0.8.5.post1", False),
        ("pep440", "<0.24.0", "v0.11.0", True),
        ("calver", "<25.07", "25.07-py3", False),
        ("calver", "<25.08", "nvcr.io/nvidia/tritonserver", None),
        ("build", ">=5000,<8492", "b8491", True),
        ("semver", "<3.3.8", "3.3.7-rocm", True),
    ],
)
def test_ranges(scheme: str, affected: str, version: str, hit: bool | None) -> None:
    assert advisories.affects(row(scheme, affected), version) is hit


def test_an_unknown_condition_makes_a_hit_uncertain(catalogue: Catalogue) -> None:
    one = row("pep440", "<2", when="multi_node")
    ask = catalogue.condition
    assert advisories.hits([one], "x", "1", {"multi_node": True}, ask)[0].certain
    unsure = advisories.hits([one], "x", "1", {}, ask)[0]
    assert (unsure.certain, unsure.unknown) == (False, ("multi_node",))
    assert advisories.hits([one], "x", "1", {"multi_node": False}, ask) == ()
    for odd in (None, "latest"):
        doubt = advisories.hits([one], "x", odd, {"multi_node": True}, ask)[0]
        assert (doubt.certain, doubt.unknown) == (False, ("version",))
        assert advisories.hits([one], "x", odd, {"multi_node": False}, ask) == ()
    assert advisories.hits([one], "y", "1", {"multi_node": True}, ask) == ()


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ({"cvss": 9.0}, Severity.CRITICAL),
        ({"cvss": 8.9}, Severity.HIGH),
        ({"cvss": 7.0}, Severity.HIGH),
        ({"cvss": 6.9}, Severity.MEDIUM),
        ({"cvss": 3.9}, Severity.LOW),
        ({"cvss": 5.0, "known_exploited": True}, Severity.CRITICAL),
        ({"severity": "high"}, Severity.HIGH),
        ({}, Severity.MEDIUM),
    ],
)
def test_levels(more: dict[str, object], level: Severity) -> None:
    assert advisories.severity(row("pep440", "<1", **more)) is level


def test_facts_for_the_register_count_what_is_certain_and_well_founded(catalogue: Catalogue) -> None:
    from dataclasses import replace

    exploited = row("pep440", "<2", cvss=7.5, known_exploited=True)
    open_ = row("pep440", "<2", cvss=9.8, when="multi_node")
    lone = replace(row("pep440", "<2", cvss=9.8), confidence="low")
    found = advisories.hits([exploited, open_, lone], "x", "1", {}, catalogue.condition)
    assert advisories.summary(found) == {
        "advisory.worst": "critical",
        "advisory.known_exploited": True,
        "advisory.possible": True,
    }
    assert advisories.summary(()) == {"advisory.worst": "none", "advisory.known_exploited": False}


def test_the_lowest_clean_version_of_vllm(catalogue: Catalogue) -> None:
    rows = list(catalogue.advisories.values())
    assert len(rows) >= 78
    assert advisories.hits(rows, "vllm", "0.24.0", {}, catalogue.condition) == ()
    assert advisories.hits(rows, "vllm", "0.23.1", {}, catalogue.condition) != ()


def test_no_framework_of_the_catalogue_is_spelled_otherwise(catalogue: Catalogue) -> None:
    libraries = {
        "llama-cpp-python",
        "xgrammar",
        "picklescan",
        "litellm",
        "langchain-core",
        "langflow",
        "open-webui",
        "mcp-remote",
        "nvidia-container-toolkit",
    }
    named = {a.component for a in catalogue.advisories.values()}
    assert named - libraries <= set(catalogue.frameworks)
