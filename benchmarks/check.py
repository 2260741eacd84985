"""How long `selector check` takes on a repository of 10,000 files of which 300 declare something.

    python benchmarks/check.py [--files 10000] [--manifests 300] [--runs 5] [--seed 1]

The tree is made in a temporary folder: code that calls no model, documents, JSON and pictures, and among
them Dockerfiles, compose files, workloads, values of charts, scripts, locks, Python that calls a model.
Every run is a whole process; seconds of the clock and of the processor are medians, memory is the peak.
The first run, which does not count, leaves bytecode and compiled packs behind, as an installation does.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ENTRY = "from selector.cli.main import run; run()"
MODELS = ("org/alpha-8b", "org/beta-70b-AWQ", "org/gamma-32b-FP8")
LINES = 120  # of an ordinary file


def docker(r: random.Random) -> tuple[str, str]:
    return (
        "Dockerfile",
        f'FROM vllm/vllm-openai:v0.1{r.randrange(3)}.0\nCMD ["--model", "{r.choice(MODELS)}"]\n',
    )


def compose(r: random.Random) -> tuple[str, str]:
    services = "".join(
        f"  s{i}:\n    image: vllm/vllm-openai:v0.11.0\n    environment: {{M: {r.choice(MODELS)}}}\n"
        f"    command: --model ${{M}} --tensor-parallel-size {r.choice((1, 2, 4))}\n"
        for i in range(4)
    )
    return "compose.yaml", f"services:\n{services}"


def workload(r: random.Random) -> tuple[str, str]:
    one = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{i}}}\nspec:\n  replicas: 2\n  template:\n"
        "    spec:\n      containers:\n      - name: c\n        image: lmsysorg/sglang:v0.5.1\n"
        "        command: [python3, -m, sglang.launch_server]\n        args: [--model-path, {m}, --tp, '2']\n"
        "        resources: {{limits: {{nvidia.com/gpu: 2}}}}\n"
    )
    return "deploy.yaml", "---\n".join(one.format(i=i, m=r.choice(MODELS)) for i in range(5))


def values(r: random.Random) -> tuple[str, str]:
    rows = "".join(
        f"  - name: m{i}\n    repository: vllm/vllm-openai\n    tag: v0.10.2\n"
        f"    modelURL: {r.choice(MODELS)}\n    requestGPU: 1\n"
        for i in range(5)
    )
    return "values.yaml", f"servingEngineSpec:\n  modelSpec:\n{rows}"


def script(r: random.Random) -> tuple[str, str]:
    return (
        "run.sh",
        f"export M={r.choice(MODELS)}\nvllm serve $M --max-model-len 8192 \\\n  --quantization fp8\n" * 3,
    )


def requirements(_: random.Random) -> tuple[str, str]:
    return "requirements.txt", "".join(f"package-{i}=={i}.0\n" for i in range(80)) + "vllm==0.11.0\n"


def code(_: random.Random) -> tuple[str, str]:
    text = "import openai\n\nclient = openai.OpenAI()\n" + "".join(
        f"\n\ndef ask{i}(text):\n    return client.responses.create(model='gpt-4.1-mini', input=text)\n"
        for i in range(25)
    )
    return "app.py", text


DECLARING: tuple[Callable[[random.Random], tuple[str, str]], ...] = (
    docker, compose, workload, values, script, requirements, code,
)  # fmt: skip
ORDINARY: tuple[tuple[str, str], ...] = (
    ("module.py", "def f(x):\n    return x + 1\n"),
    ("page.ts", "export const f = (x: number) => x + 1;\n"),
    ("notes.md", "words and more words\n"),
    ("data.json", '{"a": [1, 2, 3]}\n'),
    ("settings.yaml", "name: value\n"),
    ("style.css", ".a { color: red }\n"),
    ("main.go", "func f(x int) int { return x + 1 }\n"),
)


def make(root: Path, files: int, manifests: int, seed: int) -> None:
    """The tree: folders of ten files each."""
    r = random.Random(seed)
    for i in range(files):
        folder = root / f"part{i // 400}" / f"unit{i // 10}"
        folder.mkdir(parents=True, exist_ok=True)
        if i % (files // manifests) == 0 and i // (files // manifests) < manifests:
            name, text = DECLARING[i // (files // manifests) % len(DECLARING)](r)
            (folder / name).write_text(text)
        else:
            name, line = ORDINARY[i % len(ORDINARY)]
            text = line if name.endswith(".json") else line * (LINES // (line.count("\n") or 1))
            (folder / f"f{i}-{name}").write_text(text if not name.endswith(".yaml") else f"k{i}: 1\n{line}")


def run(root: Path) -> tuple[float, float, float, bytes]:
    """Seconds of the clock and of the processor, megabytes at the peak, output of one process."""
    command = [sys.executable, "-c", ENTRY, "check", str(root), "--format", "json", "--exit-zero"]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=env)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"check ended with {process.returncode}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, out


def main() -> None:
    """Make the tree, run several times, print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--manifests", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, given.files, given.manifests, given.seed)
        first = run(root)  # not counted
        found = [run(root) for _ in range(given.runs)]
    facts = first[3].count(b'"certainty"')
    same = all(f[3] == first[3] for f in found)
    wall, cpu = (statistics.median(f[i] for f in found) for i in (0, 1))
    print(
        f"{given.files:,} files, {given.manifests} that declare: {wall:.2f} s clock, {cpu:.2f} s processor, "
        f"{max(f[2] for f in found):.0f} MB, {facts:,} facts, equal output: {same}"
    )


if __name__ == "__main__":
    main()
