"""Areas of application, such as credit scoring: what stands in for what their users leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fill:
    """Value of one key of the requirements, where nobody states it."""

    key: str
    value: object
    why: str
    when: Mapping[str, object] = field(default_factory=dict)  # as in rules/needs/defaults.yaml
    source: tuple[str, ...] = ()
    judgement: bool = False


@dataclass(frozen=True, slots=True)
class Law:
    """A regulation by its id, and under which requirements it applies in the area."""

    regulation: str
    why: str
    source: tuple[str, ...]
    when: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Required:
    """A mitigation that every stack of the area has, whatever the appetite for risk."""

    mitigation: str
    why: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A value that a first requirements file of the area states, for its owner to change."""

    key: str
    value: object
    why: str


@dataclass(frozen=True, slots=True)
class Area:
    """One area of a domain."""

    id: str
    domain: str
    title: str
    task: str
    summary: str
    as_of: str
    inferred: Mapping[str, object] = field(
        default_factory=dict
    )  # requirements that are this area by definition
    first: tuple[Line, ...] = ()
    fills: tuple[Fill, ...] = ()
    laws: tuple[Law, ...] = ()
    mandatory: tuple[Required, ...] = ()
    rules: tuple[str, ...] = ()  # ids of rules that forbid or discourage choices in it
