"""Conditions of a licence for one stack: facts that rules ask for, and terms to print."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from selector.risk.advisories import Asks
from selector.types.legal import Licence, Term, Use
from selector.types.rule import Effect, Rule

Facts = Mapping[str, object]
Compile = Callable[[str], Asks]
ABOUT = "licence."  # facts of a licence begin with it
EXCLUDED, FORBIDDEN, CLEARED = "licence.excluded_here", "licence.use_forbidden", "licence.cleared"
SEVERITY = {Effect.VETO: "block", Effect.WARN: "warn"}


def derived(
    licence: Licence | None,
    known: Facts,
    uses: Mapping[str, Use],
    condition: Compile,
    cleared: Collection[str] = (),
) -> dict[str, object]:
    """What a licence comes to under facts of the requirement and the model; unknown is left out."""
    if licence is None:
        return {}
    found = {
        EXCLUDED: _excluded(licence, known)[0],
        FORBIDDEN: _forbidden(licence, known, uses, condition)[0],
        CLEARED: not {licence.id, *licence.aliases}.isdisjoint(cleared),
    }
    return {fact: value for fact, value in found.items() if value is not None}


def terms(
    licence: Licence | None,
    known: Facts,
    uses: Mapping[str, Use],
    rules: Iterable[Rule],
    condition: Compile,
    keys: Mapping[str, str],
) -> tuple[Term, ...]:
    """Terms that are broken or open, and those to keep. `known` holds what `derived` gives; `keys` say where
    the requirements state a fact."""
    if licence is None:
        return ()
    if known.get(CLEARED):
        return (Term(licence.id, "keep", "info", "cleared by counsel: its conditions are not asked"),)
    asked = {
        EXCLUDED: _excluded(licence, known)[1],
        FORBIDDEN: _forbidden(licence, known, uses, condition)[1],
    }
    judged = [
        term
        for rule in rules
        if rule.effect in SEVERITY and (term := _judged(licence, rule, known, condition, asked, keys))
    ]
    return (*judged, *_kept(licence, uses))


def _judged(
    licence: Licence,
    rule: Rule,
    known: Facts,
    condition: Compile,
    asked: Mapping[str, tuple[str, ...]],
    keys: Mapping[str, str],
) -> Term | None:
    """A rule about licences: broken where it fires, open where what decides is for the user to tell."""
    compiled = condition(rule.when)
    trace = compiled.trace(known)
    if not any(fact.startswith(ABOUT) for fact in trace):
        return None
    answer = compiled.evaluate(known)
    if answer is False:
        return None
    text = rule.title + _limit(licence, trace)
    if answer:
        return Term(licence.id, "broken", SEVERITY[rule.effect], text, (), rule.id)
    unknown = [fact for fact, value in trace.items() if value is None]
    facts = {f for fact in unknown for f in asked.get(fact, (fact,))}
    if not facts or not facts <= set(keys):
        return None
    return Term(
        licence.id, "open", SEVERITY[rule.effect], text, tuple(sorted(keys[f] for f in facts)), rule.id
    )


def _limit(licence: Licence, trace: Mapping[str, object]) -> str:
    """The figure that a rule compares with, and what lies above it."""
    if "licence.monthly_users_limit" in trace and licence.monthly_users_limit is not None:
        figure = f"{licence.monthly_users_limit:,} a month"
    elif "licence.annual_revenue_usd_limit" in trace and licence.annual_revenue_usd_limit is not None:
        figure = f"{licence.annual_revenue_usd_limit:,.0f} USD a year"
    else:
        return ""
    when = {"release": "counted once, on the day of release", "rolling": "counted at all times"}
    parts = [
        figure,
        when.get(licence.limit_at or "", ""),
        licence.limit_then and f"above: {licence.limit_then}",
    ]
    return f" ({', '.join(p for p in parts if p)})"


def _kept(licence: Licence, uses: Mapping[str, Use]) -> Iterator[Term]:
    """What has to be kept to, whatever the facts."""
    texts = []
    if licence.naming:
        texts.append(licence.naming)
    if licence.notices:
        texts.append(f"goes along with copies: {', '.join(licence.notices)}")
    if licence.flow_down:
        texts.append("its restrictions bind whoever gets a copy")
    never = [uses[u].title for u in licence.forbidden_uses if u in uses and uses[u].when is None]
    if never:
        texts.append(f"forbidden: {'; '.join(never)}")
    for text in texts:
        yield Term(licence.id, "keep", "info", text)


def _excluded(licence: Licence, known: Facts) -> tuple[bool | None, tuple[str, ...]]:
    """Whether the organisation, or the users, are where nothing is granted; and the facts that decide."""
    if not licence.excluded_regions:
        return False, ()
    if licence.excluded_scope == "multimodal" and known.get("model.multimodal") is False:
        return False, ()
    regions = set(licence.excluded_regions)
    org = known.get("req.org_region")
    found: list[tuple[str, bool | None]] = [("req.org_region", None if org is None else org in regions)]
    if licence.excluded_for == "territory":
        users = known.get("req.user_regions")
        inside = not regions.isdisjoint(users) if isinstance(users, frozenset) else None
        found.append(("req.user_regions", inside))
    answers = [answer for _, answer in found]
    if True in answers:
        return True, ()
    return (None if None in answers else False), tuple(fact for fact, answer in found if answer is None)


def _forbidden(
    licence: Licence, known: Facts, uses: Mapping[str, Use], condition: Compile
) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a use that facts can tell is forbidden; and the facts that decide."""
    asked: list[str] = []
    for name in licence.forbidden_uses:
        use = uses.get(name)
        if use is None or use.when is None:
            continue
        compiled = condition(use.when)
        answer = compiled.evaluate(known)
        if answer:
            return True, ()
        if answer is None:
            asked += [f for f, v in compiled.trace(known).items() if v is None and f not in asked]
    return (None if asked else False), tuple(asked)
