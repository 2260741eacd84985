"""Run `selector check` over repositories that are broken in every way, and report what goes wrong.

    python scripts/fuzz_check.py [--count 5000] [--seed 1]

Each repository is some excerpts of tests/detection with bytes changed, cut off, nested deeply, in odd
encodings, with links out of the tree and policies that are broken too. A traceback or a run of more than
five seconds is printed with its seed; the exit code is 1 where there was one.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path

from selector.check import policy as policies
from selector.check.gate import check
from selector.errors import SelectorError
from selector.packs.catalog import Catalogue, load
from selector.report.check import as_json, as_text, verdict
from selector.report.check_markdown import as_markdown
from selector.report.github import as_github
from selector.report.json import dumps
from selector.report.junit import as_junit
from selector.report.sarif import as_sarif

KEYS = Path(__file__).parents[1] / "tests" / "detection"
SECONDS = 5
TODAY = date(2026, 11, 24)
POLICY = """version: 1
extends: [production, eu]
models: {allow: ['Qwen/*'], deny: ['*gpt*']}
cost: {per_month_usd: 100}
waivers: [{rule: POL-001, path: '*', reason: a reason, owner: me, expires: '2026-12-01'}]
"""


def _cut(text: bytes, r: random.Random) -> bytes:
    return text[: r.randrange(len(text) + 1)]


def _flip(text: bytes, r: random.Random) -> bytes:
    found = bytearray(text)
    for _ in range(r.randrange(1, 20)):
        if found:
            found[r.randrange(len(found))] = r.randrange(256)
    return bytes(found)


def _swap(text: bytes, r: random.Random) -> bytes:
    lines = text.split(b"\n")
    r.shuffle(lines)
    return b"\n".join(lines)


def _deep(text: bytes, r: random.Random) -> bytes:
    depth = r.choice([60, 2_000, 50_000])
    return r.choice([b"[" * depth, b"{a: " * depth, b'{"a":' * depth, b"(" * depth]) + text


def _encoded(text: bytes, r: random.Random) -> bytes:
    return text.decode("utf-8", "replace").encode(
        r.choice(["utf-16", "utf-32", "utf-8-sig", "cp1252"]), "replace"
    )


def _repeated(text: bytes, r: random.Random) -> bytes:
    return text * r.choice([2, 50])


def _words(text: bytes, r: random.Random) -> bytes:
    odd = [
        b"${A:-${B:-",
        b"{{ .Values.x }}",
        b"&a [*a,*a]",
        b"<<: *x",
        b"\x00",
        b"'",
        b'"',
        b"|",
        b": ",
        b"- ",
        b"!!python/object:os.system x",
    ]
    at = r.randrange(len(text) + 1)
    return text[:at] + r.choice(odd) * r.randrange(1, 5) + text[at:]


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _flip, _swap, _deep, _encoded, _repeated, _words, _words, _flip,
)  # fmt: skip


def make(folder: Path, seed: int, sources: list[Path]) -> None:
    """One repository."""
    r = random.Random(seed)
    for number in range(r.randrange(1, 6)):
        source = r.choice(sources)
        text = source.read_bytes()
        for _ in range(r.randrange(0, 4)):
            text = r.choice(MUTATIONS)(text, r)
        name = (
            source.name
            if r.random() < 0.8
            else r.choice(
                ["values.yaml", "compose.yaml", "a.py", "main.tf", "package.json", ".env", "Dockerfile"]
            )
        )
        place = folder / r.choice(["", "deploy", f"d{number}"]) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text[:3_000_000])
    if r.random() < 0.1:
        (folder / "link").symlink_to(r.choice(["/etc", "..", "link", "/proc/self"]))
    if r.random() < 0.3:
        text = POLICY.encode()
        (folder / "selector.policy.yaml").write_bytes(
            r.choice(MUTATIONS)(text, r) if r.random() < 0.5 else text
        )
    if r.random() < 0.2:
        stack = b"version: 1\nstack: {model: Qwen/Qwen3-8B, hosting: on_prem, engine: vllm}\n"
        (folder / "selector.stack.yaml").write_bytes(
            r.choice(MUTATIONS)(stack, r) if r.random() < 0.5 else stack
        )


def run(folder: Path, cat: Catalogue) -> str:
    """How one run ended."""
    try:
        source = policies.find(None, folder)
        found = check(folder, policies.resolve(source, cat), cat, TODAY)
    except SelectorError:
        return "refused"
    if found is None:
        return "nothing"
    judged = verdict(found, "high", "low")
    dumps(as_json(found, judged))
    dumps(as_sarif(found, judged))
    for text in (as_text, as_markdown, as_junit, as_github):
        text(found, judged)
    return "judged"


def fuzz(count: int, seed: int, cat: Catalogue) -> tuple[dict[str, int], list[str]]:
    """Counts of outcomes, and what went wrong."""
    sources = sorted(p for p in KEYS.rglob("*") if p.is_file() and "repo" in p.parts)
    counts: dict[str, int] = {}
    wrong: list[str] = []

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    for number in range(seed, seed + count):
        folder = Path(tempfile.mkdtemp())
        try:
            make(folder, number, sources)
            signal.alarm(SECONDS)
            start = time.perf_counter()
            outcome = run(folder, cat)
            counts[outcome] = counts.get(outcome, 0) + 1
            counts["slowest_ms"] = max(counts.get("slowest_ms", 0), int(1e3 * (time.perf_counter() - start)))
        except TimeoutError:
            wrong.append(f"seed {number}: over {SECONDS} s")
        except Exception:
            wrong.append(f"seed {number}: {traceback.format_exc(limit=-3)}")
        finally:
            signal.alarm(0)
            shutil.rmtree(folder, ignore_errors=True)
    return counts, wrong


def main() -> None:
    """Fuzz and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    counts, wrong = fuzz(given.count, given.seed, load())
    print(counts)
    for one in wrong[:20]:
        print(one)
    print(f"{given.count} repositories, {len(wrong)} tracebacks or hangs")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
