"""Numbered decision records: what stands in one, when it is due for review, and which it supersedes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selector.errors import InputError, Position, Problem
from selector.iterate import figures
from selector.packs.sealed import parts

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue
    from selector.types.explain import BreakEven

NAME = re.compile(r"^(?P<number>\d{4})-.+\.(md|json)$")
STATUS = re.compile(r"^status:.*$", re.MULTILINE)
SLUG = 50  # characters
SUPERSEDED = "superseded"
FRESH = "price.fresh_days"


@dataclass(frozen=True, slots=True)
class Kept:
    """A record in a folder, and the decision beside it."""

    number: int
    page: Path
    decision: Mapping[str, Any]

    @property
    def snapshot(self) -> Path:
        """The decision as it was saved."""
        return self.page.with_suffix(".json")

    @property
    def text(self) -> str:
        """The page."""
        return self.page.read_text(encoding="utf-8")

    @property
    def status(self) -> str:
        """The line of the page that says it; empty where somebody took it out."""
        found = STATUS.search(self.text)
        return found[0] if found else ""


@dataclass(frozen=True, slots=True)
class Review:
    """A day on which the decision is due, and why."""

    day: date
    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a page is written from."""

    number: int
    decision: Mapping[str, Any]
    snapshot: str  # name of the file beside the page
    folder: str  # of both, as the policy of check would name it
    makers: Sequence[str]
    reviews: Sequence[Review]  # the earliest first
    break_evens: Mapping[str, Sequence[BreakEven]]  # by component
    not_computed: str = ""  # why there are no break-evens
    supersedes: Kept | None = None
    confirms: Kept | None = None


def read(folder: Path) -> list[Kept]:
    """Records of a folder by number; pages without a decision beside them are somebody else's."""
    found = []
    for page in sorted(folder.glob("*.md")) if folder.is_dir() else ():
        name, snapshot = NAME.match(page.name), page.with_suffix(".json")
        if name and snapshot.is_file():
            try:
                kept = json.loads(snapshot.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                what = "the decision of a record cannot be read"
                raise InputError(Problem(what, Position(str(snapshot)), "restore the file")) from None
            if isinstance(kept, dict) and kept.get("kind") == "recommendation":
                found.append(Kept(int(name["number"]), page, kept))
    return found


def next_number(folder: Path) -> int:
    """One more than the highest number in use, by whatever file."""
    names = (NAME.match(p.name) for p in folder.iterdir()) if folder.is_dir() else ()
    return 1 + max((int(n["number"]) for n in names if n), default=0)


def file_name(number: int, decision: Mapping[str, Any]) -> str:
    """Name of the page without its ending."""
    words = re.sub(r"[^\w]+", "-", str(decision["name"]).lower()).strip("-_")[:SLUG].strip("-_")
    return f"{number:04d}-{words or 'decision'}"


def before(kept: Sequence[Kept], decision: Mapping[str, Any], number: int) -> Kept | None:
    """The record of the same name that stood until this number, the latest where there are several."""
    same = [k for k in kept if k.decision.get("name") == decision["name"] and k.number < number]
    standing = [k for k in same if k.status and (SUPERSEDED not in k.status or by(number) in k.status)]
    return standing[-1] if standing else None


def by(number: int) -> str:
    """Status of a record that another number has taken the place of."""
    return f"{SUPERSEDED} by {number:04d}"


def same_winner(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """True where every component has the same first stack."""
    return _leaders(one) == _leaders(other)


def _leaders(decision: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: figures.key(figures.first(p)) for name, p in parts(decision).items()}


def with_status(text: str, status: str) -> str:
    """A page with the line of its status replaced; all else stays as it was written."""
    return STATUS.sub(lambda _: status, text, count=1)


def reviews(decision: Mapping[str, Any], cat: Catalogue) -> list[Review]:
    """Days on which what the choice rests on has to be looked at again, the earliest first."""
    found = {r.why: r for part in parts(decision).values() for r in _of_part(part, cat)}
    for row in (decision["requirements"].get("risk") or {}).get("accepted") or ():
        if isinstance(row, Mapping):
            why = f"acceptance of {row['risk']} ends"
            found[why] = Review(date.fromisoformat(str(row["expires"])), why)
    return sorted(found.values(), key=lambda r: (r.day, r.why))


def _of_part(part: Mapping[str, Any], cat: Catalogue) -> Iterator[Review]:
    stack = figures.first(part)
    if stack is None:
        return
    days = timedelta(days=cat.parameters[FRESH].value) if FRESH in cat.parameters else None
    for line in stack["costs"]:
        if line["as_of"] and days:
            yield Review(day(line["as_of"]) + days, f"price of {line['item']} ({line['source']}) is old")
    used = [f["rule"] for f in stack["findings"]]
    used += [c["id"] for c in stack["contributions"] if c["kind"] == "rule"]
    for name in used:
        rule = cat.rules.get(name)
        if rule is not None and rule.review_by:
            yield Review(day(rule.review_by), f"rule {name} is due for review")


def day(text: str) -> date:
    """A day, a month or a year, taken at its first day."""
    year, month, rest = [*text.split("-"), "01", "01"][:3]
    return date(int(year), int(month), int(rest))
