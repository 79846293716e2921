"""Certificates of a foreign institute, as its files would come: signed by its own key, changed as a test needs."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from quanheng.evidence.content import CertificateContent
from quanheng.evidence.dcc.build import build
from quanheng.evidence.issuing import issue_bytes
from quanheng.evidence.signing.authority import Authority, Seal
from quanheng.evidence.signing.xades import sign_xml
from quanheng.platform.certificates.models import ForeignCertificate
from quanheng.platform.kernel import imports
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import ImportBatch, Organisation
from quanheng.platform.standards.models import MeasurementStandard
from tests.evidence.sample_content import make_content

AT = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 2)
NAME = "Nordmark National Metrology Institute"


@cache
def institute() -> tuple[Authority, Seal]:
    """The institute's root and its seal."""
    folder = Path(mkdtemp())
    authority = Authority.create(folder / "root", f"{NAME} Root", at=AT)
    return authority, authority.issue_seal(folder / "seal", NAME, at=AT)


def accept_institute() -> Path:
    """Its root among those this office accepts."""
    folder = settings.QUANHENG.keys_dir / "accepted"
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = folder / "nordmark.pem"
    path.write_bytes(institute()[0].certificate.public_bytes(Encoding.PEM))
    return path


def make_foreign(serial: str = "SN-778", *, number: str = "NNMI-2026-4711", **changes: Any) -> CertificateContent:
    """A calibration certificate of a standard; ``changes`` as in the content's JSON."""
    item = {
        "name": "标准砝码",
        "name_en": "Weight",
        "model": "W-20",
        "manufacturer": "Nordmess",
        "serial_number": serial,
    }
    values: dict[str, Any] = {
        "kind": "calibration_certificate",
        "title": None,
        "verdict": None,
        "number": number,
        "issued_on": DAY.isoformat(),
        "performed_from": DAY.isoformat(),
        "performed_to": DAY.isoformat(),
        "valid_until": None,
        "issuer": {"name": NAME, "name_en": NAME, "address": "Measure Square 1", "country": "XN"},
        "item": {**item, "code": "NN-0001"},
        **changes,
    }
    return make_content(**values)


def signed(content: CertificateContent | None = None, at: dt.datetime = AT) -> bytes:
    """The signed DCC."""
    return sign_xml(build(content or make_foreign()), institute()[1], at)


def as_pdf(content: CertificateContent | None = None) -> bytes:
    """The PDF/A-3 with the signed DCC inside."""
    return issue_bytes(content or make_foreign(), institute()[1], AT)[1]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A folder as a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def hand_in(actor: Actor, organisation: Organisation, *, serial: str = "SN-778", number: str) -> ImportBatch:
    """A foreign certificate handed in and not yet decided."""
    return imports.preview(
        actor=actor,
        kind="dcc",
        organisation=organisation,
        data=build(make_foreign(serial, number=number)),
        name=f"{organisation.name}.xml",
        options={"months": "12"},
    )[0]


def bring_in(actor: Actor, standard: MeasurementStandard, *, number: str) -> ForeignCertificate:
    """A foreign certificate of a standard, imported."""
    batch = hand_in(actor, standard.organisation, serial=standard.code, number=number)
    imports.apply(actor=actor, batch=batch, all_or_nothing=True)
    return ForeignCertificate.objects.get(batch=batch)
