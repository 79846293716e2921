"""Whatever is sent, the answer is JSON or a problem, never a page and never our fault."""

from __future__ import annotations

import json
import re

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanheng.platform.kernel import tokens
from tests.platform import makers
from tests.platform.api.steps import BASE, Caller, caller, make_token, operations, problem
from tests.platform.cast import make_cast

HAN = re.compile("[一-鿿]")
WRITES = [o for o in operations() if o.method != "get"]


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 422, "invalid"),
        (b"{", 400, "unreadable"),
        (b"[]", 400, "unreadable"),
        (b'"x"', 400, "unreadable"),
        (b'{"name": 1, "name": 2}', 400, "unreadable"),
        (b'{"quantity": NaN}', 400, "unreadable"),
        (b'{"quantity": Infinity}', 400, "unreadable"),
        (b'{"quantity": 1e999}', 422, "invalid"),
        (b'{"quantity": ' + b"9" * 5000 + b"}", 400, "unreadable"),
        (b"\xff\xfe", 400, "unreadable"),
        (b'{"name": "\\ud800"}', 422, "invalid"),
        (b"[" * 100_000, 400, "unreadable"),
    ],
)
def test_a_body_that_cannot_be_read_is_one_clear_problem(cast, raw, status, code):
    found = problem(caller(cast, "keeper").send("post", "/instruments", raw=raw), status, code)
    assert len(json.dumps(found)) < 8000


def test_another_media_type_is_refused(cast):
    _token, text = make_token(cast, "keeper")
    headers = {"Authorization": f"Bearer {text}", "Idempotency-Key": "1"}
    response = Client().post(f"{BASE}/instruments", "a=b", content_type="text/plain", headers=headers)
    assert problem(response, 415, "media_type")["place"] == "Content-Type"


def test_several_wrong_fields_are_named_together(cast):
    body = {"name": "", "use": "fun", "serial_number": "1", "category": "x", "region": "9"}
    found = problem(caller(cast, "keeper").post("/instruments", body), 422, "invalid")
    assert {e["place"] for e in found["errors"]} == {"name", "use", "region"}
    assert found["place"] == found["errors"][0]["place"]


def test_the_problem_carries_the_id_of_the_request(cast):
    response = caller(cast, "keeper").get("/instruments", state="lost")
    assert response.json()["instance"] == f"urn:quanheng:request:{response['X-Request-ID']}"


def test_our_own_fault_is_told_without_its_inside(cast, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise RuntimeError("secret inside")

    monkeypatch.setattr("quanheng.platform.instruments.queries.instruments", fail)
    response = caller(cast, "keeper").get("/instruments")
    found = problem(response, 500, "internal")
    assert "secret" not in json.dumps(found)
    assert "secret inside" in caplog.text


def test_the_language_follows_the_client(cast):
    response = Client().get(
        f"{BASE}/instruments", headers={"Authorization": "Bearer qh_x", "Accept-Language": "zh-hans"}
    )
    assert response.json()["title"] == "需要令牌或登录"
    response = Client().get(f"{BASE}/instruments", headers={"Authorization": "Bearer qh_x", "Accept-Language": "en"})
    assert response.json()["code"] == "token_invalid"
    assert response.json()["title"] == "A token or sign-in is needed"


def test_title_detail_and_fields_speak_one_language(cast):
    body = {"name": "", "use": "fun", "serial_number": "1", "category": "x", "region": "9"}
    one = caller(cast, "keeper")
    chinese = problem(one.post("/instruments", body), 422, "invalid")
    said = [chinese["title"], chinese["detail"], *(e["message"] for e in chinese["errors"])]
    assert [t for t in said if not HAN.search(t)] == []
    cursor = problem(one.get("/instruments", cursor="nonsense"), 422, "cursor")
    assert cursor["detail"] == "分页游标无效,请从第一页开始"


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    [
        "name",
        "category",
        "serial_number",
        "serial_to",
        "quantity",
        "region",
        "use",
        "parameters",
        "organisation",
        "instruments",
        "institute",
        "delivery",
        "phone",
        "task",
        "tasks",
        "version",
        "data",
        "step",
        "reason",
        "on",
    ]
)
bodies = st.dictionaries(names | st.text(max_size=12), values, max_size=8)


@pytest.fixture(scope="module")
def everything(django_db_setup, django_db_blocker):
    """Tokens with every scope of their part, kept for the whole module and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = make_cast()
        makers.make_category()
        texts = {part: make_token(cast, part)[1] for part in ("keeper", "receptionist", "verifier")}
        ids = {"instrument_id": str(makers.make_instrument(cast.shop).pk)}
        yield {part: Caller(text) for part, text in texts.items()}, ids
        transaction.set_rollback(True)


def _part(scope: str) -> str:
    return next(p for p, roles in PARTS.items() if roles & tokens.SCOPES[scope].roles)


PARTS = {"keeper": {"enterprise"}, "receptionist": {"receptionist"}, "verifier": {"verifier"}}


@pytest.mark.parametrize("operation", WRITES, ids=[o.name for o in WRITES])
def test_no_body_breaks_an_operation(everything, operation, monkeypatch):
    programs, ids = everything
    monkeypatch.setattr("quanheng.platform.web.api.access.LIMIT", 10_000)

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(body=bodies)
    def try_it(body):
        response = programs[_part(operation.scope)].send(operation.method, operation.address(ids), body)
        assert response.status_code < 500, (body, response.content)
        if response.status_code >= 400:
            problem(response, response.status_code, response.json()["code"])

    try_it()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200))
def test_no_bytes_break_it(everything, raw):
    programs, _ids = everything
    response = programs["keeper"].send("post", "/instruments", raw=raw)
    assert response.status_code in {400, 422, 429}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text(max_size=60), q=st.text(max_size=60), day=st.text(max_size=12))
def test_no_address_breaks_it(everything, cursor, q, day):
    programs, _ids = everything
    for path in ("/instruments", "/applications", "/certificates"):
        query = {"cursor": cursor, **({"q": q, "due_from": day} if path == "/instruments" else {})}
        assert programs["keeper"].get(path, **query).status_code in {200, 422, 429}
