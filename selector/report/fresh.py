"""One line on prices that are beyond their time to live."""

from __future__ import annotations

from collections.abc import Sequence

from selector.types.fresh import StalePrice

WORDS = {"api": "hosted models", "offer": "rented devices"}
REFRESH = "`selector pack refresh --save FOLDER` looks for newer ones"


def words(rows: Sequence[StalePrice]) -> str:
    """Sources with their dates, and how to get newer ones; empty where all are fresh."""
    if not rows:
        return ""
    said = (
        f"{WORDS[x.kind]} by {x.source} of {x.as_of} ({x.days:.0f} days, {x.allowed_days:.0f} allowed)"
        for x in rows
    )
    return f"prices older than their time to live: {', '.join(said)}; {REFRESH}"


def brief(rows: Sequence[StalePrice]) -> str:
    """The same in few words, where lines are dear."""
    who = rows[0].source if len(rows) == 1 else f"{len(rows)} sources"
    return f"past its time to live: {who}, see `selector pack refresh`"
