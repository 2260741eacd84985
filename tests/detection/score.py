"""Precision and recall of detection against the answer keys of this folder; README.md says what counts as right.

`python tests/detection/score.py [--list]` runs `selector check FOLDER --format json` on every excerpt.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).parent
# Chosen when the keys were written: their first figures, in docs/check.md, come from before anybody read their misses.
HELD_OUT = (
    "alignment-handbook",
    "dstack-gpt-oss",
    "gke-label-conflict",
    "llama-cpp-compose",
    "none-prompt-guide",
    "nvidia-rag",
    "onyx",
    "ray-serve-llm",
)
# Added when those had been read and mended, with keys written before any run: the second look at what is unseen.
HELD_OUT_LATER = (
    "aibrix",
    "bento-vllm",
    "fastchat",
    "pytorch-huggingface",
    "ragflow",
    "sglang-helm",
    "worker-vllm",
)
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "framework": ("framework",),
    "model": ("model",),
    "accelerator": ("accelerator",),
    "precision": ("precision",),
    "parallelism": ("tp", "pp", "dp", "ep", "replicas", "n_devices"),
}
ATTRIBUTE_OF = {key: attribute for attribute, keys in ATTRIBUTES.items() for key in keys}
# A key says "model" for whatever a unit runs; what it is for does not change whether its id was read.
MODEL_KEYS = ("model", "embedding_model", "reranker_model", "speech_model")
UNRESOLVED = "?"
VENDORS = ("nvidia", "amd", "google-tpu", "intel-gaudi", "apple")
SYNONYMS = {
    "framework": {
        "tei": "text-embeddings-inference",
        "text-generation-inference": "tgi",
        "triton-inference-server": "triton",
        "torch": "pytorch",
    },
    "accelerator": {"gaudi": "intel-gaudi", "habana": "intel-gaudi", "tpu": "google-tpu"},
    "precision": {
        "bfloat16": "bf16",
        "float16": "fp16",
        "half": "fp16",
        "float32": "fp32",
        "awq": "int4-awq",
        "gptq": "int4-gptq",
        "nf4-bnb": "nf4",
    },
}


@dataclass(frozen=True)
class Item:
    """One value that a key demands; any of the accepted spellings is right."""

    key: str
    accepted: frozenset[str]


@dataclass
class Unit:
    """One deployable thing of a key, or of what was detected."""

    name: str
    files: frozenset[str]
    items: set[Item]
    optional: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Answer:
    """The key of one repository."""

    name: str
    units: tuple[Unit, ...]


@dataclass
class Score:
    """Counts by attribute, and a line for everything that was not right."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Adds the counts of another repository."""
        self.right += other.right
        self.wrong += other.wrong
        self.missed += other.missed
        self.notes += other.notes

    def precision(self, attribute: str) -> float | None:
        """Right among what was printed; None where nothing was."""
        printed = self.right[attribute] + self.wrong[attribute]
        return self.right[attribute] / printed if printed else None

    def recall(self, attribute: str) -> float | None:
        """Right among what the key demands; None where it demands nothing."""
        demanded = self.right[attribute] + self.missed[attribute]
        return self.right[attribute] / demanded if demanded else None


def normal(key: str, value: object) -> str:
    """The value in one spelling: synonyms of the interface, devices without maker, memory and topology."""
    text = str(value).strip()
    if key == "model":
        return text.removeprefix("hf://")
    text = text.lower()
    if key == "accelerator":
        text = SYNONYMS["accelerator"].get(text, text)
        return text if text in VENDORS else _device(text)
    return SYNONYMS.get(key, {}).get(text, text)


def _device(text: str) -> str:
    text = re.sub(r"[\s_]+", "-", text)
    text = re.sub(r"^(nvidia|amd|google|intel)-", "", text)
    text = re.sub(r"^(gpu|tesla|instinct)-", "", text)
    text = re.sub(r"-\d+x\d+(x\d+)?$|-slice$", "", text)
    text = re.sub(r"-\d+gb$", "", text)
    return SYNONYMS["accelerator"].get(text, text)


def vendor_of(device: str) -> str:
    """Maker of a device in normal form, as a fact that names only the maker would say it."""
    for start, vendor in (("mi", "amd"), ("tpu", "google-tpu"), ("gaudi", "intel-gaudi"), ("apple", "apple")):
        if device.startswith(start):
            return vendor
    return "nvidia"


def _items(key: str, value: object) -> set[Item]:
    if isinstance(value, list):
        return {item for one in value for item in _items(key, one)}
    accepted = value["any"] if isinstance(value, Mapping) else [value]
    return {Item(key, frozenset(normal(key, one) for one in accepted))}


def _unit(entry: Mapping[str, object]) -> Unit:
    name = str(entry["unit"])
    also, optional = entry.get("also", []), entry.get("optional", {})
    parallelism, unresolved = entry.get("parallelism", {}), entry.get("unresolved", [])
    assert isinstance(also, list)
    assert isinstance(optional, Mapping)
    assert isinstance(parallelism, Mapping)
    assert isinstance(unresolved, list)
    demanded: dict[str, object] = {key: value for key, value in entry.items() if key in ATTRIBUTE_OF}
    demanded |= {**parallelism, **dict.fromkeys(unresolved, UNRESOLVED)}
    return Unit(
        name,
        frozenset([name.partition("#")[0], *also]),
        {item for key, value in demanded.items() for item in _items(key, value)},
        {(key, normal(key, one)) for key, values in optional.items() for one in values},
    )


def load(name: str) -> Answer:
    """Reads the key of one repository of this folder."""
    data = yaml.safe_load((HERE / name / "key.yaml").read_text(encoding="utf-8"))
    return Answer(name, tuple(_unit(entry) for entry in data["units"]))


def names() -> list[str]:
    """Every repository that has a key."""
    return sorted(path.parent.name for path in HERE.glob("*/key.yaml"))


def _detected(facts: Iterable[Mapping[str, object]]) -> list[Unit]:
    units: dict[str, Unit] = {}
    for fact in facts:
        key = "model" if fact["key"] in MODEL_KEYS else str(fact["key"])
        if key not in ATTRIBUTE_OF:
            continue
        name = str(fact["unit"])
        value = UNRESOLVED if fact["certainty"] == "unresolved" else normal(key, fact["value"])
        unit = units.setdefault(name, Unit(name, frozenset([name.partition("#")[0]]), set()))
        unit.items.add(Item(key, frozenset([value])))
    return list(units.values())


def _compare(where: str, demanded: list[Unit], printed: list[Unit]) -> Score:
    """Each demanded value is looked for in all that was printed; each unit's own surplus is wrong."""
    score = Score()
    found = [(item.key, value) for unit in printed for item in unit.items for value in item.accepted]
    absorbed = {pair for unit in demanded for pair in unit.optional}
    for item in (item for unit in demanded for item in unit.items):
        spellings = {(item.key, value) for value in item.accepted}
        absorbed |= spellings
        attribute = ATTRIBUTE_OF[item.key]
        if spellings & set(found):
            score.right[attribute] += 1
        else:
            score.missed[attribute] += 1
            score.notes.append(f"{where}: missed {item.key} = {' or '.join(sorted(item.accepted))}")
        if item.key == "accelerator":
            absorbed |= {("accelerator", vendor_of(value)) for value in item.accepted if value not in VENDORS}
    for key, value in sorted(pair for pair in found if pair not in absorbed):
        score.wrong[ATTRIBUTE_OF[key]] += 1
        score.notes.append(f"{where}: wrong {key} = {value}")
    return score


def compare(answer: Answer, facts: Iterable[Mapping[str, object]]) -> Score:
    """Units of the same name are compared with each other, all that is left of a file together."""
    score = Score()
    printed = {unit.name: unit for unit in _detected(facts)}
    left = []
    for unit in answer.units:
        if unit.name in printed and len(unit.files) == 1:
            score.add(_compare(f"{answer.name}/{unit.name}", [unit], [printed.pop(unit.name)]))
        else:
            left.append(unit)
    homes = {file: min(unit.files) for unit in left for file in unit.files}
    groups: dict[str, tuple[list[Unit], list[Unit]]] = {}
    for unit in left:
        groups.setdefault(min(unit.files), ([], []))[0].append(unit)
    for unit in printed.values():
        file = min(unit.files)
        groups.setdefault(homes.get(file, file), ([], []))[1].append(unit)
    for file, (demanded, found) in sorted(groups.items()):
        score.add(_compare(f"{answer.name}/{file}", demanded, found))
    return score


def run(name: str) -> list[dict[str, object]]:
    """Facts that the installed command prints of one excerpt."""
    program = str(Path(sys.executable).with_name("selector"))
    command = [program, "check", str(HERE / name / "repo"), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1, 3, 4}:
        raise RuntimeError(f"{name}: exit {done.returncode}: {done.stderr}")
    facts: list[dict[str, object]] = json.loads(done.stdout).get("facts", []) if done.stdout else []
    return facts


def table(title: str, score: Score) -> str:
    """Markdown: precision, recall and counts by attribute."""
    lines = [
        f"{title}",
        "",
        "| attribute | precision | recall | right | wrong | missed |",
        "|---|---|---|---|---|---|",
    ]
    for attribute in ATTRIBUTES:
        figures = [
            "-" if share is None else f"{share:.3f}"
            for share in (score.precision(attribute), score.recall(attribute))
        ]
        counts = [str(counter[attribute]) for counter in (score.right, score.wrong, score.missed)]
        lines.append(f"| {' | '.join([attribute, *figures, *counts])} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the tables of all repositories, of those held out and of the rest; --list adds what was not right."""
    scores = {name: compare(load(name), run(name)) for name in names()}
    groups = {
        "All": list(scores),
        "Held out": [name for name in scores if name in HELD_OUT],
        "Held out later": [name for name in scores if name in HELD_OUT_LATER],
        "Others": [name for name in scores if name not in (*HELD_OUT, *HELD_OUT_LATER)],
    }
    for title, members in groups.items():
        total = Score()
        for name in members:
            total.add(scores[name])
        sys.stdout.write(table(f"{title} ({len(members)} repositories)", total) + "\n\n")
    if "--list" in sys.argv[1:]:
        sys.stdout.write("".join(f"{note}\n" for score in scores.values() for note in score.notes))


if __name__ == "__main__":
    main()
