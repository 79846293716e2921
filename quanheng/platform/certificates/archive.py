"""Many certificates in one ZIP, each under a name that stays the same every time: ``site/position_number.pdf``."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable
from typing import IO

from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.certificates.queries import instruments_of
from quanheng.platform.documents.ledger import file_stem
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import files

MOST = 2000
STAMP = (1980, 1, 1, 0, 0, 0)

WITHOUT_FILES = "以下文书由历史数据导入,只有编号和日期,没有文件 / entered from history, without files:"


def name_of(document: Document, instrument: Instrument | None) -> str:
    """The path inside the ZIP, without suffix."""
    site = instrument.organisation.name if instrument else (document.owner.name if document.owner else "-")
    position = (instrument.location or instrument.serial_number) if instrument else "-"
    return f"{file_stem(site)[:80]}/{file_stem(position)[:80]}_{file_stem(document.number)}"


def zipped(documents: Iterable[Document]) -> IO[bytes]:
    """PDF and XML of every document that has bytes; imported ones are listed in ``missing.txt``."""
    found = list(documents)
    if len(found) > MOST:
        raise InputError("too_many", _("一次最多打包 %(n)d 份证书,请先筛选") % {"n": MOST}, "selection")
    instruments = instruments_of(found)
    out = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    missing = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
        for document in found:
            stem = name_of(document, instruments.get(document.subject_id))
            if not document.pdf_sha256:
                missing.append(document.number)
                continue
            for suffix, sha256 in (("pdf", document.pdf_sha256), ("xml", document.xml_sha256)):
                pack.writestr(zipfile.ZipInfo(f"{stem}.{suffix}", STAMP), files.get(sha256))
        if missing:
            pack.writestr(
                zipfile.ZipInfo("missing.txt", STAMP), "\r\n".join([WITHOUT_FILES, *missing]).encode("utf-8-sig")
            )
    out.seek(0)
    return out
