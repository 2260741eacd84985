"""Which engine runs which precision on which architecture for which model family."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

from selector.packs.versions import meet
from selector.types.catalog import Device, Framework, Model, Support


@dataclass(frozen=True, slots=True)
class Answer:
    """Outcome of a look-up, with the row that decided."""

    status: str  # yes | no | unknown
    row: Support | None = None

    @property
    def compute(self) -> str | None:
        """Arithmetic format that the row says is used instead of the native one."""
        return self.row.compute if self.row else None


NOTHING = Answer("unknown")


def newest(frameworks: Mapping[str, Framework]) -> dict[str, str]:
    """The version of each engine that the catalogue holds, as a range: what is meant where no
    version is stated."""
    return {f.id: f"=={f.version}" for f in frameworks.values() if f.version}


def born(models: Iterable[Model]) -> dict[str, str]:
    """When the first model of each family was published, where all dates of the family are known."""
    found: dict[str, str] = {}
    undated = set()
    for model in models:
        if model.family and model.released:
            found[model.family] = min(found.get(model.family, model.released), model.released)
        elif model.family:
            undated.add(model.family)
    return {family: day for family, day in found.items() if family not in undated}


class SupportTable:
    """Looks rows up by engine; a `no` stands unless a more specific `yes` covers it."""

    def __init__(
        self,
        rows: Iterable[Support],
        versions: Mapping[str, str],
        released: Mapping[str, str] | None = None,
        families: Mapping[str, str] | None = None,
    ) -> None:
        """`versions` is the range of each engine that is meant; an engine without one is any.

        Rows of other versions do not count. `released` holds when the version of an engine came out,
        `families` when a family of models did: no version knows a family that came later.
        """
        self._versions = versions
        self._released, self._families = released or {}, families or {}
        self._by_engine: dict[str, list[Support]] = {}
        for row in rows:
            if row.versions is None or meet(row.versions, versions.get(row.engine, "")):
                self._by_engine.setdefault(row.engine, []).append(row)
        self._formats: dict[tuple[str, str, str, str | None, str], dict[str, Answer]] = {}
        self._words: dict[str, frozenset[str]] = {}
        self._rows: dict[tuple[str, str, str], tuple[list[Support], frozenset[str]]] = {}

    def device_key(self, engine: str, device: Device) -> Hashable:
        """What the rows of an engine can tell a device by: devices of one key get the same answers."""
        if engine not in self._words:
            rows = self._by_engine.get(engine, ())
            self._words[engine] = frozenset(w for r in rows for w in r.arch)
        names = (device.arch, device.family, device.id, device.kind, device.vendor)
        return tuple(w if w in self._words[engine] else None for w in names)

    def named(self, engine: str, device: Device, role: str) -> frozenset[str]:
        """Families and models that the rows of an engine name for a device and a role: models that are
        not among them get the same answers."""
        return self._local(engine, device, role)[1]

    def engines(self) -> list[str]:
        """Engines that have any row."""
        return sorted(self._by_engine)

    def formats(self, engine: str, device: Device, model: Model, role: str) -> Callable[[str], Answer]:
        """A look-up of precisions for one engine, device, model and role."""
        rows, named = self._local(engine, device, role)
        family = model.family if model.family in named else None
        own = model.id if model.id in named else ""
        memo = self._formats.setdefault((engine, device.id, role, family, own), {})

        def known(precision: str) -> Answer:
            if precision not in memo:
                memo[precision] = _decide(rows, precision, device, model)
            return memo[precision]

        return known

    def look_up(self, engine: str, device: Device, precision: str, model: Model, role: str) -> Answer:
        """Answer for one combination; without any matching row it is unknown."""
        return self.formats(engine, device, model, role)(precision)

    def too_old(self, engine: str, model: Model) -> str | None:
        """What a model asks for, where the version of the engine that is meant does not have it."""
        least = model.min_engine.get(engine)
        if least is not None and not meet(f">={least}", self._versions.get(engine, "")):
            return f"{model.id} needs {engine} {least} or later"
        family, made = model.family or "", self._released.get(engine, "")
        first = self._families.get(family, "")
        # Dates may stop at the month: only what is later on the part that both state is later.
        if not made or least is not None or first[: len(made)] <= made[: len(first)]:
            return None
        if any(
            {family, model.id} & set(r.family) and r.status == "yes" for r in self._by_engine.get(engine, ())
        ):
            return None
        return f"{engine} of {made} is older than the family of the model"

    def runs_any(self, engine: str, device: Device, role: str) -> bool:
        """False where no row says yes to any precision, whatever the model."""
        rows, _ = self._local(engine, device, role)
        return any(r.status == "yes" and r.precision for r in rows)

    def _local(self, engine: str, device: Device, role: str) -> tuple[list[Support], frozenset[str]]:
        """Rows that speak of a device and role, and the families and models they name."""
        key = (engine, device.id, role)
        if key not in self._rows:
            places = {device.arch, device.family, device.id, device.kind, device.vendor}
            rows = [
                r
                for r in self._by_engine.get(engine, ())
                if (not r.arch or not places.isdisjoint(r.arch)) and (not r.roles or role in r.roles)
            ]
            self._rows[key] = (rows, frozenset(f for r in rows for f in r.family))
        return self._rows[key]


def _decide(near: list[Support], precision: str, device: Device, model: Model) -> Answer:
    names = {model.family, model.id}
    rows = [
        r
        for r in near
        if (not r.precision or precision in r.precision) and (not r.family or not names.isdisjoint(r.family))
    ]
    yes = [r for r in rows if r.status == "yes"]
    for row in rows:
        if row.status == "no" and not any(_overrules(y, row, device, model) for y in yes):
            return Answer("no", row)
    # A family row without a precision says that the engine knows the model, not the format.
    sized = [r for r in yes if r.precision]
    if sized:
        return Answer("yes", max(sized, key=lambda r: _specificity(r, device, model)))
    doubtful = [r for r in rows if r.status == "unknown"]
    return Answer("unknown", doubtful[0]) if doubtful else NOTHING


def _overrules(yes: Support, no: Support, device: Device, model: Model) -> bool:
    """A yes beats a no only where it speaks of everything the no speaks of, and of more."""
    covers = (
        (bool(yes.arch) or not no.arch)
        and (bool(yes.precision) or not no.precision)
        and (bool(yes.family) or not no.family)
    )
    return covers and _specificity(yes, device, model) > _specificity(no, device, model)


def _specificity(row: Support, device: Device, model: Model) -> int:
    """A named model or device outweighs a family, a family an architecture, that a precision."""
    score = 0
    if row.family:
        score += 16 if model.id in row.family else 8
    if row.arch:
        score += 4 if device.id in row.arch or device.family in row.arch else 2
    return score + (1 if row.precision else 0)
