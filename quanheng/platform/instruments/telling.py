"""Messages to those who keep the ledger, about what others did with their instruments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation

from quanheng.platform.instruments.reminders import keepers_of
from quanheng.platform.kernel import clock, notices
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import Organisation


def tell_keepers(
    organisation: Organisation, words: Any, values: Mapping[str, Any], *, kind: str, key: str, url: str, by: Actor
) -> None:
    """One message to each keeper but the one who did it; kept in Chinese, told again in the reader's language."""
    with translation.override(settings.LANGUAGE_CODE):
        text = str(words) % {name: str(value) for name, value in values.items()}
    notices.send(
        notices.Message(keeper.pk, kind, f"{kind}-{key}", text, url, organisation.pk)
        for keeper in keepers_of(organisation, clock.today())
        if keeper.pk != by.user_id
    )
