"""Tokens: only a hash is kept, never more than the person, and the person's organisation."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core import serializers
from django.test import Client

from quanheng.errors import InputError
from quanheng.platform.kernel import clock, tokens
from quanheng.platform.kernel.models import ApiToken, AuditEvent, RoleGrant
from quanheng.platform.kernel.policies import Refused
from tests.platform import makers
from tests.platform.api.steps import Caller, caller, make_token


def test_the_text_of_a_token_is_nowhere_in_the_database(cast):
    token, text = make_token(cast, "keeper")
    assert text.startswith("qh_")
    assert len(text) > 40
    kept = serializers.serialize("json", [*ApiToken.objects.all(), *AuditEvent.objects.all()])
    assert text not in kept
    assert text[3:] not in kept
    assert token.digest == tokens.digest(text)
    assert tokens.find(text) == token
    assert tokens.find(text[:-1]) is None


def test_a_token_for_a_branch_sees_the_branch_and_not_the_chain(cast):
    branch = makers.make_organisation("东陵商贸河西店", parent=cast.shop)
    head, below = makers.make_instrument(cast.shop), makers.make_instrument(branch)
    whole, narrow = caller(cast, "keeper"), caller(cast, "keeper", organisation=branch)
    assert {i["id"] for i in whole.get("/instruments").json()["items"]} == {str(head.pk), str(below.pk)}
    assert {i["id"] for i in narrow.get("/instruments").json()["items"]} == {str(below.pk)}
    assert narrow.get(f"/instruments/{head.pk}").status_code == 404


def test_a_token_carries_no_administration(cast):
    RoleGrant.objects.create(user=cast.keeper, role="system_admin", organisation=cast.bureau)
    RoleGrant.objects.create(user=cast.keeper, role="audit_admin", organisation=cast.shop)
    token, _text = make_token(cast, "keeper")
    assert {g.role for g in tokens.actor_for(token).grants} == {"enterprise"}


def test_nobody_puts_more_into_a_token_than_the_roles_hold(cast):
    with pytest.raises(Refused):
        make_token(cast, "keeper", "records:write")
    with pytest.raises(Refused):
        make_token(cast, "nobody")
    with pytest.raises(Refused):
        make_token(cast, "keeper", organisation=cast.rival)


def test_a_manager_makes_tokens_for_the_people_but_never_one_that_writes_their_records(cast):
    manager = cast.actor("manager")
    offered = {s.name for s in tokens.offered(manager, cast.institute, cast.verifier)}
    assert "records:read" in offered
    assert "records:write" not in offered
    own = {s.name for s in tokens.offered(cast.actor("verifier"), cast.institute, cast.verifier)}
    assert "records:write" in own
    assert tokens.offered(manager, cast.shop, cast.keeper) == []


@pytest.mark.parametrize("days", [0, -1, 800])
def test_a_token_ends_within_two_years(cast, days):
    with pytest.raises(InputError) as caught:
        make_token(cast, "keeper", days=days)
    assert caught.value.place == "expires_at"


def test_the_last_use_is_kept_to_the_minute_and_the_name_of_the_token_in_the_trail(cast):
    token, text = make_token(cast, "keeper")
    made = makers.make_instrument(cast.shop)
    begin = clock.now()
    assert token.used_at is None
    with clock.at(begin):
        Caller(text).get("/instruments")
    with clock.at(begin + dt.timedelta(seconds=30)):
        Caller(text).post(f"/instruments/{made.pk}/steps", {"step": "stop", "reason": "盘点"})
    token.refresh_from_db()
    assert token.used_at == begin
    event = AuditEvent.objects.get(verb="instruments.stop")
    assert (event.actor_name, event.on_behalf_of, event.reason) == ("钱掌柜", "API:keeper 接口", "盘点")


def test_a_revoked_token_cannot_be_revoked_again_and_only_managers_revoke_others(cast):
    token, text = make_token(cast, "keeper")
    with pytest.raises(Refused):
        tokens.revoke(actor=cast.actor("rival_keeper"), token=token, reason="x")
    with pytest.raises(InputError):
        tokens.revoke(actor=cast.actor("keeper"), token=token, reason=" ")
    tokens.revoke(actor=cast.actor("administrator"), token=token, reason="外泄")
    with pytest.raises(Refused):
        tokens.revoke(actor=cast.actor("keeper"), token=token, reason="x")
    assert Caller(text).get("/instruments").status_code == 401


def test_the_page_shows_a_new_token_once(cast):
    browser = Client()
    browser.force_login(cast.keeper)
    form = {
        "name": "收银系统",
        "organisation": str(cast.shop.pk),
        "user": str(cast.keeper.pk),
        "scopes": ["instruments:read", "certificates:read"],
        "expires_on": (clock.today() + dt.timedelta(days=90)).isoformat(),
    }
    answer = browser.post("/administration/tokens/new/", form)
    made = ApiToken.objects.get()
    text = answer.content.decode().split('id="token"')[1].split('value="')[1].split('"')[0]
    assert tokens.find(text) == made
    assert text not in json.dumps(dict(browser.session.items()), default=str)
    for page in (f"/administration/tokens/{made.pk}/", "/administration/tokens/"):
        shown = browser.get(page)
        assert shown.status_code == 200
        assert text not in shown.content.decode()
        assert form["expires_on"] in shown.content.decode()
        assert (clock.today() + dt.timedelta(days=91)).isoformat() not in shown.content.decode()
        assert "收银系统" in shown.content.decode()
    browser.post(f"/administration/tokens/{made.pk}/revoke/", {"reason": "换系统"})
    assert Caller(text).get("/instruments").status_code == 401


def test_the_page_keeps_what_was_typed_and_names_a_scope_beyond_the_roles(cast):
    browser = Client()
    browser.force_login(cast.keeper)
    form = {
        "name": "越权",
        "organisation": str(cast.shop.pk),
        "user": str(cast.keeper.pk),
        "scopes": ["records:write"],
        "expires_on": (clock.today() + dt.timedelta(days=90)).isoformat(),
    }
    answer = browser.post("/administration/tokens/new/", form)
    assert answer.status_code == 422
    assert "records:write" in answer.content.decode()
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("part", ["rival_keeper", "regulator", "manager", "verifier"])
def test_others_do_not_see_the_token(cast, part):
    token, _text = make_token(cast, "keeper")
    browser = Client()
    browser.force_login(getattr(cast, part))
    assert browser.get(f"/administration/tokens/{token.pk}/").status_code == 404
    assert browser.post(f"/administration/tokens/{token.pk}/revoke/", {"reason": "x"}).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_without_a_role_there_is_no_page(cast):
    browser = Client()
    browser.force_login(cast.nobody)
    assert browser.get("/administration/tokens/").status_code == 403
