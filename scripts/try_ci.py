"""Run the hooks with pre-commit itself, and the steps of the Action, from a clean clone of the last commit.

    python scripts/try_ci.py [--pre-commit PATH] [--schema sarif-schema-2.1.0.json]

Needs git, bash, pre-commit and an index of packages. Two scratch repositories are checked, one clean and one
with findings; the Action's own steps are run as GitHub would run them, with its inputs as variables. With
`--schema` the SARIF files are held against it. Ends with 1 where anything is not as it should be.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

ROOT = Path(__file__).parents[1]
CLEAN = "FROM vllm/vllm-openai:v0.33.0@sha256:" + "0" * 64 + "\n"
FOUND = "vllm serve Qwen/Qwen3-8B --trust-remote-code\n"
NAMES = ("selector-check", "selector-pack-test")


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    whole = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | env
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=whole, capture_output=True, text=True, check=False
    )


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """A repository with one commit."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    run("git", "init", "-q", cwd=folder)
    run("git", "add", "-A", cwd=folder)
    who = ("-c", "user.name=scratch", "-c", "user.email=scratch@example.org")
    run("git", *who, "commit", "-q", "-m", "start", cwd=folder)
    return folder


def hooks(program: str, clone: Path, scratch: Path, wanted: int) -> list[str]:
    """What goes wrong when pre-commit installs and runs the hook; `wanted` is its exit code."""
    revision = run("git", "rev-parse", "HEAD", cwd=clone).stdout.strip()
    here = [{"id": NAMES[0]}]
    config = {"repos": [{"repo": clone.as_uri(), "rev": revision, "hooks": here}]}
    (scratch / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    run("git", "add", "-A", cwd=scratch)
    home = str(scratch.parent / "pre-commit")
    ways = {
        "run": (program, "run", "--all-files"),
        "try-repo": (program, "try-repo", str(clone), NAMES[0], "--ref", revision, "--all-files"),
    }
    wrong = []
    for name, command in ways.items():
        done = run(*command, cwd=scratch, PRE_COMMIT_HOME=home)
        print(f"pre-commit {name} in {scratch.name}: {done.returncode}, wanted {wanted}")
        if done.returncode != wanted or "selector check" not in done.stdout:
            wrong.append(f"pre-commit {name} in {scratch.name}:\n{done.stdout}{done.stderr}")
    return wrong


def action(clone: Path, scratch: Path, temp: Path, wanted: int) -> list[str]:
    """What goes wrong in the steps of the Action; `wanted` is the exit code of the last."""
    document: dict[str, Any] = yaml.safe_load((clone / "action.yml").read_text())
    given = {f"${{{{ inputs.{k} }}}}": str(v["default"]) for k, v in document["inputs"].items()}
    given["${{ github.action_path }}"] = str(clone)
    outputs = {k: str(temp / k.lower()) for k in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    steps = [s for s in document["runs"]["steps"] if "run" in s]
    wrong = []
    for number, step in enumerate(steps):
        env = {k: given[v] for k, v in step["env"].items()} | outputs | {"RUNNER_TEMP": str(temp)}
        done = run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"], cwd=scratch, **env)
        expected = wanted if number == len(steps) - 1 else 0
        print(f"step {number + 1} of the Action in {scratch.name}: {done.returncode}, wanted {expected}")
        if done.returncode != expected:
            wrong.append(f"step {number + 1} in {scratch.name}:\n{done.stdout}{done.stderr}")
    for name in (*outputs.values(), str(scratch / "selector.sarif")):
        if not Path(name).is_file():
            wrong.append(f"{name} is not there")
    return wrong


def main() -> None:
    """Clone, make, run, say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pre-commit", default="pre-commit")
    parser.add_argument("--schema", type=Path)
    given = parser.parse_args()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        clone = base / "clone"
        run("git", "clone", "-q", ROOT.as_uri(), str(clone), cwd=base)
        clean = repository(base / "clean", {"Dockerfile": CLEAN})
        found = repository(base / "found", {"run.sh": FOUND})
        for scratch, code in ((clean, 0), (found, 1)):
            temp = base / f"runner-{scratch.name}"
            temp.mkdir()
            wrong += hooks(given.pre_commit, clone, scratch, code)
            wrong += action(clone, scratch, temp, code)
            if given.schema is not None:
                wrong += _against(given.schema, scratch / "selector.sarif")
    print("\n".join(wrong) or "all as it should be")
    sys.exit(1 if wrong else 0)


def _against(schema: Path, file: Path) -> list[str]:
    """Faults of a SARIF file under the official schema."""
    checker = jsonschema.validators.validator_for(json.loads(schema.read_text()))
    found = checker(json.loads(schema.read_text())).iter_errors(json.loads(file.read_text()))
    faults = [f"{file.name}: {e.json_path}: {e.message}" for e in found]
    print(f"{file.parent.name}/{file.name} against {schema.name}: {len(faults)} faults")
    return faults


if __name__ == "__main__":
    main()
