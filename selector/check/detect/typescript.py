"""TypeScript and JavaScript by their words: clients of APIs, models asked for, machines of the CDK.

There is no parser of the language here: a model is what stands behind `model:` in what a client is told, or
the argument of a provider of the AI SDK; constants of the same file that are bound once are followed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from selector.check.detect import cdk
from selector.check.detect.script_words import NAME, STRING, TEMPLATE, Reader, words
from selector.check.detect.tables import Tables
from selector.check.detect.teller import ALTERNATIVE, At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

SUFFIXES = (".ts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".mts", ".cts")
NOT_DEPLOYED = frozenset({"test", "tests", "__tests__", "docs", "dist", "build", "fixtures", "e2e"})
MODEL_KEYS = frozenset(
    {"model", "modelName", "modelId", "model_name", "embeddingModel", "deploymentName", "deployment",
     "azureOpenAIApiDeploymentName"}
)  # fmt: skip
ENDPOINT_KEYS = frozenset({"baseURL", "baseUrl", "basePath", "endpoint", "azureOpenAIEndpoint", "host"})
REGION_KEYS = frozenset({"region", "location", "awsRegion"})
_IMPORT = re.compile(r"(?:from\s+|require\(\s*|import\(\s*)[\"'](@?[^\"'\n]+)[\"']")
_NAMES = re.compile(
    r"import\s+(?:type\s+)?([^;\"']*?)\s+from\s*[\"']([^\"'\n]+)[\"']"
    r"|(?:const|let|var)\s+(\{[^}]*\}|[\w$]+)\s*=\s*(?:await\s+)?(?:require|import)\(\s*[\"']([^\"'\n]+)[\"']",
)


def reads(file: File) -> bool:
    """True for sources that may be deployed."""
    if file.suffix not in SUFFIXES or file.base.endswith((".d.ts", ".min.js")):
        return False
    return not (NOT_DEPLOYED & set(file.parts)) and not re.search(r"\.(test|spec|config)\.\w+$", file.base)


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one file, a unit of its own."""
    text = tree.text(file)
    if text is None:
        return []
    named = {m[1] for m in _IMPORT.finditer(text)}
    # `@scope/name/part` and `name/part` are parts of a package.
    known = {
        n: p for n in named if (p := tables.packages.get(f"npm:{n}") or tables.packages.get(f"npm:{_top(n)}"))
    }
    infrastructure = cdk.asked(text)
    if not known and not infrastructure:
        return []
    source = Source(Reader(words(text)), text, Teller(file.name, file.name, tables), known)
    source.read()
    if infrastructure:
        cdk.tell(source.reader, source.at, source.teller)
    return source.teller.told()


def _top(name: str) -> str:
    return "/".join(name.split("/")[: 2 if name.startswith("@") else 1])


@dataclass(slots=True)
class Source:
    """One file: its words, the names that it imports, the calls that stand open at a word."""

    reader: Reader
    text: str
    teller: Teller
    known: Mapping[str, Mapping[str, object]]
    imported: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)  # names bound to what a call of an imported name gave
    based: set[str] = field(default_factory=set)
    azure: set[str] = field(default_factory=set)
    breaks: list[int] = field(default_factory=list)  # where lines end, from -1 on

    def read(self) -> None:
        """Say all that the words say."""
        self._imports()
        self._made()
        open_calls: list[str] = []
        for i, word in enumerate(self.reader.words):
            if word.kind in (STRING, TEMPLATE, NAME):
                self._key(i, open_calls)
            if word.text == "(":
                open_calls.append(self._callee(i))
                self._argument(i, open_calls[-1])
            elif word.text == ")" and open_calls:
                open_calls.pop()
        self._providers()

    def at(self, place: int, how: str) -> At:
        """Place of a word."""
        if not self.breaks:  # found once: a long file asks for the place of every word
            self.breaks = [-1, *(m.start() for m in re.finditer("\n", self.text))]
        line = bisect_left(self.breaks, place)
        return At(line, place - self.breaks[line - 1], how)

    def _imports(self) -> None:
        for match in _NAMES.finditer(self.text):
            package = match[2] or match[4]
            if package in self.known:
                for name in re.findall(
                    r"[\w$]+(?:\s+as\s+[\w$]+|\s*:\s*[\w$]+)?", match[1] or match[3] or ""
                ):
                    self.imported[re.split(r"\s+as\s+|\s*:\s*", name)[-1].strip()] = package

    def _made(self) -> None:
        """`client = new OpenAI(...)`, `local = createOpenAICompatible(...)`."""
        reader = self.reader
        for i, word in enumerate(reader.words):
            if word.kind == NAME and reader.text(i + 1) == "=":
                k = i + 2 + (reader.text(i + 2) == "await")
                k += reader.text(k) == "new"
                if reader.text(k) in self.imported:
                    self.made[word.text] = reader.text(k)

    def _callee(self, i: int) -> str:
        """`a.b.c` in front of a parenthesis, with what its first name was made from or imported as."""
        parts: list[str] = []
        k = i - 1
        if self.reader.text(k) == ">":  # type arguments
            while k > 0 and self.reader.text(k) != "<":
                k -= 1
            k -= 1
        while k >= 0 and self.reader.words[k].kind == NAME:
            parts.append(self.reader.text(k))
            if self.reader.text(k - 1) not in (".", "?."):
                break
            k -= 2
        first = parts[-1] if parts else ""
        return ".".join(reversed([*parts[:-1], self.made.get(first, first)]))

    def _key(self, i: int, calls: list[str]) -> None:
        """`key: value` of an object; `{ model }` stands for a name that is called so."""
        reader, name = self.reader, self.reader.text(i)
        short = reader.text(i - 1) in ("{", ",") and reader.text(i + 1) in (",", "}")
        if reader.text(i - 1) not in ("{", ",") or not (reader.text(i + 1) == ":" or short):
            return
        call = calls[-1] if calls else ""
        value = i if short else i + 2
        if name in MODEL_KEYS and not (short and not self._asks(call)):
            self._model(value, call)
        elif name in ENDPOINT_KEYS and (self._of_client(calls) or name.startswith("base")) and not short:
            self._endpoint(value, calls)
        elif name in REGION_KEYS and self._of_client(calls):
            self._plain("region", value, name)
        elif name == "vertexai" and reader.text(value) == "true":
            here = self.at(reader.words[i].start, name)
            self.based.add(self.imported.get(call.split(".")[0], ""))
            self.teller.add("provider", "google_vertex", here, Certainty.DECLARED)
            self.teller.add("hosting", "api", here, Certainty.INFERRED)

    def _asks(self, call: str) -> bool:
        """Whether a call is one that asks a model, or makes a client of one."""
        first, last = call.split(".", maxsplit=1)[0], call.rsplit(".", 1)[-1]
        return first in self.imported or last in self.teller.tables.words("script_calls")

    def _of_client(self, calls: list[str]) -> bool:
        return any(call.split(".")[0] in self.imported for call in calls[-2:])

    def _role(self, call: str, text: str) -> str:
        roles = self.teller.tables.words("model_roles")
        key = next((k for word, k in roles.items() if word.lower() in call.lower()), "model")
        return "embedding_model" if key == "model" and "embed" in text.lower() else key

    def _model(self, i: int, call: str) -> None:
        found = self.reader.value(i)
        here = self.reader.words[i] if i < len(self.reader.words) else None
        if here is None:
            return
        if found.text is not None and self.reader.ends(found.end):
            if " " not in found.text.strip() and found.text not in ("string", "text"):
                self.teller.say(self._role(call, found.text), found.text, self.at(here.start, "model"))
            return
        several = self.reader.chosen(i)
        for word in several:
            how = f"{ALTERNATIVE} {len(several)}, model"
            self.teller.say(self._role(call, word.text), word.text, self.at(word.start, how))
        # `model: openai("x")` is said where `openai` is called.
        if (
            not several
            and self._asks(call)
            and self.reader.text(found.end) != "("
            and here.kind in (NAME, TEMPLATE)
        ):
            written = "".join(w.text for w in self.reader.words[i : found.end])
            self.teller.add(self._role(call, ""), written, self.at(here.start, "model"), Certainty.UNRESOLVED)

    def _endpoint(self, i: int, calls: list[str]) -> None:
        for one in calls[-2:]:
            self.based.add(self.imported.get(one.split(".")[0], ""))
        found = self.reader.value(i)
        if found.text and self.reader.ends(found.end):
            self.teller.say("endpoint", found.text, self.at(self.reader.words[i].start, "baseURL"))

    def _plain(self, key: str, i: int, how: str) -> None:
        found = self.reader.value(i)
        if found.text and self.reader.ends(found.end):
            self.teller.say(key, found.text, self.at(self.reader.words[i].start, how))

    def _argument(self, i: int, call: str) -> None:
        """The argument of what takes a model by its place."""
        first, _, rest = call.partition(".")
        package = self.imported.get(first, "")
        if "Azure" in first and package:
            self.azure.add(package)
        position = i + 1
        way = self.teller.tables.words("script_positional").get(f"{package}#{rest or first}")
        provides = package.startswith("@ai-sdk/") or (package == "ai" and first == "gateway")
        if way is None and (not provides or rest.endswith(("image", "imageModel"))):
            return
        if way == "second":
            while self.reader.text(position) not in (",", ")", ""):
                position += 1
            position += 1
        found = self.reader.value(position)
        here = self.reader.words[position] if position < len(self.reader.words) else None
        if here is not None and found.text is not None and self.reader.ends(found.end) and here.text != "{":
            role = self._role(rest or first, found.text)
            task = (
                self.teller.tables.words("python_tasks").get(self.reader.text(i + 1))
                if position > i + 1
                else None
            )
            self.teller.say(task or role, found.text, self.at(here.start, f"argument of {call}"))

    def _providers(self) -> None:
        """Vendors of the packages that are imported, unless their clients are sent elsewhere."""
        for package, entry in self.known.items():
            place = self.text.find(package)
            vendor = "azure_openai" if package in self.azure else entry.get("provider")
            if vendor and package not in self.based:
                at = self.at(place, f"import {package}")
                self.teller.add("provider", vendor, at, Certainty.INFERRED)
                self.teller.add("hosting", "api", at, Certainty.INFERRED)
            elif entry.get("framework") or entry.get("vector_store") or entry.get("guardrail"):
                for key in ("framework", "vector_store", "guardrail"):
                    if entry.get(key):
                        self.teller.add(
                            key, entry[key], self.at(place, f"import {package}"), Certainty.INFERRED
                        )
