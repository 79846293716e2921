"""Who may call what: every operation, from the API's own description, as everybody who must not."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from django.test import Client

from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.models import RoleGrant
from quanheng.platform.project.api.root import api
from tests.platform import makers
from tests.platform.access.scene import prepare_content
from tests.platform.api.steps import BASE, Caller, caller, make_token, operations, problem
from tests.platform.certificates import foreign_files, steps

OPERATIONS = operations()
NAMES = [o.name for o in OPERATIONS]


@pytest.fixture
def things(cast):
    """Ids of the shop's and the institute's things, as path parameters name them."""
    with clock.at(steps.TODAY):
        record = steps.signed(cast)
        spare = makers.make_standard(cast.institute, makers.make_norm(), code="FC-1")
        foreign_files.bring_in(cast.actor("manager"), spare, number="NN-1")
        handed = prepare_content(cast, spare)
        waiting = foreign_files.hand_in(cast.actor("manager"), cast.institute, number="NN-2")
    ids = {
        "import_id": waiting.pk,
        "prepared_id": handed.pk,
        "instrument_id": record.instrument_id,
        "application_id": record.task.application_id,
        "task_id": record.task_id,
        "record_id": record.pk,
        "certificate_id": record.document_id,
        "item_id": record.instrument_id,
        "code": record.instrument.code,
        "number": record.document.number,
    }
    return {name: str(value) for name, value in ids.items()}


def test_every_operation_has_its_own_name_and_a_declared_scope():
    assert len(NAMES) == len(set(NAMES)) > 30
    assert {o.scope for o in OPERATIONS} == {s.name for s in tokens.SCOPES.values()}


def test_every_write_asks_for_an_idempotency_key_and_no_read_does():
    paths = api.get_openapi_schema(path_prefix=f"{BASE}/")["paths"]
    for operation in OPERATIONS:
        parameters = paths[operation.path][operation.method].get("parameters", [])
        asks = any(p["name"] == "Idempotency-Key" for p in parameters)
        assert asks is (operation.writes and operation.name not in KNOWN_BY_CONTENT), operation


@pytest.mark.django_db
def test_a_stranger_is_asked_for_a_token_by_every_operation():
    for operation in OPERATIONS:
        response = Caller().send(operation.method, operation.address(), {})
        problem(response, 401, "unauthenticated")
        assert response["WWW-Authenticate"].startswith("Bearer"), operation


def test_every_operation_refuses_a_token_without_its_scope(cast):
    token, text = make_token(cast, "keeper")
    for operation in OPERATIONS:
        token.scopes = [s.name for s in tokens.SCOPES.values() if s.name != operation.scope]
        token.save(update_fields=["scopes"])
        response = Caller(text).send(operation.method, operation.address(), {})
        assert problem(response, 403, "scope_missing")["place"] == operation.scope


ADDRESSED = [o for o in OPERATIONS if "{" in o.path or o.name in {"get_proof", "list_institutes"}]
# Messages of machines: each carries its own id or moment, and one that comes again changes nothing.
KNOWN_BY_CONTENT = {"push_device_events", "push_ocpp"}
BODIES = {
    "decide": {"rows": {}},
    "push_ocpp": [2, "1", "StartTransaction", {}],
    "edit_instrument": {"version": 1},
    "take_step": {"step": "stop", "reason": "x"},
    "take_from_lot": {"serials": ["1"]},
    "return_application": {"reason": "x"},
    "save_draft": {"version": 1, "data": {}},
}


@pytest.mark.parametrize("part", ["rival_keeper", "other_regulator"])
def test_others_things_look_as_if_they_did_not_exist_to_every_operation(cast, things, part):
    token, text = make_token(cast, part)
    token.scopes = sorted(s.name for s in tokens.SCOPES.values())  # even with every scope there is
    token.save(update_fields=["scopes"])
    for operation in ADDRESSED:
        body = BODIES.get(operation.name, {})
        problem(Caller(text).send(operation.method, operation.address(things), body), 404, "not_found")


LISTS = [o for o in OPERATIONS if o.method == "get" and "{" not in o.path and o.name.startswith("list_")]


def test_every_list_holds_only_what_is_ones_own(cast, things):
    programs = {part: caller(cast, part) for part in ("keeper", "verifier", "manager")}
    rival, text = make_token(cast, "rival_keeper")
    rival.scopes = [s.name for s in tokens.SCOPES.values()]
    rival.save(update_fields=["scopes"])
    for operation in LISTS:
        if operation.name == "list_institutes":
            continue
        owner = {"list_records": "verifier", "list_prepared": "verifier", "list_foreign": "manager"}.get(
            operation.name, "keeper"
        )
        mine = programs[owner].get(operation.address()).json()["items"]
        assert mine, "the owner sees something, or the test shows nothing"
        assert Caller(text).get(operation.address()).json() == {"items": [], "next": None}, operation


def test_the_archive_of_another_firm_is_empty(cast, things):
    response = caller(cast, "rival_keeper").get("/certificates/archive")
    assert response.status_code == 200
    assert things["number"].encode() not in b"".join(response.streaming_content)


def test_somebody_whose_roles_ended_can_do_nothing_with_the_token(cast, things):
    program = caller(cast, "keeper")
    assert program.get(f"/instruments/{things['instrument_id']}").status_code == 200
    RoleGrant.objects.filter(user=cast.keeper).update(valid_until=clock.today() - dt.timedelta(days=1))
    problem(program.get(f"/instruments/{things['instrument_id']}"), 404, "not_found")
    assert program.get("/instruments").json()["items"] == []


def test_an_unknown_role_sees_nothing(cast, things):
    program = caller(cast, "keeper")
    RoleGrant.objects.filter(user=cast.keeper).update(role="emperor")
    assert program.get("/instruments").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "token_expired"),
        ({"revoked_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "token_revoked"),
    ],
)
def test_an_ended_token_opens_nothing(cast, change, code):
    token, text = make_token(cast, "keeper")
    type(token).objects.filter(pk=token.pk).update(**change)
    problem(Caller(text).get("/instruments"), 401, code)


def test_a_closed_account_closes_its_tokens(cast):
    program = caller(cast, "keeper")
    cast.keeper.is_active = False
    cast.keeper.save()
    problem(program.get("/instruments"), 401, "token_invalid")


@pytest.mark.parametrize("header", ["Bearer qh_wrong", "Bearer", "Basic cXVhbjpoZW5n", "qh_", "Bearer \u00e9", ""])
def test_a_wrong_authorization_is_refused(cast, header):
    response = Client().get(f"{BASE}/instruments", headers={"Authorization": header})
    problem(response, 401, "token_invalid")


@pytest.fixture
def one_minute(monkeypatch):
    """The minute in which requests are counted does not end while a test counts them."""
    now = time.time()
    monkeypatch.setattr("quanheng.platform.web.ratelimit.time.time", lambda: now)


def test_wrong_tokens_are_slowed_down(cast, one_minute):
    program = Caller("qh_guess")
    for _attempt in range(30):
        problem(program.get("/instruments"), 401, "token_invalid")
    assert int(program.get("/instruments")["Retry-After"])


def test_a_token_that_asks_too_often_waits_and_others_do_not(cast, monkeypatch, one_minute):
    monkeypatch.setattr("quanheng.platform.web.api.access.LIMIT", 3)
    busy, quiet = caller(cast, "keeper"), caller(cast, "keeper")
    assert [busy.get("/ledger/keys").status_code for _i in range(4)] == [200, 200, 200, 429]
    assert quiet.get("/ledger/keys").status_code == 200


def test_a_person_signed_in_reads_and_needs_the_csrf_token_to_write(cast):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.keeper)
    assert browser.get(f"{BASE}/instruments").status_code == 200
    body = {"instruments": ["00000000-0000-4000-8000-000000000000"]}
    headers = {"Idempotency-Key": "one"}
    bare = browser.post(f"{BASE}/instruments/filings", body, content_type="application/json", headers=headers)
    problem(bare, 403, "csrf")
    browser.get("/accounts/profile/")
    token = browser.cookies["csrftoken"].value
    sent = browser.post(
        f"{BASE}/instruments/filings",
        body,
        content_type="application/json",
        headers={**headers, "X-CSRFToken": token},
    )
    problem(sent, 404, "not_found")


def test_unknown_addresses_and_methods_are_problems_too(cast):
    problem(Caller().get("/nothing/here"), 404, "not_found")
    problem(Caller().get("/"), 404, "not_found")
    wrong = caller(cast, "keeper").send("delete", "/instruments")
    problem(wrong, 405, "method_not_allowed")
    assert set(wrong["Allow"].split(", ")) >= {"GET", "POST"}
