"""Nobody can sign as somebody else alone: who manages people does not hold their keys, and no one holds both."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import call_command
from django.test import Client

from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import AuditEvent, User
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.project.accounts import policies, services
from quanheng.platform.web import second_factor
from tests.platform import makers
from tests.platform.cast import Cast
from tests.platform.web.test_accounts import NEW, PASSWORD, code, give_totp, sign_in


def make_role(actor: Actor, user: User, role: str) -> None:
    """Give a role at the person's own house, without end."""
    assert user.organisation is not None
    services.give_role(
        actor=actor,
        user=user,
        role=role,
        organisation=user.organisation,
        valid_from=None,
        valid_until=None,
    )


@pytest.mark.parametrize("part", ["manager", "administrator"])
def test_who_manages_a_signatory_renews_neither_their_factor_nor_their_password(cast: Cast, part: str) -> None:
    give_totp(cast.signatory)
    with pytest.raises(Refused, match=r"安全管理员.*冒名签字"):
        services.reset_second_factor(actor=cast.actor(part), user=cast.signatory, reason="手机丢失")
    with pytest.raises(Refused, match=r"安全管理员.*冒名签字"):
        services.invite(actor=cast.actor(part), user=cast.signatory)
    with pytest.raises(Refused, match=r"安全管理员.*冒名签字"):
        services.forget_password(actor=cast.actor(part), user=cast.signatory)
    cast.signatory.refresh_from_db()
    assert cast.signatory.has_usable_password()
    assert second_factor.is_set_up(cast.signatory)


def test_the_security_administrator_resets_a_lost_second_factor_but_then_makes_no_password_link(cast: Cast) -> None:
    give_totp(cast.signatory)
    actor = cast.actor("security")
    assert services.reset_second_factor(actor=actor, user=cast.signatory, reason="手机丢失") == 1
    assert not second_factor.is_set_up(cast.signatory)
    with pytest.raises(Refused, match="重置过该人员的第二因子"):
        services.invite(actor=actor, user=cast.signatory)
    give_totp(cast.signatory)
    assert services.invite(actor=actor, user=cast.signatory)[0]
    with pytest.raises(Refused, match="生成过设置密码的链接"):
        services.reset_second_factor(actor=actor, user=cast.signatory, reason="x")


def test_a_security_administrator_who_also_manages_the_house_is_no_second_person(cast: Cast) -> None:
    both = makers.make_user("蒋兼任", cast.institute, "security_admin", "lab_manager")
    decision = policies.may_reset_second_factor(actor_of(both), cast.signatory)
    assert not decision
    assert "另一位安全管理员" in decision.reason


def test_taking_the_role_away_first_opens_no_way_round(cast: Cast) -> None:
    give_totp(cast.signatory)
    manager = cast.actor("manager")
    services.end_role(actor=manager, grant=cast.signatory.grants.get(), reason="调岗")
    fresh = User.objects.get(pk=cast.signatory.pk)
    with pytest.raises(Refused, match="冒名签字"):
        services.reset_second_factor(actor=manager, user=fresh, reason="手机丢失")


def test_whoever_begins_to_sign_gets_new_keys_so_that_an_old_link_is_worth_nothing(cast: Cast) -> None:
    puppet = makers.make_user("傀儡主任", cast.institute, "lab_manager")
    desk = makers.make_user("柳前台", cast.institute, "receptionist")
    link, _sent = services.invite(actor=cast.actor("manager"), user=desk)
    give_totp(desk)
    session = Client()
    session.force_login(desk)
    make_role(actor_of(puppet), desk, "signatory")
    user = User.objects.get(pk=desk.pk)
    assert not user.has_usable_password()
    assert not Authenticator.objects.filter(user=user).exists()
    assert session.get("/accounts/profile/").status_code == 302
    path = "/" + link.split("/", 3)[3]
    assert Client().post(path, {"password": NEW, "again": NEW}).status_code == 410
    assert sign_in(Client(), user.username, PASSWORD) == 200
    with pytest.raises(Refused, match="冒名签字"):
        services.invite(actor=actor_of(puppet), user=user)
    assert services.invite(actor=cast.actor("security"), user=user)[0]


def test_a_new_signatory_is_entered_by_the_manager_and_let_in_by_the_security_administrator(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.manager)
    form = {"organisation": str(cast.institute.pk), "name": "何新签", "username": "he.xinqian", "role": "signatory"}
    page = client.post("/administration/people/new/", {**form, "email": "boss@example.test"}, follow=True)
    assert "invitation" not in page.content.decode()
    assert "安全管理员生成" in page.content.decode()
    user = User.objects.get(username="he.xinqian")
    give_totp(cast.security)
    client.force_login(cast.security)
    assert "何新签" in client.get("/").content.decode()
    page = client.post(f"/administration/people/{user.pk}/invite/", follow=True)
    assert re.search(r'value="http[^"]+invitation[^"]+"', page.content.decode())
    assert mail.outbox == []  # the address was typed by the manager


def test_nobody_resets_their_own_second_factor_over_the_administration(cast: Cast) -> None:
    for part in ("manager", "security", "administrator", "signatory"):
        user = getattr(cast, part)
        with pytest.raises(Refused, match="不能重置自己的第二因子"):
            services.reset_second_factor(actor=cast.actor(part), user=user, reason="x")


def test_the_password_alone_does_not_open_the_page_that_drops_the_own_second_factor(cast: Cast, client: Client) -> None:
    secret = give_totp(cast.signatory)
    client.force_login(cast.signatory)
    asked = client.get("/accounts/2fa/totp/deactivate/")
    assert (asked.status_code, asked["Location"].split("?")[0]) == (302, "/accounts/2fa/reauthenticate/")
    refused = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert refused["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert Authenticator.objects.filter(user=cast.signatory).exists()
    client.post("/accounts/2fa/reauthenticate/", {"code": code(secret)})
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=cast.signatory, type="totp").exists()


def test_a_forgotten_password_is_mailed_only_to_who_had_one(cast: Cast, client: Client) -> None:
    User.objects.filter(pk=cast.keeper.pk).update(email="keeper@example.test")
    new = services.add_person(
        actor=cast.actor("manager"),
        organisation=cast.institute,
        username="new.one",
        name="新人",
        email="n@example.test",
    )
    assert not new.has_usable_password()
    client.post("/accounts/password/reset/", {"email": "n@example.test"})
    assert mail.outbox == [] or "password/reset/key" not in mail.outbox[0].body
    mail.outbox.clear()
    client.post("/accounts/password/reset/", {"email": "keeper@example.test"})
    assert "password/reset/key" in mail.outbox[0].body


def test_the_security_administrator_reads_people_and_is_shown_no_form_that_would_refuse(cast: Cast) -> None:
    give_totp(cast.security)
    client = Client()
    client.force_login(cast.security)
    assert client.get("/administration/people/new/").status_code == 403
    assert client.get(f"/administration/people/{cast.verifier.pk}/grant/").status_code == 403
    page = client.get(f"/administration/people/{cast.signatory.pk}/").content.decode()
    assert f'href="/administration/people/{cast.signatory.pk}/reset-second-factor/"' in page
    house = client.get(f"/administration/organisations/{cast.institute.pk}/").content.decode()
    assert cast.institute.name in house
    assert 'name="credit_code"' not in house


def test_the_console_lets_the_first_administrators_in(cast: Cast, client: Client) -> None:
    out = StringIO()
    arguments = {"role": "security_admin", "name": "首位安全", "organisation": cast.bureau.name}
    call_command("add_administrator", "first.security", stdout=out, **arguments)
    path = "/" + out.getvalue().strip().split("/", 3)[3]
    assert client.post(path, {"password": NEW, "again": NEW}).status_code == 302
    assert sign_in(client, "first.security", NEW) == 302
    user = User.objects.get(username="first.security")
    assert list(user.grants.values_list("role", flat=True)) == ["security_admin"]
    assert not user.awaiting_confirmation  # nobody but the console held the link
    events = AuditEvent.objects.filter(subject_id=str(user.pk), verb="kernel.person_invited")
    assert events.get().actor_name == "quanheng manage add_administrator"


def let_in(cast: Cast) -> tuple[User, Client, str]:
    """A new signatory entered by the manager, whose link the security administrator handed over and somebody used."""
    manager = cast.actor("manager")
    user = services.add_person(actor=manager, organisation=cast.institute, username="xin.qian", name="何新签")
    make_role(manager, user, "signatory")
    link, _sent = services.invite(actor=cast.actor("security"), user=user)
    client = Client()
    assert client.post("/" + link.split("/", 3)[3], {"password": NEW, "again": NEW}).status_code == 302
    user.refresh_from_db()
    secret = give_totp(user)
    client.force_login(user)
    return user, client, secret


def shown_code(client: Client) -> str:
    """The code on the page where the newcomer waits."""
    page = client.get("/accounts/confirmation/").content.decode()
    found = re.search(r"data-confirmation>([\d ]+)<", page)
    assert found, page
    return found.group(1)


def test_who_handed_the_first_link_over_cannot_use_it_to_sign(cast: Cast) -> None:
    user, client, secret = let_in(cast)
    assert client.get("/verification/")["Location"] == "/accounts/confirmation/"
    with pytest.raises(Refused, match="当面确认"):
        second_factor.verify(user, code(secret))
    security = Client()
    give_totp(cast.security)
    security.force_login(cast.security)
    page = security.post(f"/administration/people/{user.pk}/confirm/", {"code": shown_code(client)})
    assert page.status_code == 403
    with pytest.raises(Refused, match="由您发放"):
        services.confirm_keys(actor=cast.actor("security"), user=user, code=shown_code(client))


def test_the_manager_confirms_the_newcomer_by_the_code_shown_face_to_face(cast: Cast) -> None:
    user, client, secret = let_in(cast)
    manager = Client()
    manager.force_login(cast.manager)
    assert user.name in manager.get("/").content.decode()
    assert user.name in manager.get("/administration/people/?step=confirm").content.decode()
    assert user.name not in manager.get("/administration/people/?step=link").content.decode()
    address = f"/administration/people/{user.pk}/"
    assert "待当面确认" in manager.get(address).content.decode()
    right = shown_code(client)
    wrong = "000 000" if right != "000 000" else "000 001"
    refused = manager.post(f"{address}confirm/", {"code": wrong})
    assert refused.status_code == 422
    assert "落入他人之手" in refused.content.decode()
    assert manager.post(f"{address}confirm/", {"code": right})["Location"] == address
    user.refresh_from_db()
    assert not user.awaiting_confirmation
    assert second_factor.verify(user, code(secret)) == "totp"
    assert client.get("/accounts/profile/").status_code == 200
    assert client.get("/accounts/confirmation/").status_code == 302
    assert AuditEvent.objects.filter(verb="kernel.keys_confirmed", subject_id=str(user.pk)).count() == 1
    assert manager.get(f"{address}confirm/").status_code == 403


def test_a_new_link_asks_for_a_new_confirmation_with_another_code(cast: Cast) -> None:
    user, client, _secret = let_in(cast)
    first = shown_code(client)
    services.confirm_keys(actor=cast.actor("manager"), user=user, code=first)
    other = makers.make_user("第二安全员", cast.bureau, "security_admin")
    services.forget_password(actor=actor_of(other), user=user)
    link, _sent = services.invite(actor=actor_of(other), user=User.objects.get(pk=user.pk))
    assert client.post("/" + link.split("/", 3)[3], {"password": NEW, "again": NEW}).status_code == 302
    user = User.objects.get(pk=user.pk)
    assert user.awaiting_confirmation
    with pytest.raises(Refused, match="确认码不对"):
        services.confirm_keys(actor=cast.actor("manager"), user=user, code=first)


def test_a_manager_holds_the_link_of_neither_verifier_nor_checker(cast: Cast) -> None:
    for part in ("verifier", "checker"):
        with pytest.raises(Refused, match=r"安全管理员.*冒名签字"):
            services.invite(actor=cast.actor("manager"), user=getattr(cast, part))
        with pytest.raises(Refused, match=r"安全管理员.*冒名签字"):
            services.invite(actor=cast.actor("administrator"), user=getattr(cast, part))


def test_a_signatory_cannot_sign_under_another_name(cast: Cast, client: Client) -> None:
    secret = give_totp(cast.signatory)
    client.force_login(cast.signatory)
    own = cast.signatory.name
    asked = client.post("/accounts/profile/", {"name": cast.manager.name, "email": "new@example.test", "phone": "1"})
    assert client.post(asked["Location"], {"code": code(secret)})["Location"] == "/accounts/profile/"
    cast.signatory.refresh_from_db()
    assert (cast.signatory.name, cast.signatory.email) == (own, "new@example.test")
    event = AuditEvent.objects.get(verb="kernel.profile_changed", subject_id=str(cast.signatory.pk))
    assert event.before == {"email": "", "phone": ""}
    assert event.after == {"email": "new@example.test", "phone": "1"}


def test_another_address_of_a_signatory_asks_for_the_second_factor(cast: Cast, client: Client) -> None:
    give_totp(cast.signatory)
    client.force_login(cast.signatory)
    asked = client.post("/accounts/profile/", {"email": "new@example.test", "phone": ""})
    assert asked["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert client.get("/accounts/reauthenticate/").status_code == 302, "the password alone does not do"
    cast.signatory.refresh_from_db()
    assert cast.signatory.email == ""
    assert client.post("/accounts/profile/", {"email": "", "phone": "0990-1"}).status_code == 302
    cast.signatory.refresh_from_db()
    assert cast.signatory.phone == "0990-1"


def test_another_address_asks_for_the_password_again_and_the_old_one_is_told(cast: Cast, client: Client) -> None:
    User.objects.filter(pk=cast.keeper.pk).update(email="old@example.test")
    client.force_login(cast.keeper)
    asked = client.post("/accounts/profile/", {"email": "new@example.test", "phone": "1"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    cast.keeper.refresh_from_db()
    assert cast.keeper.email == "old@example.test"
    client.post(asked["Location"], {"password": PASSWORD})
    cast.keeper.refresh_from_db()
    assert (cast.keeper.email, cast.keeper.phone) == ("new@example.test", "1")
    assert [m.to for m in mail.outbox] == [["old@example.test"]]
    assert "new@example.test" in mail.outbox[0].body


def test_who_manages_a_person_changes_the_name_with_a_reason(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    address = f"/administration/people/{cast.signatory.pk}/name/"
    own = cast.signatory.name
    assert client.post(address, {"name": "新名", "reason": ""}).status_code == 422
    assert client.post(address, {"name": "新名", "reason": "户口簿更名"}).status_code == 302
    event = AuditEvent.objects.get(verb="kernel.person_renamed", subject_id=str(cast.signatory.pk))
    assert (event.before, event.after, event.reason) == ({"name": own}, {"name": "新名"}, "户口簿更名")


def test_a_manager_of_one_organisation_need_not_choose_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    page = client.get("/administration/people/new/").content.decode()
    assert f'<option value="{cast.institute.pk}" selected' in page
