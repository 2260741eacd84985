"""Hosted models are told apart by published scores; a prior is printed as one."""

import pytest

from selector.decide import quality
from selector.decide.options import _hosted, _open
from selector.packs.catalog import Catalogue
from selector.report.tabular import quality as printed
from selector.types.estimate import Estimate


def index(catalogue: Catalogue, api: str) -> quality.Index:
    p = {k: v.value for k, v in catalogue.parameters.items()}
    return quality.of_option(_hosted(catalogue.apis[api], catalogue), catalogue, p)


def test_published_scores_tell_hosted_models_apart(catalogue: Catalogue) -> None:
    names = ("openai/gpt-4o-mini", "google/gemini-2.5-flash", "openai/gpt-5.4", "openai/gpt-5.5")
    found = [index(catalogue, n) for n in names]
    assert all(i.known and i.scores for i in found)
    assert [i.p50 for i in found] == sorted({i.p50 for i in found})


def test_without_a_score_it_is_a_prior(catalogue: Catalogue) -> None:
    found = index(catalogue, "openai/gpt-6-astra")
    assert not found.known
    assert "no public score" in found.why


def test_a_hosted_copy_has_the_scores_of_its_weights(catalogue: Catalogue) -> None:
    p = {k: v.value for k, v in catalogue.parameters.items()}
    api = next(
        a
        for a in catalogue.apis.values()
        if a.open_model in catalogue.models and catalogue.models[a.open_model].quality
    )
    twin = quality.of_option(_open(catalogue.models[api.open_model or ""], catalogue), catalogue, p)
    assert index(catalogue, api.id) == twin


@pytest.mark.parametrize(("basis", "suffix"), [("prior", " prior"), ("scores", "]")])
def test_a_prior_is_not_printed_like_a_measurement(basis: str, suffix: str) -> None:
    estimate = Estimate(0.5, 0.6, 0.7, "index", "quality.index", {"basis": basis})
    assert printed(estimate).endswith(suffix)
