"""Points of a sweep, computed here or by processes; the outcome is the same whoever computes it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from selector.cli import session
from selector.errors import InputError, Problem, SelectorError
from selector.iterate.axes import FLAG, setting
from selector.needs import load
from selector.packs.reader import Document
from selector.types.sweep import Axis, First, Point, Value

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue
    from selector.types.decision import Recommendation

TOP = 1  # stacks that each run shows
PIECES = 4  # for each process, so that none waits long for the last
MOST = 16  # points of a piece, so that progress is seen; neighbours share candidates across pieces too
At = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """What every point starts from; goes to other processes as a whole."""

    document: Document
    sets: tuple[str, ...]
    axes: tuple[Axis, ...]
    packs: tuple[Path, ...]
    measurements: tuple[Path, ...]
    strict: bool
    provisional: bool
    today: date

    def catalogue(self) -> Catalogue:
        """Packs, with what was measured."""
        from selector.packs.catalog import load

        return session.measured(load(self.packs), self.measurements, self.today)

    def stated(self, at: At) -> Stated:
        """The requirements of one point, as `--set` would make them."""
        return load.from_document(self.document, [*self.sets, *map(setting, self.axes, at)])


@dataclass(slots=True)
class Points:
    """Computes points; one after another that differ in limits only share their candidates."""

    ask: Ask
    cat: Catalogue
    kept: tuple[str, Study] | None = field(default=None)

    def check(self, at: At) -> None:
        """Everything that is wrong with the requirements of a point, told at the flag that made it."""
        from selector.needs.components import expand

        try:
            session.check(expand(self.ask.stated(at)), self.cat, self.ask.today)
        except SelectorError as error:
            said = ", ".join(map(setting, self.ask.axes, at))
            raise InputError([self._told(p, said) for p in error.problems]) from None

    def _told(self, problem: Problem, said: str) -> Problem:
        where = problem.where
        if where is None or not where.file.startswith(load.COMMAND_LINE):
            return replace(problem, what=f"at {said}: {problem.what}")
        key = where.file.removeprefix(load.COMMAND_LINE).strip().partition("=")[0]
        varied = next((a.text for a in self.ask.axes if a.key == key), None)
        if varied is None:
            return problem
        return replace(problem, where=replace(where, file=f"{FLAG} {varied}"))

    def group(self, at: At) -> str:
        """Equal for points that have the same candidates."""
        from selector.decide import glance

        stated = self.ask.stated(at)
        if stated.mapping.get("components"):
            return repr(at)
        resolved = session.completed(stated, self.cat)
        assumed = sorted((a.key, a.rule) for a in resolved.assumptions)
        return repr((glance.sized_by(resolved.requirement), assumed))

    def point(self, at: At) -> Point:
        """One point."""
        from selector.decide import glance

        ask = self.ask
        stated = ask.stated(at)
        flags = (TOP, ask.strict, ask.provisional, ask.today)
        if stated.mapping.get("components"):
            return _together(session.decide(stated, self.cat, *flags), at)
        group = self.group(at)
        if self.kept is None or self.kept[0] != group:
            self.kept = None  # two runs at a time would be twice the memory
            self.kept = (group, session.study(stated, self.cat, *flags))
            return glance.of(self.kept[1], at)
        before = self.kept[1]
        inputs = {"settings": before.inputs["settings"]} | session.inputs(stated, self.cat, ask.today)
        need = session.completed(stated, self.cat).requirement
        return glance.of(glance.again(before, need, inputs), at)


def _together(found: Recommendation, at: At) -> Point:
    """A point of an application of several models."""
    from selector.decide import bill
    from selector.report.tabular import describe

    if not found.feasible or found.joint is None:
        easiest = found.relaxations[0] if found.relaxations else None
        return Point(at, None, easiest.constraints if easiest else (), easiest.moves if easiest else ())
    stacks = [p.stack for p in found.joint.parts]
    slots = [s.slots for s in stacks]
    cost = found.joint.usd_per_month
    first = First(
        choice=tuple(x for s in slots for x in (s.model, s.hosting, s.precision, s.hardware)),
        line="; ".join(f"{p.component}: {describe(p.stack)}" for p in found.joint.parts),
        id="+".join(s.digest() for s in slots),
        slots={p.component: p.stack.slots.as_dict() for p in found.joint.parts},
        score=min(s.score for s in stacks),
        margin_points=None,
        rival=None,
        p_best=None,
        provisional=any(s.provisional for s in stacks),
        cost_per_month_usd=None if cost is None else cost.p50,
        request_p95_ms=None,
        quality_index=None,
        risk_index=None,
        n_devices=None,
        prices=tuple(dict.fromkeys(bill.dated(stacks))),
    )
    return Point(at, first)


def pieces(groups: Sequence[tuple[str, At]], jobs: int) -> list[list[At]]:
    """Points of the same candidates side by side, in pieces of about equal size."""
    ordered = sorted(range(len(groups)), key=lambda i: groups[i][0])
    size = min(max(-(-len(ordered) // (jobs * PIECES)), 1), MOST)
    return [[groups[i][1] for i in ordered[k : k + size]] for k in range(0, len(ordered), size)]


class Crew:
    """Processes that compute points; of one job there are none, and it is done here."""

    def __init__(self, points: Points, jobs: int) -> None:
        self.points = points
        self.jobs = jobs
        self.pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:
            for process in multiprocessing.active_children():
                process.terminate()

    def compute(self, wanted: Sequence[At], done: Callable[[int], object]) -> dict[At, Point]:
        """All points asked for; `done` hears how many are new."""
        groups = [(self.points.group(at), at) for at in wanted]
        found: dict[At, Point] = {}
        for made in self._pieces(pieces(groups, self.jobs)):
            found |= {p.at: p for p in made}
            done(len(made))
        return found

    def _pieces(self, work: Sequence[list[At]]) -> Iterator[list[Point]]:
        if self.jobs == 1 or len(work) == 1:
            for at in (at for piece in work for at in piece):
                yield [self.points.point(at)]
            return
        if self.pool is None:
            # Started anew rather than forked: a fork of a process with threads may hang.
            context = multiprocessing.get_context("spawn")
            self.pool = ProcessPoolExecutor(self.jobs, context, _begin, (self.points.ask,))
        futures: list[Future[list[Point]]] = [self.pool.submit(_piece, piece) for piece in work]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            what = "a process that computed points was ended from outside, perhaps for want of memory"
            raise SelectorError(Problem(what, None, "take fewer with --jobs")) from None


def cores() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


_points: list[Points] = []  # of a process of the crew


def _begin(ask: Ask) -> None:
    # Ctrl-C reaches every process; these end without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _points.append(Points(ask, ask.catalogue()))


def _piece(piece: Sequence[At]) -> list[Point]:
    return [_points[0].point(at) for at in piece]
