"""Bytes of a file or of a web address, with the day that they are of."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from selector.errors import InputError, Problem

WEB = ("http://", "https://")
SECONDS = 30
MOST_BYTES = 100_000_000
OLDEST = date(2020, 1, 1)  # archives set the days of their files to one long ago
USER = re.compile(r"(?<=//)(?P<said>[^/?#]*)@")
OFFLINE = "check the network and the address, or give a copy with --from FILE"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What stood at a place; `day` None where nothing says of when it is."""

    data: bytes
    day: date | None


def read(source: str, place: str) -> Fetched:
    """A file, or what an address answers; raises `InputError` that names the source."""
    return _download(source, place) if is_web(place) else _file(source, Path(place))


def is_web(place: str) -> bool:
    """Whether a place is an address rather than a file."""
    return place.lower().startswith(WEB)


def shown(place: str) -> str:
    """An address as it may be printed and kept: without user, password and query, which may be secrets."""
    return re.split(r"[?#]", USER.sub("", place, count=1), maxsplit=1)[0] if is_web(place) else place


def as_json(source: str, place: str, fetched: Fetched) -> Any:
    """What was read, as JSON."""
    try:
        found = json.loads(fetched.data)
        json.dumps(found, ensure_ascii=False).encode()  # halves of characters cannot be printed
        return found
    except (ValueError, RecursionError) as error:
        what = f"{source}: {shown(place)} is not JSON: {str(error)[:120]}"
        raise InputError(Problem(what, None, "name the file or address that the source documents")) from None


def dated(source: str, place: str, fetched: Fetched, said: date | None) -> str:
    """The day that data are of, as the user or their place says."""
    day = said or fetched.day
    if day is None or day < OLDEST:
        what = f"{source}: nothing says of which day {shown(place)} is"
        raise InputError(Problem(what, None, "add --dated YYYY-MM-DD"))
    return day.isoformat()


def _file(source: str, path: Path) -> Fetched:
    try:
        if path.stat().st_size > MOST_BYTES:
            what = f"{source}: {path} has more than {MOST_BYTES:,} bytes"
            raise InputError(Problem(what, None, "name the file that the source documents"))
        data = path.read_bytes()
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except OSError as error:
        what = f"{source}: {path} cannot be read: {error.strerror}"
        raise InputError(Problem(what, None, "check the path")) from None
    return Fetched(data, changed)


def _download(source: str, url: str) -> Fetched:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    from selector import __version__

    user = USER.search(url)
    try:
        request = Request(USER.sub("", url, count=1), headers={"User-Agent": f"selector/{__version__}"})
        if user is not None:  # never handed on to where a redirection leads
            said = b64encode(unquote(user["said"]).encode()).decode()
            request.add_unredirected_header("Authorization", f"Basic {said}")
        with urlopen(request, timeout=SECONDS) as answer:
            data = answer.read(MOST_BYTES + 1)
            day = _day(answer.headers.get("Last-Modified"))
    except HTTPError as error:
        why = f"it answers {error.code} {error.reason}"
    except URLError as error:
        why = str(error.reason)
    except (OSError, HTTPException, ValueError) as error:
        why = (url == shown(url) and str(error)) or type(error).__name__  # some repeat the address
    else:
        if len(data) <= MOST_BYTES:
            return Fetched(data, day)
        why = f"it answers more than {MOST_BYTES:,} bytes"
    raise InputError(Problem(f"{source} could not be reached at {shown(url)}: {why}", None, OFFLINE))


def _day(header: str | None) -> date:
    """What an address says of the age of its answer; else it is of today."""
    try:
        return parsedate_to_datetime(header or "").date()
    except (TypeError, ValueError):
        return datetime.now(UTC).date()
