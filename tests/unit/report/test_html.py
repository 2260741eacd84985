"""The HTML report is one well-formed file that loads nothing and says what the tables say."""

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from selector.packs.catalog import Catalogue
from selector.report import html, pictures, svg
from selector.report.ranking import full
from selector.report.sections import costs, payments
from selector.report.tabular import Table
from selector.types.decision import AssumptionRow, Recommendation

EMPTY = {"meta", "br", "hr", "img", "input", "link"}
NAME = "<script>alert(1)</script> & \"quoted\" 'name'"


class Page(HTMLParser):
    """Open tags, attributes and text of a page; fails where a tag closes another."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def text(known: Recommendation, catalogue: Catalogue) -> str:
    return html.recommendation(known, catalogue)


def test_it_is_well_formed_and_loads_nothing(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert text.lstrip().startswith("<!DOCTYPE html>")
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed")
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        if tag != "a":
            assert "href" not in attributes
        else:
            assert (attributes["href"] or "").startswith(("https://", "http://"))
    assert "url(" not in text
    assert "@import" not in text


def test_headings_captions_and_pictures_can_be_heard(text: str) -> None:
    page = Page(text)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == 1
    assert tags.count("caption") == tags.count("table")
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    named = [a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a]
    assert set(named) <= set(ids)
    drawn = [a for tag, a in page.tags if tag == "svg"]
    assert len(drawn) == 3
    assert all(a["role"] == "img" and a["aria-label"] for a in drawn)
    assert all(x.startswith("<title>") for x in (part.partition(">")[2] for part in text.split("<svg")[1:]))


def test_every_figure_of_the_tables_is_there(known: Recommendation, text: str) -> None:
    shown = " ".join("".join(Page(text).text).split())
    for table in (full(known), costs(known), payments(known)):
        for row in table.rows:
            assert all(" ".join(cell.split()) in shown for cell in row)
    for x in known.stacks[0].risks:
        assert x.id in shown
        assert x.owner in shown
    for key in ("requirements_sha256", "as_of"):
        assert str(known.inputs[key]) in shown


def test_the_seed_is_whole(known: Recommendation, catalogue: Catalogue) -> None:
    assert known.robustness is not None
    seeded = replace(known, robustness=replace(known.robustness, seed=3_269_871_234))
    assert "3269871234" in html.recommendation(seeded, catalogue)


def test_hostile_words_stay_words(known: Recommendation, catalogue: Catalogue) -> None:
    assert known.robustness is not None
    first = known.robustness.shares[0]
    hidden = replace(first, stack=replace(first.stack, what=NAME, label=None))
    sure = replace(known.robustness, shares=(hidden, *known.robustness.shares[1:]))
    bad = AssumptionRow(NAME, NAME, "rule", NAME, "javascript:alert(1)")
    hostile = replace(known, name=NAME, assumptions=(bad,), notes=(NAME,), robustness=sure)
    text = html.recommendation(hostile, catalogue)
    page = Page(text)
    assert page.open == []
    assert "script" not in {tag for tag, _ in page.tags}
    assert NAME in page.text
    assert not any((a.get("href") or "").startswith("javascript") for _, a in page.tags)


def test_the_matrix_holds_every_risk_twice(known: Recommendation, text: str) -> None:
    for x in known.stacks[0].risks:
        cells = text.count(f'">{x.id}</span>') + text.count(f'">{x.id}?</span>')
        assert cells == 2


def test_nothing_fits(catalogue: Catalogue, known: Recommendation) -> None:
    none = replace(known, stacks=(), robustness=None, counterparts=())
    page = Page(html.recommendation(none, catalogue))
    assert page.open == []
    assert "No stack satisfies the requirements" in page.text


def test_components_are_sections_of_one_page(known: Recommendation, catalogue: Catalogue) -> None:
    whole = replace(known, component="listen", components=(replace(known, name="speak"),))
    page = Page(html.recommendation(whole, catalogue))
    assert page.open == []
    assert {"Component 1 of 2: listen", "Component 2 of 2: speak"} <= set(page.text)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_template_engine_is_loaded_only_for_html() -> None:
    code = (
        "import sys, selector.cli.main, selector.report.table, selector.report.json, selector.report.markdown;"
        "sys.exit('jinja2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_svg_escapes_and_names_itself() -> None:
    made = svg.picture(NAME, 10.0, 20.5, svg.words(NAME, 1, 2.25, text_anchor="end"), about=NAME)
    page = Page(made)
    assert page.open == []
    assert page.text == [NAME] * 3
    assert page.tags[0][1]["aria-label"] == NAME
    assert page.tags[0][1]["viewbox"] == "0 0 10 20.5"
    assert 'text-anchor="end"' in made


def test_pictures_name_what_they_draw(known: Recommendation) -> None:
    for made in (pictures.cost_and_quality(known), pictures.stability(known), pictures.acceptability(known)):
        assert made.startswith("<svg")
        assert "<title>" in made
        assert "<desc>" in made
    none = replace(known, robustness=None)
    assert pictures.cost_and_quality(none) == pictures.stability(none) == pictures.acceptability(none) == ""


def test_long_words_may_be_broken_and_short_ones_not() -> None:
    made = html.laid(
        Table("t", ("a", "b", "c"), (("S-1", "timm/eva02_large_patch14_448.mim_m38m", "two words"),))
    )
    assert made is not None
    assert [cell[-1] for cell in made["rows"][0]] == ["k", "w", ""]
