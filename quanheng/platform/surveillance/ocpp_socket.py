"""OCPP-J over WebSocket: a station, or the proxy before its central system, sends its calls here and they are kept.

Only measured values are taken. The answers keep a station talking and authorise nobody: who may charge is for the
station's own central system to say. Security profiles 1 and 2 of OCPP: HTTP Basic with a token as the password, TLS by
the proxy in front.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.db import close_old_connections

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.models import ApiToken
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.surveillance import charging
from quanheng.telemetry.ingest.ocpp import Version

log = logging.getLogger("quanheng.ocpp")
SCOPE = "ocpp:push"
LARGEST = 1024 * 1024
HEARTBEAT = 300  # seconds
_VERSIONS: dict[str, Version] = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1"}
_MEASURED = ("MeterValues", "StartTransaction", "StopTransaction", "TransactionEvent")
_NOTED = ("StatusNotification", "FirmwareStatusNotification", "DiagnosticsStatusNotification", "LogStatusNotification",
          "SecurityEventNotification", "NotifyEvent", "NotifyReport")  # fmt: skip
_TOO_LARGE, _POLICY = 1009, 1008  # RFC 6455 §7.4.1
Message = MutableMapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One connection: whose token, which station, which version."""

    secret: str
    station: str
    version: Version


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """ASGI: ``ws://HOST/ocpp/STATION`` with the subprotocol ocpp1.6 or ocpp2.0.1."""
    if scope["type"] != "websocket":
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 426, "headers": [(b"upgrade", b"websocket")]})
            await send({"type": "http.response.body", "body": b"OCPP-J over WebSocket only\n"})
        return
    await receive()
    line, protocol = _line(scope)
    if line is None or await in_thread(_token, line.secret) is None:
        await send({"type": "websocket.close", "code": _POLICY})
        return
    await send({"type": "websocket.accept", "subprotocol": protocol})
    while True:
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        text = message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace")
        if len(text) > LARGEST:
            await send({"type": "websocket.close", "code": _TOO_LARGE})
            return
        if await in_thread(_token, line.secret) is None:  # revoked or expired since
            await send({"type": "websocket.close", "code": _POLICY})
            return
        reply = await in_thread(answer, line, text)
        if reply is not None:
            await send({"type": "websocket.send", "text": json.dumps(reply)})


async def in_thread(call: Callable[..., Any], *words: Any) -> Any:
    """The database waits in a thread, so that one slow station holds up no other."""

    def run() -> Any:
        close_old_connections()
        try:
            return call(*words)
        finally:
            close_old_connections()

    return await asyncio.to_thread(run)


def _line(scope: Message) -> tuple[Line | None, str]:
    path = [unquote(part) for part in scope["path"].split("/") if part]
    protocol = next((name for name in scope.get("subprotocols", []) if name in _VERSIONS), "")
    secret = _password(dict(scope["headers"]).get(b"authorization", b""))
    if len(path) != 2 or path[0] != "ocpp" or not protocol or not secret:
        return None, protocol
    return Line(secret, path[1][:64], _VERSIONS[protocol]), protocol


def _password(header: bytes) -> str:
    kind, _space, coded = header.decode("latin-1").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _token(secret: str) -> ApiToken | None:
    """The token, if it may push and stands now."""
    found = tokens.find(secret)
    if found is None or tokens.state_of(found) != "active" or SCOPE not in found.scopes:
        return None
    tokens.note_use(found)
    return found


def answer(line: Line, text: str) -> list[Any] | None:
    """The answer to one message; None to what is none of a station's calls. A call is answered when it is kept."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, list) and message[:1] in ([3], [4]):
        return None
    call = isinstance(message, list) and len(message) == 4 and message[0] == 2 and isinstance(message[1], str)
    if not call or not isinstance(message[2], str) or not isinstance(message[3], dict):
        code = "FormationViolation" if line.version == "1.6" else "RpcFrameworkError"
        return [4, "-1", code, "not a call [2, id, action, payload]", {}]
    _two, number, action, _payload = message
    if action in _MEASURED:
        return _measured(line, number, action, text)
    moment = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    if action == "BootNotification":
        return [3, number, {"status": "Accepted", "currentTime": moment, "interval": HEARTBEAT}]
    if action == "Heartbeat":
        return [3, number, {"currentTime": moment}]
    if action in _NOTED:
        return [3, number, {}]
    return [4, number, "NotSupported", f"{action[:40]} is for the central system of the station", {}]


def _measured(line: Line, number: str, action: str, text: str) -> list[Any]:
    token = _token(line.secret)
    if token is None:
        return [4, number, "SecurityError", "the token no longer stands", {}]
    try:
        charging.take_message(
            actor=tokens.actor_for(token), station=line.station, message=text.encode(), version=line.version,
            source=f"{token.organisation_id}/{token.name}",
        )  # fmt: skip
    except Refused as refused:
        return [4, number, "SecurityError", str(refused)[:255], {}]
    except InputError as error:
        if error.code == "storage":
            log.error("a message of %s was not kept: %s", line.station, error.message)
            return [4, number, "InternalError", "not kept; send it again", {}]
        code = "FormationViolation" if line.version == "1.6" else "FormatViolation"
        return [4, number, code, error.message[:255], {}]
    if action == "StartTransaction":
        return [3, number, {"transactionId": 0, "idTagInfo": {"status": "Invalid"}}]
    return [3, number, {}]
