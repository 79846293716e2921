"""An upper certificate that came as a signed DCC from an institute abroad: checked, kept as it is, linked as proven."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cryptography import x509
from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.evidence.dcc.certificate import pick
from quanheng.evidence.dcc.read import read
from quanheng.evidence.signing.xmlverify import verify_xml
from quanheng.platform.kernel import clock, events, files
from quanheng.platform.kernel.actors import Actor
from quanheng.platform.kernel.models import StoredFile
from quanheng.platform.kernel.policies import Refused, require
from quanheng.platform.standards.models import MeasurementStandard
from quanheng.platform.standards.services import may_keep
from quanheng.platform.trace.models import TraceCertificate
from quanheng.platform.trace.services import record_certificate


@transaction.atomic
def enter_upper_dcc(
    *,
    actor: Actor,
    standard: MeasurementStandard,
    data: bytes,
    name: str,
    anchors: Sequence[x509.Certificate],
    valid_from: dt.date,
    valid_to: dt.date,
    uses: Iterable[Mapping[str, Any]],
    **extent: Any,
) -> TraceCertificate:
    """Enter a DCC whose signature the given anchors vouch for; anything else is refused, nothing is changed in it."""
    require(may_keep(actor, standard.organisation))
    certificate = read(data, name)
    report = verify_xml(data, anchors, now=clock.now())
    if not report.good or not report.chain_trusted:
        raise Refused(
            _("数字证书的签名不能确认：%(reason)s") % {"reason": report.reason or report.state}, code="signature"
        )
    laboratory = certificate.laboratory
    issuer = pick(laboratory.name) if laboratory is not None else report.signer
    sha256 = files.put(data)
    kept = StoredFile.objects.create(
        sha256=sha256,
        name=name[-200:],
        size=len(data),
        content_type="application/xml",
        organisation=standard.organisation,
        uploaded_by=actor.user_id,
    )
    for field in ("range_text", "range_low", "range_high", "unit"):
        extent.setdefault(field, getattr(standard, field))
    made = record_certificate(
        item_id=standard.pk,
        number=certificate.core.unique_identifier,
        issuer_name=issuer,
        document_id=None,
        basis="proven",
        valid_from=valid_from,
        valid_to=valid_to,
        uses=uses,
        actor=actor,
        file_sha256=sha256,
        **extent,
    )
    events.record(
        actor, "standards.foreign_certificate_entered", standard, after={"number": made.number, "file": str(kept.pk)}
    )
    return made
