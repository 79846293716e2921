"""Failed sign-ins, locks and their release: on record, with why and from where, and no more than may be kept."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import translation

from quanheng.platform.kernel.models import AuditEvent, RoleGrant, User
from quanheng.platform.kernel.people import actor_of
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.project.accounts import locks
from quanheng.platform.web import second_factor
from tests.platform import makers
from tests.platform.cast import Cast

PASSWORD = "correct horse 7"  # of the makers
HERE = {"REMOTE_ADDR": "203.0.113.77"}


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """Attempts of one test do not count in the next."""
    cache.clear()


@pytest.fixture
def desk(cast: Cast) -> User:
    """A receptionist whom the manager of the institute looks after."""
    return makers.make_user("柳前台", cast.institute, "receptionist")


def knock(login: str, password: str = "wrong", **source: str) -> str:
    """One attempt by somebody unknown; what the page says."""
    return (
        Client().post("/accounts/login/", {"login": login, "password": password}, **(source or HERE)).content.decode()
    )


def lock(user: User) -> None:
    """Five wrong passwords."""
    for _attempt in range(5):
        knock(user.username)


def kept(*verbs: str) -> list[AuditEvent]:
    """Events of these kinds, oldest first."""
    return list(AuditEvent.objects.filter(verb__in=verbs).order_by("id"))


def test_a_wrong_password_is_on_record_with_whom_it_was_about_why_and_the_network_but_not_the_address(
    desk: User,
) -> None:
    knock(desk.username)
    (event,) = kept("kernel.sign_in_failed")
    assert (event.subject_id, event.organisation_id) == (str(desk.pk), desk.organisation_id)
    assert (event.actor_id, event.actor_name, event.reason) == (None, "未登录的访客", "密码不正确")
    assert event.after["network"] == "203.0.113.0/24"
    assert len(event.after["client"]) == 12
    assert "203.0.113.77" not in str(vars(event))


def test_two_clients_of_one_network_are_told_apart_and_ipv6_is_kept_to_the_site(desk: User) -> None:
    knock(desk.username)
    knock(desk.username, REMOTE_ADDR="203.0.113.78")
    knock(desk.username, REMOTE_ADDR="2001:db8:1:2:3:4:5:6")
    first, second, third = (e.after for e in kept("kernel.sign_in_failed"))
    assert first["network"] == second["network"]
    assert first["client"] != second["client"]
    assert third["network"] == "2001:db8:1::/48"


def test_what_a_stranger_types_as_a_name_is_kept_nowhere(db: None) -> None:
    knock("my-secret-password-in-the-wrong-field")
    (event,) = kept("kernel.sign_in_failed")
    assert event.reason == "没有这个登录名或邮箱"
    assert "my-secret" not in str(vars(event))


def test_the_fifth_wrong_password_leaves_one_lock_in_the_trail_however_often_one_goes_on(desk: User) -> None:
    lock(desk)
    for _attempt in range(3):
        assert "暂时锁定" in knock(desk.username, PASSWORD)
    (event,) = kept("kernel.account_locked")
    assert len(kept("kernel.sign_in_failed")) == 5
    assert event.subject_id == str(desk.pk)
    assert event.after["until"] == locks.locked_until(desk).isoformat()


def test_user_name_and_mail_are_one_door(desk: User) -> None:
    User.objects.filter(pk=desk.pk).update(email="desk@example.test")
    for login in (desk.username, "desk@example.test", desk.username.upper(), "DESK@example.test", desk.username):
        knock(login)
    assert locks.locked_until(desk) is not None
    assert "暂时锁定" in knock("desk@example.test", PASSWORD)


def test_an_address_that_tries_many_names_is_locked_and_that_is_on_record_once(db: None) -> None:
    for number in range(23):
        knock(f"guess{number}")
    assert len(kept("kernel.sign_in_failed")) == 20
    (event,) = kept("kernel.address_locked")
    assert event.after["network"] == "203.0.113.0/24"


def test_who_comes_in_is_on_record_and_a_closed_account_whose_password_is_known_too(desk: User) -> None:
    knock(desk.username, PASSWORD)
    User.objects.filter(pk=desk.pk).update(is_active=False)
    knock(desk.username, PASSWORD)
    assert [e.actor_id for e in kept("kernel.signed_in")] == [desk.pk]
    assert [e.reason for e in kept("kernel.sign_in_failed")] == ["账户已停用"]


def test_wrong_codes_after_the_right_password_are_on_record_and_lock(desk: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(desk, secret)
    client = Client()
    client.post("/accounts/login/", {"login": desk.username, "password": PASSWORD})
    good = {format_hotp_value(hotp_value(secret, int(time.time()) // 30 + n)) for n in range(-3, 4)}
    bad = next(
        code
        for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777")
        if code not in good
    )
    for _attempt in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": bad})
    assert {e.reason for e in kept("kernel.sign_in_failed")} == {"登录验证码不正确"}
    assert len(kept("kernel.account_locked")) == 1
    assert not kept("kernel.signed_in")


def test_wrong_codes_at_signing_are_on_record_and_the_lock_can_be_released(cast: Cast) -> None:
    TOTP.activate(cast.signatory, generate_totp_secret())
    for _attempt in range(5):
        with pytest.raises(Refused):
            second_factor.verify(cast.signatory, "nocode")
    with pytest.raises(Refused, match="五分钟"):
        second_factor.verify(cast.signatory, "nocode")
    assert len(kept("kernel.signing_code_wrong")) == 5
    assert len(kept("kernel.signing_locked")) == 1
    locks.release(actor=actor_of(cast.manager), user=cast.signatory, reason="本人当面说明")
    with pytest.raises(Refused, match="不正确"):
        second_factor.verify(cast.signatory, "nocode")


def test_the_manager_sees_who_is_locked_and_releases_the_lock_with_a_reason(cast: Cast, desk: User) -> None:
    lock(desk)
    client = Client()
    client.force_login(cast.manager)
    home = client.get("/").content.decode()
    assert "登录被锁定的人员" in home
    assert "柳前台" in client.get("/administration/people/?step=locked").content.decode()
    page = client.get(f"/administration/people/{desk.pk}/").content.decode()
    assert "锁定至" in page
    assert "登录失败" in page
    where = f"/administration/people/{desk.pk}/release/"
    assert client.post(where, {"reason": ""}).status_code == 422
    assert locks.locked_until(desk) is not None
    assert client.post(where, {"reason": "本人来电核实"}).status_code == 302
    (event,) = kept("kernel.lock_released")
    assert (event.actor_id, event.reason) == (cast.manager.pk, "本人来电核实")
    assert event.before["until"]
    assert "锁定至" not in client.get(f"/administration/people/{desk.pk}/").content.decode()
    assert "登录被锁定的人员" not in client.get("/").content.decode()
    knock(desk.username, PASSWORD)
    assert len(kept("kernel.signed_in")) == 1


def test_nobody_of_another_institute_and_not_the_person_releases_a_lock(cast: Cast, desk: User) -> None:
    lock(desk)
    for other in (cast.keeper, cast.verifier, desk):
        with pytest.raises(Refused):
            locks.release(actor=actor_of(other), user=desk, reason="试试")
    guard = makers.make_user("陶安全", cast.bureau, "security_admin")
    locks.release(actor=actor_of(guard), user=desk, reason="核实无异常")
    with pytest.raises(Refused, match="没有被锁定"):
        locks.release(actor=actor_of(guard), user=desk, reason="再来一次")


def test_the_console_lists_the_locked_and_releases_one(desk: User) -> None:
    lock(desk)
    out = io.StringIO()
    call_command("locks", stdout=out)
    assert out.getvalue().startswith(f"{desk.username}\t柳前台\t20")
    with pytest.raises(CommandError, match="reason"):
        call_command("locks", release=desk.username)
    call_command("locks", release=desk.username, reason="值班电话核实", stdout=io.StringIO())
    assert locks.locked_until(desk) is None
    assert kept("kernel.lock_released")[0].actor_name == "quanheng manage locks"
    with pytest.raises(CommandError, match="unknown_person"):
        call_command("locks", release="nobody", reason="值班")


def test_the_trail_says_it_in_english_to_a_reader_of_english(cast: Cast, desk: User) -> None:
    lock(desk)
    knock("somebody else")
    auditor = makers.make_user("蒋审计", cast.bureau)
    RoleGrant.objects.create(user=auditor, role="audit_admin", organisation=cast.bureau)
    client = Client()
    client.force_login(auditor)
    session = client.session
    session["second_factor"] = True
    session.save()
    with translation.override("en"):
        text = client.get("/administration/audit/?lang=en").content.decode()
    for words in (
        "Sign-in failed",
        "Wrong password",
        "Locked out",
        "Visitor, not signed in",
        "No such user name or e-mail",
    ):
        assert words in text
    assert "00000000-0000" not in text


def test_wrong_codes_sent_at_once_are_each_counted(committing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    signatory = makers.make_user("赵签", makers.make_organisation("计量所", "institute"), "signatory")
    TOTP.activate(signatory, generate_totp_secret())
    read = second_factor._failures

    def slowly(user: User) -> Any:
        found = read(user)
        time.sleep(0.05)  # whoever reads without holding the row is overtaken here
        return found

    monkeypatch.setattr(second_factor, "_failures", slowly)

    def wrong(_n: int) -> None:
        try:
            with pytest.raises(Refused):
                second_factor.verify(signatory, "nocode")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(wrong, range(4)))
    assert read(signatory)[0] == 4
