"""Licences, the uses that they forbid, and terms of vendors; what a licence comes to for one stack."""

from __future__ import annotations

from dataclasses import dataclass

from selector.types.rule import RuleTest


@dataclass(frozen=True, slots=True)
class Licence:
    """Machine-checkable conditions of a licence; None means that the text, as read, has no such term."""

    id: str
    licence_class: str  # permissive copyleft vendor_custom responsible_ai noncommercial unknown
    commercial: str  # yes conditional no review
    source: str
    as_of: str
    monthly_users_limit: int | None = None
    annual_revenue_usd_limit: float | None = None
    limit_applies: str = "all"  # all | model_as_service: whose revenue or users count
    limit_at: str | None = None  # release: counted once, on the day of release; rolling: at all times
    limit_then: str | None = None  # what lies above the limit
    excluded_regions: tuple[str, ...] = ()
    excluded_for: str = "organisation"  # organisation | territory: who sits there, or any use there
    excluded_scope: str | None = None  # any | multimodal
    output_training: str | None = None  # yes no named flow unclear
    model_as_service: str | None = None  # licence: selling access to the model itself needs one
    forbidden_uses: tuple[str, ...] = ()  # ids of uses
    naming: str | None = None  # what has to be shown, or how a derived model is named
    notices: tuple[str, ...] = ()  # files that go along with copies
    flow_down: bool = False  # restrictions bind whoever gets a copy
    network_copyleft: bool = False
    dated: str | None = None  # of the text
    text: str | None = None  # repository whose text was read; absent where nobody read it for this pack
    aliases: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A use that licences forbid; without a condition only behaviour decides, and it is a term to keep."""

    id: str
    title: str
    source: str
    as_of: str
    when: str | None = None
    tests: tuple[RuleTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of a licence for one stack. Status: broken, open (a fact decides), keep."""

    licence: str
    status: str
    severity: str  # block warn info
    text: str
    tell: tuple[str, ...] = ()  # keys of the requirements that would settle it
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A source that says something else of a vendor."""

    field: str
    says: str
    by: str
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor of hosted models, a cloud or a publisher of weights, with dated terms (business tier).

    None is unknown: a vendor that is silent has not said no.
    """

    id: str
    name: str
    source: str
    as_of: str
    jurisdiction: str | None = None  # of its seat
    trains_on_inputs: str | None = None  # no | opt_out | yes
    retention_days: int | None = None
    zero_retention: str | None = None
    zero_retention_excludes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    residency: str | None = None  # how a region is had
    baa: bool | None = None
    dpa: bool | None = None
    certifications: tuple[str, ...] = ()
    not_offered_in: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    aliases: tuple[str, ...] = ()
    note: str | None = None
