"""Rare characters in names reach the paper, the data and the public page; what cannot be printed is named."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdf
import pytest
from django.test import Client

from quanheng.errors import InputError
from quanheng.platform.certificates import archive, signing
from quanheng.platform.documents.models import Document, NumberRecord
from quanheng.platform.kernel import clock, files
from quanheng.platform.kernel.models import Organisation
from tests.platform.cast import Cast
from tests.platform.certificates import steps

pytestmark = pytest.mark.django_db
RARE = "𠮷"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.at(steps.TODAY):
        yield


def test_a_rare_name_is_printed_sealed_and_shown(cast: Cast, client: Client) -> None:
    Organisation.objects.filter(pk=cast.shop.pk).update(name=f"{RARE}野商贸有限公司")
    cast.shop.refresh_from_db()
    scale = steps.make_scale(cast, name=f"{RARE}牌电子计价秤", location=f"{RARE}字号柜台")
    document = steps.signed(cast, task=steps.make_task(cast, scale)).document
    assert document is not None
    text = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(files.get(document.pdf_sha256))).pages)
    assert f"{RARE}牌电子计价秤" in text
    assert f"{RARE}野商贸有限公司" in text
    assert f"{RARE}野商贸有限公司".encode() in files.get(document.xml_sha256)
    assert f"{RARE}牌电子计价秤" in client.get(f"/v/{document.public_code}/").content.decode()
    assert archive.name_of(document, scale) == f"{RARE}野商贸有限公司/{RARE}字号柜台_{document.number}"


def test_a_character_no_font_prints_is_named_and_the_number_explained(cast: Cast) -> None:
    scale = steps.make_scale(cast, name="电子\ue123秤")
    record = steps.checked(cast, task=steps.make_task(cast, scale))
    with pytest.raises(InputError, match=r"U\+E123"):
        signing.sign(record, second_factor_code=steps.code_of(cast.signatory), actor=cast.actor("signatory"))
    row = NumberRecord.objects.get()
    assert row.state == "voided"
    assert "U+E123" in row.reason
    assert Document.objects.count() == 0
