"""A write repeated under its key does nothing and gets the same answer."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from quanheng.errors import InputError
from quanheng.platform.kernel import clock
from quanheng.platform.kernel.models import ApiToken, IdempotencyKey, User

KEPT = dt.timedelta(days=7)
MAX_KEY = 120


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body; ``replayed`` where it was given before."""

    status: int
    body: Any
    replayed: bool = False


def fingerprint(*parts: str | bytes) -> str:
    """One hash over everything that makes two requests the same."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def checked(key: str) -> str:
    """The key, if it is one."""
    if not key:
        raise InputError(
            "idempotency_key_missing", "send an Idempotency-Key header with every write", "Idempotency-Key"
        )
    if len(key) > MAX_KEY or not all(33 <= ord(c) <= 126 for c in key):
        raise InputError(
            "idempotency_key", f"an Idempotency-Key is up to {MAX_KEY} visible ASCII characters", "Idempotency-Key"
        )
    return key


def once(owner: ApiToken | User, key: str, request_sha256: str, act: Callable[[], Answer]) -> Answer:
    """Run ``act`` under the key, or give the answer it got before.

    Key, effect and answer stand in one transaction: killed anywhere, either all is there or nothing. Of two at the same
    time the second waits for the first and gets its answer. A refusal is rolled back with its key: it may be retried.
    """
    mine = {"token": owner} if isinstance(owner, ApiToken) else {"user": owner}
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = IdempotencyKey.objects.create(
                    **mine, key=checked(key), request_sha256=request_sha256, created_at=clock.now()
                )
        except IntegrityError:
            return _again(IdempotencyKey.objects.get(**mine, key=key), request_sha256)
        answer = act()
        row.status, row.answer = answer.status, answer.body
        row.save(update_fields=["status", "answer"])
        return answer


def _again(row: IdempotencyKey, request_sha256: str) -> Answer:
    if row.request_sha256 != request_sha256:
        raise InputError(
            "idempotency_key_reused",
            "this Idempotency-Key was used for another request; use a fresh key for a different one",
            "Idempotency-Key",
        )
    return Answer(row.status, row.answer, replayed=True)


def forget_old() -> str:
    """Drop answers nobody will ask for again (periodic)."""
    count, _details = IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    return f"{count} old answers dropped"
