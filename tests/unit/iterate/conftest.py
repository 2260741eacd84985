"""A stand-in for the genai-prices package: the classes that its data are made of, and three models."""

from pathlib import Path

import pytest

DATA = """
from datetime import date, time
from decimal import Decimal as D
from types import SimpleNamespace as N


def model(id, prices, variants=None):
    return N(id=id, prices=prices, price_variants=variants)


def at(constraint=None, **prices):
    return N(constraint=constraint, prices=N(**ALL | prices))


ALL = dict.fromkeys(("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok"))
tiered = N(base=D("2.5"), tiers=[N(start=272000, price=D("5"))])
batch = N(when={"processing": "batch"}, prices=N(**ALL | {"input_mtok": D("0.5")}), constraint=None)
providers = [
    N(id="openai", models=[
        model("gpt-5.4-mini", [
            at(input_mtok=D("0.75"), output_mtok=D("4.5")),
            at(N(start_date=date(2026, 11, 20)), input_mtok=D("1.5"), output_mtok=D("9")),
            at(N(start_date=date(2099, 1, 1)), input_mtok=D("2"), output_mtok=D("9")),
        ], [batch]),
        model("gpt-5.4", N(**ALL | {"input_mtok": tiered, "output_mtok": D("15")})),
        model("gpt-5.4-nano", N(**ALL | {"input_mtok": D("2"), "output_mtok": D("12.5")})),
        model("gpt-9", N(**ALL | {"input_mtok": D("1")})),
    ]),
    N(id="deepseek", models=[
        model("deepseek-flash", [at(N(start_time=time(1), end_time=time(4)), input_mtok=D("1"))]),
    ]),
]
"""


@pytest.fixture(scope="session")
def genai(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder to put on the path."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "genai_prices").mkdir()
    (folder / "genai_prices" / "__init__.py").touch()
    (folder / "genai_prices" / "data.py").write_text(DATA)
    info = folder / "genai_prices-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genai-prices\nVersion: 9.9\n")
    return folder
