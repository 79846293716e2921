"""Where somebody else's log is read from: a folder, or the address its static files are served under."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from quanheng.errors import InputError
from quanheng.evidence.ledger.note import MAX_NOTE
from quanheng.evidence.ledger.tiles import MAX_ENTRY, TILE, Files, Folder

TIMEOUT = 10.0
MAX_FILE = TILE * (MAX_ENTRY + 2)


class _Response(Protocol):
    status: int

    def read(self, amount: int) -> bytes: ...


class Address:
    """A log's files under an http or https address. Every answer is bounded; redirects are not followed."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self.url, self.timeout = checked(url), timeout

    def read(self, path: str) -> bytes:
        status, data = send(self.url, "GET", f"/{path}", limit=MAX_NOTE if path == "checkpoint" else MAX_FILE)
        if status in (404, 410):
            raise FileNotFoundError(path)
        if status != 200:
            raise InputError("unreachable", f"The log's server answered {status}; ask its operator.", path)
        return data


def checked(url: str) -> SplitResult:
    """An address we are willing to call."""
    try:
        parts = urlsplit(url.rstrip("/"))
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or port == 0:
        raise InputError("usage", "Give a folder, or an address that begins with http:// or https://.", url[:200])
    return parts


def send(url: SplitResult, method: str, path: str, body: bytes | None = None, *, limit: int) -> tuple[int, bytes]:
    """One request; the answer's status and at most ``limit`` bytes."""
    host, port = url.hostname or "", url.port
    if url.scheme == "https":
        link: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    else:
        link = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        link.request(method, f"{url.path}{path}", body, {"User-Agent": "quanheng-witness"})
        answer: _Response = link.getresponse()
        data = answer.read(limit + 1)
    except (OSError, http.client.HTTPException) as error:
        raise InputError("unreachable", f"The server does not answer ({error}); try later.", url.geturl()) from None
    finally:
        link.close()
    if len(data) > limit:
        raise InputError("too_large", f"The server sent more than {limit} bytes for one file.", f"{url.path}{path}")
    return answer.status, data


def open_source(text: str) -> Files:
    """A folder of this machine or an address."""
    if "://" in text:
        return Address(text)
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise InputError("no_log", "There is no such folder; give a log's folder or its address.", text)
    return Folder(folder)


def read_checkpoint(files: Files) -> str:
    """The log's note as it is served now."""
    try:
        data = files.read("checkpoint")
        return data.decode("utf-8")
    except FileNotFoundError:
        raise InputError("no_log", "There is no checkpoint here, so this is no log.", "checkpoint") from None
    except (OSError, UnicodeDecodeError):
        raise InputError("log_damaged", "The checkpoint cannot be read.", "checkpoint") from None
