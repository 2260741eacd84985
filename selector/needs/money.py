"""Budgets in other currencies, by dated rates of the packs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from selector.errors import InputError, Problem
from selector.types.requirement import Assumption

if TYPE_CHECKING:
    from selector.needs.load import Stated


def to_usd(stated: Stated, document: dict[str, Any], usd_per_unit: Mapping[str, float]) -> list[Assumption]:
    """Fill the budget in US dollars from the one in another currency, in place."""
    budget = document.get("budget") or {}
    currency = budget.get("currency")
    pairs = [(k, f"{k}_usd") for k in ("per_month", "upfront") if budget.get(k) is not None]
    if not pairs:
        return []
    rate = 1.0 if currency == "USD" else usd_per_unit.get(str(currency))
    if rate is None:
        known = ", ".join(sorted({"USD", *usd_per_unit}))
        what = f"budget.currency: no exchange rate for {currency}"
        fix = f"state the budget in one of {known}, or as per_month_usd"
        raise InputError([Problem(what, stated.where("budget.currency"), fix)])
    made = []
    for plain, dollars in pairs:
        if budget.get(dollars) is not None:
            what = f"budget.{plain} and budget.{dollars} are both given"
            where = stated.where(f"budget.{dollars}")
            raise InputError([Problem(what, where, "keep one of them")])
        budget[dollars] = float(f"{budget[plain] * rate:.6g}")
        why = f"{budget[plain]:g} {currency} at {rate:.6g} USD"
        made.append(Assumption(f"budget.{dollars}", budget[dollars], "money.rate", why, "exchange rates"))
    return made
