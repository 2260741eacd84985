"""Refresh: what sources say, what is appended, what is held back, and what happens without a network."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from selector.cli.main import app
from selector.errors import InputError, PackError, SelectorError
from selector.iterate import appended, refresh
from selector.iterate.feeds import genai as genai_feed
from selector.iterate.feeds import gpuhunt, litellm, place, pypi
from selector.packs import schema
from selector.packs.catalog import Catalogue, load
from selector.report.refresh import as_json, as_text
from selector.types.refresh import Differences, Feed

URL = "https://example.org/published"
TODAY = date(2026, 11, 27)
PRICES = {
    "sample_spec": {"input_cost_per_token": 0},
    "gpt-5.4-mini": {"input_cost_per_token": 9e-7, "output_cost_per_token": 4.5e-6},
    "gpt-5.4-nano": {"input_cost_per_token": 2e-6, "output_cost_per_token": 1.25e-5},
    "gpt-5.4": {
        "input_cost_per_token": 2.5e-6,
        "output_cost_per_token": 1.5e-5,
        "input_cost_per_token_above_272k_tokens": 6e-6,
        "input_cost_per_token_batches": 1e-6,
    },
    "gpt-4.1": {"input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6},
    "gpt-9": {"input_cost_per_token": 1e-6},
}
ROWS = """instance_name,location,price,gpu_count,gpu_name,spot
p5.48xlarge,ap-southeast-3,70.5,8,H100,False
p5.48xlarge,ap-southeast-3a,60.5,8,H100,False
g6.xlarge,us-east-1,9.9,1,L4,False
g6e.xlarge,us-east-1,1.861,2,L40S,False
q9.huge,us-east-1,9.9,1,X9,False
m5.large,us-east-1,0.1,0,,False
"""


def compared(cat: Catalogue, *feeds: Feed, accept: bool = False, only: Sequence[str] = ()) -> Differences:
    return refresh.compare(refresh.Ask(cat, TODAY, frozenset(only), accept), feeds)


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("litellm") / "prices.json"
    path.write_text(json.dumps(PRICES))
    return path


@pytest.fixture(scope="module")
def lite(prices: Path) -> Feed:
    return litellm.read(str(prices), URL, date(2026, 11, 26))


def figures(found: Differences) -> dict[tuple[str, str], tuple[object, object]]:
    return {(c.id, f.key): (f.old, f.new) for c in found.changes for f in c.figures}


def test_litellm_is_compared_figure_by_figure(catalogue: Catalogue, lite: Feed) -> None:
    found = compared(catalogue, lite)
    said = figures(found)
    assert said["openai/gpt-5.4-mini", "input_usd_per_mtok"] == (0.75, 0.9)
    assert said["openai/gpt-5.4", "input_usd_per_mtok above 272000 tokens"] == (5, 6)
    assert found.unchanged == 1
    assert ("litellm", "gpt-9") in found.unknown
    held = {c.id: c.held for c in found.changes}
    assert held["openai/gpt-5.4-nano"]
    assert not held["openai/gpt-5.4-mini"]
    assert not any(c.held for c in compared(catalogue, lite, accept=True).changes)
    assert [c.id for c in compared(catalogue, lite, only=["openai/gpt-5.4"]).changes] == ["openai/gpt-5.4"]


def test_the_package_has_days_tiers_and_batches(
    catalogue: Catalogue, genai: Path, lite: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(genai))
    feed = genai_feed.read(URL, TODAY)
    assert feed.as_of == "2026-11-20"
    assert genai_feed.read(URL, TODAY, date(2026, 11, 25)).as_of == "2026-11-25"
    found = compared(catalogue, feed, lite)
    change = next(c for c in found.changes if c.id == "openai/gpt-5.4-mini")
    assert [(f.key, f.new, f.from_date) for f in change.figures] == [
        ("input_usd_per_mtok", 1.5, None),
        ("output_usd_per_mtok", 9.0, None),
        ("input_usd_per_mtok", 2.0, "2099-01-01"),
        ("output_usd_per_mtok", 9.0, "2099-01-01"),
        ("batch.input_usd_per_mtok", 0.5, None),
    ]
    old = catalogue.raw.entries["apis"][change.id]["prices"]
    assert change.entry["prices"][: len(old)] == old
    assert [p["from_date"] for p in change.entry["prices"][len(old) :]] == ["2026-11-20", "2099-01-01"]
    assert ("openai/gpt-5.4-mini", "genai-prices", "litellm") in found.disputed
    assert found.not_taken[0][1] == "deepseek/deepseek-flash"


def test_offers_by_instance_and_zone(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "aws.csv").write_text(ROWS.replace("southeast-3a", "southeast-3-b"))
    found = compared(catalogue, gpuhunt.read(str(tmp_path), URL, TODAY, TODAY))
    said = figures(found)
    assert said["aws/ap-southeast-3/p5.48xlarge", "on_demand_per_hour"] == (75.9552, 60.5)
    assert found.disputed == ()
    assert next(c for c in found.changes if "g6.xlarge" in c.id).held
    assert found.unknown == (("gpuhunt", "aws/us-east-1/q9.huge"),)
    assert "it has 2 devices there and 1 here" in {why for *_, why in found.not_taken}


def test_older_figures_are_no_news(catalogue: Catalogue, prices: Path, tmp_path: Path) -> None:
    found = compared(catalogue, litellm.read(str(prices), URL, date(2026, 11, 1)))
    assert (found.changes, found.unchanged) == ((), 1)
    why = "the packs have it of 2026-11-10, the source is of 2026-11-01"
    assert ("litellm", "gpt-5.4-mini", why) in found.not_taken
    (tmp_path / "aws.csv").write_text(ROWS)
    offers = compared(catalogue, gpuhunt.read(str(tmp_path), URL, date(2026, 1, 1), TODAY))
    assert not any("g6.xlarge" in c.id for c in offers.changes)
    assert any(why.startswith("the packs have it of 2026-07-20") for *_, why in offers.not_taken)
    only = compared(
        catalogue, litellm.read(str(prices), URL, date(2026, 11, 1)), only=["openai/gpt-5.4-mini"]
    )
    assert [why for *_, why in only.not_taken] == [why]


def test_rows_are_appended_and_none_is_changed(lite: Feed, tmp_path: Path) -> None:
    folder = tmp_path / "My prices"
    found = compared(load(), lite)
    made = appended.append(folder, [c for c in found.changes if not c.held], found.feeds, TODAY)
    before = {p: p.read_text() for p in made}
    assert {p.name for p in made} == {"pack.yaml", "sources-2026-11-27-01.yaml", "apis-2026-11-27-01.yaml"}
    again = compared(load([folder]), lite, accept=True)
    assert [c.id for c in again.changes] == ["openai/gpt-5.4-nano"]
    more = appended.append(folder, again.changes, again.feeds, TODAY)
    assert {p.name for p in more} == {"sources-2026-11-27-02.yaml", "apis-2026-11-27-02.yaml"}
    assert all(p.read_text() == text for p, text in before.items())
    cat = load([folder])
    api = cat.apis["openai/gpt-5.4-mini"]
    assert api.prices[-1].input_usd_per_mtok == 0.9
    assert (api.prices[-1].from_date, api.as_of, api.source[-1]) == (
        "2026-11-26",
        "2026-11-26",
        "refresh.litellm-2026-11-26",
    )
    assert cat.sources["refresh.litellm-2026-11-26"]["as_of"] == "2026-11-26"
    assert compared(cat, lite).changes == ()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(SelectorError, match=r"no pack\.yaml"):
        appended.prepared(tmp_path / "other")


def test_what_is_appended_wins_or_nothing_is_written(
    catalogue: Catalogue, lite: Feed, tmp_path: Path
) -> None:
    """After a run for a later day; and beside a file of the user's that is read later."""
    changes = [c for c in compared(catalogue, lite).changes if c.id == "openai/gpt-5.4-mini"]
    appended.append(tmp_path / "p", changes, [lite], date(2026, 12, 1))
    made = appended.append(tmp_path / "p", changes, [lite], TODAY)
    assert {p.name for p in made} == {"sources-2026-12-01-02.yaml", "apis-2026-12-01-02.yaml"}
    own = tmp_path / "p" / "apis.yaml"
    made[1].rename(own)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PackError, match=r"apis\.yaml:3:.*: openai/gpt-5\.4-mini would win"):
        appended.append(tmp_path / "p", changes, [lite], TODAY)
    assert sorted(tmp_path.rglob("*")) == before


def test_outputs_keep_the_schema(catalogue: Catalogue, lite: Feed) -> None:
    found = compared(catalogue, lite)
    Draft202012Validator(schema.load("refresh")).validate(json.loads(as_json(found)))
    text = as_text(found)
    assert "Held back" in text
    assert "add --accept" in text


def test_every_name_is_of_the_source_that_has_it(catalogue: Catalogue) -> None:
    ask = refresh.Ask(catalogue, TODAY, frozenset(), False)
    for row in catalogue.raw.entries["source_names"].values():
        assert row["source"] == f"refresh.{row['feed']}"
        assert ask.url(row["feed"]).startswith("https://")


def test_names_lead_to_entries(catalogue: Catalogue) -> None:
    rows = catalogue.raw.entries["source_names"]
    known: dict[str, Any] = {
        "genai-prices": catalogue.apis,
        "litellm": catalogue.apis,
        "pypi": catalogue.frameworks,
        "gpuhunt": {o.provider for o in catalogue.offers.values()},
    }
    assert all(r["means"] in known[r["feed"]] for r in rows.values())
    assert all(k == f"{r['feed']}:{r['name']}" for k, r in rows.items())


INDEXED = {"info": {"version": "99.1"}, "releases": {"99.1": [{"upload_time": "2026-11-25T01:02:03"}]}}


class Index(BaseHTTPRequestHandler):
    """A package index with one project, and a page that is no JSON."""

    def do_GET(self) -> None:
        body = b"<html>" if "bad" in self.path else json.dumps(INDEXED).encode()
        kept = "kept" in self.path and self.headers.get("Authorization") != "Basic bWU6c2UvY3JldA=="
        self.send_response(404 if kept or "sglang" in self.path else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_versions_from_an_index(catalogue: Catalogue, index: str) -> None:
    found = compared(catalogue, pypi.read(index, ["vllm"], TODAY))
    entry = found.changes[0].entry
    assert (entry["version"], entry["released"]) == ("99.1", "2026-11-25")
    with pytest.raises(SelectorError, match=r"pypi could not be reached at .*sglang.*404"):
        pypi.read(index, ["sglang"], TODAY)
    with pytest.raises(SelectorError, match="is not JSON"):
        pypi.read(index, ["bad"], TODAY)


def test_secrets_of_an_address_are_used_and_not_shown(index: str) -> None:
    with_user = index.replace("//", "//me:se%2Fcret@")
    feed = pypi.read(with_user, ["kept"], TODAY)
    assert (feed.url, feed.rows[0].version) == (index, {"version": "99.1", "released": "2026-11-25"})
    for address in (
        f"{with_user}/bad?key=secret",
        f"{with_user}/sglang?key=secret",
        f"{with_user}/a b?key=secret",
    ):
        with pytest.raises(SelectorError) as caught:
            litellm.read(address, URL, TODAY)
        assert "cret" not in str(caught.value)
        assert index in str(caught.value)


DAMAGED: list[Any] = [
    *(None, 3, [], {}, {"info": None}, {"info": {"version": 3}}, {"info": []}),
    *(
        {**INDEXED, "releases": x}
        for x in (3, [1], {"99.1": [3]}, {"99.1": 3}, {"99.1": [{"upload_time": 3}]})
    ),
]


@pytest.mark.parametrize("damaged", DAMAGED, ids=json.dumps)
def test_a_damaged_index_is_an_error(damaged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = place.Fetched(json.dumps(damaged).encode(), TODAY)
    monkeypatch.setattr(place, "read", lambda *_: fetched)
    with pytest.raises(InputError, match=r"pypi: https://x/pypi/vllm/json (states no|has) "):
        pypi.read("https://x", ["vllm"], TODAY)


def test_feeds_cut_off_anywhere_never_fail_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each is read or told of; what is left of a table is a part of the whole."""
    texts = {"litellm": json.dumps(PRICES), "gpuhunt": ROWS, "pypi": json.dumps(INDEXED)}
    reads: dict[str, Callable[[], Feed]] = {
        "litellm": lambda: litellm.read("x.json", URL, TODAY),
        "gpuhunt": lambda: gpuhunt.read("aws.csv", URL, TODAY, TODAY),
        "pypi": lambda: pypi.read("https://x", ["vllm"], TODAY),
    }
    monkeypatch.chdir(tmp_path)
    for name, text in texts.items():
        whole: tuple[Any, ...] = ()
        for end in range(len(text), 0, -1):
            fetched = place.Fetched(text[:end].encode(), TODAY)
            monkeypatch.setattr(place, "read", lambda *_, fetched=fetched: fetched)
            try:
                rows = reads[name]().rows
            except InputError as error:
                assert name in str(error)
            else:
                whole = whole or rows
                assert set(map(repr, rows)) <= set(map(repr, whole))
    for odd in (1e999, 10**400, -1, True, "1"):
        fetched = place.Fetched(json.dumps({"a": {"input_cost_per_token": odd}}).encode(), TODAY)
        monkeypatch.setattr(place, "read", lambda *_, fetched=fetched: fetched)
        assert litellm.read("x.json", URL, TODAY).rows[0].why_not == "it has no price per token"


CASES = [
    (["--source", "litelm"], "did you mean"),
    (["--from", "x.json"], "--from is a place of one source"),
    (["--source", "genai-prices", "--from", "x.json"], "--from is a place of one source"),
    (["--source", "litellm", "--from", "nowhere.json"], "litellm: nowhere.json cannot be read"),
    (["--source", "litellm", "--from", "http://127.0.0.1:9/x.json"], "litellm could not be reached at"),
    (["--source", "gpuhunt"], "gpuhunt could not be reached"),
    (["--source", "pypi", "--from", "http://127.0.0.1:9"], "pypi could not be reached at"),
    (
        ["--source", "litellm", "--dated", "2026-11-28", "--as-of", "2026-11-27"],
        "--dated 2026-11-28 is after",
    ),
    (["--only", "vlm"], "--only vlm: no entry has this id"),
]


@pytest.mark.parametrize(("args", "said"), CASES, ids=[" ".join(a) for a, _ in CASES])
def test_errors_name_the_source(args: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["pack", "refresh", *args])
    assert isinstance(done.exception, SelectorError)
    assert said in str(done.exception)


def test_nothing_is_written_without_yes(prices: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    args = ["pack", "refresh", "--source", "litellm", "--from", str(prices), "--as-of", "2026-11-27"]
    args += ["--dated", "2026-11-26", "--save", str(folder)]
    done = CliRunner().invoke(app, args)
    assert (done.exit_code, folder.exists()) == (0, False)
    assert "add --yes" in done.stderr
    done = CliRunner().invoke(app, [*args, "--yes"])
    assert (done.exit_code, (folder / "apis-2026-11-27-01.yaml").is_file()) == (0, True)
