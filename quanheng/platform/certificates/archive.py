"""Many certificates in one ZIP, each under a name that stays the same every time: ``site/position_number.pdf``."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO

from django.utils.translation import gettext as _

from quanheng.errors import InputError
from quanheng.platform.certificates.queries import instruments_of
from quanheng.platform.documents.ledger import bundle, file_stem
from quanheng.platform.documents.models import Document
from quanheng.platform.instruments.models import Instrument
from quanheng.platform.kernel import files

MOST = 2000
STAMP = (1980, 1, 1, 0, 0, 0)

HOW = """\ufeff离线核验 / checking off line, trusting nobody:

    quanheng-verify 名称.pdf --bundle 名称.bundle.json --keys KEYS

每份证书旁的 .bundle.json 是它的存在证明和打包时的状态。KEYS 请从可信处取得一次
(签发机构或其网站的 /v/keys),不随本包提供:连同证书一起给出的密钥什么也证明不了。此后是否撤销,请查公众查验页。
The .bundle.json beside each certificate holds its proof and its state when this file was packed. Get KEYS once from
somewhere you trust (the institute, or /v/keys of its site): keys that came with the certificates would prove nothing.
"""
WITHOUT_FILES = "以下文书由历史数据导入,只有编号和日期,没有文件 / entered from history, without files:"


def name_of(document: Document, instrument: Instrument | None) -> str:
    """The path inside the ZIP, without suffix."""
    site = instrument.organisation.name if instrument else (document.owner.name if document.owner else "-")
    position = (instrument.location or instrument.serial_number) if instrument else "-"
    return f"{file_stem(site)[:80]}/{file_stem(position)[:80]}_{file_stem(document.number)}"


def zipped(documents: Iterable[Document]) -> IO[bytes]:
    """PDF, XML and proof bundle of every document that has bytes; imported ones are listed in ``missing.txt``."""
    found = list(documents)
    if len(found) > MOST:
        raise InputError("too_many", _("一次最多打包 %(n)d 份证书,请先筛选") % {"n": MOST}, "selection")
    instruments = instruments_of(found)
    out = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    missing = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
        for document in found:
            if not document.pdf_sha256:
                missing.append(document.number)
                continue
            stem = name_of(document, instruments.get(document.subject_id))
            for suffix, data in _parts(document):
                pack.writestr(zipfile.ZipInfo(f"{stem}.{suffix}", STAMP), data)
        if len(missing) < len(found):
            pack.writestr(zipfile.ZipInfo("verify.txt", STAMP), HOW.replace("\n", "\r\n").encode())
        if missing:
            pack.writestr(
                zipfile.ZipInfo("missing.txt", STAMP), "\r\n".join([WITHOUT_FILES, *missing]).encode("utf-8-sig")
            )
    out.seek(0)
    return out


def _parts(document: Document) -> Iterator[tuple[str, bytes]]:
    """Its files; the bundle only once the public log holds it, which takes seconds."""
    yield "pdf", files.get(document.pdf_sha256)
    yield "xml", files.get(document.xml_sha256)
    try:
        yield "bundle.json", bundle(document)
    except InputError as error:
        if error.code != "not_merged":
            raise
