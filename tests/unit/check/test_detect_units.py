"""What detectors read off files of each form, and what they leave open."""

import subprocess
import sys
from pathlib import Path

import pytest

from selector.check.detect import argv, foreign, variables
from selector.check.detect.run import Detection, detect
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty


def found(folder: Path, catalogue: Catalogue, **files: str) -> Detection:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return detect(folder, catalogue)


def values(result: Detection, key: str) -> list[object]:
    return [s.value for s in result.facts if s.key == key]


def test_words_keep_their_places() -> None:
    text = "vllm serve \\\n  --model 'a b' # no\nexport X=1; echo \"y z\""
    commands = argv.commands(text, 5, 1)
    assert [[w.text for w in c] for c in commands] == [
        ["vllm", "serve", "--model", "a b"], ["export", "X=1"], ["echo", "y z"]
    ]  # fmt: skip
    model = commands[0][3]
    assert (model.line, model.column) == (6, 11)


def test_a_shell_inside_a_command_is_opened() -> None:
    words = argv.commands("exec sh -c 'a -x 1; b'")[0]
    assert [[w.text for w in c] for c in argv.unwrapped(words)] == [["a", "-x", "1"], ["b"]]


@pytest.mark.parametrize(
    ("text", "known", "result", "complete"),
    [
        ("${A:-b}", {}, "b", True),
        ("${A:-b}", {"A": "c"}, "c", True),
        ("${A-b}", {}, "b", True),
        ("$(A)/x", {"A": "c"}, "c/x", True),
        ("${A,B:d}", {"B": "c"}, "c", True),
        ("${A=east}", {}, "east", True),
        ("$(.Values.a.b)", {".Values.a.b": "v"}, "v", True),
        ("${A}", {"A": "${B:-x}"}, "x", True),
        ("$A", {}, "$A", False),
        ("${A}", {"A": "${A}"}, "${A}", False),
        ("${A}", {"A": "$B", "B": "$A"}, "${A}", False),
        ("plain", {}, "plain", True),
    ],
)
def test_variables(text: str, known: dict[str, str], result: str, complete: bool) -> None:
    got = variables.resolve(text, known)
    assert got.complete is complete
    if complete:
        assert got.text == result


def test_foreign_yaml_is_read_as_its_tools_read_it() -> None:
    documents, troubles = foreign.read(
        "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n  e: !Ref f\n---\ng: {{ .Values.h | quote }}\n{{- if .x }}\ni: 1\n{{- end }}\n",
        "f.yaml",
    )
    assert troubles == []
    assert documents[0].data["d"] == {"b": 1, "c": 3, "e": "f"}
    assert documents[0].at(("d", "e")) == (5, 6)
    assert documents[1].data == {"g": "$(.Values.h)", "i": 1}


@pytest.mark.parametrize(
    "text", ["a: [1\nb: 2\n", "a: &x [*x]\n", "[" * 3_000, "[" * 3_000 + "]" * 3_000, "a: @b\n"]
)
def test_what_is_broken_is_noted_and_never_raised(text: str) -> None:
    _, troubles = foreign.read(text, "f.yaml")
    assert len(troubles) == 1
    assert troubles[0].code in ("DETECT-001", "DETECT-002")
    assert troubles[0].line >= 1


def test_an_alias_bomb_ends_early() -> None:
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
    )
    _, troubles = foreign.read(text, "f.yaml")
    assert [t.code for t in troubles] == ["DETECT-002"]


def test_the_environment_of_a_service_beats_its_file(tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(
        tmp_path,
        catalogue,
        compose_dot_yaml="services:\n  llm:\n    image: vllm/vllm-openai:v0.9.0\n    environment: {M: org/own}\n    command: --model $M --dtype half\n",
        **{"_dot_env": "M=org/other\n"},
    )
    assert values(result, "model") == ["org/own"]
    assert values(result, "precision") == ["fp16"]
    assert values(result, "framework_version") == ["0.9.0"]


def test_quantisation_counts_before_the_arithmetic(tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(tmp_path, catalogue, run_dot_sh="vllm serve org/m --dtype bfloat16 --quantization awq\n")
    assert values(result, "precision") == ["int4-awq"]


def test_two_values_of_one_thing_are_a_conflict(tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(
        tmp_path, catalogue, run_dot_sh="vllm serve org/m --tensor-parallel-size 2 --tensor-parallel-size 4\n"
    )
    sizes = [s for s in result.facts if s.key == "tp"]
    assert {s.value for s in sizes} == {2, 4}
    assert {s.certainty for s in sizes} == {Certainty.CONFLICT}


def test_a_key_is_never_kept(tmp_path: Path, catalogue: Catalogue) -> None:
    key = "sk-ant-" + "a1B2c3D4e5F6g7H8i9J0k1"
    result = found(
        tmp_path, catalogue, run_dot_sh=f"export ANTHROPIC_API_KEY={key}\nvllm serve org/m --api-key {key}\n"
    )
    assert values(result, "api_key_set") == [True]
    assert len(values(result, "secret")) == 2
    assert key not in str(result)


def test_a_placeholder_is_no_secret(tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(
        tmp_path,
        catalogue,
        _dot_env="API_KEY=changeme\nOPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxx\nTOKEN=${TOKEN}\nPASSWORD=your_password_here\nMODEL=org/m\n",
    )
    assert values(result, "secret") == []


def test_code_is_parsed_and_never_run(tmp_path: Path, catalogue: Catalogue) -> None:
    mark = tmp_path / "ran"
    result = found(
        tmp_path,
        catalogue,
        app_dot_py=f"import openai\nopen({str(mark)!r}, 'w')\nopenai.OpenAI().chat.completions.create(model='gpt-4o')\n",
    )
    assert values(result, "model") == ["gpt-4o"]
    assert not mark.exists()


@pytest.mark.parametrize(
    ("call", "model"),
    [
        ("from openai import OpenAI\nM = 'gpt-4o'\nc = OpenAI()\nc.responses.create(model=M)", ["gpt-4o"]),
        (
            "import os\nfrom anthropic import Anthropic\nAnthropic().messages.create(model=os.getenv('M', 'claude-x'))",
            ["claude-x"],
        ),
        (
            "import os\nfrom anthropic import Anthropic\nAnthropic().messages.create(model=os.environ['M'])",
            ["${M}"],
        ),
        (
            "from transformers import AutoModel, AutoTokenizer\nAutoTokenizer.from_pretrained('org/t')\nAutoModel.from_pretrained('org/m')",
            ["org/m"],
        ),
        ("from vllm import LLM\nSIZE = 8\nLLM(f'org/m-{SIZE}B')", ["org/m-8B"]),
        ("from vllm import LLM\nfor m in names:\n    LLM(m)", ["m"]),
        ("class OpenAI: pass\nOpenAI().chat.completions.create(model='x')  # openai", []),
    ],
)
def test_models_in_python(call: str, model: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    assert values(found(tmp_path, catalogue, app_dot_py=call), "model") == model


def test_tests_and_docs_are_not_deployed(tmp_path: Path, catalogue: Catalogue) -> None:
    text = "import openai\nopenai.OpenAI().chat.completions.create(model='gpt-4o')\n"
    assert found(tmp_path, catalogue, tests__a_dot_py=text, docs__b_dot_py=text).units == ()


def test_links_are_not_followed(tmp_path: Path, catalogue: Catalogue) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "run.sh").write_text("vllm serve org/m\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "run.sh").symlink_to(outside / "run.sh")
    (inside / "loop").symlink_to(inside)
    assert detect(inside, catalogue).units == ()


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("pyproject.toml", "[project]\nname = \n", 2),
        ("Pipfile.lock", '{\n "default": {,}\n}', 2),
        ("package.json", '{"dependencies": {"openai": }}', 1),
        ("Dockerfile", "FROM a\nRUNN pip install x\n", 2),
        ("app.py", "import openai\ndef f(:\n", 2),
        ("main.tf", 'resource "a" "b" {\n', 1),
        ("compose.yaml", "services:\n  a: [\n", 3),
    ],
)
def test_a_broken_file_is_a_trouble_with_its_place(
    name: str, text: str, line: int, tmp_path: Path, catalogue: Catalogue
) -> None:
    (tmp_path / name).write_text(text)
    troubles = detect(tmp_path, catalogue).troubles
    assert [(t.code, t.file, t.line) for t in troubles] == [("DETECT-001", name, line)]


def test_what_is_not_text_or_too_large_is_said(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "compose.yaml").write_bytes(b"\xff\xfe\x00a")
    (tmp_path / "values.yaml").write_bytes(b"a: 1\n" * 500_000)
    assert {t.code for t in detect(tmp_path, catalogue).troubles} == {"DETECT-002", "DETECT-003"}


def test_detection_imports_neither_what_it_reads_nor_numpy(tmp_path: Path) -> None:
    (tmp_path / "openai.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "app.py").write_text("from openai import OpenAI\nOpenAI().responses.create(model='gpt-4o')\n")
    code = (
        "import sys; from pathlib import Path; from selector.packs.catalog import load; "
        "from selector.check.detect.run import detect; found = detect(Path('.'), load()); "
        "print(len(found.units), 'numpy' in sys.modules, 'openai' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "False", "False"]
