"""Python files: clients of APIs with the models they ask for, engines and trainers started from code.

Files are parsed, never imported. Files of tests, examples of documentation and the like declare nothing
that is deployed and are passed over.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from selector.check.detect import packages, python_calls
from selector.check.detect.constants import dotted, of_module
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen, Trouble

NOT_DEPLOYED = frozenset({"tests", "test", "testing", "docs", "doc", "benchmarks", "fixtures", "conftest.py"})
_WORDS = re.compile(
    r"\b(openai|anthropic|genai|google\.generativeai|vertexai|mistralai|cohere|groq|together|boto3|litellm|"
    r"langchain\w*|llama_index|vllm|sglang|lmdeploy|tensorrt_llm|llama_cpp|transformers|sentence_transformers|"
    r"diffusers|peft|trl|ollama|modal|torch|faster_whisper|whisper|dashscope|huggingface_hub|ray|bentoml)\b"
)


def reads(path: PurePosixPath) -> bool:
    """True for Python files that may be deployed."""
    if path.suffix != ".py":
        return False
    return (
        not (NOT_DEPLOYED & set(path.parts))
        and not path.name.startswith("test_")
        and not path.name.endswith("_test.py")
    )


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one file, a unit of its own."""
    text = tree.text(file)
    if text is None or not _WORDS.search(text):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except SyntaxError as problem:
        what = f"cannot be read: {problem.msg}"
        tree.troubles.append(Trouble("DETECT-001", what, file.name, problem.lineno or 1, problem.offset or 1))
        return []
    except (ValueError, RecursionError, MemoryError):
        tree.troubles.append(Trouble("DETECT-002", "nested too deeply, or no text of Python", file.name))
        return []
    return _told(module, file, tables)


def _told(module: ast.Module, file: File, tables: Tables) -> list[Seen]:
    teller = Teller(file.name, file.name, tables)
    names = of_module(module)
    imported = _imports(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            python_calls.tell(node, names, imported, teller)
        elif isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            python_calls.remote_code(node, names, teller)
    for words in python_calls.commands(module, names):
        teller.command(words)
    told = teller.told()
    if told:
        for module_name, node_ in sorted(_modules(module).items()):
            at = At(node_.lineno, node_.col_offset + 1, f"import {module_name}")
            _imported(module_name, at, teller)
    return teller.told() if told else []


def _imported(name: str, at: At, teller: Teller) -> None:
    """An imported module that is an engine: what serves or trains in this file."""
    known = teller.tables.packages.get(f"pypi:{name.replace('_', '-')}") or {}
    framework = {"llama_cpp": "llama.cpp", "whisper": "openai-whisper"}.get(name) or known.get("framework")
    if framework and framework not in ("ray-serve", "mlflow"):
        teller.add("framework", framework, at, Certainty.INFERRED)
    elif known.get("vector_store") or known.get("guardrail"):
        packages.told(dict(known), name, None, at, teller)


def _modules(module: ast.Module) -> dict[str, ast.stmt]:
    """First import of each top module."""
    found: dict[str, ast.stmt] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.setdefault(alias.name.split(".")[0], node)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.setdefault(node.module.split(".")[0], node)
    return found


def _imports(module: ast.Module) -> Mapping[str, str]:
    """What a name of the file means: `OpenAI` -> `openai.OpenAI`."""
    found: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            # `client = OpenAI()`: what is called on the client is called on its class.
            name = dotted(node.value.func)
            for target in node.targets:
                if isinstance(target, ast.Name | ast.Attribute) and name:
                    found[dotted(target)] = name
    return found
