"""A first requirements file for an area of application, with what it assumes and asks for as comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from selector.errors import Problem, UsageError
from selector.needs.areas import defaults
from selector.needs.components import expand
from selector.needs.defaults import complete
from selector.needs.load import load_document
from selector.packs.schema import load as schema
from selector.packs.schema import near
from selector.types.domain import Area, Line
from selector.types.requirement import Assumption

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue

WIDTH = 110
# Lines without a value, for what nearly everybody has to say.
LATER = (
    ("application", "user_regions", "where users are, such as [us, eu]"),
    ("workload", "peak_requests_per_second", "at the busiest time"),
    ("workload", "input_tokens", "size of a request: tokens, megapixels or seconds"),
    ("workload", "output_tokens", "size of an answer"),
    ("budget", "per_month_usd", "what it may cost a month, people too; a limit that is kept"),
    ("data", "classes", "what is in the data, such as [personal]"),
    ("data", "residency", "where data have to stay"),
    ("data", "may_leave_premises", "false where nobody else may run the model"),
    ("deployment", "hosting", "where it may run, such as [self_hosted, api]"),
    ("team", "engineers", "people who build and run it"),
    ("team", "usd_per_engineer_month", "what one of them costs a month"),
    ("contracts", "", "signed with vendors: dpa, baa, scc, zero_retention ...; [] where none is"),
)


def names(cat: Catalogue) -> list[str]:
    """What `text` takes: areas, and domains for the first area of each."""
    return [
        *cat.areas,
        *(d for d in dict.fromkeys(a.domain for a in cat.areas.values()) if d not in cat.areas),
    ]


def text(name: str, cat: Catalogue) -> str:
    """The file for an area, or for the first area of a domain."""
    area = cat.areas.get(name) or next((a for a in cat.areas.values() if a.domain == name), None)
    if area is None:
        fix = near(name, names(cat)) or f"one of: {', '.join(names(cat))}"
        raise UsageError(Problem(f"there is no area or domain {name}", None, fix))
    first = (
        Line("application.task", area.task, "what the model does"),
        Line("application.domain", area.domain, "line of business"),
        Line("application.area", area.id, "fills what is left out, see below"),
        *area.first,
    )
    parts = _assumed(area, first, cat)
    shared = {a.key: a for a in parts[0][1] if all(a in other for _, other in parts)}
    apart = [(name, a) for name, rows in parts for a in rows if a.key not in shared]
    body = ["version: 1", f"name: {area.title.partition(': ')[2]}", *_body(first, shared)]
    return "\n".join([*_head(area, cat), *body, "", *_tail(area, apart, cat)]) + "\n"


def _assumed(area: Area, first: tuple[Line, ...], cat: Catalogue) -> list[tuple[str, list[Assumption]]]:
    """What the area supplies to this file, for each of its components or the one model of it."""
    document: dict[str, Any] = {"version": 1}
    for line in first:
        group, _, key = line.key.partition(".")
        _put(document, group, key, line.value)
    found = []
    for part in expand(load_document(document, area.id)):
        made = complete(part, defaults(cat), cat.usd_per_unit).assumptions
        mine = [a for a in made if a.rule.startswith(f"area.{area.id}.") and a.key != "regulations"]
        found.append((part.requirement.name or area.id, mine))
    return found


def _put(document: dict[str, Any], group: str, key: str, value: Any) -> None:
    here = document
    for part in [group, *key.split(".")[:-1]] if key else []:
        here = here.setdefault(part, {})
    here[key.rpartition(".")[2] if key else group] = value


def _head(area: Area, cat: Catalogue) -> list[str]:
    others = [a.id for a in cat.areas.values() if a.domain == area.domain and a is not area]
    lines = _comment(f"{area.title}: {area.summary}.")
    if others:
        lines += _comment(f"Other areas of {area.domain}: {', '.join(others)}.")
    lines += _comment("Change what stands here. A value in a comment is what counts while you leave it out.")
    return lines


def _body(first: tuple[Line, ...], assumed: Mapping[str, Assumption]) -> Iterator[str]:
    """The groups of the format in its order; what is assumed, and what to state later, in comments."""
    for group in schema("reqs")["properties"]:
        told = [line for line in first if line.key.partition(".")[0] == group]
        mine = [a for a in assumed.values() if a.key.partition(".")[0] == group]
        there = {x.key for x in told} | {a.key for a in mine}
        later = [(k, why) for g, k, why in LATER if g == group and f"{g}.{k}" not in there]
        if told and told[0].key == group:
            yield from (f"{group}:  # {told[0].why}", *_listed(told[0].value))
        elif told or mine or later:
            inside = any("." in key for key in there) or any(key for key, _ in later)
            mark = "  # " if inside else "# "
            yield from [f"{group}:"] * inside
            yield from _nested(told)
            yield from (mark + _said(*_flat(a.key, a.value), _why(a)) for a in mine)
            yield from (mark + _said(key or group, None, why) for key, why in later)


def _nested(told: list[Line]) -> Iterator[str]:
    """Lines of one group; deeper groups open once."""
    opened: list[str] = []
    for line in sorted(told, key=lambda x: x.key.count(".")):
        parts = line.key.split(".")[1:]
        for depth, part in enumerate(parts[:-1]):
            if opened[depth : depth + 1] != [part]:
                opened = [*opened[:depth], part]
                yield "  " * (depth + 1) + f"{part}:"
        yield "  " * len(parts) + _said(line.key, line.value, line.why)


def _flat(key: str, value: object) -> tuple[str, object]:
    """A key below a group as one line: `features: {rag: true}`."""
    parts = key.split(".")
    for part in reversed(parts[2:]):
        value = {part: value}
    return ".".join(parts[:2]), value


def _said(key: str, value: object, why: str) -> str:
    written = f" {_flow(value)}" if value is not None else ""
    return f"{key.rpartition('.')[2]}:{written}  # {why}"


def _why(item: Assumption) -> str:
    return f"{item.why} ({item.source})"


def _listed(value: Any) -> list[str]:
    rows = value if isinstance(value, list) else [value]
    return [f"  - {_flow(row)}" for row in rows]


def _flow(value: object) -> str:
    import yaml

    dumped: str = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), sort_keys=False)
    return dumped.removesuffix("...\n").strip()


def _tail(area: Area, apart: list[tuple[str, Assumption]], cat: Catalogue) -> list[str]:
    """What is assumed of single components; regulations, mitigations and refusals of the area."""
    lines = []
    if apart:
        lines += _comment("Assumed of single components:")
        lines += [x for n, a in apart for x in _item(f"{n}, {a.key}: {_flow(a.value)}, {_why(a)}")]
    if area.laws:
        lines += _comment("Regulations that follow; none of this is legal advice:")
        for law in area.laws:
            where = " and ".join(f"{k} is {_flow(v)}" for k, v in law.when.items())
            lines += _item(
                f"{cat.regulations[law.regulation].title}{f', where {where}' if where else ''}: {law.why}"
            )
    lines += _comment(
        "Every stack has these mitigations, and pays for those that risk.controls does not list:"
    )
    for required in area.mandatory:
        name = cat.mitigations[required.mitigation].name
        lines += _item(f"{required.mitigation}, {name}: {required.why} ({', '.join(required.source)})")
    if area.rules:
        lines += _comment("What is refused, warned of or advised (`selector pack show ID`):")
        lines += [
            x for r in area.rules for x in _item(f"{r}, {cat.rules[r].effect.value}: {cat.rules[r].title}")
        ]
    return lines


def _comment(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent="# ", subsequent_indent="# ")


def _item(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent="#   ", subsequent_indent="#     ")
