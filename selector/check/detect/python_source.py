"""Python files: clients of APIs with the models they ask for, engines and trainers started from code.

Files are parsed, never imported. Constants, defaults of arguments and fields of the same file, and those
that it imports from files of the repository, are followed. Files of tests and documentation declare nothing
that is deployed and are passed over; examples count, since many repositories are nothing else.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping

from selector.check.detect import packages, python_calls, python_models
from selector.check.detect.constants import dotted, value
from selector.check.detect.python_call import Call
from selector.check.detect.scopes import Bound, of_module, settled, visible
from selector.check.detect.syntax import nodes, own
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen, Trouble

NOT_DEPLOYED = frozenset({"tests", "test", "testing", "docs", "doc", "benchmarks", "fixtures", "conftest.py"})
# Modules that start something or name a model, beside those of the tables.
OTHERS = (
    "boto3", "diffusers", "modal", "torch", "peft", "trl", "unsloth", "ray", "bentoml", "datasets",
    "sagemaker", "aiplatform", "dspy", "crewai", "pydantic_ai", "llama-server", "ollama",
)  # fmt: skip
# Modules whose import alone says little: they serve or train what others are.
QUIET = frozenset({"ray-serve", "mlflow"})


def reads(file: File) -> bool:
    """True for Python files that may be deployed."""
    if file.suffix != ".py":
        return False
    return (
        not (NOT_DEPLOYED & set(file.parts))
        and not file.base.startswith("test_")
        and not file.base.endswith("_test.py")
    )


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one file, a unit of its own."""
    text = tree.text(file)
    if text is None or not _asks(text, tree, tables):
        return []
    module = _parsed(text, file, tree)
    if module is None:
        return []
    try:
        return _told(module, file, tree, tables)
    except RecursionError:
        tree.troubles.append(Trouble("DETECT-002", "nested too deeply", file.name))
        return []
    finally:
        own.cache_clear()


def _asks(text: str, tree: Tree, tables: Tables) -> bool:
    """Whether a file has one of the words at least of those that it has if it is worth parsing."""
    key = ("python", "words")
    if key not in tree.memo:
        kinds = (tables.words(f"python_{kind}") for kind in ("clients", "engines", "routed"))
        tree.memo[key] = sorted({name.split(".")[0] for kind in kinds for name in kind} | set(OTHERS))
    # Plain texts are found many times faster than by one expression of them all.
    found = [word for word in tree.memo[key] if word in text]
    return bool(found) and re.search(rf"\b(?:{'|'.join(map(re.escape, found))})\b", text) is not None


def _parsed(text: str, file: File, tree: Tree) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as problem:
        what = f"cannot be read: {problem.msg}"
        trouble = Trouble("DETECT-001", what, file.name, problem.lineno or 1, problem.offset or 1)
    except (ValueError, RecursionError, MemoryError):
        trouble = Trouble("DETECT-002", "nested too deeply, or no text of Python", file.name)
    if trouble not in tree.troubles:
        tree.troubles.append(trouble)
    return None


def _told(module: ast.Module, file: File, tree: Tree, tables: Tables) -> list[Seen]:
    teller = Teller(file.name, file.name, tables)
    every = nodes(module)
    imported, commands = _imports(every), python_calls.Commands()
    for node, names in visible(module, every, _constants(every, file, tree)):
        commands.see(node, names)
        if isinstance(node, ast.Call):
            call = Call(node, python_calls.full(node.func, imported), names, teller)
            python_calls.tell(call)
            for keyword in node.keywords:
                if keyword.arg == "trust_remote_code":
                    python_models.remote_code(keyword, call)
    for words in commands.all():
        packages.installed(words, teller)
        teller.command(words)
    if teller.told():
        for module_name, node_ in sorted(_modules(every).items()):
            _imported(module_name, At(node_.lineno, node_.col_offset + 1, f"import {module_name}"), teller)
    return teller.told()


def _constants(every: Iterable[ast.AST], file: File, tree: Tree) -> Bound:
    """Constants that a file imports from others of the repository, under the names that it gives them."""
    found: Bound = {}
    for node in every:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name, part = alias.asname or alias.name, _file_of(node, file, tree)
                whole = _file_of(ast.ImportFrom(_joined(node.module, alias.name), [], node.level), file, tree)
                bound = _bound(part, tree) if part is not None else {}
                found |= {name + k[len(alias.name) :]: v for k, v in bound.items() if _is_of(k, alias.name)}
                if whole is not None:
                    found |= {f"{name}.{k}": v for k, v in _bound(whole, tree).items()}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                whole = _file_of(ast.ImportFrom(alias.name, [], 0), file, tree)
                if whole is not None:
                    found |= {f"{alias.asname or alias.name}.{k}": v for k, v in _bound(whole, tree).items()}
    return found


def _joined(module: str | None, name: str) -> str:
    return f"{module}.{name}" if module else name


def _is_of(key: str, name: str) -> bool:
    return key == name or key.startswith(f"{name}.")


def _file_of(node: ast.ImportFrom, file: File, tree: Tree) -> File | None:
    """The file of a module: beside the importing one or in a folder above, as far as the path leads there."""
    parts = (node.module or "").split(".") if node.module else []
    folders = [file.path.parent, *file.path.parent.parents]
    starts = folders[node.level - 1 : node.level] if node.level else folders
    for start in starts:
        base = start.joinpath(*parts)
        for path in (base.with_suffix(".py") if parts else base / "__init__.py", base / "__init__.py"):
            found = tree.at(path)
            if found is not None and found.path != file.path:
                return found
    return None


def _bound(file: File, tree: Tree) -> Bound:
    """Constants of a file, as values."""
    key = ("constants", file.name)
    if key not in tree.memo:
        text = tree.text(file)
        module = _parsed(text, file, tree) if text is not None else None
        names = of_module(module) if module is not None else {}
        pairs = {n: settled(value(node, names), node) for n, node in names.items() if node is not None}
        tree.memo[key] = {n: node for n, node in pairs.items() if node is not None}
    found: Bound = tree.memo[key]
    return found


def _imported(name: str, at: At, teller: Teller) -> None:
    """An imported module that is an engine or a store: what serves, trains or keeps vectors in this file."""
    top, _, rest = name.partition(".")
    known = teller.tables.packages.get(f"pypi:{top.replace('_', '-')}") or {}
    framework = {"llama_cpp": "llama.cpp", "whisper": "openai-whisper"}.get(top) or known.get("framework")
    if not rest:
        if framework and framework not in QUIET:
            teller.add("framework", framework, at, Certainty.INFERRED)
        elif known.get("vector_store") or known.get("guardrail"):
            packages.told(dict(known), name, None, at, teller)
    elif re.search(r"vector_?stores\.", name):
        plain = name.rsplit(".", 1)[-1].lower().replace("vectorstore", "")
        stores = {p["vector_store"] for p in teller.tables.packages.values() if p.get("vector_store")}
        if plain in stores:
            teller.add("vector_store", plain, at, Certainty.INFERRED)


def _modules(every: Iterable[ast.AST]) -> dict[str, ast.stmt]:
    """First import of each top module, and of each name from a module of vector stores."""
    found: dict[str, ast.stmt] = {}
    for node in every:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.setdefault(alias.name.split(".")[0], node)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.setdefault(node.module.split(".")[0], node)
            for alias in node.names if "store" in node.module else ():
                found.setdefault(f"{node.module}.{alias.name}", node)
    return found


def _imports(every: Iterable[ast.AST]) -> Mapping[str, str]:
    """What a name of the file means: `OpenAI` -> `openai.OpenAI`."""
    found: dict[str, str] = {}
    for node in every:
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
