"""Results of lm-evaluation-harness (`results_*.json`): rates of tasks as successes of trials.

A public benchmark says nothing of the user's own task; which of the requirements' metrics the tasks stand
for is the user's to say.
"""

from __future__ import annotations

from typing import Any

from selector.iterate.importers.base import Foreign, Row, inner, number, objects, opens, text

NAME = "lm-eval"
RATES = ("exact_match", "acc", "acc_norm", "pass@1", "prompt_level_strict_acc")


def detect(given: Foreign) -> bool:
    """True for a file of results of this tool."""
    found = opens(given)
    return isinstance(found.get("results"), dict) and ("n-samples" in found or "lm_eval_version" in found)


def read(given: Foreign) -> list[Row]:
    """One row a task: the first of its metrics that is a rate."""
    found = []
    for line, report in objects(given):
        results = report.get("results")
        if not isinstance(results, dict):
            raise given.fail("no results in the file", line)
        for task, figures in results.items():
            row = _task(task, figures, report, given, line)
            if row is not None:
                found.append(row)
    return found


def _task(task: str, figures: Any, report: dict[str, Any], given: Foreign, line: int) -> Row | None:
    if not isinstance(figures, dict):
        raise given.fail(f"results of {task} are no object", line)
    trials = inner(report, "n-samples", task, "effective")
    key = next((k for r in RATES for k in figures if k.partition(",")[0] == r), None)
    if key is None or not isinstance(trials, int | float):
        return None  # groups of tasks have no samples of their own
    rate = number(figures, key, given, line)
    if rate is None or rate > 1.0:
        raise given.fail(f"{key} of {task} is no rate: {figures[key]!r}", line)
    return {
        "model": _model(report),
        "metric": "pass_rate",
        "task": task,
        "measure": key,
        "successes": round(rate * trials),
        "trials": trials,
        "value": rate,
    }


def _model(report: dict[str, Any]) -> str | None:
    stated = inner(report, "config", "model_args")
    if isinstance(stated, str):
        stated = dict(p.partition("=")[::2] for p in stated.split(","))
    for key in ("pretrained", "model"):
        if found := text(inner(stated, key)):
            return found
    return text(report.get("model_name"))
