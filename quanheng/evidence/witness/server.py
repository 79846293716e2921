"""``add-checkpoint`` of C2SP tlog-witness over HTTP, from the standard library."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from quanheng.errors import InputError
from quanheng.evidence.ledger.note import decode_base64
from quanheng.evidence.witness.state import Refusal, Witness

MAX_BODY = 256 * 1024
MAX_LINES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


def parse_request(body: bytes) -> tuple[int, list[bytes], str]:
    """Old size, proof and note of a request body."""
    try:
        head, gap, note = body.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise InputError("request", "The request is not UTF-8.", "body") from None
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if old is None or not gap or len(lines) > MAX_LINES:
        raise InputError("request", "A request is an old size, at most 63 hashes, an empty line, a checkpoint.", "body")
    proof = [decode_base64(line, place="body") for line in lines]
    return int(old[1]), proof, note


def answer(witness: Witness, body: bytes, now: int) -> tuple[int, str, str]:
    """Status, content type and text of the reply."""
    try:
        old, proof, note = parse_request(body)
        return 200, "text/plain; charset=utf-8", witness.add(note, old, proof, now)
    except Refusal as refusal:
        if refusal.code == "conflict":
            return 409, "text/x.tlog.size", f"{refusal.message}\n"
        return refusal.status, "text/plain; charset=utf-8", f"{refusal.message}\n"
    except InputError as error:
        return 400, "text/plain; charset=utf-8", f"{error.line()}\n"


def make_server(witness: Witness, host: str, port: int, clock: Callable[[], float] = time.time) -> ThreadingHTTPServer:
    """A server for one witness; ``serve_forever`` runs it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20
        server_version = "quanheng-witness"
        sys_version = ""

        def do_POST(self) -> None:  # the name that http.server calls
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                return self._reply(404, "text/plain; charset=utf-8", "POST to /add-checkpoint\n")
            if not length.isascii() or not length.isdecimal() or int(length[:9]) > MAX_BODY:
                self.close_connection = True
                return self._reply(413, "text/plain; charset=utf-8", f"A request is at most {MAX_BODY} bytes.\n")
            return self._reply(*answer(witness, self.rfile.read(int(length)), int(clock())))

        def do_GET(self) -> None:  # the name that http.server calls
            if self.path == "/key":
                return self._reply(200, "text/plain; charset=utf-8", f"{witness.signer.verifier.line}\n")
            return self._reply(404, "text/plain; charset=utf-8", "POST to /add-checkpoint; the key is under /key\n")

        def _reply(self, status: int, kind: str, text: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the state folder is the record."""

    return ThreadingHTTPServer((host, port), Handler)
