"""The policy in force: shipped policies by name, and the file of the project over them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from selector.errors import InputError, Position, Problem, UsageError
from selector.packs.catalog import Catalogue
from selector.packs.reader import Document, read_yaml
from selector.packs.schema import near, validate
from selector.types.rule import Severity

FILE = "selector.policy.yaml"
PLACES = (FILE, f".github/{FILE}")
VARIABLE = "SELECTOR_POLICY"
DEFAULT = ("baseline",)
# Findings that no rule of a pack makes; they can be waived and rated like rules.
OWN = (
    *("STACK-001", "STACK-002", "STACK-003", "STACK-004", "STACK-005"),
    *("ACCEPT-001", "ACCEPT-002", "FACT-001", "RISK-001", "RISK-002"),
    *("DETECT-001", "DETECT-002", "DETECT-003"),
)
# Files that a policy names, and how one comes to them.
NAMED = {
    "requirements": "`selector init FILE` writes one",
    "decision": "`selector recommend REQS --save FILE` writes one",
}
SOME = 12  # names in a list of what there is
WAIVER_DAYS = 30  # ahead of its end a waiver is mentioned


@dataclass(frozen=True, slots=True)
class Change:
    """What a project makes of a rule."""

    severity: Severity | None = None
    off: bool = False


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that may pass until a day, its last day included."""

    rule: str
    path: str
    reason: str
    owner: str
    expires: str
    place: Position

    @property
    def last_day(self) -> date | None:
        """Its last day; None where it is no date."""
        try:
            return date.fromisoformat(self.expires)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact as somebody states it, and where."""

    value: object
    place: Position


Facts = Mapping[str, Stated]


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides how findings are judged."""

    names: tuple[str, ...] = DEFAULT  # policies in force, those extended included
    assumes: Mapping[str, object] = field(default_factory=dict)
    file: str | None = None
    found_by: str = "default"
    requirements: Path | None = None
    decision: Path | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    per_month_usd: float | None = None
    facts: Facts = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()
    rules: Mapping[str, Change] = field(default_factory=dict)
    overrides: tuple[tuple[tuple[str, ...], Mapping[str, Change]], ...] = ()
    waivers: tuple[Waiver, ...] = ()
    max_waiver_days: int | None = None
    exclude: tuple[str, ...] = ()

    def change(self, rule: str, file: str) -> Change:
        """What holds for a rule in a file: the last override that names both, else the project's."""
        found = self.rules.get(rule, Change())
        for patterns, rules in self.overrides:
            if rule in rules and matches(file, patterns):
                found = rules[rule]
        return found


@dataclass(frozen=True, slots=True)
class Source:
    """A policy that was found, before it is understood: its document, and how it was found."""

    document: Document | None
    names: tuple[str, ...]
    folders: tuple[Path, ...]  # packs that it extends
    found_by: str


def matches(file: str, patterns: Sequence[str]) -> bool:
    """True where a path matches a pattern; `dir/**` takes all below, a bare name any folder's file."""
    return any(
        fnmatchcase(file, p)
        or (p.endswith("/**") and file.startswith(p[:-2]))
        or ("/" not in p and fnmatchcase(file.rsplit("/", 1)[-1], p))
        for p in patterns
    )


def find(flag: str | None, root: Path) -> Source:
    """`--policy`, else the variable, else a file at the root of what is checked, else the shipped default."""
    named, how = (flag, "--policy") if flag else (os.environ.get(VARIABLE) or None, f"variable {VARIABLE}")
    folder = root if root.is_dir() else root.parent
    if named is None:
        found = next((folder / p for p in PLACES if (folder / p).is_file()), None)
        if found is None:
            return Source(None, DEFAULT, (), "default")
        named, how = str(found), "found at the root"
    if not Path(named).is_file() and "/" not in named and not named.endswith((".yaml", ".yml")):
        return Source(None, (named,), (), how)
    document = read_yaml(Path(named))
    problems = validate(document, "policy")
    if problems:
        raise InputError(problems)
    base = Path(named).parent
    extends = document.data.get("extends") or list(DEFAULT)
    folders = tuple(base / e for e in extends if "/" in e or e.startswith("."))
    return Source(document, tuple(e for e in extends if "/" not in e and not e.startswith(".")), folders, how)


def resolve(source: Source, cat: Catalogue) -> Policy:
    """The policy of a source; every fault of the file at once."""
    document = source.document
    problems = [
        Problem(
            f'policy "{n}" is not known',
            document.where(("extends", i)) if document else None,
            _near(n, cat.policies),
        )
        for i, n in enumerate(source.names)
        if n not in cat.policies
    ]
    if problems:
        raise InputError(problems) if document else UsageError(problems)
    names, assumes = _in_force(source.names, cat)
    if document is None:
        return Policy(names, assumes, found_by=source.found_by)
    data = document.data
    problems = _unknown_rules(document, cat) + unknown_facts(document, cat) + _missing(document)
    if problems:
        raise InputError(problems)
    base = Path(document.file).parent
    models = data.get("models") or {}
    return Policy(
        names=names,
        assumes=assumes,
        file=document.file,
        found_by=source.found_by,
        requirements=base / data["requirements"] if "requirements" in data else None,
        decision=base / data["decision"] if "decision" in data else None,
        allow=tuple(models.get("allow") or ()),
        deny=tuple(models.get("deny") or ()),
        per_month_usd=(data.get("cost") or {}).get("per_month_usd"),
        facts=stated_facts(document),
        cleared=frozenset((data.get("licences") or {}).get("cleared") or ()),
        rules=_changes(data.get("rules")),
        overrides=tuple((tuple(o["files"]), _changes(o["rules"])) for o in data.get("overrides") or ()),
        waivers=tuple(
            Waiver(**{k: str(v) for k, v in w.items()}, place=document.where(("waivers", i)))
            for i, w in enumerate(data.get("waivers") or ())
        ),
        max_waiver_days=data.get("max_waiver_days"),
        exclude=tuple(data.get("exclude") or ()),
    )


def _in_force(names: Sequence[str], cat: Catalogue) -> tuple[tuple[str, ...], dict[str, object]]:
    """Policies with those that they extend, and the facts that they take for granted; sets add up."""
    order: list[str] = []

    def add(name: str) -> None:
        if name not in order:
            for inner in cat.policies[name].extends:
                add(inner)
            order.append(name)

    for name in names:
        add(name)
    assumes: dict[str, Any] = {}
    for name in order:
        for key, value in cat.policies[name].assumes.items():
            both = (
                frozenset(value) | assumes.get(key, frozenset()) if isinstance(value, list | tuple) else value
            )
            assumes[key] = both
    return tuple(order), assumes


def _changes(rows: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Change]:
    return {
        rule: Change(Severity(r["severity"]) if "severity" in r else None, bool(r.get("off")))
        for rule, r in (rows or {}).items()
    }


def _unknown_rules(document: Document, cat: Catalogue) -> list[Problem]:
    known = {*cat.rules, *OWN}
    named: list[tuple[tuple[str | int, ...], str]] = [
        (("rules", r), r) for r in document.data.get("rules") or ()
    ]
    for i, one in enumerate(document.data.get("overrides") or ()):
        named += [(("overrides", i, "rules", r), r) for r in one["rules"]]
    named += [(("waivers", i, "rule"), w["rule"]) for i, w in enumerate(document.data.get("waivers") or ())]
    return [
        Problem(f'rule "{rule}" is not known', document.where(path), _near(rule, known))
        for path, rule in named
        if rule not in known
    ]


def _missing(document: Document) -> list[Problem]:
    """The decision that repositories are held to and the requirements, where there is no such file."""
    found = []
    for key, fix in NAMED.items():
        name = document.data.get(key)
        if name is not None and not (Path(document.file).parent / name).exists():
            what = f"the file {name} of {key} does not exist"
            found.append(Problem(what, document.where((key,)), f"{fix}; or take {key}: out"))
    return found


def unknown_facts(document: Document, cat: Catalogue) -> list[Problem]:
    """Names and values under `facts` that the vocabulary does not have."""
    known = cat.registry.names()
    found = []
    for name, value in (document.data.get("facts") or {}).items():
        fact, at = cat.registry.get(name), document.where(("facts", name))
        if fact is None:
            found.append(Problem(f'fact "{name}" is not known', at, near(name, known) or _some(known)))
        elif not fact.takes(value):
            one_of = f"one of: {', '.join(sorted(fact.values))}" if fact.values else f"a {fact.type}"
            found.append(Problem(f"{name} is {value!r}", at, f"write {one_of}"))
    return found


def stated_facts(document: Document) -> Facts:
    """What stands under `facts`, with places."""
    rows = (document.data.get("facts") or {}).items()
    return {
        k: Stated(frozenset(v) if isinstance(v, list) else v, document.where(("facts", k))) for k, v in rows
    }


def _near(word: str, known: Any) -> str:
    found = difflib.get_close_matches(word, list(known), 3, 0.5)
    return f"did you mean {', '.join(found)}?" if found else _some(known)


def _some(known: Collection[str]) -> str:
    more = len(known) - SOME
    return f"one of: {', '.join(sorted(known)[:SOME])}" + (f" and {more} more" if more > 0 else "")
