"""Shell scripts, Makefiles, service managers: commands in them that start an engine or a training."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from selector.check.detect import argv, environment, packages, variables
from selector.check.detect.argv import Word
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

MOST_VALUE = 400
_SLURM = re.compile(r"#SBATCH\s+(--gres|--gpus-per-node|--gpus|-G|--nodes|-N)[= ]\s*([\w:.-]+)")
MAKES = frozenset({"Makefile", "makefile", "GNUmakefile", "justfile", "Justfile"})
MANAGES = frozenset({"Procfile", "supervisord.conf"})
NAMES = MAKES | MANAGES
_MADE = re.compile(r"^(?:export\s+)?(\w+)\s*(?:\?|::?)?=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_SET = re.compile(r"^Environment=\"?([^\"\n]*)\"?\s*$", re.MULTILINE)
_STARTS = re.compile(r"^(?:ExecStart\w*[ \t]*=[ \t]*[-@:+!]*|command[ \t]*=[ \t]*|\w+:[ \t]+)", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\{[ \t]*([A-Za-z_][\w.-]*)[ \t]*\}\}")  # of justfiles and Jinja
_DOCKER = re.compile(r"^(docker|podman|nerdctl)$")
# Options of `docker run` that stand alone; all others take the word behind them.
ALONE = frozenset(
    {"-d", "-it", "-i", "-t", "--rm", "--privileged", "--init", "-dit", "-P", "--detach", "-itd"}
)


def reads(file: File) -> bool:
    """True for shell scripts, Makefiles, and files of systemd, supervisord and Heroku's Procfile."""
    return file.base.endswith((".sh", ".bash", ".slurm", ".sbatch", ".service", ".mk")) or file.base in NAMES


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of each command that is known, a unit each."""
    text = tree.text(file)
    if text is None:
        return
    text = _PLACEHOLDER.sub(r"$(\1)", text)
    known = environment.beside(file, tree) | variables.env_file(text)
    if file.base in MAKES or file.suffix == ".mk":
        known |= {m[1]: variables.bare(m[2]) for m in _MADE.finditer(text)}
    if file.suffix == ".service" or file.base in MANAGES:
        known |= variables.env_file("\n".join(m[1] for m in _SET.finditer(text)))
        text = _STARTS.sub(lambda m: " " * len(m[0]), text)  # the command keeps its column
    found = list(told(argv.commands(text), file.name, file.name, known, tables))
    yield from found
    if found:
        yield from _slurm(text, file, tables)


def _slurm(text: str, file: File, tables: Tables) -> Iterable[Seen]:
    """Devices and nodes that the header of a job asks of Slurm: `--gres=gpu:a100:4`, `--gpus-per-node=8`."""
    teller = Teller(file.name, file.name, tables)
    for number, line in enumerate(text.splitlines(), 1):
        match = _SLURM.match(line)
        if match is None:
            continue
        at = At(number, match.start(1) + 1, f"#SBATCH {match[1]}")
        if match[1] in ("--nodes", "-N"):
            teller.say("n_nodes", match[2].split("-", maxsplit=1)[0], at)
        elif match[1] != "--gres" or match[2].startswith("gpu"):
            *kind, count = match[2].removeprefix("gpu:").split(":")
            teller.say("n_devices", count, at)
            teller.say("accelerator", kind[0] if kind else None, at)
    yield from teller.told()


def told(
    commands: Iterable[list[Word]], unit: str, file: str, known: dict[str, str], tables: Tables
) -> Iterator[Seen]:
    """Facts of commands; the second and later ones that serve are units of their own, by their line."""
    first = True
    for words in commands:
        for one in argv.unwrapped(words):
            name = unit if first else f"{unit}#L{one[0].line}"
            teller = Teller(name, file, tables, {k: v for k, v in known.items() if len(v) < MOST_VALUE})
            command(one, teller)
            facts = teller.told()
            if any(s.key in ("framework", "model") for s in facts):
                first = False
            yield from facts


def command(words: list[Word], teller: Teller) -> None:
    """One command of a shell: what it installs, the container or the engine that it starts."""
    if any(_DOCKER.match(w.text) for w in words[:2]) and any(w.text == "run" for w in words[:4]):
        _container(words, teller)
        return
    packages.installed(words, teller)
    teller.command(words)


def _container(words: list[Word], teller: Teller) -> None:
    """`docker run [options] image [words]`."""
    i = next(n for n, w in enumerate(words) if w.text == "run") + 1
    start: list[Word] = []
    while i < len(words) and words[i].text.startswith("-"):
        word = words[i]
        name, equals, value = word.text.partition("=")
        behind = words[i + 1] if i + 1 < len(words) else Word("", word.line, word.column)
        given = value if equals else behind.text
        at = At(word.line, word.column, f"argument {name}")
        if name in ("-e", "--env"):
            key, _, stated = given.partition("=")
            teller.known = {**teller.known, key: stated} if stated else teller.known
            teller.variable(key, stated or f"${{{key}}}", at)
        elif name == "--entrypoint":
            start = [replace(word, text=given) if equals else behind]
        else:
            _device(name, given, at, teller)
        i += 1 if equals or name in ALONE else 2
    if i < len(words):
        teller.image(words[i].text, At(words[i].line, words[i].column, "image of docker run"))
        teller.command([*start, *words[i + 1 :]])


def _device(name: str, given: str, at: At, teller: Teller) -> None:
    """Devices that options of `docker run` hand on: `--gpus all`, `--gpus 2`, `--gpus '"device=0,1"'`."""
    if name == "--gpus" or (name == "--runtime" and given == "nvidia"):
        teller.add("accelerator", "nvidia", at, Certainty.INFERRED)
        listed = re.search(r"device=([\w,-]+)", given)
        if given.isdigit() or listed:
            teller.say("n_devices", str(len(listed[1].split(","))) if listed else given, at)
    elif name == "--device" and given.startswith("/dev/kfd"):
        teller.add("accelerator", "amd", at, Certainty.INFERRED)
