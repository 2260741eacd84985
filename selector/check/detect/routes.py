"""Models that are named with the way to them: `azure/gpt-4o` of LiteLLM, `openai:gpt-4o` of agents."""

from __future__ import annotations

from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.types.detected import Certainty

SEPARATORS = "/:"
MODES = {"embedding": "embedding_model", "rerank": "reranker_model", "audio_transcription": "speech_model"}


def parted(text: str, tables: Tables, separators: str = SEPARATORS) -> tuple[str, str | None]:
    """The model, and the vendor that its first word stands for; "" where that is a server of one's own.

    None, and the whole text, where the first word is no way that is known.
    """
    at = min((i for s in separators if (i := text.find(s)) > 0), default=0)
    vendor = tables.words("routes").get(text[:at].replace("-", "_")) if at else None
    return (text[at + 1 :], vendor) if vendor is not None else (text, None)


def variable(text: str) -> str:
    """`os.environ/A` of LiteLLM as a variable."""
    return "${" + text.removeprefix("os.environ/") + "}" if text.startswith("os.environ/") else text


def told(text: str, key: str, at: At, teller: Teller, separators: str = SEPARATORS) -> None:
    """Facts of a model that is named with the way to it."""
    text = variable(text)
    name, vendor = parted(text, teller.tables, separators)
    if "*" in name:
        teller.add(key, text, at, Certainty.UNRESOLVED)
    else:
        teller.say(key, name, at)
    if vendor:
        teller.add("provider", vendor, at, Certainty.DECLARED)
        teller.add("hosting", "api", at, Certainty.INFERRED)
