"""Several stacks as one: techniques of the packs, and what is proposed for a requirement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from selector.types.estimate import Estimate
from selector.types.robust import StackRef

if TYPE_CHECKING:
    from selector.types.decision import Constraint


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was published of a technique; of other models unless `first` and `second` name them."""

    what: str
    data: str
    source: str
    as_of: str
    confidence: str = "medium"  # low medium high
    first: tuple[str, ...] = ()
    second: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Technique:
    """A way of joining stacks, what it is for and what it needs; empty tuples allow anything."""

    id: str
    kind: str  # cascade router voting averaging stacking merging overflow disaggregated *-devices
    title: str
    needs: tuple[str, ...]
    tasks: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    members: int = 2
    own_weights: bool = False
    labelled: bool = False
    published: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class CompositePart:
    """One stack in it; machines or bill in USD a month at `share` of the load, purchase included."""

    role: str  # first on_doubt sent member tuned own above prefill decode component
    stack: StackRef
    share: float | None  # of the requests; None: follows the rate, and the bill is that of all
    n_devices: int  # 0: hosted
    usd_per_month: Estimate | None
    component: str = ""


@dataclass(frozen=True, slots=True)
class AtRate:
    """Cost of the whole, people counted once, where a share `rate` of the requests takes the second
    part; None where the cost follows no rate."""

    rate: float | None
    usd_per_month: Estimate


@dataclass(frozen=True, slots=True)
class Composite:
    """A composite stack beside the single stack that it would stand in for (`alone`)."""

    technique: str
    kind: str
    title: str
    parts: tuple[CompositePart, ...]
    costs: tuple[AtRate, ...]
    rate_of: str  # what the rate counts; empty where there is none
    alone: tuple[StackRef, ...]
    alone_usd: Estimate
    break_even: float | None  # rate below which it is cheaper than `alone`
    break_even_by: str  # formula sizes; empty where there is none
    quality: str | None  # in words; None: nobody knows
    request_p95_ms: Estimate | None
    request_of: str  # which requests that is of
    limits: tuple[Constraint, ...]  # stated limits on time, as the composite keeps them
    needs: tuple[str, ...]
    published: tuple[Evidence, ...]
    notes: tuple[str, ...] = ()
    worth: bool = False  # saves enough to be named on the screen
