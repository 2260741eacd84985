"""Write the expected output of every example; look at the difference before you commit it."""

import subprocess
import sys
import tempfile
from pathlib import Path

import story

for folder in sorted(p.parent for p in (Path(__file__).parents[2] / "examples").glob("*/reqs.yaml")):
    code = "from selector.cli.main import run; run()"
    args = ["recommend", str(folder / "reqs.yaml"), "--as-of", "2026-11-24", "--format", "markdown"]
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)
    (folder / "expected.md").write_text(done.stdout, encoding="utf-8")

folder = Path(__file__).parent / "diff"
args = ["diff", "old.yaml", "new.yaml", "--as-of", "2026-11-24", "--format", "markdown"]
command = [sys.executable, "-c", code, *args]
done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
(folder / "expected.md").write_text(done.stdout, encoding="utf-8")

with tempfile.TemporaryDirectory() as empty:
    story.write(story.told(Path(empty)))
