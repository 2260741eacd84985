"""Fit the quality prior: benchmark difficulties and a regression on size and date.

Reads the scores of the models pack and prints `rules/models/parameters.yaml`; CI checks that the
file is what this script gives. Model: log-odds of a normalised score = prior(model) - difficulty
of the benchmark + noise, least squares with a small ridge on the difficulties.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict

import numpy as np

from selector.decide.quality import HORIZON_YEAR, year_of
from selector.estimate.quality import log_odds, normalised
from selector.packs.catalog import Catalogue, load
from selector.types.catalog import ROLES

RIDGE = 0.3
SIZED = {"llm": ("per_ln_params", "per_ln_active", "per_year")}
# Scored models are nearly all large and new, so size and date are hardly told apart by the scores.
# These judgement values (mean, sd) hold the slopes where the scores say little.
SLOPES = {"per_ln_params": (0.10, 0.03), "per_ln_active": (0.45, 0.04), "per_year": (0.60, 0.06)}
NOISE_GUESS = 0.45
API_SIZES = {"flagship": (1000.0, 50.0), "mid": (200.0, 20.0), "small": (30.0, 5.0)}
API_YEAR = 2026.5
AS_OF = "2026-11-24"


def features(role: str, params: float, active: float, released: str | None) -> list[float]:
    """Regressors of a role: intercept, log size, and for LLMs log active size and date."""
    found = [1.0, math.log(params)]
    if role == "llm":
        found += [math.log(active), year_of(released) - HORIZON_YEAR]
    return found


def rows_of(cat: Catalogue) -> dict[str, list[tuple[str, str, float, list[float]]]]:
    """Per role: model, benchmark, log-odds, regressors."""
    found: dict[str, list[tuple[str, str, float, list[float]]]] = defaultdict(list)
    for model in cat.models.values():
        role = ROLES.get(model.model_class, "llm")
        if not model.params_b:
            continue
        x = features(role, model.params_b, model.active_params_b or model.params_b, model.released)
        for score in model.quality:
            bench = cat.benchmarks[score.benchmark]
            share = normalised(score.score, bench.floor, bench.ceiling)
            found[role].append((model.id, score.benchmark, log_odds(share), x))
    return found


def fit(
    rows: list[tuple[str, str, float, list[float]]], held: tuple[str, ...]
) -> tuple[np.ndarray, dict[str, float], float, float]:
    """Coefficients, difficulties (mean 0), sd between models, sd of a score."""
    names = sorted({b for _, b, _, _ in rows})
    width = len(rows[0][3])
    design = np.zeros((len(rows) + len(names), width + len(names)))
    target = np.zeros(len(rows) + len(names))
    for i, (_, bench, value, x) in enumerate(rows):
        design[i, :width] = x
        design[i, width + names.index(bench)] = -1.0
        target[i] = value
    for j in range(len(names)):
        design[len(rows) + j, width + j] = RIDGE
    for k, name in enumerate(held):
        mean, sd = SLOPES[name]
        weight = NOISE_GUESS / sd
        extra = np.zeros((1, design.shape[1]))
        extra[0, 1 + k] = weight
        design = np.vstack([design, extra])
        target = np.append(target, weight * mean)
    solution = np.linalg.lstsq(design, target, rcond=None)[0]
    residual = defaultdict(list)
    for i, (model, _, value, _) in enumerate(rows):
        residual[model].append(value - float(design[i] @ solution))
    means = [float(np.mean(v)) for v in residual.values()]
    within = [v - float(np.mean(vs)) for vs in residual.values() if len(vs) > 1 for v in vs]
    between = max(float(np.std(means)), 0.2)
    noise = max(float(np.std(within)) if within else between, 0.2)
    return solution[:width], dict(zip(names, solution[width:], strict=True)), between, noise


def lines(cat: Catalogue) -> list[str]:
    """The parameters file."""
    out = [
        "# yaml-language-server: $schema=../schemas/parameters.json",
        "# Written by scripts/fit_quality.py; do not edit.",
        "parameters:",
    ]

    def add(name: str, value: float, sd: float, unit: str, n: int) -> None:
        out.append(
            f"  - {{id: '{name}', value: {value:.4f}, low: {value - 1.28 * sd:.4f}, high: {value + 1.28 * sd:.4f},"
            f" unit: {unit}, fitted_on: scores of the models pack, n: {n}, as_of: '{AS_OF}', source: project.quality-fit}}"
        )

    for role, rows in sorted(rows_of(cat).items()):
        if len({m for m, *_ in rows}) < 5:
            continue
        beta, difficulty, between, noise = fit(rows, SIZED.get(role, ()))
        n = len(rows)
        keys = ["intercept", *SIZED.get(role, ("per_ln_params",))]
        for key, value in zip(keys, beta, strict=True):
            add(f"quality.prior.{role}.{key}", float(value), between / math.sqrt(n), "log-odds", n)
        add(f"quality.prior.{role}.sd", between, between / math.sqrt(2 * n), "log-odds", n)
        add(f"quality.score_sd.{role}", noise, noise / math.sqrt(2 * n), "log-odds", n)
        for bench, value in difficulty.items():
            count = sum(b == bench for _, b, _, _ in rows)
            add(
                f"quality.difficulty.{role}.{bench}",
                value,
                noise / math.sqrt(count),
                "log-odds",
                count,
            )
        if role == "llm":
            for tier, (params, active) in API_SIZES.items():
                x = features(role, params, active, f"{int(API_YEAR)}-06")
                middle = float(np.dot(beta, x))
                share = [1 / (1 + math.exp(-(middle + z * between * 1.28))) for z in (-1, 0, 1)]
                out.append(
                    f"  - {{id: quality.api_prior.{tier}, value: {share[1]:.4f}, low: {share[0]:.4f}, high: {share[2]:.4f},"
                    f" unit: index, judgement: true, as_of: '{AS_OF}', note: 'the fitted prior at {params:g} and {active:g}"
                    f" billion parameters, sizes assumed for the class; no public score in the packs'}}"
                )
    return out


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines(load())) + "\n")
