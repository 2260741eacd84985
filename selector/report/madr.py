"""A decision record as Markdown, with the headings of MADR 4.0.0 (adr.github.io/madr)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from selector.iterate.figures import name
from selector.packs.sealed import parts
from selector.report.numbers import short
from selector.report.screen import worth_measuring
from selector.report.tabular import share

if TYPE_CHECKING:
    from selector.iterate.record import Record
    from selector.types.explain import BreakEven

MADR = "4.0.0"
OPTIONS = 6  # of a kind among the considered ones
JUDGED = 3  # stacks with pros and cons
SHOWN = ("H", "VH", "M")
LEAST = 0.05  # points, below which a criterion is no argument
LEFT_OUT = ("version", "name")
FIGURES = (
    ("cost_per_month_usd", "USD/month"),
    ("request_p95_ms", "ms p95"),
    ("quality_index", "quality"),
    ("risk_index", "risk"),
)
UNITS = {
    "cost": "USD/month",
    "latency": "ms p95",
    "quality": "of the quality index",
    "risk": "of the risk index",
    "effort": "person-months",
}
Part = Mapping[str, Any]


def page(record: Record) -> str:
    """The whole page."""
    decision = record.decision
    several = bool(decision["components"])
    named = [(n or str(decision.get("component") or decision["name"]), p) for n, p in parts(decision).items()]
    sections = [
        _head(record),
        f"# {decision['name']}: {' and '.join(_first(p) for _, p in named)}",
        _section("## Context and Problem Statement", _context(decision)),
        _section("## Decision Drivers", _bullets(_drivers(decision))),
        _section("## Considered Options", _each(named, several, _considered)),
        _section("## Decision Outcome", "\n\n".join(_outcome(n, p, several) for n, p in named)),
        _section("### Consequences", _each(named, several, _consequences)),
        _section("### Confirmation", _bullets(_confirmation(record, named, several))),
        _section("## Pros and Cons of the Options", "\n\n".join(_judged(p) for _, p in named)),
        _section("## More Information", _bullets(_more(record))),
    ]
    return "\n\n".join(sections) + "\n"


def _head(record: Record) -> str:
    lines = ["---", "status: accepted", f"date: {record.decision['inputs']['as_of']}"]
    if record.makers:
        lines.append(f"decision-makers: [{', '.join(_quoted(m) for m in record.makers)}]")
    return "\n".join([*lines, "---"])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\n", " ") + "'"


def _section(title: str, body: str) -> str:
    return f"{title}\n\n{body}"


def _bullets(rows: Sequence[str]) -> str:
    return "\n".join(f"* {row}" for row in rows)


def _each(named: Sequence[tuple[str, Part]], several: bool, rows: Any) -> str:
    return _bullets([f"{n}: {row}" if several else row for n, p in named for row in rows(p)])


def _first(part: Part) -> str:
    return name(part["stacks"][0]["slots"])


def _context(decision: Part) -> str:
    asked = decision["requirements"]["application"]
    components = decision["requirements"].get("components") or ()
    tasks = [c["application"]["task"] for c in components] or [asked["task"]]
    said = str(asked.get("description") or "").strip()
    question = f"Which stack of model, hosting, engine and hardware serves {' and '.join(tasks)}"
    question += f" for {decision['name']}, and what does it cost over {decision['horizon_months']:g} months?"
    counts = decision["counts"]
    weighed = (
        f"Of {counts['candidates']:,} candidates {counts['feasible']:,} satisfy the requirements; "
        f"{len(decision['assumptions'])} values were assumed."
    )
    return "\n\n".join(x for x in (said, question, weighed) if x)


def _drivers(decision: Part) -> list[str]:
    """Requirements as stated, weights, and what a point is worth."""
    rows = [f"`{k}`: {v}" for k, v in _leaves(decision["requirements"])]
    weights = ", ".join(f"{k} {short(v)}" for k, v in decision["weights"].items())
    form = "assumed" if decision["weights_form"] == "default" else f"stated as {decision['weights_form']}"
    rows.append(f"weights ({form}): {weights}")
    rates = [
        f"{short(e['per_point'])} {UNITS[e['criterion']]}"
        for e in decision["robustness"].get("exchange", ())
        if e["per_point"] is not None
    ]
    return [*rows, f"1 point = {' = '.join(rates)}"] if rates else rows


def _leaves(value: Any, head: str = "") -> Iterator[tuple[str, str]]:
    """Stated values by dotted key; lists of plain values stay on one line."""
    for k, v in value.items():
        if not head and (k in LEFT_OUT or v is None):
            continue
        if isinstance(v, Mapping):
            yield from _leaves(v, f"{head}{k}.")
        elif f"{head}{k}" != "application.description":
            yield f"{head}{k}", str(v)


def _considered(part: Part) -> list[str]:
    """The first, what is practically tied, what nothing betters, and the nearest of those left out."""
    robust = part["robustness"]
    chosen = part["stacks"][0]
    rows = {chosen["id"]: _first(part)}
    labels = {s["id"]: name(s["slots"]) for s in part["stacks"]}
    kinds = (("tied", robust.get("tied", ())), ("pareto", [p["stack"] for p in robust.get("pareto", ())]))
    words = {"tied": "practically tied", "pareto": "none betters it on cost, quality and latency"}
    for kind, refs in kinds:
        fresh = [r for r in refs if r["id"] not in rows]
        for ref in fresh[:OPTIONS]:
            rows[ref["id"]] = f"{labels.get(ref['id'], ref['what'])} ({words[kind]})"
        if len(fresh) > OPTIONS:
            rows[kind] = f"{len(fresh) - OPTIONS} more: {words[kind]}"
    found = list(rows.values())
    for x in [x for x in part["excluded"] if x["nearest"]][:JUDGED]:
        by = f", {x['distance']}" if x["distance"] else ""
        found.append(f"{x['nearest']} (left out, with {x['count']:,}: {x['reason']}{by})")
    return found


def _outcome(label: str, part: Part, several: bool) -> str:
    robust = part["robustness"]
    best = next(
        (s["p_best"] for s in robust.get("shares", ()) if s["stack"]["id"] == part["stacks"][0]["id"]), None
    )
    if len(part["stacks"]) < 2:
        why = "it is the only option that satisfies every limit"
    elif part["stacks"][0]["rank"] > 1:
        why = "with it all components together keep the budget and the devices at hand"
    else:
        lead = part["stacks"][0]["score"] - part["stacks"][1]["score"]
        sure = "" if best is None else f", and is best in {share(best)} of {robust['samples']:,} draws"
        why = f"it comes out best: {short(lead)} points before {name(part['stacks'][1]['slots'])}{sure}"
        why += _rival(part, best)
    if part["stacks"][0]["provisional"]:
        why += "; provisional, as a figure or a fact that counts is not known"
    head = f"{label}: chosen" if several else "Chosen"
    return f'{head} option: "{_first(part)}", because {why}.'


def _rival(part: Part, best: float | None) -> str:
    """Who is best more often, or else next often, and whether that is practically a tie."""
    robust, chosen = part["robustness"], part["stacks"][0]["id"]
    others = [s for s in robust.get("shares", ()) if s["stack"]["id"] != chosen and s["p_best"] > 0]
    if best is None or not others:
        return ""
    other = max(others, key=lambda s: s["p_best"])
    id_ = other["stack"]["id"]
    labels = {s["id"]: name(s["slots"]) for s in part["stacks"]}
    tied = [r["id"] for r in robust.get("tied", ())]
    who = f"{labels.get(id_, other['stack']['what'])} is best in {share(other['p_best'])}"
    if id_ in tied:
        return f"; {who} and practically tied with it"
    count = f"; practically tied with it: {len(tied)} stack{'s' * (len(tied) > 1)}" if tied else ""
    return f"; {who}{count}"


def _consequences(part: Part) -> list[str]:
    """What is gained and lost against the runner-up, and the risks that stay."""
    stacks = part["stacks"]
    rows = (
        [f"Good, because it costs {_figure(stacks[0], 'cost_per_month_usd')} USD/month"]
        if _known(stacks[0])
        else []
    )
    if len(stacks) > 1:
        rows += _arguments(stacks[0], stacks[1], f"against {name(stacks[1]['slots'])}")
    risks = [r for r in stacks[0]["risks"] if r["residual"] in SHOWN]
    for certain, words in ((True, "these risks stay"), (False, "these risks are possible, and would stay")):
        told = [f"{r['id']} {r['residual']}" for r in risks if r["certain"] == certain]
        if told:
            rows.append(f"Bad, because {words} after mitigations: {', '.join(told)}")
    for c in stacks[0]["constraints"]:
        if c["status"] in ("at_risk", "unverified"):
            rows.append(f"Bad, because {c['id']} is {c['status'].replace('_', ' ')}")
    if stacks[0]["slots"]["mitigations"]:
        rows.append(f"Neutral, because it needs {', '.join(stacks[0]['slots']['mitigations'])}")
    return rows


def _known(stack: Part) -> bool:
    return stack["estimates"].get("cost_per_month_usd") is not None


def _arguments(stack: Part, other: Part, against: str) -> list[str]:
    """Criteria and rules by which one stack gains or loses points on another."""
    theirs = {c["id"]: c["points"] for c in other["contributions"]}
    rows = []
    for c in stack["contributions"]:
        gap = c["points"] - theirs.get(c["id"], 0.0)
        if abs(gap) >= LEAST:
            word = "Good" if gap > 0 else "Bad"
            rows.append(f"{word}, because of {c['id']}: {gap:+.1f} points {against}")
    return rows


def _figure(stack: Part, figure: str) -> str:
    found = stack["estimates"].get(figure)
    if found is None:
        return "?"
    if found["p10"] == found["p90"]:
        return short(found["p50"])
    return f"{short(found['p50'])} [{short(found['p10'])}-{short(found['p90'])}]"


def _confirmation(record: Record, named: Sequence[tuple[str, Part]], several: bool) -> list[str]:
    """The gate, and what calls for another look."""
    rows = [
        "`selector check . --policy selector.policy.yaml` in CI, with "
        f"`decision: {record.folder}/{record.snapshot}` in the policy (a path from there): drift is a finding"
    ]
    if record.reviews:
        first = record.reviews[0]
        rows.append(f"Review by {first.day}: {first.why}")
        rows += [f"then {r.day}: {r.why}" for r in record.reviews[1:JUDGED]]
    if record.not_computed:
        rows.append(f"How far requirements may move was not computed: {record.not_computed}")
    for label, p in named:
        head = f"{label}: " if several else ""
        rows += [f"{head}Review when {x}" for b in record.break_evens.get(label, ()) for x in _turns(b)]
        rows += [
            f"{head}Measure first: {_worth(m)}" for m in p["robustness"].get("measure_first", ())[:JUDGED]
        ]
    return rows


def _turns(b: BreakEven) -> Iterator[str]:
    for turns, then, word in ((b.low_turns, b.low_then, "falls"), (b.high_turns, b.high_then, "rises")):
        if turns is not None:
            yield f"`{b.key}` {word} from {short(b.now)} to {short(turns)} {b.unit}: {then}"


def _worth(m: Part) -> str:
    what = m["stack"]["label"] or m["stack"]["what"]
    turns = ", could turn the first place" if m["turns"] else ""
    return f"{m['criterion']} of {what}, worth {worth_measuring(m['evpi_points'], m['turns'])}{turns}"


def _judged(part: Part) -> str:
    """The best stacks with figures, and the others against the first."""
    found = []
    for s in part["stacks"][:JUDGED]:
        told = ", ".join(f"{_figure(s, f)} {unit}" for f, unit in FIGURES)
        first = s is part["stacks"][0]
        other = part["stacks"][1] if first and len(part["stacks"]) > 1 else part["stacks"][0]
        rows = (
            []
            if s is other
            else _arguments(s, other, "against the next" if first else "against the chosen one")
        )
        found.append(
            "\n\n".join(
                x
                for x in (
                    f"### {name(s['slots'])}",
                    f"{s['label']}, {s['score']:.1f} points: {told}",
                    _bullets(rows),
                )
                if x
            )
        )
    return "\n\n".join(found)


def _more(record: Record) -> list[str]:
    decision = record.decision
    given, robust = decision["inputs"], decision["robustness"]
    rows = [
        f"Snapshot: [{record.snapshot}]({record.snapshot}), {decision['digest']}; "
        f"`selector explain {record.snapshot}` computes it again",
        f"selector {given['selector']}, facts judged as of {given['as_of']}, "
        f"oldest price {decision['oldest_fact'] or 'unknown'}, seed {robust.get('seed', 'none')}",
        f"requirements sha256 {given['requirements_sha256']}",
    ]
    rows += [f"pack {k} {v['version']} sha256 {v['sha256']}" for k, v in sorted(given["packs"].items())]
    held = [
        f"{i['criterion']} {i['low']:.0f} % to {i['high']:.0f} % (now {i['weight']:.0f} %)"
        for i in robust.get("intervals", ())
    ]
    if held:
        rows.append(f"Same winner for a weight of {', '.join(held)}")
    links = (
        ("Supersedes", record.supersedes, "another stack is first"),
        ("Confirms", record.confirms, "the same stack is first"),
    )
    rows += [f"{word} [{k.page.stem}]({k.page.name}): {why}" for word, k, why in links if k is not None]
    return [*rows, f"Form: MADR {MADR}"]
