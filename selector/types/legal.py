"""Licences, terms of vendors, and regulations with their duties; what they come to for one stack."""

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


@dataclass(frozen=True, slots=True)
class Duty:
    """What a regulation asks for. `when` is its trigger, `met` a condition under which it is fulfilled,
    `need` the mitigations that fulfil it; `rule` names the rule that removes or reports who breaks it."""

    id: str
    ref: str
    severity: str  # block warn info
    text: str
    when: str | None = None
    met: str | None = None
    need: tuple[str, ...] = ()
    since: str | None = None  # in force from; None: with the regulation
    until: str | None = None
    rule: str | None = None
    tests: tuple[RuleTest, ...] = ()  # of `when`
    met_tests: tuple[RuleTest, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    """A day on which something of a regulation begins or ended."""

    day: str
    what: str


@dataclass(frozen=True, slots=True)
class Regulation:
    """A text with its duties. It applies where `req.regulations` names it, or one that it follows."""

    id: str
    title: str
    jurisdiction: str
    checked: str  # official: the text was read; secondary: sources agree; recalled: nobody looked it up
    source: str
    as_of: str
    since: str | None = None
    follows: tuple[str, ...] = ()
    dates: tuple[Milestone, ...] = ()
    duties: tuple[Duty, ...] = ()
    penalties: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A duty for one stack on one day.

    Status: in_force, from (later than the day), unknown (a fact decides whether it applies). State: met,
    planned (its mitigations are chosen), to_do, not_met (facts say so), unknown.
    """

    id: str
    regulation: str
    title: str
    ref: str
    severity: str
    text: str
    status: str
    since: str | None
    until: str | None
    state: str
    need: tuple[str, ...]
    tell: tuple[str, ...]  # keys of the requirements, or facts, that would settle it
    rule: str | None
    checked: str
    source: str

    @property
    def blocks(self) -> bool:
        """True where it is in force, bars the stack, and nothing shows that it is fulfilled."""
        return self.severity == "block" and self.status == "in_force" and self.state in ("to_do", "not_met")
