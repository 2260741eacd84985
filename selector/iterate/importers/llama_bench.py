"""Output of `llama-bench -o json`, `jsonl`, `csv` or `md`: prompt reading (pp) and generation (tg), tokens a
second of one sequence with the deviation over repeats."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from selector.iterate.importers.base import FINITE, Foreign, Row, number, objects, opens, text

NAME = "llama-bench"
NEEDED = ("n_prompt", "n_gen", "avg_ts")
OPTIONAL = ("stddev_ts", "n_depth", "main_gpu", "n_gpu_layers", "n_cpu_moe")
QUANT = re.compile(r"\b(I?Q\d\w*|BF16|F16|F32|MXFP4)\b", re.IGNORECASE)
SIZE = re.compile(r"[-_.](?=(?:I?Q\d|BF16|F16|F32|MXFP4))", re.IGNORECASE)
TEST = re.compile(r"^(pp|tg)(\d+)(?:\s*@\s*d(\d+))?$")
RATE = re.compile(r"^([\d.]+)\s*(?:±|\+/-)\s*([\d.]+)$")


def detect(given: Foreign) -> bool:
    """True for an output of this tool."""
    if given.text.lstrip().startswith("|"):
        head = given.text.lstrip().splitlines()[0]
        return "test" in head and "t/s" in head
    if given.text.lstrip()[:1] in ("{", "["):
        return all(k in opens(given) for k in NEEDED)
    head = given.text.split("\n", 1)[0]
    return all(k in head for k in NEEDED)


def read(given: Foreign) -> list[Row]:
    """Rates of all tests that read or write alone."""
    if given.text.lstrip().startswith("|"):
        return _markdown(given)
    if given.text.lstrip()[:1] in ("{", "["):
        return [row for line, run in objects(given) for row in _run(run, given, line)]
    return [row for line, run in _table(given) for row in _run(run, given, line)]


def _table(given: Foreign) -> list[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(given.text))
    found = []
    for raw in reader:
        if None in raw or None in raw.values():
            raise given.fail("a row with another number of cells than the header", reader.line_num)
        run: dict[str, Any] = dict(raw)
        for key in (*NEEDED, *OPTIONAL):
            if key in run:
                try:
                    run[key] = float(run[key])
                except ValueError:
                    raise given.fail(f"{key} is not a number: {run[key]!r}", reader.line_num) from None
        found.append((reader.line_num, run))
    return found


def _run(run: dict[str, Any], given: Foreign, line: int) -> list[Row]:
    missing = [k for k in NEEDED if k not in run]
    if missing:
        raise given.fail(f"no {', '.join(missing)}: not a test of llama-bench", line)
    reads, writes, rate = (number(run, k, given, line) for k in NEEDED)
    chips = [c.strip() for c in (text(run.get("gpu_info")) or "").split(",") if c.strip()]
    alone = text(run.get("split_mode")) == "none"
    if alone and chips:
        main = int(number(run, "main_gpu", given, line) or 0)
        chips = chips[main : main + 1] or chips[:1]
    name = text(run.get("model_filename"))
    told = {
        "model": SIZE.split(name.replace("\\", "/").rpartition("/")[2].removesuffix(".gguf"))[0]
        if name
        else None,
        "precision_weights": _quant(name) or _quant(text(run.get("model_type"))),
        "hardware": chips[0] if chips else None,
        "n_devices": len(chips) or (1 if alone else None),
        **_offloaded(run, "n_gpu_layers", "n_cpu_moe", given, line),
        "engine_version": text(run.get("build_commit")),
        "date": (text(run.get("test_time")) or "")[:10] or None,
    }
    depth = number(run, "n_depth", given, line) or 0.0
    return _test(told, reads or 0.0, writes or 0.0, depth, rate, number(run, "stddev_ts", given, line))


def _offloaded(run: dict[str, Any], layers: str, experts: str, given: Foreign, line: int) -> Row:
    """What of the model was on the device: layers (below 0: all of them), and experts that were not."""
    try:
        least = float(run.get(layers, -1.0))
    except (TypeError, ValueError):
        raise given.fail(f"{layers} is not a number: {run[layers]!r}", line) from None
    beside = number(run, experts, given, line)
    return {
        "n_gpu_layers": least if 0.0 <= least <= FINITE else None,
        "flags": "partial_offload" if beside else None,
    }


def _quant(name: str | None) -> str | None:
    found = QUANT.findall(name or "")
    if not found:
        return None
    # Tables say Q4_K - Medium where files say Q4_K_M.
    last = str(found[-1]).lower()
    return f"{last}_m" if last.endswith("_k") else last


def _test(
    told: Row, reads: float, writes: float, depth: float, rate: float | None, deviation: float | None
) -> list[Row]:
    row = {**told, "engine": "llama.cpp", "scenario": "single_stream", "concurrency_or_batch": 1.0}
    row |= {"value": rate, "unit": "tok/s", "stat": "mean", "repeat_sd": deviation}
    if reads and writes:
        return [
            {**row, "metric": f"pp{reads:g}+tg{writes:g}", "input_tokens": reads, "output_tokens": writes}
        ]
    if reads:
        return [{**row, "metric": "prefill_tok_s", "input_tokens": reads, "output_tokens": 1.0}]
    return [{**row, "metric": "decode_tok_s", "input_tokens": depth, "output_tokens": writes}]


def _counts(values: dict[str, str]) -> dict[str, Any]:
    """Columns of a table that hold counts, as numbers where they are."""
    return {k: float(v) if v.isdecimal() else v for k, v in values.items() if k in ("ngl", "ncmoe")}


def _markdown(given: Foreign) -> list[Row]:
    """The table that llama-bench prints unless told otherwise."""
    found: list[Row] = []
    head: list[str] = []
    for line, raw in enumerate(given.text.splitlines(), 1):
        if not raw.lstrip().startswith("|"):
            continue
        cells = [c.strip() for c in raw.strip().strip("|").split("|")]
        if not head:
            head = cells
            if not {"test", "t/s"} <= set(head):
                raise given.fail("no columns test and t/s", line)
            continue
        if set("".join(cells)) <= set("-: "):
            continue
        if len(cells) != len(head):
            raise given.fail("a row with another number of cells than the header", line)
        values = dict(zip(head, cells, strict=True))
        test, rate = TEST.match(values["test"]), RATE.match(values["t/s"])
        if rate is None:
            raise given.fail(f"t/s is no rate with its deviation: {values['t/s']!r}", line)
        told = {
            "precision_weights": _quant(values.get("model")),
            "n_devices": 1 if values.get("sm") == "none" else None,
            **_offloaded(_counts(values), "ngl", "ncmoe", given, line),
        }
        if test is None:
            found.append({**told, "engine": "llama.cpp", "metric": values["test"], "value": float(rate[1])})
            continue
        tokens, depth = float(test[2]), float(test[3] or 0)
        pair = (tokens, 0.0) if test[1] == "pp" else (0.0, tokens)
        found += _test(told, *pair, depth, float(rate[1]), float(rate[2]))
    return found
