"""QR stickers: name, code, serial number and owner in print under each code."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from quanheng.evidence.rendering.papers import Label, render_labels
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import clock


def public_url(item: Instrument) -> str:
    """The address anybody opens by scanning the sticker."""
    return f"{settings.QUANHENG.base_url}{reverse('documents:public_printed', args=[item.code])}"


def sheet(items: Sequence[Instrument]) -> bytes:
    """A4 sheets of stickers."""
    stickers = [
        Label(
            name=f"{i.name} {i.specification}".strip(),
            code=i.code,
            serial=f"{i.serial_number}–{i.serial_to}" if i.serial_to else i.serial_number,
            number=i.last_document_number,
            owner=i.organisation.name,
            url=public_url(i),
        )
        for i in items
    ]
    return render_labels(stickers, clock.now())


def response(items: Sequence[Instrument]) -> HttpResponse:
    """The sheets as a file to print."""
    answer = HttpResponse(sheet(items), content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="labels.pdf"'
    return answer
