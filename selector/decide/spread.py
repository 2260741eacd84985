"""How devices at hand are spread over replicas, and what is said where nothing can run on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selector.decide.layouts import layouts, pinned_allowed
from selector.packs.support import Answer
from selector.types.catalog import Device, Framework, Model
from selector.types.load import Load


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an engine does not run a precision here; not `certain` where nobody knows whether it does."""

    why: str
    engine: str
    certain: bool


def unsupported(answer: Answer, engine: str, precision: str, device: Device) -> Refusal:
    """Refusal out of a support answer that is not yes."""
    note = answer.row.note if answer.row and answer.row.note else f"support {answer.status}"
    place = f"{engine} {precision} on {device.arch or device.id}"
    certain = answer.status == "no"
    return Refusal(f"{'unsupported' if certain else 'not known'}: {place} ({note})", engine, certain)


def asked(model: Model, count: int, tp: int | None, pp: int | None) -> tuple[int, int] | str | None:
    """The layout that was asked for, why it cannot be, or None where it is left open."""
    if not (tp or pp):
        return None
    pair = (tp or max(count // (pp or 1), 1), pp or 1)
    needed = pair[0] * pair[1]
    if needed > count:
        return f"layout: tp {pair[0]} x pp {pair[1]} needs {needed} devices, {count} given"
    reason = pinned_allowed(model, *pair)
    return f"layout: {reason}" if reason else pair


def pairs(model: Model, engine: Framework | None, count: int, node: int) -> list[tuple[int, int]]:
    """(tp, pp) of one replica, all that leave the fewest devices idle."""
    found = layouts(model, engine, "llm", count, min(node, count))
    most = max((count // (t * q) * t * q for t, q in found), default=0)
    return [(t, q) for t, q in found if count // (t * q) * t * q == most]


def busy_replicas(load: Load, count: int, pair: tuple[int, int]) -> int:
    """Replicas that work at once: all of them, but no more than requests in flight."""
    replicas = max(count // (pair[0] * pair[1]), 1)
    return max(min(replicas, int(load.concurrency)), 1) if load.concurrency else replicas


def verdict(refusals: Sequence[Refusal], asked: Sequence[str]) -> tuple[bool | None, tuple[str, ...]]:
    """False where every refusal is certain, else None; the reasons of the engines asked for.

    Engines that were only tried are summed up where nobody knows whether they run it.
    """
    fits = False if refusals and all(r.certain for r in refusals) else None
    if asked:
        return fits, tuple(dict.fromkeys(r.why for r in refusals))
    doubtful = sorted({r.engine for r in refusals if not r.certain})
    said = [r.why for r in refusals if r.certain]
    if doubtful:
        said.append(f"not known whether it runs on: {', '.join(doubtful)}")
    return fits, tuple(dict.fromkeys(said))
