"""Gathers the facts of one deployment unit: resolves variables, brings values to their normal form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from selector.check.detect import argv, foreign, normal, starts, variables
from selector.check.detect.argv import Word
from selector.check.detect.tables import Command, Tables
from selector.types.detected import Certainty, Seen

WHOLE = frozenset({"tp", "pp", "dp", "ep", "replicas", "n_devices", "n_nodes", "context", "max_sequences"})
MODELS = frozenset({"model", "embedding_model", "reranker_model", "speech_model"})
ALTERNATIVE = "one of"  # how a value is told that is one of several on purpose
YES, NO = frozenset({"true", "yes", "1", "on"}), frozenset({"false", "no", "0", "off"})
# Words of the tables that are read into a fact of another name.
RAW = {
    "quantization": "precision",
    "kv_dtype": "kv_precision",
    "load_format": "weight_format",
    "engine": "framework",
}
FORMATS = {"safetensors": "safetensors", "pt": "pickle", "npcache": "pickle", "gguf": "gguf"}
# Names that others use for their own things: they count where the unit is known to serve a model.
COMMON = frozenset(
    {
        "MODEL",
        "MODEL_NAME",
        "MODEL_ID",
        "MODEL_PATH",
        "REVISION",
        "NUM_GPUS",
        "DTYPE",
        "QUANTIZE",
        "KV_CACHE_DTYPE",
        "MAX_CONCURRENT_REQUESTS",
        "TENSOR_PARALLEL_DEGREE",
    }
)


@dataclass(frozen=True, slots=True)
class At:
    """Where a value stands, and how it was read."""

    line: int
    column: int
    how: str
    path: str = ""


@dataclass(slots=True)
class Teller:
    """Facts of one unit. `known` are the variables that its files set."""

    unit: str
    file: str
    tables: Tables
    known: Mapping[str, str] = field(default_factory=dict)
    facts: list[Seen] = field(default_factory=list)
    framework: str | None = None
    _others: list[Teller] = field(default_factory=list)
    _known: set[Seen] = field(default_factory=set)
    _waiting: list[tuple[str, str, object, At]] = field(default_factory=list)

    def say(self, key: str, value: object, at: At, certainty: Certainty = Certainty.DECLARED) -> None:
        """One fact; text with a variable that nothing sets is kept as written, unresolved."""
        if value is None or value == "":
            return
        if isinstance(value, str):
            found = variables.resolve(value, self.known)
            if not found.complete:
                self.add(RAW.get(key, key), value, at, Certainty.UNRESOLVED)
                return
            value = found.text.strip()
        for name, plain in self._normal(key, value):
            if plain is None:
                self.add(name, value, at, Certainty.UNRESOLVED)
            elif plain != "":
                self.add(name, plain, at, certainty)

    def add(self, key: str, value: object, at: At, certainty: Certainty) -> None:
        """One fact that needs no reading, once."""
        if certainty is Certainty.UNRESOLVED and isinstance(value, str):
            value = foreign.written(value)
        seen = Seen(self.unit, key, value, certainty, self.file, at.line, at.column, at.how, at.path)
        if seen not in self._known:
            self._known.add(seen)
            self.facts.append(seen)

    def _normal(self, key: str, value: object) -> list[tuple[str, object]]:
        """The facts that a raw value stands for; None where it has no form that is known, "" for nothing."""
        text = str(value)
        if key in WHOLE:
            return [(key, normal.whole(text))]
        if key == "memory_fraction":
            return [(key, float(text) if _is_share(text) else None)]
        if key in ("trust_remote_code", "api_key_set"):
            word = text.lower()
            return [(key, True if word in YES else False if word in NO else None)]
        if key in MODELS:
            return self._model(key, text)
        if key == "quantization":
            return [("precision", normal.precision(text, self.tables, self.framework) or "")]
        if key == "precision":
            return [(key, normal.precision(text, self.tables, self.framework) or "")]
        if key == "kv_dtype":
            return [("kv_precision", self.tables.words("kv_precision").get(text.lower(), ""))]
        if key == "engine":
            return [("framework", self.tables.words("engines").get(text.lower(), ""))]
        if key == "load_format":
            return [("weight_format", FORMATS.get(text.lower(), ""))]
        if key == "endpoint":
            host = normal.host(text)
            vendor = normal.provider(host, self.tables) if host else None
            return [(key, host), ("provider", vendor or "")]
        if key == "accelerator":
            return [(key, normal.accelerator(text, self.tables))]
        return [(key, value)]

    def _model(self, key: str, text: str) -> list[tuple[str, object]]:
        name = normal.model(text)
        found: list[tuple[str, object]] = [(key, name)]
        if normal.is_path(name):
            found.append(("weights_source", "object store" if "://" in name else "local"))
        if name.lower().endswith(".gguf"):
            found.append(("weight_format", "gguf"))
        return found

    def beside(self, name: str) -> Teller:
        """Another thing that serves in the same pod, as a unit of its own."""
        other = Teller(f"{self.unit}/{name}", self.file, self.tables, self.known)
        self._others.append(other)
        return other

    def image(self, text: object, at: At) -> None:
        """A reference to a container image, and what the image is known to be."""
        if not isinstance(text, str) or not text:
            return
        whole = variables.resolve(text, self.known)
        ref = normal.image(whole.text)
        self.add("image", ref.name, at, Certainty.DECLARED if "$" not in ref.name else Certainty.UNRESOLVED)
        tagged = ref.tag is not None and "$" not in ref.tag
        if ref.tag:
            self.add("image_tag", ref.tag, at, Certainty.DECLARED if tagged else Certainty.UNRESOLVED)
        if ref.digest:
            self.add("image_digest", ref.digest, at, Certainty.DECLARED)
        known = self.tables.image(ref.name)
        if known is None:
            return
        self.framework = self.framework or known["framework"]
        implied = At(at.line, at.column, f"image {ref.name}", at.path)
        self.add("framework", known["framework"], implied, Certainty.INFERRED)
        own = ref.tag if tagged and not known.get("other_version") else None
        number = normal.version(own) if own else None
        if number:
            self.add("framework_version", number, implied, Certainty.INFERRED)
        accelerator = normal.accelerator_of_tag(ref.tag or "", self.tables) or known.get("accelerator")
        if accelerator:
            self.add("accelerator", accelerator, implied, Certainty.INFERRED)
        if known.get("names_model"):
            name = ref.name.lower().split(known["id"] + "/", 1)[-1]
            self.add("model", name, implied, Certainty.INFERRED)

    def command(self, words: Sequence[Word]) -> None:
        """A command: the engine that it starts, or the options of the image's entry point."""
        for one in argv.unwrapped(list(words)):
            self._command(one)

    def _command(self, words: list[Word]) -> None:
        if starts.passive(words):
            return
        for known in self.tables.commands:
            after = starts.after(words, known.starts)
            if after is not None:
                first = words[max(after - 1, 0)]
                self.framework = known.framework
                at = At(first.line, first.column, f"command {first.text}", first.path)
                self.add("framework", known.framework, at, Certainty.DECLARED)
                self._options(words[after - 1 :], known)
                return
        if self.framework is None:
            self._named_model(words)
            return
        own = self.tables.command_of(self.framework)
        if own is not None and words and (words[0].text.startswith("-") or words[0].text in own.positional):
            self._options(words, own)

    def _named_model(self, words: list[Word]) -> None:
        """A program that is not known, and is told a model by the id of a hub."""
        for name, value in argv.options(words):
            if name.text in starts.MODEL_OPTIONS and value is not None:
                text = variables.resolve(value.text, self.known).text
                if normal.is_hub_id(text):
                    at = At(value.line, value.column, f"argument {name.text}", value.path)
                    self.add("model", text, at, Certainty.INFERRED)

    def _options(self, words: list[Word], known: Command) -> None:
        for i, before in enumerate(words[:-1]):
            key = known.positional.get(before.text.rsplit("/", 1)[-1])
            if key is None:
                continue
            # `--name=value` may stand before the word that is meant.
            word = next((w for w in words[i + 1 :] if not (w.text.startswith("-") and "=" in w.text)), None)
            if word is not None and not word.text.startswith("-"):
                self.say(key, word.text, At(word.line, word.column, f"word after {before.text}", word.path))
        expert: At | None = None
        for name, value in argv.options(words):
            at = At(name.line, name.column, f"argument {name.text}", name.path)
            spelled = name.text if name.text in known.options else name.text.replace("_", "-")
            key = known.options.get(spelled) or starts.abbreviated(spelled, known.options)
            if key is not None and value is not None:
                self._option(key, value.text, At(value.line, value.column, at.how, value.path))
            switch = known.switches.get(name.text) or known.switches.get(spelled)
            if switch is not None:
                on = value is None or value.text.lower() not in NO
                if switch == "expert_parallel" and on:
                    expert = at
                else:
                    self._switch(switch, on, at)
        if expert is not None:
            self.expert(expert)

    def _option(self, key: str, value: str, at: At) -> None:
        if key == "key":
            self.add("api_key_set", True, at, Certainty.DECLARED)
        elif key == "dtype":
            self.arithmetic(value, at)
        elif key == "fsdp":
            self.add("training_strategy", "fsdp", at, Certainty.DECLARED)
        elif key == "model_file":
            named = normal.precision_of_name(value, self.tables)
            if named:
                self.add(
                    "precision",
                    named,
                    At(at.line, at.column, "name of the file", at.path),
                    Certainty.INFERRED,
                )
        elif key == "config":
            stage = re.search(r"z(?:ero)?[_-]?([1-3])", value.rsplit("/", 1)[-1])
            if stage:
                self.add("training_strategy", f"zero-{stage[1]}", at, Certainty.INFERRED)
        elif key != "model_path":
            self.say(key, value, at)

    def _switch(self, key: str, on: bool, at: At) -> None:
        if key == "trust_remote_code":
            self.add(key, on, at, Certainty.DECLARED)
        elif on and key in ("bf16", "fp16"):
            self.arithmetic(key, at)
        elif on and key == "load_in_4bit":
            self.add("precision", "nf4", at, Certainty.DECLARED)
        elif on and key == "lora":
            self.add("training_method", "lora", at, Certainty.DECLARED)
        elif on and key in ("fsdp", "deepspeed"):
            self.add("training_strategy", key, at, Certainty.DECLARED)

    def arithmetic(self, word: str, at: At) -> None:
        """Format that is computed in; it counts as that of the weights where nothing else is said of them."""
        self._waiting.append(("", "dtype", word, at))

    def expert(self, at: At) -> None:
        """vLLM spreads experts over all tensor and data parallel ranks."""
        sizes = [next((s.value for s in self.facts if s.key == k), 1) for k in ("tp", "dp")]
        if all(isinstance(s, int) for s in sizes):
            self.add("ep", sizes[0] * sizes[1], at, Certainty.INFERRED)  # type: ignore[operator]
        else:
            self.add("ep", "tp x dp", at, Certainty.UNRESOLVED)

    def variable(self, name: str, value: object, at: At) -> None:
        """A variable of the environment of the unit."""
        key = self.tables.words("variables").get(name)
        if name == "MODELS" and str(value).lstrip().startswith("["):
            self._listed(str(value), at)
            return
        if key is None and re.fullmatch(r"VLLM_(?:\w+_)?ARGS", name):
            self.command(argv.commands(str(value), at.line, at.column, at.path)[0] if value else [])
        for start, framework in self.tables.words("option_variables").items():
            if name.startswith(start) and self.framework in (None, framework):
                self._option_variable(
                    name.removeprefix(start),
                    framework,
                    value,
                    At(at.line, at.column, f"variable {name}", at.path),
                )
                return
        key = key or self._role(name, value)
        if key is not None and value not in (None, ""):
            self._waiting.append((name, key, value, At(at.line, at.column, f"variable {name}", at.path)))

    def _option_variable(self, rest: str, framework: str, value: object, at: At) -> None:
        """`SM_VLLM_MAX_MODEL_LEN` is `--max-model-len` of vLLM."""
        own = self.tables.command_of(framework)
        key = own.options.get(f"--{rest.lower().replace('_', '-')}") if own is not None else None
        if self.framework is None:
            self.framework = framework
            self.add("framework", framework, at, Certainty.INFERRED)
        if key is not None and value not in (None, ""):
            self._option(key, str(value), at)

    def _listed(self, text: str, at: At) -> None:
        """A list of models as JSON in a variable: their ids, else their names, where a hub has such."""
        documents, _ = foreign.read(text, self.file)
        for row in documents[0].data if documents and isinstance(documents[0].data, list) else ():
            name = row.get("id") or row.get("name") if isinstance(row, dict) else None
            if isinstance(name, str) and normal.is_hub_id(name):
                self.add(
                    "model",
                    name,
                    At(at.line, at.column, f"{ALTERNATIVE} the models of a variable", at.path),
                    Certainty.DECLARED,
                )

    def _role(self, name: str, value: object) -> str | None:
        """`..._MODEL_NAME` and the like count where the value is the id of a hub."""
        if not re.search(r"MODEL(?:_?(?:NAME|ID))?$", name):
            return None
        found = variables.resolve(str(value), self.known)
        if not normal.is_hub_id(found.text.strip("'\"")):
            return None
        return "embedding_model" if "EMBED" in name else "reranker_model" if "RERANK" in name else "model"

    def resource(self, name: str, count: object, at: At) -> bool:
        """A resource of Kubernetes; True where it stands for accelerators."""
        # nvidia.com/mig-3g.40gb is a slice of a device.
        known = re.sub(r"^nvidia\.com/(mig-.*|gpu\.shared)$", "nvidia.com/gpu", name)
        vendor = self.tables.words("resources").get(known)
        if vendor is None or str(count) in ("0", "", "None"):
            return False
        self.add(
            "accelerator", vendor, At(at.line, at.column, f"resource {name}", at.path), Certainty.INFERRED
        )
        self.say("n_devices", count, At(at.line, at.column, f"resource {name}", at.path))
        return True

    def told(self) -> list[Seen]:
        """All facts of the unit, what follows from others included."""
        for name, key, value, at in self._waiting:
            if key == "dtype":
                if not any(s.key == "precision" for s in self.facts):
                    self.say("precision", value, at)
            elif self._counts(name, key, str(value)):
                self._option(self._served(key), str(value), at)
        self._waiting.clear()
        self._machines()
        if not any(s.key == "precision" and s.certainty is not Certainty.UNRESOLVED for s in self.facts):
            for seen in [
                s for s in self.facts if s.key in MODELS and s.certainty is not Certainty.UNRESOLVED
            ]:
                named = normal.precision_of_name(str(seen.value), self.tables)
                if named:
                    at = At(seen.line, seen.column, f"name of {seen.key}", seen.path)
                    self.add("precision", named, at, Certainty.INFERRED)
        return [*self.facts, *(s for other in self._others for s in other.told())]

    def _served(self, key: str) -> str:
        """`MODEL_ID` of a server of embeddings is a model of embeddings."""
        own = self.tables.command_of(self.framework)
        kinds = set(own.options.values()) if own is not None else set()
        return "embedding_model" if key == "model" and kinds & MODELS == {"embedding_model"} else key

    def _machines(self) -> None:
        """Devices that follow from instance types, where nothing names more than their vendor."""
        vendors = {*self.tables.words("resources").values(), "nvidia", "amd"}
        if any(s.key == "accelerator" and s.value not in vendors for s in self.facts):
            return
        for seen in [s for s in self.facts if s.key == "offer"]:
            machine = self.tables.machine(str(seen.value))
            if machine is not None:
                at = At(seen.line, seen.column, f"instance type {seen.value}", seen.path)
                self.add("accelerator", normal.accelerator(machine[0], self.tables), at, Certainty.INFERRED)
                if not any(s.key == "n_devices" for s in self.facts):
                    self.add("n_devices", machine[1], at, Certainty.INFERRED)

    def _counts(self, name: str, key: str, value: str) -> bool:
        if key in MODELS and any(s.key == key and "variable" not in s.how for s in self.facts):
            return False
        if name not in COMMON or self.framework:
            return True
        return key == "model" and normal.is_hub_id(variables.resolve(value, self.known).text)


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
