"""The story of the README in two iterations: its commands, and what the last one prints first."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
CODE = "from selector.cli.main import run; run()"


def block(mark: str) -> str:
    """The fenced block of the README below a mark."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README.read_text(), re.DOTALL)
    assert found, mark
    return found[1]


def told(folder: Path) -> str:
    """Run the commands in an empty folder; the first paragraph of what the last one prints."""
    (folder / "examples").symlink_to(ROOT / "examples")
    for line in block("story").splitlines():
        program, *args = shlex.split(line)
        assert program == "selector"
        command = [sys.executable, "-c", CODE, *args]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return done.stdout.partition("\n\n")[0] + "\n"


def write(text: str) -> None:
    """Put what is printed into the README."""
    mark = "<!-- story: what the last command prints first -->\n```text\n"
    before, _, rest = README.read_text().partition(mark)
    README.write_text(before + mark + text + rest[rest.index("```") :])
