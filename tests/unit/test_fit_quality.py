"""The fitted quality prior is what the script gives from the scores in the packs."""

import subprocess
import sys
from pathlib import Path


def test_file_is_what_the_script_gives(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(root / "scripts" / "fit_quality.py")], capture_output=True, text=True, check=True
    )
    assert done.stdout == (root / "rules" / "models" / "parameters.yaml").read_text(encoding="utf-8")
