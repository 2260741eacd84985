"""The axes of the search: which options each slot can take under a requirement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from selector.types.catalog import Api, Device, Framework, Model, Offer, Precision, Published

if TYPE_CHECKING:
    from selector.decide.calibrated import Applied

# Ways of hosting in which a vendor runs the model.
HOSTED = ("api", "api_batch", "managed_dedicated")


@dataclass(frozen=True, slots=True)
class ModelOption:
    """An open model or a hosted one, with the facts that rules may test."""

    id: str
    model: Model | None
    api: Api | None
    role: str
    facts: Mapping[str, object]
    method: str = "none"  # how it is fitted to the task
    untrainable: str = ""  # why the machines at hand cannot train it so; empty where they can
    trained_if: str = ""  # the change with which they could; empty where none is known
    published: Published | None = None  # a time of one pass that its source states

    @property
    def licence(self) -> str | None:
        """Licence id of the weights; a hosted model has none."""
        return self.model.licence if self.model else None


@dataclass(frozen=True, slots=True)
class EngineOption:
    """A serving engine."""

    id: str
    framework: Framework
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PrecisionOption:
    """A weight format."""

    id: str
    precision: Precision
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DeviceOption:
    """A device that can be had; `pool` names the own machines it stands in, empty where rented.

    What is owned has a count, and memory that others may use; what is rented has neither.
    """

    id: str
    device: Device
    facts: Mapping[str, object]
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack runs and who is paid: an offer, the own inventory, or a vendor's region."""

    id: str
    hosting: str
    region: str
    offer: Offer | None
    device: str | None
    count: int  # devices of one rentable unit or of one owned machine
    available: int | None  # devices at most; None = as many as wanted
    usd_per_hour: float | None  # of one unit, USD; None = owned, bought or an API
    facts: Mapping[str, object]
    host_ram_gb: float | None = None
    free_memory_bytes: float | None = None
    shared_desktop: bool = False
    spot: bool = False  # can be taken away at short notice
    usd_per_month: float | None = None  # a quote: of one unit, or the whole bill of an API
    usd_per_mtok: float | None = None  # a quote: input and output alike
    purchase_usd: float | None = None  # of one unit, once
    guessed: bool = False  # the price of buying follows from the rent
    source: str = ""
    as_of: str | None = None

    @property
    def pool(self) -> str:
        """Own machines that this place is; empty where devices are rented."""
        return "" if self.available is None else self.id


@dataclass(slots=True)
class Axes:
    """All options of one run, and why options were left out before any estimate."""

    models: list[ModelOption] = field(default_factory=list)
    engines: list[EngineOption] = field(default_factory=list)
    precisions: list[PrecisionOption] = field(default_factory=list)
    devices: list[DeviceOption] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    trainers: list[tuple[Place, Device]] = field(default_factory=list)  # machines that train and do not serve
    days: list[date] = field(default_factory=list)  # first days of the months of the horizon
    left_out: dict[str, list[str]] = field(default_factory=dict)
    measured: Applied | None = None  # None: nothing was measured

    def leave_out(self, reason: str, option: str) -> None:
        """Remember an option that a pin, an exclusion or its own status rules out."""
        self.left_out.setdefault(reason, []).append(option)
