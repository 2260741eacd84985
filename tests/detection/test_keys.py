"""Detection against the answer keys: precision and recall of each attribute."""

import pytest
from detection_score import ATTRIBUTES, HERE, Score, score

from selector.packs.catalog import Catalogue


@pytest.fixture(scope="module")
def scores(catalogue: Catalogue) -> dict[str, Score]:
    return score(catalogue)


def test_there_are_twenty_repositories_and_some_that_declare_nothing() -> None:
    folders = [p.name for p in HERE.iterdir() if (p / "key.yaml").is_file()]
    assert sum(not n.startswith("none-") for n in folders) >= 20
    assert sum(n.startswith("none-") for n in folders) >= 4


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_precision_and_recall(attribute: str, scores: dict[str, Score]) -> None:
    one = scores[attribute]
    assert one.precision >= 0.9, one.wrong
    assert one.recall >= 0.8, one.missed
    assert one.right >= 15
