"""PAdES B-B over a PDF. pyHanko takes a second to import, so it is imported where it is used."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import io
import logging
import re
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from quanheng.errors import InputError
from quanheng.evidence.signing.authority import Seal
from quanheng.evidence.signing.der import der_length
from quanheng.evidence.signing.pdf import open_pdf
from quanheng.evidence.signing.report import SignatureReport, Trust, judge, signer_name

MAX_BYTES = 64 * 1024 * 1024
_FIELD = "Seal"
_MAX_SIGNATURE = 512


@dataclass(frozen=True)
class _Sealer:
    """pyHanko's signer for one seal, and the hex digits to reserve for its signature."""

    signer: Any
    reserved: int


@functools.lru_cache(maxsize=256)
def _sealer(seal: Seal) -> _Sealer:
    """Of a seal's signatures only the document's digest and the signature proper differ: the rest is made once."""
    from asn1crypto import cms
    from asn1crypto import x509 as asn1_x509
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    certificates = [asn1_x509.Certificate.load(c.public_bytes(serialization.Encoding.DER)) for c in seal.chain]
    store = SimpleCertificateStore()
    store.register_multiple(certificates[1:-1])
    no_digest = hashlib.new(seal.suite.pdf_digest, b"the digest of no document").digest()

    class PatternSigner(signers.Signer):
        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            return bytes(_MAX_SIGNATURE)

    class SealSigner(PatternSigner):
        """Lets the seal's own suite sign, so that the key may be anywhere."""

        async def async_sign(self, data_digest: bytes, *args: Any, **kwargs: Any) -> Any:
            made = cms.ContentInfo.load(pattern)
            info = made["content"]["signer_infos"][0]
            signed = attributes.replace(no_digest, data_digest)
            info["signed_attrs"] = cms.CMSAttributes.load(signed)
            info["signature"] = seal.suite.sign(seal.key, signed)
            return made

    maker = PatternSigner(signing_cert=certificates[0], cert_registry=store)
    made = asyncio.run(maker.async_sign(no_digest, seal.suite.pdf_digest, use_pades=True))
    attributes: bytes = made["content"]["signer_infos"][0]["signed_attrs"].untag().dump()
    pattern: bytes = made.dump()
    signer = SealSigner(signing_cert=certificates[0], cert_registry=store)
    return _Sealer(signer, 2 * (len(pattern) + len(pattern) // 2))


def sign_pdf(pdf: bytes, seal: Seal, at: datetime, *, reason: str = "", location: str = "") -> bytes:
    """The PDF with the seal's signature over every byte of it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.general import SigningError

    class TimedSigner(signers.PdfSigner):
        def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
            session = super().init_signing_session(*args, **kwargs)
            session.system_time = at.astimezone(UTC).replace(microsecond=0)
            return session

    metadata = signers.PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm=seal.suite.pdf_digest,
        subfilter=SigSeedSubFilter.PADES,
        reason=reason or None,
        location=location or None,
        name=seal.organisation,
    )
    output = io.BytesIO()
    try:
        sealer = _sealer(seal)
        TimedSigner(metadata, signer=sealer.signer).sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=sealer.reserved, output=output
        )
    except (SigningError, PdfError) as error:
        raise InputError("pdf", f"the PDF cannot be sealed: {error}", "") from error
    return output.getvalue()


def verify_pdf(
    data: bytes,
    anchors: Sequence[x509.Certificate],
    at: datetime | None = None,
    *,
    now: datetime | None = None,
    revocations: Sequence[x509.CertificateRevocationList] = (),
    house: bool = True,
) -> SignatureReport:
    """The state of the one signature of a PDF; it must cover the whole file.

    Not ``house``: somebody else wrote it. What our own form forbids (several signatures, later additions, an odd
    spelling) is then no forgery, but outside of what we judge: unsupported.
    """
    from pyhanko.pdf_utils.misc import PdfError

    if len(data) > MAX_BYTES:
        raise InputError("too_large", f"the PDF is larger than the {MAX_BYTES // 2**20} MiB read here", "")
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    try:
        embedded, status, count = _status(data, strict=house)
    except InputError:
        raise
    except (PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OSError) as error:
        reason = f"the PDF or its signature cannot be read: {type(error).__name__}"
        return SignatureReport("tampered" if house else "unsupported", reason, "PAdES")
    if embedded is None:
        if count > 1 and not house:
            return SignatureReport("unsupported", "the PDF carries more than one signature", "PAdES")
        return SignatureReport("absent", "the PDF carries no signature, or more than one", "PAdES")
    if not (status.intact and status.valid):
        return SignatureReport("tampered", "the signature does not fit the bytes of the PDF", "PAdES")
    if status.coverage.name != "ENTIRE_FILE" or (house and not _contents_clean(data)):
        reason = "bytes were added or changed outside the signature"
        return SignatureReport("tampered" if house else "unsupported", reason, "PAdES")
    leaf = x509.load_der_x509_certificate(embedded.signer_cert.dump())
    others = [x509.load_der_x509_certificate(c.dump()) for c in embedded.other_embedded_certs]
    time = status.signer_reported_dt
    trust = Trust(tuple(anchors), at, now, tuple(revocations))
    verdict = judge(leaf, others, trust, time)
    trusted = verdict.state not in {"untrusted", "revoked"}
    known = verdict.revocation_known
    return SignatureReport(
        verdict.state,
        verdict.reason,
        "PAdES",
        signer_name(leaf),
        leaf,
        time,
        trusted,
        level="B",
        revocation_known=known,
        ahead=verdict.ahead,
    )


def _status(data: bytes, *, strict: bool) -> tuple[Any, Any, int]:
    """pyHanko's view of the one signature, and how many there are; the chain is judged by us, as for XML."""
    from pyhanko.pdf_utils.misc import PdfReadError
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    try:
        reader = open_pdf(data, strict=strict)
        signatures = list(reader.embedded_signatures)
    except PdfReadError as error:
        if not data.startswith(b"%PDF-"):
            raise InputError("not_pdf", "the file is no PDF", "") from None
        raise ValueError(str(error)) from None
    if len(signatures) != 1:
        return None, None, len(signatures)
    context = ValidationContext(trust_roots=[], allow_fetching=False)
    return signatures[0], _finished(async_validate_pdf_signature(signatures[0], context)), 1


def _finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that has nothing to wait for. An event loop would open a socket pair, and we open none."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise ValueError("the signature asks for something that is not in the file")


_CONTENTS = re.compile(rb"/Contents\s*<([0-9A-Fa-f]*)>")


def _contents_clean(data: bytes) -> bool:
    """Behind the signature object, which no digest covers, only zeros may stand, in the case pyHanko writes."""
    found = _CONTENTS.findall(data)
    if len(found) != 1:
        return False
    text = found[0]
    if text != text.upper() or len(text) % 2:
        return False
    raw = bytes.fromhex(text.decode())
    try:
        return not any(raw[der_length(raw) :])
    except ValueError:
        return False
