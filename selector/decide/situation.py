"""What data, people and limits come to for the choice of a method, in steps that rules may test."""

from __future__ import annotations

from collections.abc import Mapping

from selector.types.requirement import Requirement

LIMITS = ("latency.request_p95_ms", "latency.first_token_p95_ms", "latency.per_output_token_p95_ms")


def facts(req: Requirement, assumed: frozenset[str], p: Mapping[str, float]) -> dict[str, object]:
    """`data.*` and `latency.*` facts; what nobody states is left out.

    Steps: examples none, few, enough (from `adaptation.examples_enough` on), plenty (from
    `adaptation.examples_plenty` on); labels few, or many (more than a prompt can name).
    """
    found: dict[str, object] = {}
    count = req.data.training_examples
    if count is not None:
        enough, plenty = p["adaptation.examples_enough"], p["adaptation.examples_plenty"]
        found["data.examples_level"] = (
            "none" if not count else "few" if count < enough else "enough" if count < plenty else "plenty"
        )
    if req.data.labels.count is not None:
        many = req.data.labels.count > p["adaptation.labels_in_prompt"]
        found["data.labels_level"] = "many" if many else "few"
    values = (getattr(req.latency, key.partition(".")[2]) for key in LIMITS if key not in assumed)
    found["latency.stated"] = any(v is not None for v in values)
    return found
