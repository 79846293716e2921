"""A certificate from abroad counts as proven only when its signature is vouched for; it stays as it came."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from quanheng.errors import InputError
from quanheng.evidence.dcc.build import build
from quanheng.evidence.signing.authority import Authority
from quanheng.evidence.signing.xades import sign_xml
from quanheng.platform.kernel import files
from quanheng.platform.kernel.models import StoredFile
from quanheng.platform.project.demo import foreign
from quanheng.platform.standards.foreign import enter_upper_dcc
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.trace.models import TraceCertificate
from quanheng.platform.trace.queries import prove
from quanheng.platform.trace.services import register_item
from tests.platform import makers
from tests.platform.cast import Cast

DAY = dt.date(2026, 3, 2)
AT = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


def make_dcc(standard: MeasurementStandard, folder: Path) -> tuple[bytes, x509.Certificate]:
    authority = Authority.create(folder / "root", "Nordmark Root", at=AT)
    seal = authority.issue_seal(folder / "seal", foreign.NAME, at=AT)
    return sign_xml(build(foreign.content(standard, DAY)), seal, AT), authority.certificate


def enter(cast: Cast, standard: MeasurementStandard, data: bytes, anchors: list[x509.Certificate]) -> TraceCertificate:
    register_item(
        kind="foreign",
        id=foreign.ROOT,
        label="DC energy",
        organisation=None,
        region=None,
        is_root=True,
        actor=makers.SYSTEM,
    )
    uses: list[dict[str, Any]] = [{"standard_id": foreign.ROOT, "used_on": DAY, "u_ratio": 0.2}]
    return enter_upper_dcc(
        actor=cast.actor("manager"),
        standard=standard,
        data=data,
        name="nnmi.xml",
        anchors=anchors,
        valid_from=DAY,
        valid_to=dt.date(2028, 3, 1),
        uses=uses,
    )


def test_a_vouched_for_dcc_proves_the_chain_and_is_kept_as_it_came(cast: Cast, tmp_path: Path) -> None:
    standard = makers.make_standard(cast.institute, makers.make_norm())
    data, anchor = make_dcc(standard, tmp_path)
    made = enter(cast, standard, data, [anchor])
    assert (made.number, made.issuer_name) == ("NNMI-2026-4711", foreign.NAME)
    assert files.get(made.file_sha256) == data
    assert StoredFile.objects.get(sha256=made.file_sha256).organisation == cast.institute
    answer = prove(standard.pk, dt.date(2026, 10, 12))
    assert (answer["holds"], answer["proven"]) == (True, True)


def test_a_changed_or_unknown_dcc_is_refused_and_leaves_nothing(cast: Cast, tmp_path: Path) -> None:
    standard = makers.make_standard(cast.institute, makers.make_norm())
    data, anchor = make_dcc(standard, tmp_path)
    other = Authority.create(tmp_path / "other", "Other Root", at=AT).certificate
    for bad, anchors in (
        (data.replace(b"0.012", b"0.013"), [anchor]),
        (data, [other]),
        (data, []),
        (b"<x/>", [anchor]),
    ):
        with pytest.raises(InputError):
            enter(cast, standard, bad, anchors)
    assert not TraceCertificate.objects.exists()
    assert not StoredFile.objects.exists()
