"""How allauth behaves here: nobody signs up by themselves, secrets lie encrypted."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.kernel.models import User
from quanheng.platform.project import config
from quanheng.platform.project.accounts import locks

MFA_SECRET = "mfa-secret"  # noqa: S105 the name of a file


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation only."""

    @property
    def error_messages(self) -> dict[str, Any]:
        """A locked account says for how long, and what else can be done."""
        words = _("密码连续错误,账户暂时锁定,请 %(n)d 分钟后再试。忘记密码请联系本单位管理员。")
        locked = words % {"n": settings.LOCK_MINUTES}
        return {**DefaultAccountAdapter.error_messages, "too_many_login_attempts": locked}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an administrator invites."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Attempts count for the person, so that user name and e-mail are not two doors."""
        user = locks.person_of(_typed(credentials))
        return locks.attempts_key(user) if user else super()._get_login_attempts_cache_key(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong name or password goes into the audit trail, and so does the lock it brings."""
        user = locks.person_of(_typed(credentials))
        locks.note_failure(request, user, locks.WRONG_PASSWORD if user else locks.UNKNOWN_NAME)

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Somebody knows the password of a closed account: on record as well."""
        if isinstance(user, User):
            locks.note_failure(request, user, locks.CLOSED_ACCOUNT)
        answer: HttpResponse = super().respond_user_inactive(request, user)
        return answer

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Every sign-in is on record, after the second factor."""
        if isinstance(user, User):
            locks.note_success(request, user)
        answer: HttpResponse = super().post_login(request, user, **kwargs)
        return answer

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """Who has a second factor shows it before changing anything about it; the password alone is not enough."""
        methods = super().get_reauthentication_methods(user)
        if isinstance(user, User) and is_mfa_enabled(user):
            methods = [m for m in methods if m["id"] != "reauthenticate"]
        return list(methods)


def _typed(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").strip()


def _cipher() -> Fernet:
    key = hashlib.sha256(b"quanheng mfa v1:" + config.secret(settings.QUANHENG, MFA_SECRET).encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes are encrypted with a key in DATA/keys."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret for the database."""
        return _cipher().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret from the database; a key made anew would only hide that the right one is gone."""
        try:
            if not (settings.QUANHENG.keys_dir / MFA_SECRET).is_file():
                raise InvalidToken
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise InputError(
                "mfa_key", "the key of second factors does not fit the database; restore DATA/keys", MFA_SECRET
            ) from error

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """How the entry is named in the person's app."""
        return user.get_username()

    def _get_site_name(self) -> str:
        return "Quanheng 权衡"

    def _get_user_identifier(self, user: AbstractBaseUser) -> str:
        return user.name if isinstance(user, User) and user.name else user.get_username()
