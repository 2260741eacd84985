"""Calls in Python that ask a model of a vendor or of a server, and commands that are started from code."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from selector.check.detect import argv, packages, python_hosts, python_models, routes
from selector.check.detect.argv import Word
from selector.check.detect.constants import Names, dotted, entries, named, value
from selector.check.detect.python_call import Call
from selector.types.detected import Certainty

MODEL_ARGUMENTS = (
    "model",
    "model_name",
    "model_id",
    "modelId",
    "azure_deployment",
    "deployment_name",
    "repo_id",
)
ENDPOINTS = (
    "base_url", "api_base", "azure_endpoint", "openai_api_base", "endpoint", "endpoint_url", "server_url",
    "inference_server_url", "host",
)  # fmt: skip
SHELLS = frozenset(
    {"run", "Popen", "call", "check_call", "check_output", "system", "create_subprocess_shell"}
)
POSITIONAL = frozenset({"GenerativeModel", "init_chat_model", "Agent", "LM", "InferenceClient"})


def tell(call: Call) -> None:
    """Facts of one call."""
    if call.last in ("pip_install", "uv_pip_install"):
        packages.listed(words_of(call), f"argument of {call.last}", call.teller)
    elif call.last in ("client", "resource") and call.name.startswith("boto3"):
        _bedrock(call)
    elif not (python_models.tell(call) or python_hosts.tell(call) or _routed(call)):
        _client(call)


def full(node: ast.expr, imported: Mapping[str, str]) -> str:
    """Name of what is called, with what its first parts were imported or made from."""
    name = dotted(node)
    for _ in range(4):
        parts = name.split(".")
        for stop in range(len(parts), 0, -1):
            known = imported.get(".".join(parts[:stop]))
            if known and known != ".".join(parts[:stop]):
                name = ".".join([known, *parts[stop:]])
                break
        else:
            return name
    return name


def _bedrock(call: Call) -> None:
    service = call.text("service_name", position=0)
    if service is None or not service.startswith("bedrock"):
        return
    call.add("provider", "aws_bedrock", how=f"client {service}")
    call.add("hosting", "api", Certainty.INFERRED, f"client {service}")
    region = call.argument("region_name", position=1)
    if region is None and isinstance(call.node.func, ast.Attribute):
        session = named(call.node.func.value, call.names)
        if isinstance(session, ast.Call):
            region = next((k.value for k in session.keywords if k.arg == "region_name"), None)
    call.say("region", region, "argument region_name")


def _routed(call: Call) -> bool:
    """Libraries that take the vendor with the model: LiteLLM, DSPy, CrewAI, agents of Pydantic AI."""
    known = call.teller.tables.words("python_routed")
    found = max((p for p in known if call.name.startswith(p)), key=len, default=None)
    if found is None:
        return False
    call.say("endpoint", call.argument(*ENDPOINTS), "argument base_url")
    key = python_models.role(call.last, call)
    rows = [entries(row, call.names).get("litellm_params") for row in call.items(call.argument("model_list"))]
    nodes = [n for r in rows if (n := entries(r, call.names).get("model")) is not None]
    first = call.argument("model", "model_id", position=0 if call.last in POSITIONAL else None)
    for node in [first, *nodes] if first is not None else nodes:
        text = value(node, call.names)
        if isinstance(text, str):
            routes.told(text, key, call.at(f"model of {call.last}", node), call.teller, known[found])
        elif call.last != "Agent":
            call.say(key, node, f"model of {call.last}")
    vendor = call.teller.tables.words("routes").get(call.text("model_provider") or "")
    if vendor:
        call.add("provider", vendor, how="argument model_provider")
        call.add("hosting", "api", Certainty.INFERRED, "argument model_provider")
    return True


def _client(call: Call) -> None:
    """A client of an API, or a call that asks a model something."""
    known = call.teller.tables.words("python_clients")
    found = max((p for p in known if call.name.startswith(p)), key=len, default=None)
    makes = call.last[:1].isupper()
    if found is None and call.last not in ("invoke_model", "converse", "converse_stream"):
        return
    vendor, base = _vendor(call, known[found] if found else ""), call.argument(*ENDPOINTS)
    if base is not None and (makes or "base" in "".join(call.given)):
        call.say("endpoint", base, "argument base_url")
    if vendor and makes and (base is None or "Azure" in call.last):
        call.add("provider", vendor)
        call.add("hosting", "api", Certainty.INFERRED)
    if makes:
        call.say("region", call.argument("location", "region_name", "region"), "argument region")
    node = call.argument(
        *MODEL_ARGUMENTS, position=0 if call.last in POSITIONAL or "models." in call.name else None
    )
    if node is None or not (makes or call.last in call.teller.tables.words("python_calls")):
        return
    if "://" in str(value(node, call.names)):
        call.say("endpoint", node, f"model of {call.last}")
    else:
        call.say(python_models.role(call.name, call), node, f"model of {call.last}")


def _vendor(call: Call, usual: str) -> str:
    """The vendor that a client asks, by what it is told."""
    if "Azure" in call.last:
        return "azure_openai"
    if call.name.startswith(("google.genai", "genai.")) and call.value("vertexai") is True:
        return "google_vertex"
    told = call.text("provider")
    if told and call.name.startswith("huggingface_hub."):
        plain = told.replace("-", "_")
        ways = call.teller.tables.words("routes")
        return ways.get(plain) or ways.get(f"{plain}_ai") or usual
    return usual


def words_of(call: Call) -> list[Word]:
    """Texts of the arguments of a call, as words with places."""
    found: list[Word] = []
    for node in call.node.args:
        for one in call.items(node):
            text = value(one, call.names)
            if isinstance(text, str):
                found.append(Word(text, one.lineno, one.col_offset + 1))
    return found


class Commands:
    """Lists of words that a program may be started with, those that grow by `+=` in one, and shell texts."""

    def __init__(self) -> None:
        """None yet."""
        self._grown: dict[tuple[int, str], list[tuple[ast.List, Names]]] = {}
        self._done: list[list[tuple[ast.List, Names]]] = []
        self._texts: list[tuple[ast.expr, Names]] = []

    def see(self, node: ast.AST, names: Names) -> None:
        """Keep what a node says of a command; lists belong to the scope of their name."""
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            if isinstance(node.targets[0], ast.Name):
                key = (id(names), node.targets[0].id)
                self._done.append(self._grown.pop(key, []))
                self._grown[key] = [(node.value, names)]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.List):
            self._done.append([(node.value, names)])
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self._grow(node.target.id, node.value, names)
        elif isinstance(node, ast.Call):
            last = dotted(node.func).rsplit(".", 1)[-1]
            if last in ("extend", "append") and isinstance(node.func, ast.Attribute) and node.args:
                one = node.args[0]
                more = ast.List([one], ast.Load()) if last == "append" else one
                self._grow(dotted(node.func.value), more, names)
                return
            self._done += [[(a, names)] for a in node.args if isinstance(a, ast.List)]
            if last in SHELLS and node.args:
                self._texts.append((node.args[0], names))

    def _grow(self, name: str, more: ast.expr, names: Names) -> None:
        if (id(names), name) in self._grown and isinstance(more, ast.List):
            self._grown[id(names), name].append((more, names))

    def all(self) -> Iterator[list[Word]]:
        """The commands as words."""
        for parts in [*self._grown.values(), *self._done]:
            words = [w for one, names in parts for w in _listed(one, names)]
            if len(words) > 1:
                yield words
        for node, names in self._texts:
            text = _shell_text(named(node, names), names)
            if text:
                yield from argv.commands(text, node.lineno, node.col_offset + 1)


def _shell_text(node: ast.expr | None, names: Names) -> str | None:
    """A text for a shell; a part that is not known stands as a variable without a value."""
    if not isinstance(node, ast.JoinedStr):
        found = value(node, names)
        return found if isinstance(found, str) else None
    inner = [p.value if isinstance(p, ast.FormattedValue) else p for p in node.values]
    parts = [value(p, names) for p in inner]
    return "".join(str(p) if isinstance(p, str | int | float) else "${_}" for p in parts)


def _listed(node: ast.List, names: Names) -> list[Word]:
    """Words of a list; one that is not known stands as a variable without a value."""
    texts = [(value(one, names), one) for one in node.elts]
    return [Word(t if isinstance(t, str) else "${_}", o.lineno, o.col_offset + 1) for t, o in texts]
