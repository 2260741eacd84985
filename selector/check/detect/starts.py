"""Where in the words of a command a program that is known is started, and how its options are spelled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from selector.check.detect.argv import Word

# Commands that name a program without starting it.
PASSIVE = frozenset(
    {"[", "apk", "apt", "apt-get", "cat", "cd", "chmod", "chown", "cp", "curl", "echo", "export", "find",
     "git", "grep", "head", "install", "kill", "killall", "ln", "ls", "mkdir", "mv", "pgrep", "pip", "pip3",
     "pkill", "popd", "printf", "pushd", "rm", "rsync", "sed", "source", "tail", "tar", "test", "touch",
     "wget", "which", "yum"}
)  # fmt: skip
BEFORE = frozenset(
    {"sudo", "exec", "time", "nohup", "then", "do", "else", "if", "!", "python", "python3", "-m", "uv"}
)

# Options by which programs that are not known are told a model.
MODEL_OPTIONS = frozenset(
    {"--model", "--model-id", "--model_id", "--base_model", "--hf-model", "--model-path", "--model_path",
     "--model_name_or_path", "--model-name-or-path", "--pretrained_model_name_or_path"}
)  # fmt: skip


def after(words: Sequence[Word], starts: Sequence[tuple[str, ...]]) -> int | None:
    """Number of the word behind the run of words that starts a command."""
    texts = [w.text.rsplit("/", 1)[-1] for w in words]
    for start in starts:
        for i in range(len(texts) - len(start) + 1):
            if tuple(texts[i : i + len(start)]) == start:
                return i + len(start)
    return None


def passive(words: Sequence[Word]) -> bool:
    """True for `cd vllm`, `echo "..."`, `VAR=1 python -m pip install deepspeed`."""
    for word in words:
        text = word.text.rsplit("/", 1)[-1]
        if text in BEFORE or re.match(r"[A-Za-z_]\w*=", word.text):
            continue
        return text in PASSIVE
    return False


def abbreviated(name: str, options: Mapping[str, str]) -> str | None:
    """argparse takes the start of a long option where only one begins so."""
    long = name.startswith("--") and len(name) > 5
    found = {v for k, v in options.items() if k.startswith(name)} if long else set()
    return found.pop() if len(found) == 1 else None
