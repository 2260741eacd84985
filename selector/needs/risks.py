"""What the requirement says of risks: which are accepted, by whom and until when, and controls in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from selector.errors import Problem
from selector.packs.schema import near
from selector.types.requirement import Acceptance, Requirement

if TYPE_CHECKING:
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue

# A quarter's review or two: longer, and nobody remembers why (judgement of this project).
MOST_DAYS = 180


def accepted(need: Requirement, today: date) -> tuple[str, ...]:
    """Ids of the risks that are accepted on a day, its last day included."""
    return tuple(
        a if isinstance(a, str) else a.risk
        for a in need.risk.accepted
        if isinstance(a, str) or date.fromisoformat(a.expires) >= today
    )


def expired(need: Requirement, today: date) -> tuple[Acceptance, ...]:
    """Acceptances that are over."""
    rows = [a for a in need.risk.accepted if isinstance(a, Acceptance)]
    return tuple(a for a in rows if date.fromisoformat(a.expires) < today)


def told(need: Requirement, cat: Catalogue, today: date) -> tuple[str, ...]:
    """What a reader has to know of acceptances and controls: who answers for which risk, why and until
    when, which of them are over, and how each control is known to be in place."""
    lines = []
    for one in need.risk.accepted:
        if isinstance(one, str):
            lines.append(f"risk {one} is accepted; nobody is named, nor a last day")
        elif date.fromisoformat(one.expires) < today:
            lines.append(f"warning: {_by(one)} and is over: the risk counts again")
        else:
            lines.append(_by(one))
    lines += [f"control {name} counts as in place: {evidence}" for name, evidence in held(need, cat).items()]
    return tuple(lines)


def _by(one: Acceptance) -> str:
    return f"risk {one.risk} is accepted by {one.owner} until {one.expires}: {one.reason}"


def held(need: Requirement, cat: Catalogue) -> dict[str, str]:
    """Mitigations in place by the best evidence for them: controls that the requirement lists, contracts
    that are signed (attested), and what the plan that is brought has (declared)."""
    found = [(c.mitigation, c.evidence) for c in need.risk.controls]
    found += [
        (m.id, "attested") for m in cat.mitigations.values() if set(m.contracts) & set(need.contracts or ())
    ]
    found += [(str(m), "declared") for m in need.proposed.get("mitigations", ()) if m in cat.mitigations]
    weight: Mapping[str, float] = cat.scoring["evidence"]
    best: dict[str, str] = {}
    for name, evidence in found:
        if name not in best or weight[evidence] > weight[best[name]]:
            best[name] = evidence
    return dict(sorted(best.items()))


def problems(stated: Stated, cat: Catalogue, today: date) -> Iterator[Problem]:
    """Names that the register lacks, days that are none, and acceptances for too long."""
    for number, one in enumerate(stated.requirement.risk.accepted):
        name = one if isinstance(one, str) else one.risk
        at = stated.document.where(("risk", "accepted", number))
        if name not in cat.risks:
            yield Problem(f'risk "{name}" is not known', at, near(name, cat.risks))
        if isinstance(one, Acceptance):
            try:
                last = date.fromisoformat(one.expires)
            except ValueError:
                yield Problem(f'"{one.expires}" is no date', at, "write YYYY-MM-DD")
                continue
            if last - today > timedelta(days=MOST_DAYS):
                latest = today + timedelta(days=MOST_DAYS)
                yield Problem(
                    f"{name} is accepted until {last}, longer than {MOST_DAYS} days", at, f"at most {latest}"
                )
    for number, control in enumerate(stated.requirement.risk.controls):
        if control.mitigation not in cat.mitigations:
            at = stated.document.where(("risk", "controls", number))
            what = f'mitigation "{control.mitigation}" is not known'
            yield Problem(what, at, near(control.mitigation, cat.mitigations))
