"""Which engines run which formats of which models on which devices, asked once for all that are alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from selector.decide.axes import Axes, ModelOption
from selector.decide.columns import spread
from selector.packs.support import SupportTable
from selector.types.catalog import Model, Precision

T = TypeVar("T")
SMALL_CACHE = "kv-fp8"  # name in the support table and among the recoveries
At = tuple[int, ...]  # model, device, engine, gate, number: the order that refusals are told in


@dataclass(frozen=True, slots=True)
class Refused:
    """Combinations that one reason rules out, and one of them."""

    at: At
    reason: str
    example: str
    count: int


@dataclass(frozen=True, slots=True)
class Runs:
    """Columns of indices into the axes, one row a model, device, engine and format that runs."""

    model: Any
    device: Any
    engine: Any
    precision: Any
    compute: Any  # into `computes`
    kv8: Any  # True where the engine keeps an 8-bit cache on the device
    computes: Sequence[str | None]  # arithmetic that is used instead of the native one


def available(model: Model, precision: Precision) -> bool:
    """True where weights in this format are published or can be made from wider ones."""
    return precision.id in model.checkpoints or not precision.needs_checkpoint


def considered(model: Model, precision: Precision, role: str, pinned: bool) -> bool:
    """True for published formats, pinned ones, and the usual one of each width.

    Variants of one width that nobody published for the model (GPTQ beside AWQ, bitsandbytes) have
    the same size and speed and less evidence; they are looked at only when pinned.
    """
    if not available(model, precision):
        return False
    return pinned or role != "llm" or precision.id in model.checkpoints or precision.usual


def runs(axes: Axes, table: SupportTable, pinned: bool, explain: bool) -> tuple[Runs, list[Refused]]:
    """Everything that runs, in the order model, device, engine, format; `pinned` says that formats
    are, `explain` has the formats that do not run told, too."""
    asked = _Asked(axes, table, pinned, explain)
    for engine in range(len(axes.engines)):
        asked.ask(engine)
    return asked.answer(), asked.refused


def alike(items: Iterable[T], key: Callable[[T], Hashable]) -> dict[Hashable, list[T]]:
    """Items by key, in their order."""
    found: dict[Hashable, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


Models = tuple[ModelOption, list[int], Mapping[int, list[int]]]  # one of them, all, those with a format


class _Asked:
    """Collects the answers for groups of models and of devices, then writes them out one by one."""

    def __init__(self, axes: Axes, table: SupportTable, pinned: bool, explain: bool) -> None:
        self._axes, self._table, self._explain = axes, table, explain
        self._roles = alike(
            (i for i, m in enumerate(axes.models) if m.model is not None), lambda i: axes.models[i].role
        )
        self._formats = {
            mi: tuple(
                ri
                for ri, q in enumerate(axes.precisions)
                if m.model is not None and considered(m.model, q.precision, m.role, pinned)
            )
            for mi, m in enumerate(axes.models)
        }
        self._merged: dict[Hashable, list[Models]] = {}
        self._lists: dict[int, tuple[int, list[int]]] = {}  # of models or of devices, each once
        self._rows: list[tuple[int, ...]] = []  # models, devices, engine, format, arithmetic, 8-bit cache
        self._computes: dict[str | None, int] = {}
        self.refused: list[Refused] = []

    def ask(self, ei: int) -> None:
        """Look up one engine for all models and devices, once for those that are alike to it."""
        engine, all_devices = self._axes.engines[ei].id, self._axes.devices

        def kind(i: int) -> Hashable:
            found = all_devices[i].device
            # Reasons name the architecture.
            where = (found.arch or found.id) if self._explain else ""
            return self._table.device_key(engine, found), where

        for devices in alike(range(len(all_devices)), kind).values():
            device = all_devices[devices[0]].device
            for role, members in self._roles.items():
                if not self._explain and not self._table.runs_any(engine, device, str(role)):
                    continue
                named = self._table.named(engine, device, str(role))
                for models in self._groups(engine, str(role), members, named):
                    self._look_up(ei, models, devices)

    def _groups(self, engine: str, role: str, members: list[int], named: frozenset[str]) -> list[Models]:
        """Models that are alike to an engine that tells `named` families and models apart."""
        key = (engine, role, named)
        if key not in self._merged:
            found: list[Models] = []
            for group in alike(members, lambda i: self._kind(i, engine, named)).values():
                formats: dict[int, list[int]] = {}
                for mi in group:
                    for ri in self._formats[mi]:
                        formats.setdefault(ri, []).append(mi)
                found.append((self._axes.models[group[0]], group, formats))
            self._merged[key] = found
        return self._merged[key]

    def _kind(self, mi: int, engine: str, named: frozenset[str]) -> Hashable:
        """What answers depend on, of an open model."""
        model = self._axes.models[mi].model
        assert model is not None
        family = model.family if model.family in named else None
        own = model.id if model.id in named else None
        return family, own, model.min_engine.get(engine), self._table.too_old(engine, model) is None

    def _look_up(self, ei: int, models: Models, devices: list[int]) -> None:
        option, members, formats = models
        device = self._axes.devices[devices[0]].device
        engine = self._axes.engines[ei].id
        assert option.model is not None
        if self._table.too_old(engine, option.model) is not None:
            self._too_old(members, devices, ei)
            return
        known = self._table.formats(engine, device, option.model, option.role)
        small = int(option.role == "llm" and known(SMALL_CACHE).status == "yes")
        for ri, having in formats.items():
            name = self._axes.precisions[ri].id
            answer = known(name)
            if answer.status == "yes":
                compute = self._computes.setdefault(answer.compute, len(self._computes))
                lists = self._number(having), self._number(devices)
                self._rows.append((*lists, ei, ri, compute, small))
            elif self._explain and answer.row is not None:
                note = answer.row.note or f"support is {answer.status}"
                reason = f"{engine} {name} on {device.arch or device.id}: {note}"
                at, example = (having[0], devices[0], ei, 0, ri), self._axes.models[having[0]].id
                self.refused.append(Refused(at, reason, example, len(having) * len(devices)))

    def _number(self, members: list[int]) -> int:
        return self._lists.setdefault(id(members), (len(self._lists), members))[0]

    def _too_old(self, models: list[int], devices: list[int], engine: int) -> None:
        for mi in models:
            model = self._axes.models[mi].model
            assert model is not None
            reason = self._table.too_old(self._axes.engines[engine].id, model)
            assert reason is not None
            self.refused.append(Refused((mi, devices[0], engine, 0, 0), reason, model.id, len(devices)))

    def answer(self) -> Runs:
        """One row for each model, device, engine and format."""
        import numpy as np

        told = np.array(self._rows, dtype=np.int32).reshape(-1, 6)
        members, first, sizes = _flat([m for _, m in self._lists.values()])
        models, devices = told[:, 0], told[:, 1]
        row, number = spread(sizes[models] * sizes[devices])
        each = sizes[devices][row]
        model = members[first[models][row] + number // each]
        device = members[first[devices][row] + number % each]
        engine, precision, compute, small = (told[row, k] for k in range(2, 6))
        n = [max(len(x), 1) for x in (self._axes.devices, self._axes.engines, self._axes.precisions)]
        order = np.argsort(((model.astype(np.int64) * n[0] + device) * n[1] + engine) * n[2] + precision)
        return Runs(
            model[order],
            device[order],
            engine[order],
            precision[order],
            compute[order],
            small[order].astype(bool),
            tuple(self._computes),
        )


def _flat(lists: Sequence[Sequence[int]]) -> tuple[Any, Any, Any]:
    """Lists one after the other, where each begins, and how long it is."""
    import numpy as np

    flat = np.array([x for one in lists for x in one], dtype=np.int32)
    sizes = np.array([len(one) for one in lists], dtype=np.int32)
    return flat, (np.cumsum(sizes) - sizes).astype(np.int32), sizes


def told(refused: Iterable[Refused], add: Callable[[str, str, int], None]) -> None:
    """Hand refusals on in the order of the search."""
    for one in sorted(refused, key=lambda r: r.at):
        add(one.reason, one.example, one.count)
