"""One-time links by which a person sets the first password. Nothing is stored: the link dies with its use."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import base36_to_int

from quanheng.platform.kernel.models import User


class InvitationTokens(PasswordResetTokenGenerator):
    """Bound to the person's password, state and address: works once, and no longer than the configured days."""

    key_salt = "quanheng.platform.project.accounts.invitations"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}{user.password_set_at}"

    def check_token(self, user: Any, token: str | None) -> bool:
        """Whether the token is this person's, unused and not too old."""
        if not user or not token:
            return False
        try:
            timestamp = base36_to_int(token.split("-")[0])
        except ValueError:
            return False
        if not constant_time_compare(self._make_token_with_timestamp(user, timestamp, self.secret), token):
            return False
        age = self._num_seconds(self._now()) - timestamp
        return bool(0 <= age <= settings.QUANHENG.invitation_days * 86_400)


tokens = InvitationTokens()


def link(user: User) -> str:
    """The full address to hand to the person."""
    path = reverse("project:invitation", args=[user.pk, tokens.make_token(user)])
    return f"{settings.QUANHENG.base_url}{path}"


def confirmation_code(user: User) -> str:
    """Six digits that only who used the link sees, to be told face to face; another password, another code."""
    digest = salted_hmac(f"{InvitationTokens.key_salt}.confirmation", f"{user.pk}{user.password_set_at}").digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def invited(user_id: uuid.UUID, token: str) -> User | None:
    """The person a link belongs to, if it still works."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user if user is not None and tokens.check_token(user, token) else None
