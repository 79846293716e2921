"""A station speaks OCPP-J over WebSocket: what is measured is kept before it is answered, and nobody is authorised."""

from __future__ import annotations

import base64
import json

import pytest

from quanheng.platform.kernel import tokens
from quanheng.platform.surveillance import ocpp_socket
from quanheng.platform.surveillance.models import ChargeSample
from tests.platform.surveillance.test_charging import ready, token, values

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """The rows of a test live in its own transaction."""

    async def here(call, *words):
        return call(*words)

    monkeypatch.setattr(ocpp_socket, "in_thread", here)


def talk(secret: str, *texts: str, station: str = "CS1", protocols: tuple[str, ...] = ("ocpp1.6",), between=None):
    """What the server sent: acceptance, answers as parsed JSON, closing."""
    coming = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": t} for t in texts),
              {"type": "websocket.disconnect"}]  # fmt: skip
    sent = []

    async def receive():
        if between and len(coming) == 2:
            between()
        return coming.pop(0)

    async def send(message):
        sent.append(message)

    basic = b"Basic " + base64.b64encode(f"{station}:{secret}".encode())
    scope = {"type": "websocket", "path": f"/ocpp/{station}", "headers": [(b"authorization", basic)],
             "subprotocols": list(protocols)}  # fmt: skip
    with pytest.raises(StopIteration):  # nothing in it waits, so it runs through without a loop
        ocpp_socket.application(scope, receive, send).send(None)
    return [json.loads(m["text"]) if m["type"] == "websocket.send" else m for m in sent]


def call(action: str, payload: dict, number: str = "17") -> str:
    return json.dumps([2, number, action, payload])


def test_a_session_of_1_6_is_kept_and_answered():
    _utility, _area, secret = ready()
    begin = {"connectorId": 1, "idTag": "x", "meterStart": 1000, "timestamp": "2026-02-19T01:05:00Z"}
    reading = {"connectorId": 1, "transactionId": 7, "meterValue": [values("2026-02-19T01:10:00Z", 3000, 12.0)]}
    sent = talk(secret, call("BootNotification", {}, "1"), call("StartTransaction", begin, "2"),
                call("MeterValues", reading, "3"), call("StatusNotification", {}, "4"))  # fmt: skip
    assert sent[0] == {"type": "websocket.accept", "subprotocol": "ocpp1.6"}
    assert [m[:2] for m in sent[1:]] == [[3, "1"], [3, "2"], [3, "3"], [3, "4"]]
    assert sent[1][2]["status"] == "Accepted"
    assert sent[2][2]["idTagInfo"] == {"status": "Invalid"}, "who may charge is not said here"
    assert sorted(ChargeSample.objects.values_list("value", flat=True)) == [1.0, 3.0, 12.0]


def test_2_0_1_is_understood_on_the_same_address():
    _utility, _area, secret = ready()
    value = {"value": 2.5, "unitOfMeasure": {"unit": "kWh"}}
    payload = {"evseId": 2, "meterValue": [{"timestamp": "2026-02-19T01:00:00Z", "sampledValue": [value]}]}
    sent = talk(secret, call("MeterValues", payload), protocols=("mqtt", "ocpp2.0.1"))
    assert sent[0]["subprotocol"] == "ocpp2.0.1"
    assert sent[1] == [3, "17", {}]
    assert ChargeSample.objects.get().meter.meter_id == "CS1/2"


@pytest.mark.parametrize("wrong", ["password", "protocol", "path"])
def test_who_names_no_token_no_version_or_no_station_is_not_let_in(wrong):
    _utility, _area, secret = ready()
    sent = talk("qh_nobody" if wrong == "password" else secret, call("Heartbeat", {}),
                protocols=("ocpp1.2",) if wrong == "protocol" else ("ocpp1.6",),
                station="a/b" if wrong == "path" else "CS1")  # fmt: skip
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_station_of_somebody_else_takes_no_values():
    utility, _area, _secret = ready()
    reading = {"connectorId": 1, "meterValue": [values("2026-02-19T01:10:00Z", 3000)]}
    sent = talk(token(utility, "rival"), call("MeterValues", reading))
    assert sent[1][:3] == [4, "17", "SecurityError"]
    assert not ChargeSample.objects.exists()


def test_a_token_that_is_revoked_ends_the_line():
    utility, _area, secret = ready()

    def revoke():
        tokens.revoke(actor=utility.actor("keeper"), token=tokens.find(secret), reason="lost")

    sent = talk(secret, call("Heartbeat", {}), call("Heartbeat", {}), between=revoke)
    assert [m["type"] if isinstance(m, dict) else m[0] for m in sent] == ["websocket.accept", 3, "websocket.close"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", [4, "-1", "FormationViolation"]),
        ("[]", [4, "-1", "FormationViolation"]),
        ("[2,5,6,7]", [4, "-1", "FormationViolation"]),
        ("[" * 5000, [4, "-1", "FormationViolation"]),
        (call("MeterValues", {"connectorId": -4}), [4, "17", "FormationViolation"]),
        (call("Authorize", {"idTag": "x"}), [4, "17", "NotSupported"]),
        (call("MeterValues", {"connectorId": 1, "meterValue": [{}]}), [4, "17", "FormationViolation"]),
    ],
)
def test_what_is_no_call_is_answered_with_an_error_and_the_line_stays(text, said):
    _utility, _area, secret = ready()
    sent = talk(secret, text, call("Heartbeat", {}, "after"))
    assert sent[1][:3] == said
    assert sent[2][:2] == [3, "after"]


def test_answers_to_calls_nobody_made_are_passed_over_and_a_giant_ends_the_line():
    _utility, _area, secret = ready()
    sent = talk(secret, json.dumps([3, "9", {}]), "x" * (ocpp_socket.LARGEST + 1))
    assert sent[1:] == [{"type": "websocket.close", "code": 1009}]
