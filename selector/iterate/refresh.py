"""Compare what sources say with the packs: what to append, what to hold back, what nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from selector.estimate.requests import in_force
from selector.packs.catalog import Catalogue
from selector.packs.versions import newer
from selector.types.catalog import Api, Offer, Price
from selector.types.refresh import Change, Differences, Feed, Figure, Row

FIGURES = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_usd_per_mtok",
)
RENTS = ("on_demand_per_hour", "spot_per_hour")
SHORT = 1.0  # tokens: a prompt below every threshold
DOLLARS = "USD"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a comparison goes by: the packs, the day, ids wanted (all where there are none), and whether
    jumps are taken."""

    cat: Catalogue
    today: date
    only: frozenset[str]
    accept: bool

    @property
    def same(self) -> float:
        """Share of a figure within which it counts as the same."""
        return float(self.cat.parameters["refresh.same"].value)

    @property
    def jump(self) -> float:
        """Times a figure from which it is held back."""
        return float(self.cat.parameters["refresh.jump"].value)

    def url(self, feed: str) -> str:
        """Where a source publishes what it has."""
        return str(self.cat.sources[f"refresh.{feed}"]["url"])

    def names(self, feed: str) -> dict[str, str]:
        """Id in the packs by the name of a source."""
        rows = self.cat.raw.entries.get("source_names", {}).values()
        return {r["name"]: r["means"] for r in rows if r["feed"] == feed}


def compare(ask: Ask, feeds: Sequence[Feed]) -> Differences:
    """Differences of all feeds; where two speak of one entry, the first is taken."""
    taken: dict[str, tuple[Change | None, Feed]] = {}
    unknown, refused, disputed = [], [], []
    for feed in feeds:
        for name, found in _matched(ask, feed):
            if found is None:
                unknown.append((feed.id, name))
            elif isinstance(found, str):
                refused.append((feed.id, name, found))
            else:
                id_, change = found
                if id_ not in taken:
                    taken[id_] = (change, feed)
                elif _says(taken[id_][0]) != _says(change):
                    disputed.append((id_, taken[id_][1].id, feed.id))
    changes = sorted((c for c, _ in taken.values() if c), key=lambda c: (c.kind, c.id))
    unchanged = sum(c is None for c, _ in taken.values())
    return Differences(
        tuple(feeds), tuple(changes), unchanged, tuple(unknown), tuple(refused), tuple(disputed)
    )


def _says(change: Change | None) -> object:
    return change and [(f.key, f.new, f.from_date) for f in change.figures]


Found = tuple[str, Change | None] | str | None


def _matched(ask: Ask, feed: Feed) -> Iterator[tuple[str, Found]]:
    """Each row by its name: None without an id here, a reason, or an id with what changed."""
    names = ask.names(feed.id)
    judge: Callable[[Ask, Feed, Row, str], Found] = {"gpuhunt": _offer, "pypi": _version}.get(feed.id, _api)
    for row in _zoned(ask, feed, names):
        means = names.get(row.name)
        name = (
            row.name
            if row.offer is None
            else "/".join((row.name, row.offer["region"], row.offer["instance"]))
        )
        found = None if means is None else judge(ask, feed, row, means)
        if ask.only and not (means in ask.only or (isinstance(found, tuple) and found[0] in ask.only)):
            continue
        yield name, found


def _zoned(ask: Ask, feed: Feed, names: Mapping[str, str]) -> Iterator[Row]:
    """Rows of a feed; an offer of the packs has one, at the cheapest of the zones of its region."""
    merged: dict[tuple[str, int], Row] = {}
    for row in feed.rows:
        held = _held(ask, row, names.get(row.name))
        if held is None or row.offer is None:
            yield row
            continue
        key = held.id, row.offer["count"]
        before = merged[key].offer or {} if key in merged else {}
        least = {
            k: min(x[k] for x in (before, row.offer) if k in x) for k in RENTS if k in {*before, *row.offer}
        }
        merged[key] = replace(row, offer={**row.offer, **least, "region": held.region})
    yield from merged.values()


def source(feed: Feed) -> str:
    """Id under which the sources file of the user's pack holds a feed of a day."""
    return f"refresh.{feed.id}-{feed.as_of}"


def _change(
    ask: Ask, feed: Feed, kind: str, id_: str, figures: Sequence[Figure], entry: Mapping[str, Any]
) -> Change:
    leap = any((f.ratio or 1.0) >= ask.jump for f in figures)
    return Change(kind, id_, feed.id, tuple(figures), entry, leap and not ask.accept)


def _older(feed: Feed, as_of: str | None) -> str:
    """Why differing figures of a source are no news; empty where they are, or where nobody dates ours."""
    if as_of is None or feed.as_of >= as_of:
        return ""
    return f"the packs have it of {as_of}, the source is of {feed.as_of}"


def _differs(ask: Ask, old: float, new: float) -> bool:
    return abs(old - new) > ask.same * max(abs(old), abs(new))


def _api(ask: Ask, feed: Feed, row: Row, means: str) -> Found:
    """Prices of a hosted model. Figures that only one side has are left as they are: sources leave out
    what we hold, and name what does not apply."""
    api = ask.cat.apis.get(means)
    if api is None:
        return None
    if row.why_not:
        return row.why_not
    if any(p.daily_utc for p in api.prices):
        return "its price depends on the time of day in the packs"
    figures, rows = [], []
    for start in sorted({str(p.get("from_date") or "") for p in row.prices}):
        coming = start > ask.today.isoformat()
        theirs = {
            int(p.get("above_input_tokens") or 0): p
            for p in row.prices
            if (p.get("from_date") or "") == start
        }
        new, added = _tiers(ask, api, theirs, start if coming else _begins(ask, feed, api), coming)
        figures += new
        rows += added
    batch = _batch(ask, api, row)
    figures += batch
    if not figures:
        return means, None
    if older := _older(feed, api.as_of):
        return older
    entry = dict(ask.cat.raw.entries["apis"][means])
    entry["prices"] = [*entry["prices"], *rows]
    if batch:
        entry["batch"] = entry["batch"] | {f.key.removeprefix("batch."): f.new for f in batch}
    entry |= {"source": [*entry["source"], source(feed)], "as_of": feed.as_of}
    return means, _change(ask, feed, "apis", means, figures, entry)


def _begins(ask: Ask, feed: Feed, api: Api) -> str:
    """From when a price that is in force now counts: not before what it replaces."""
    begun = [p.from_date for p in api.prices if p.from_date and p.from_date <= ask.today.isoformat()]
    return max([feed.as_of, *begun])


def _tiers(
    ask: Ask, api: Api, theirs: Mapping[int, Mapping[str, Any]], start: str, coming: bool
) -> tuple[list[Figure], list[dict[str, Any]]]:
    """Figures that differ at each threshold that the source states, and the rows that say so from a day on.

    A threshold that only the packs have stays: many sources leave tiers out.
    """
    day = date.fromisoformat(start) if coming else ask.today
    figures, rows = [], []
    for stated, said in sorted(theirs.items()):
        edge = _aligned(ask, stated, api.prices)
        now = _now(api.prices, day, edge)
        if now is None:
            continue
        both = [k for k in FIGURES if k in said and getattr(now, k) is not None]
        moved = [
            Figure(_key(k, edge), getattr(now, k), float(said[k]), start if coming else None)
            for k in both
            if _differs(ask, getattr(now, k), said[k])
        ]
        if moved:
            kept = {k: v for k, v in asdict(now).items() if v is not None}
            row = kept | {k: float(said[k]) for k in both} | {"from_date": start}
            rows.append(row | ({"above_input_tokens": edge} if edge else {}))
        figures += moved
    return figures, rows


def _aligned(ask: Ask, stated: int, prices: tuple[Price, ...]) -> int:
    """Our threshold where the source means the same one: some count it as 199,999, others as 200,000."""
    ours = sorted({p.above_input_tokens or 0 for p in prices})
    return next((edge for edge in ours if not _differs(ask, edge, stated)), stated)


def _now(prices: tuple[Price, ...], day: date, edge: int) -> Price | None:
    found = in_force(prices, day, edge + SHORT)
    return found[0][1] if len(found) == 1 else None


def _key(key: str, edge: int) -> str:
    return f"{key} above {edge} tokens" if edge else key


def _batch(ask: Ask, api: Api, row: Row) -> list[Figure]:
    if api.batch is None or row.batch is None:
        return []
    if any((p.from_date or "") > ask.today.isoformat() for p in api.prices):
        return []  # the batch price has no date, and where a price is to come the packs hold the later one
    pairs = [(k, getattr(api.batch, k), float(row.batch[k])) for k in FIGURES if k in row.batch]
    return [
        Figure(f"batch.{k}", old, new) for k, old, new in pairs if old is not None and _differs(ask, old, new)
    ]


def _offer(ask: Ask, feed: Feed, row: Row, means: str) -> Found:
    """Rent of an instance of a provider in a region."""
    said, offer = row.offer or {}, _held(ask, row, means)
    if offer is None:
        return None
    if offer.count != said["count"]:
        return f"it has {said['count']} devices there and {offer.count} here"
    if offer.currency != DOLLARS:
        return f"the packs hold its price in {offer.currency}"
    pairs = [(k, getattr(offer, k), said[k]) for k in RENTS if k in said]
    figures = [
        Figure(k, old, float(new)) for k, old, new in pairs if old is not None and _differs(ask, old, new)
    ]
    if not figures:
        return offer.id, None
    if older := _older(feed, offer.as_of):
        return older
    entry = dict(ask.cat.raw.entries["offers"][offer.id]) | {f.key: f.new for f in figures}
    entry |= {"source": source(feed), "as_of": feed.as_of}
    return offer.id, _change(ask, feed, "offers", offer.id, figures, entry)


def _held(ask: Ask, row: Row, means: str | None) -> Offer | None:
    """The offer of the packs that a row speaks of, by instance and region or a zone of it."""
    said = row.offer
    if said is None:
        return None
    for offer in ask.cat.offers.values():
        same = offer.provider == means and offer.instance == said["instance"]
        if same and _within(said["region"], offer.region):
            return offer
    return None


def _within(place: str, region: str) -> bool:
    """True of the region itself and of its zones, such as us-central1-a."""
    head, _, zone = place.rpartition("-")
    return place == region or (head == region and len(zone) == 1 and zone.isalpha())


def _version(ask: Ask, feed: Feed, row: Row, means: str) -> Found:
    """A newer version of an engine or library; an older one is no news."""
    framework, said = ask.cat.frameworks.get(means), row.version or {}
    if framework is None:
        return None
    later = True if framework.version is None else newer(said["version"], framework.version)
    if later is None:
        return f"{said['version']} and {framework.version} cannot be compared"
    if not later:
        return means, None
    figures = [Figure("version", framework.version, said["version"])]
    entry = dict(ask.cat.raw.entries["frameworks"][means]) | {k: v for k, v in said.items() if v is not None}
    entry |= {"source": [*entry["source"], source(feed)], "as_of": feed.as_of}
    return means, _change(ask, feed, "frameworks", means, figures, entry)
