"""Coming in: no default password, one-time invitations, lockout, sessions that end, a second factor for those who sign."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client

from quanheng.platform.kernel.models import AuditEvent, RoleGrant, User
from quanheng.platform.kernel.policies import Refused
from quanheng.platform.project.accounts import invitations, policies, services
from quanheng.platform.project.accounts.validators import BreachedValidator
from quanheng.platform.web import second_factor
from tests.platform import makers
from tests.platform.cast import Cast

PASSWORD = "correct horse 7"  # of the makers
NEW = "seven grey herons wade"


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """Attempts of one test do not count in the next."""
    cache.clear()


def sign_in(client: Client, login: str, password: str) -> int:
    """Post the login form."""
    return client.post("/accounts/login/", {"login": login, "password": password}).status_code


def give_totp(user: User) -> str:
    """Set up an authenticator app and return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code(secret: str, shift: int = 0) -> str:
    """The code an app shows now, or some periods away."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + shift))


def test_one_signs_in_by_name_or_by_mail(cast: Cast, client: Client) -> None:
    User.objects.filter(pk=cast.keeper.pk).update(email="keeper@example.test")
    assert sign_in(client, cast.keeper.username, PASSWORD) == 302
    client.logout()
    assert sign_in(client, "keeper@example.test", PASSWORD) == 302


def test_a_wrong_password_keeps_the_name_typed_and_says_so(cast: Cast, client: Client) -> None:
    page = client.post("/accounts/login/", {"login": "someone", "password": "wrong"})
    assert page.status_code == 200
    assert 'value="someone"' in page.content.decode()
    assert "qh-errors" in page.content.decode()


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(cast: Cast, client: Client) -> None:
    for _attempt in range(5):
        sign_in(client, cast.keeper.username, "wrong")
    page = client.post("/accounts/login/", {"login": cast.keeper.username, "password": PASSWORD})
    assert "请 5 分钟后再试" in page.content.decode()
    assert client.get("/administration/people/").status_code == 302
    cache.clear()
    assert sign_in(client, cast.keeper.username, PASSWORD) == 302


def test_one_address_cannot_try_the_passwords_of_many(cast: Cast, client: Client) -> None:
    for number in range(20):
        sign_in(client, f"guess{number}", "wrong")
    assert client.post("/accounts/login/", {"login": cast.keeper.username, "password": PASSWORD}).status_code in {
        200,
        429,
    }
    assert client.get("/accounts/profile/").status_code == 302


def test_a_new_person_has_no_password_and_sets_it_by_a_link_that_works_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    answer = client.post(
        "/administration/people/new/",
        {
            "organisation": str(cast.institute.pk),
            "name": "何新人",
            "username": "he.xin",
            "email": "he@example.test",
            "role": "receptionist",
        },
        follow=True,
    )
    user = User.objects.get(username="he.xin")
    assert not user.has_usable_password()
    link = re.search(r'value="(http[^"]+invitation[^"]+)"', answer.content.decode())
    assert link is not None
    assert link[1] in mail.outbox[0].body
    path = link[1].removeprefix(settings.QUANHENG.base_url)
    assert (
        "he.xin"
        not in client.get(f"/administration/people/{user.pk}/").content.decode().partition("invitation")[2][:300]
    )

    stranger = Client()
    assert "何新人" in stranger.get(path).content.decode()
    assert stranger.post(path, {"password": "12345678901", "again": "12345678901"}).status_code == 422
    assert stranger.post(path, {"password": NEW, "again": "different"}).status_code == 422
    assert stranger.post(path, {"password": NEW, "again": NEW}).status_code == 302
    assert stranger.get(path).status_code == 410
    assert stranger.post(path, {"password": "another good phrase", "again": "another good phrase"}).status_code == 410
    assert sign_in(stranger, "he.xin", NEW) == 302
    assert list(user.grants.values_list("role", flat=True)) == ["receptionist"]
    verbs = list(AuditEvent.objects.filter(subject_id=str(user.pk)).order_by("id").values_list("verb", flat=True))
    assert verbs == [
        "kernel.person_added",
        "kernel.role_granted",
        "kernel.person_invited",
        "kernel.password_set",
        "kernel.signed_in",
    ]


def test_an_invitation_ages_and_dies_with_the_account(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    user = cast.keeper
    token = invitations.tokens.make_token(user)
    assert invitations.invited(user.pk, token) == user
    assert invitations.invited(cast.rival_keeper.pk, token) is None
    assert invitations.invited(user.pk, token[:-1] + "x") is None
    assert invitations.invited(user.pk, "nonsense") is None
    original = invitations.InvitationTokens._now
    late = original(invitations.tokens) + __import__("datetime").timedelta(
        days=settings.QUANHENG.invitation_days, seconds=5
    )
    monkeypatch.setattr(invitations.InvitationTokens, "_now", lambda self: late)
    assert invitations.invited(user.pk, token) is None
    monkeypatch.undo()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert invitations.invited(user.pk, token) is None


def test_a_new_link_makes_the_old_password_useless(cast: Cast, client: Client) -> None:
    other, desk = Client(), makers.make_user("柳前台", cast.institute, "receptionist")
    sign_in(other, desk.username, PASSWORD)
    assert other.get("/accounts/profile/").status_code == 200
    client.force_login(cast.manager)
    client.post(f"/administration/people/{desk.pk}/invite/")
    assert other.get("/accounts/profile/").status_code == 302
    assert sign_in(other, desk.username, PASSWORD) == 200


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "1234567890",
        "password2026",
        "Passw0rd!2026",
        "admin123456",
        "qwertyuiop1",
        "aaaaaaaaaaaa",
        "woaini1314520",
        "quanheng2026",
        "abcdefghijkl",
        "1qaz2wsx3",
        "P@ssw0rd1234",
    ],
)
def test_passwords_that_everybody_tries_first_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize("password", [NEW, "浑善达克沙地的羊群真多", "tR9!mvaQ2#xl", "harbour-lantern-48-moss"])
def test_good_passwords_are_accepted(password: str) -> None:
    validate_password(password)


def test_a_password_like_the_own_name_is_refused(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        validate_password("zhangsan.metrology", User(username="zhangsan.metrology"))


def test_leaked_passwords_are_found_in_the_operators_list(tmp_path: Path) -> None:
    words = [f"word-{n}-{n * n}" for n in range(999)]
    lines = sorted(hashlib.sha1(word.encode()).hexdigest().upper() + ":3" for word in words)
    path = tmp_path / "list.txt"
    path.write_text("\r\n".join(lines))
    check = BreachedValidator(str(path))
    for word in words:
        with pytest.raises(ValidationError):
            check.validate(word)
    for n in range(500):
        check.validate(f"other-{n}")
    path.write_text("")
    check.validate(words[0])


def test_an_idle_session_ends(cast: Cast, client: Client) -> None:
    client.force_login(cast.keeper)
    assert client.get("/accounts/profile/").status_code == 200
    session = client.session
    session["seen"] = int(time.time()) - settings.QUANHENG.idle_seconds - 1
    session.save()
    assert client.get("/accounts/profile/").status_code == 302
    assert "登录已过期" in client.get("/accounts/login/").content.decode()


def test_a_session_ends_after_twelve_hours_however_busy(cast: Cast, client: Client) -> None:
    client.force_login(cast.keeper)
    client.get("/accounts/profile/")
    session = client.session
    session["started"] = int(time.time()) - settings.QUANHENG.absolute_seconds - 1
    session["seen"] = int(time.time())
    session.save()
    assert client.get("/accounts/profile/").status_code == 302


@pytest.mark.parametrize("part", ["signatory", "administrator"])
def test_those_who_sign_or_administer_set_up_a_second_factor_first(cast: Cast, client: Client, part: str) -> None:
    user = getattr(cast, part)
    client.force_login(user)
    for path in ("/", "/administration/people/", "/notices/"):
        answer = client.get(path)
        assert (answer.status_code, answer.url) == (302, "/accounts/second-factor/")
    assert client.get("/accounts/second-factor/").status_code == 200
    give_totp(user)
    assert client.get("/").status_code == 200


def test_others_are_not_asked_for_a_second_factor(cast: Cast, client: Client) -> None:
    client.force_login(cast.verifier)
    assert client.get("/").status_code == 200


def test_a_second_factor_is_asked_for_at_login_and_its_secret_lies_encrypted(cast: Cast, client: Client) -> None:
    secret = give_totp(cast.signatory)
    stored = Authenticator.objects.get(user=cast.signatory).data["secret"]
    assert secret not in stored
    answer = client.post("/accounts/login/", {"login": cast.signatory.username, "password": PASSWORD})
    assert answer.url.startswith("/accounts/2fa/authenticate/")
    assert client.get("/accounts/profile/").status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert client.get("/accounts/profile/").status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert client.get("/accounts/profile/").status_code == 200


def test_signing_asks_the_second_factor_again_and_each_code_works_once(cast: Cast) -> None:
    with pytest.raises(Refused, match="尚未设置"):
        second_factor.verify(cast.signatory, "123456")
    secret = give_totp(cast.signatory)
    now = code(secret)
    assert second_factor.verify(cast.signatory, f"{now[:3]} {now[3:]}") == "totp"
    with pytest.raises(Refused, match="已用过"):
        second_factor.verify(cast.signatory, now)
    assert second_factor.is_set_up(cast.signatory)
    assert not second_factor.is_set_up(cast.verifier)


def test_a_recovery_code_signs_once(cast: Cast) -> None:
    give_totp(cast.signatory)
    codes = RecoveryCodes.activate(cast.signatory).generate_codes()
    assert second_factor.verify(cast.signatory, codes[0]) == "recovery_code"
    with pytest.raises(Refused):
        second_factor.verify(cast.signatory, codes[0])


def test_five_wrong_codes_close_the_door_even_to_the_right_one(cast: Cast) -> None:
    secret = give_totp(cast.signatory)
    for n in range(5):
        with pytest.raises(Refused):
            second_factor.verify(cast.signatory, f"00000{n}")
    with pytest.raises(Refused, match="五分钟"):
        second_factor.verify(cast.signatory, code(secret))


def test_a_manager_gives_no_role_above_the_own_house(cast: Cast, client: Client) -> None:
    manager, admin = cast.actor("manager"), cast.actor("administrator")
    assert "system_admin" not in policies.grantable(manager, cast.institute)
    assert "verifier" in policies.grantable(manager, cast.institute)
    assert policies.grantable(manager, cast.bureau) == []
    assert set(policies.grantable(admin, cast.bureau)) == {"regulator", "system_admin", "security_admin", "audit_admin"}
    for role in ("system_admin", "regulator", "nonsense"):
        with pytest.raises(Refused):
            services.give_role(
                actor=manager,
                user=cast.checker,
                role=role,
                organisation=cast.institute,
                valid_from=None,
                valid_until=None,
            )
    client.force_login(cast.manager)
    page = client.post(
        f"/administration/people/{cast.checker.pk}/grant/",
        {"role": "system_admin", "organisation": str(cast.institute.pk)},
    )
    assert page.status_code == 422
    assert not RoleGrant.objects.filter(user=cast.checker, role="system_admin").exists()


def test_nobody_changes_their_own_roles(cast: Cast) -> None:
    decision = policies.may_manage_person(cast.actor("manager"), cast.manager)
    assert not decision
    with pytest.raises(Refused):
        services.give_role(
            actor=cast.actor("manager"),
            user=cast.manager,
            role="signatory",
            organisation=cast.institute,
            valid_from=None,
            valid_until=None,
        )


def test_a_role_ends_with_its_reason_on_record(cast: Cast, client: Client) -> None:
    client.force_login(cast.manager)
    grant = cast.checker.grants.get()
    address = f"/administration/people/{cast.checker.pk}/grants/{grant.pk}/end/"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "调岗"}).status_code == 302
    assert not cast.actor("checker").has("checker")
    event = AuditEvent.objects.get(verb="kernel.role_ended")
    assert (event.reason, event.actor_name) == ("调岗", "王主任")


def test_closing_an_account_ends_its_sessions_at_once(cast: Cast, client: Client) -> None:
    other = Client()
    sign_in(other, cast.verifier.username, PASSWORD)
    assert other.get("/accounts/profile/").status_code == 200
    services.set_active(actor=cast.actor("manager"), user=cast.verifier, active=False, reason="离职")
    assert other.get("/accounts/profile/").status_code == 302
    assert sign_in(other, cast.verifier.username, PASSWORD) != 302 or other.get("/accounts/profile/").status_code == 302


def test_an_organisation_with_a_wrong_credit_code_is_refused_beside_its_field(cast: Cast, client: Client) -> None:
    give_totp(cast.administrator)
    client.force_login(cast.administrator)
    data = {
        "name": "测试企业",
        "kind": "enterprise",
        "region": "990101",
        "credit_code": "91350100M000100Y42",
        "active": "on",
    }
    page = client.post("/administration/organisations/new/", data)
    assert page.status_code == 422
    assert "校验不通过" in page.content.decode()
    assert 'value="测试企业"' in page.content.decode()
    good = client.post("/administration/organisations/new/", {**data, "credit_code": "91350100M000100Y43"})
    assert good.status_code == 302
    assert client.get(good.url).status_code == 200


def test_nobody_signs_up_alone(client: Client, db: None) -> None:
    assert "不开放注册" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", {"username": "intruder", "password1": NEW, "password2": NEW})
    assert not User.objects.filter(username="intruder").exists()
