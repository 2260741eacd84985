"""Manifests and locks of Python and Node: names, pinned versions and their places."""

from pathlib import Path

import pytest

from selector.check.detect.packages import requirement
from selector.check.detect.run import Detection, detect
from selector.packs.catalog import Catalogue


def found(folder: Path, catalogue: Catalogue, files: dict[str, str]) -> Detection:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return detect(folder, catalogue)


def versions(result: Detection, unit: str) -> dict[str, str | None]:
    """Version of each framework and library of a unit, paired by their place as `check` pairs them."""
    facts = [s for s in result.facts if s.unit == unit]
    at = {(s.key, s.file, s.line, s.column): str(s.value) for s in facts if s.key.endswith("_version")}
    return {
        str(s.value): at.get((f"{s.key}_version", s.file, s.line, s.column))
        for s in facts
        if s.key in ("framework", "library")
    }


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("vllm", "vllm", None),
        ("vllm==0.10.2", "vllm", "0.10.2"),
        ("vllm === 0.10.2", "vllm", "0.10.2"),
        ("vllm[flashinfer, audio] == 0.10.2 ; python_version >= '3.10'", "vllm", "0.10.2"),
        ("vllm==0.10.2 --hash=sha256:00", "vllm", "0.10.2"),
        ("vllm==0.10.2 \\", "vllm", "0.10.2"),
        ("vllm==0.10.2  # why", "vllm", "0.10.2"),
        ("vllm (==0.10.2)", "vllm", "0.10.2"),
        ("vllm>=0.9,==0.10.2", "vllm", "0.10.2"),
        ("vllm==0.10.*", "vllm", None),
        ("vllm>=0.10", "vllm", None),
        ("vllm~=0.10.1", "vllm", None),
        ("vllm!=0.10.1", "vllm", None),
        ("torch==2.8.0+cu128", "torch", "2.8.0+cu128"),
        (
            "torch @ https://w.example/torch-2.6.0%2Bcu124-cp311-cp311-linux_x86_64.whl",
            "torch",
            "2.6.0+cu124",
        ),
        ("https://w.example/sglang-0.4.9-py3-none-any.whl#sha256=00", "sglang", "0.4.9"),
        ("https://w.example/a/llama-index-0.12.1.tar.gz", "llama-index", "0.12.1"),
        ("peft @ git+https://git.example/x/peft.git@v0.17.0", "peft", "0.17.0"),
        ("git+https://git.example/x/trl.git@main", "trl", None),
        ("git+https://git.example/x/fork@v1.2.3#egg=trl", "trl", "1.2.3"),
        ("git+ssh://git@git.example/x/trl.git", "trl", None),
    ],
)
def test_requirements_as_pip_reads_them(text: str, name: str, version: str | None) -> None:
    assert requirement(text) == (name, version)


@pytest.mark.parametrize("text", ["", "https://example.org", "$VAR", "./local", "-r other.txt", "@"])
def test_what_names_no_package(text: str) -> None:
    assert requirement(text) is None


def test_a_requirements_file(tmp_path: Path, catalogue: Catalogue) -> None:
    text = (
        "# torch==1.0\n--extra-index-url https://x.example/vllm==9\nvllm==0.9.1 \\\n    --hash=sha256:aa\n"
        "-e git+https://git.example/x/trl.git@v0.9.0#egg=trl\n  Sentence_Transformers==3.0.1\nunknown-thing==1\n"
    )
    result = found(tmp_path, catalogue, {"requirements-gpu.txt": text})
    assert versions(result, "requirements-gpu.txt") == {
        "vllm": "0.9.1", "trl": "0.9.0", "sentence-transformers": "3.0.1"
    }  # fmt: skip
    assert {(s.line, s.column) for s in result.facts} == {(3, 1), (5, 1), (6, 3)}


def test_files_that_a_requirements_file_names(tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(
        tmp_path,
        catalogue,
        {
            "requirements.txt": "-r base.txt\n-c pins.txt\n--requirement requirements-extra.txt\nopenai>=1\n",
            "base.txt": "groq==0.9.0\n-r requirements.txt\n-r ../outside.txt\n",
            "pins.txt": "openai==1.55.3\nanthropic==0.1\n",
            "requirements-extra.txt": "cohere==5.0.0\n",
        },
    )
    assert versions(result, "requirements.txt") == {"groq": "0.9.0", "openai": "1.55.3"}
    assert versions(result, "requirements-extra.txt") == {"cohere": "5.0.0"}
    assert {s.file for s in result.facts if s.value == "groq"} == {"base.txt"}


def test_two_packages_of_one_line_keep_their_versions(tmp_path: Path, catalogue: Catalogue) -> None:
    text = '[project]\ndependencies = ["langchain-openai==0.2.0", "openai==1.2.3", "vllm==0.9.1", "torch==2.7.0"]\n'
    assert versions(found(tmp_path, catalogue, {"pyproject.toml": text}), "pyproject.toml") == {
        "langchain-openai": "0.2.0", "openai": "1.2.3", "vllm": "0.9.1", "pytorch": "2.7.0"
    }  # fmt: skip


def test_groups_of_pyproject(tmp_path: Path, catalogue: Catalogue) -> None:
    text = """[project]
name = "x"
[project.optional-dependencies]
gpu = ["sglang[all]==0.4.6"]
[dependency-groups]
dev = ["trl==0.9.0", {include-group = "gpu"}]
[tool.uv]
dev-dependencies = ["openai>1"]
[tool.pdm.dev-dependencies]
lint = ["peft==0.12.0"]
[tool.poetry.dependencies]
transformers = {version = "4.50.0", extras = ["torch"]}
torch = [{version = "2.1.0", markers = "a"}, {version = "2.0.1", markers = "b"}]
anthropic = "^0.30"
[tool.poetry.group.x.dependencies]
vllm = "0.8.5"
"""
    assert versions(found(tmp_path, catalogue, {"pyproject.toml": text}), "pyproject.toml") == {
        "sglang": "0.4.6", "trl": "0.9.0", "openai": None, "peft": "0.12.0", "transformers": "4.50.0",
        "pytorch": None, "anthropic": None, "vllm": "0.8.5",
    }  # fmt: skip


def test_a_lock_beats_the_manifest_of_its_folder(tmp_path: Path, catalogue: Catalogue) -> None:
    lock = '[[package]]\nname = "openai"\nversion = "1.68.0"\n\n[[package]]\nname = "torch"\nversion = "2.1.0"\n\n[[package]]\nname = "torch"\nversion = "2.0.1"\n'
    result = found(
        tmp_path,
        catalogue,
        {
            "a/pyproject.toml": '[project]\ndependencies = ["openai==1.0.0", "torch", "vllm==0.9.0"]\n',
            "a/poetry.lock": lock,
            "b/pyproject.toml": '[project]\ndependencies = ["openai"]\n',
        },
    )
    # Two versions of torch for different machines are no version.
    assert versions(result, "a/pyproject.toml") == {"openai": "1.68.0", "pytorch": None, "vllm": "0.9.0"}
    assert versions(result, "b/pyproject.toml") == {"openai": None}


def test_a_lock_of_a_workspace_counts_for_its_members_only(tmp_path: Path, catalogue: Catalogue) -> None:
    member = '[project]\ndependencies = ["openai"]\n'
    lock = (
        '[[package]]\nname = "openai"\nversion = "1.9.0"\n[[package]]\nname = "a"\nversion = "0"\n'
        'source = { editable = "packages/a" }\n'
    )
    result = found(
        tmp_path,
        catalogue,
        {"uv.lock": lock, "packages/a/pyproject.toml": member, "packages/b/pyproject.toml": member},
    )
    assert versions(result, "packages/a/pyproject.toml") == {"openai": "1.9.0"}
    assert versions(result, "packages/b/pyproject.toml") == {"openai": None}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pylock.toml", '[[packages]]\nname = "vllm"\nversion = "0.9.2"\n', {"vllm": "0.9.2"}),
        ("requirements.lock", "vllm==0.8.1\n", {"vllm": "0.8.1"}),
        ("Pipfile", '[packages]\nopenai = "*"\nvllm = "==0.8.1"\n', {"openai": None, "vllm": "0.8.1"}),
        (
            "Pipfile.lock",
            '{"default": {"vllm": {"version": "==0.8.1"}}, "develop": {"openai": {}}}',
            {"vllm": "0.8.1", "openai": None},
        ),
        (
            "setup.cfg",
            "[metadata]\nname = torch\n[options]\ninstall_requires =\n    vllm==0.4.0\n[options.extras_require]\n"
            "a = openai; sglang==0.2.1\n",
            {"vllm": "0.4.0", "openai": None, "sglang": "0.2.1"},
        ),
        (
            "setup.py",
            "from setuptools import setup\nR = ['torch==2.1.2', 'trl']\n"
            "setup(name='vllm', install_requires=R + ['peft==0.9.0'], extras_require={'g': ['vllm==0.5.1']})\n",
            {"pytorch": "2.1.2", "trl": None, "peft": "0.9.0", "vllm": "0.5.1"},
        ),
        (
            "environment-gpu.yml",
            "dependencies:\n  - python=3.11\n  - pytorch::pytorch=2.5.1=py3_cuda\n  - transformers>=4.4\n"
            "  - xgboost 2.1.1\n  - scikit-learn=1.5\n  - lightgbm ==4.0\n  - pip:\n    - vllm==0.6.3\n    - -r a.txt\n",
            {"pytorch": "2.5.1", "transformers": None, "xgboost": "2.1.1", "scikit-learn": None, "lightgbm": "4.0",
             "vllm": "0.6.3"},
        ),
        # The name means the framework only where conda is asked for it.
        ("conda-gpu.yaml", "dependencies:\n  - PyTorch-GPU=2.5.1=h1\n", {"pytorch": "2.5.1"}),
        ("requirements-gpu.txt", "pytorch-gpu==2.5.1\nvllm==0.6.3\n", {"vllm": "0.6.3"}),
    ],
)  # fmt: skip
def test_forms(
    name: str, text: str, expected: dict[str, str | None], tmp_path: Path, catalogue: Catalogue
) -> None:
    assert versions(found(tmp_path, catalogue, {name: text}), name) == expected


NPM = '{"dependencies": {"openai": "^4.50.0", "left-pad": "1.0.0"}, "devDependencies": {"@ai-sdk/openai": "2.0.1"}}'


@pytest.mark.parametrize(
    ("name", "text", "version"),
    [
        ("none", "", None),
        (
            "package-lock.json",
            '{"packages": {"": {}, "node_modules/openai": {"version": "4.60.0"}}}',
            "4.60.0",
        ),
        ("package-lock.json", '{"dependencies": {"openai": {"version": "4.61.0"}}}', "4.61.0"),
        ("package-lock.json", "[]", None),
        (
            "pnpm-lock.yaml",
            "importers:\n  .:\n    dependencies:\n      openai:\n        specifier: ^4.50.0\n"
            "        version: 4.71.1(zod@3.23.8)\npackages:\n  broken: [\n",
            "4.71.1",
        ),
        ("pnpm-lock.yaml", "dependencies:\n  openai: 4.1.0_zod@3\n", "4.1.0"),
        ("yarn.lock", '"openai@^4.1", openai@^4.50.0:\n  version "4.77.0"\n', "4.77.0"),
        ("yarn.lock", '"openai@npm:^4.50.0":\n  version: 4.78.0\n', "4.78.0"),
        ("yarn.lock", '"", ,:\n  version "3.1.0"\n', None),
        ("yarn.lock", 'openai@^3.0.0:\n  version "3.1.0"\n', None),
        ("bun.lock", '{"packages": {\n "openai": ["openai@4.62.0", "", {}],\n}}', "4.62.0"),
    ],
)
def test_locks_of_node(
    name: str, text: str, version: str | None, tmp_path: Path, catalogue: Catalogue
) -> None:
    result = found(tmp_path, catalogue, {"web/package.json": NPM, f"web/{name}": text})
    assert versions(result, "web/package.json") == {"openai": version, "@ai-sdk/openai": "2.0.1"}
    assert result.troubles == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package-lock.json", '{"packages": {"apps/a": {}, "node_modules/openai": {"version": "4.60.0"}}}'),
        ("pnpm-lock.yaml", "importers:\n  apps/a:\n    dependencies:\n      openai: {version: 4.60.0}\n"),
        ("yarn.lock", 'openai@^4.50.0:\n  version "4.60.0"\n'),
        ("bun.lock", '{"workspaces": {"apps/a": {}}, "packages": {"openai": ["openai@4.60.0", ""]}}'),
    ],
)
def test_locks_of_a_workspace_of_node(name: str, text: str, tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(tmp_path, catalogue, {name: text, "apps/a/package.json": NPM, "tools/b/package.json": NPM})
    assert versions(result, "apps/a/package.json")["openai"] == "4.60.0"
    other = versions(result, "tools/b/package.json")["openai"]
    assert other == ("4.60.0" if name == "yarn.lock" else None)  # yarn locks what was asked for, by whomever


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("uv.lock", '[[package]\nname = "vllm"\n', 1),
        ("setup.py", "setup(install_requires=[\n", 1),
        ("poetry.lock", "a = {\n", 1),
        ("environment.yml", "dependencies: [a\nb: 1\n", 2),
    ],
)
def test_a_broken_manifest_is_told_once(
    name: str, text: str, line: int, tmp_path: Path, catalogue: Catalogue
) -> None:
    files = {name: text, "pyproject.toml": '[project]\ndependencies = ["openai"]\n'}
    troubles = found(tmp_path, catalogue, files).troubles
    assert [(t.code, t.file, t.line) for t in troubles] == [("DETECT-001", name, line)]


def test_a_broken_lock_of_node_is_told(tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(tmp_path, catalogue, {"package.json": NPM, "package-lock.json": '{\n"packages": {,}}'})
    assert [(t.code, t.file, t.line) for t in result.troubles] == [("DETECT-001", "package-lock.json", 2)]
    assert versions(result, "package.json")["openai"] is None
