"""Which engines run which formats of which models on which devices, asked once for all that are alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from selector.decide.axes import Axes, DeviceOption, ModelOption
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
    asked = _Asked(axes, table, explain)
    models = alike(range(len(axes.models)), lambda i: _kind(axes, table, axes.models[i], pinned))
    devices = alike(range(len(axes.devices)), lambda i: _maker(table, axes.devices[i]))
    models.pop(None, None)
    for group in models.values():
        formats = _formats(axes, axes.models[group[0]], pinned)
        for kind in devices.values():
            asked.ask(group, kind, formats)
    return asked.answer(), asked.refused


def alike(items: Iterable[T], key: Callable[[T], Hashable]) -> dict[Hashable, list[T]]:
    """Items by key, in their order."""
    found: dict[Hashable, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def _formats(axes: Axes, option: ModelOption, pinned: bool) -> tuple[int, ...]:
    assert option.model is not None
    return tuple(
        i for i, q in enumerate(axes.precisions) if considered(option.model, q.precision, option.role, pinned)
    )


def _kind(axes: Axes, table: SupportTable, option: ModelOption, pinned: bool) -> Hashable:
    """What answers depend on, of an open model."""
    if option.model is None:
        return None
    return option.role, table.model_key(option.model), _formats(axes, option, pinned)


def _maker(table: SupportTable, option: DeviceOption) -> Hashable:
    """What answers and their reasons depend on, of a device."""
    return table.device_key(option.device), option.device.arch or option.id


class _Asked:
    """Collects the answers for groups of models and of devices, then writes them out one by one."""

    def __init__(self, axes: Axes, table: SupportTable, explain: bool) -> None:
        self._axes, self._table, self._explain = axes, table, explain
        self._engines: dict[tuple[str, int], list[int]] = {}
        self._groups: list[tuple[list[int], list[int]]] = []  # models and devices of a row below
        self._rows: list[tuple[int, int, int, int]] = []  # engine, format, arithmetic, 8-bit cache
        self._computes: dict[str | None, int] = {}
        self.refused: list[Refused] = []

    def ask(self, models: list[int], devices: list[int], formats: Sequence[int]) -> None:
        """Look up all engines for models and devices that are each alike."""
        option, device = self._axes.models[models[0]], self._axes.devices[devices[0]]
        assert option.model is not None
        for ei in self._that_run(option.role, devices[0]):
            engine = self._axes.engines[ei].id
            if self._table.too_old(engine, option.model) is not None:
                self._too_old(models, devices, ei)
                continue
            known = self._table.formats(engine, device.device, option.model, option.role)
            small = int(option.role == "llm" and known(SMALL_CACHE).status == "yes")
            for ri in formats:
                answer = known(self._axes.precisions[ri].id)
                if answer.status == "yes":
                    compute = self._computes.setdefault(answer.compute, len(self._computes))
                    self._groups.append((models, devices))
                    self._rows.append((ei, ri, compute, small))
                elif self._explain and answer.row is not None:
                    note = answer.row.note or f"support is {answer.status}"
                    where = device.device.arch or device.id
                    reason = f"{engine} {self._axes.precisions[ri].id} on {where}: {note}"
                    at = (models[0], devices[0], ei, 0, ri)
                    self.refused.append(Refused(at, reason, option.id, len(models) * len(devices)))

    def _that_run(self, role: str, device: int) -> Sequence[int]:
        """Engines that run anything of a role on a device; all of them where refusals are told."""
        if self._explain:
            return range(len(self._axes.engines))
        key = (role, device)
        if key not in self._engines:
            self._engines[key] = [
                i
                for i, e in enumerate(self._axes.engines)
                if self._table.runs_any(e.id, self._axes.devices[device].device, role)
            ]
        return self._engines[key]

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

        counts = np.array([len(m) * len(d) for m, d in self._groups], dtype=int)
        row, number = spread(counts)
        models, first_model = _flat([m for m, _ in self._groups])
        devices, first_device = _flat([d for _, d in self._groups])
        each = np.array([len(d) for _, d in self._groups], dtype=int)[row]
        model = models[first_model[row] + number // np.maximum(each, 1)]
        device = devices[first_device[row] + number % np.maximum(each, 1)]
        told = np.array(self._rows, dtype=int).reshape(-1, 4)
        engine, precision, compute, small = (told[row, k] for k in range(4))
        n = [max(len(x), 1) for x in (self._axes.devices, self._axes.engines, self._axes.precisions)]
        order = np.argsort(((model * n[0] + device) * n[1] + engine) * n[2] + precision)
        return Runs(
            model[order],
            device[order],
            engine[order],
            precision[order],
            compute[order],
            small[order].astype(bool),
            tuple(self._computes),
        )


def _flat(lists: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """Lists one after the other, and where each begins."""
    import numpy as np

    flat = np.array([x for one in lists for x in one], dtype=int)
    sizes = np.array([len(one) for one in lists], dtype=int)
    return flat, np.cumsum(sizes) - sizes


def told(refused: Iterable[Refused], add: Callable[[str, str, int], None]) -> None:
    """Hand refusals on in the order of the search."""
    for one in sorted(refused, key=lambda r: r.at):
        add(one.reason, one.example, one.count)
